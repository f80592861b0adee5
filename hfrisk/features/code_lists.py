"""The published lists of codes, all in one: which prefix of which way of coding belongs to which category of which map."""

from __future__ import annotations

from collections.abc import Iterable

import ibis
import ibis.expr.types as ir

from hfrisk.cdm import Cdm
from hfrisk.codelists import read_csv, read_yaml

__all__ = ["MAPS", "Line", "lines", "looked_up"]

Line = tuple[str, str, str]
"""A map, a category of it, and a prefix of codes (without the dot) that belongs to the category."""

MAPS = ("charlson", "charlson_shmi", "elixhauser", "frailty", "condition")
_LONGEST_ONLY = ("frailty",)
_HEAD = 2  # no listed prefix is shorter, so that codes and prefixes meet by their first characters


def lines(vocabulary: str) -> list[Line]:
    """Every line of every map for a way of coding; a map that has no list for it has no lines.

    A code belongs to every category of which it has a prefix (I11.0 is heart failure and hypertension), except in the frailty score,
    where the longest prefix decides.
    """
    system, edition = ("icd9cm", "icd9") if vocabulary == "icd9_cm" else ("icd10", "icd10")
    found: list[Line] = []
    for name, file in (
        ("charlson", "charlson_quan.csv"),
        ("charlson_shmi", "charlson_shmi.csv"),
        ("elixhauser", "elixhauser_quan.csv"),
    ):
        found += [(name, row["category"], row["prefix"]) for row in read_csv(file) if row["system"] == system]
    if vocabulary == "icd9_cm":
        # one code may stand for two categories (331.0 for F00 and G30)
        for row in read_csv("hfrs_icd9.csv"):
            found += [("frailty", category, row["prefix"]) for category in row["category"].split("+")]
    else:
        found += [("frailty", row["code"], row["code"]) for row in read_csv("hfrs.csv")]
    for name, entry in read_yaml("conditions.yaml").items():
        found += [("condition", name, prefix) for prefix in entry[edition]]
    return found


def looked_up(cdm: Cdm, codes: ir.Table, listed: Iterable[Line]) -> ir.Table:
    """Codes beside what they belong to.

    Parameters
    ----------
    codes
        One row a `code`, normalised.

    Returns
    -------
    Table
        One row a ``code``, ``code_map`` and ``category``.
    """
    table = cdm.values(
        [
            {"head": prefix[:_HEAD], "prefix": prefix, "code_map": name, "category": category}
            for name, category, prefix in listed
        ],
        {"head": "string", "prefix": "string", "code_map": "string", "category": "string"},
    )
    codes = codes.select("code", first=codes.code.substr(0, _HEAD))
    found = codes.inner_join(table, codes.first == table["head"])
    found = found.filter(found.code.startswith(found.prefix))
    length = found.prefix.length()
    found = found.mutate(length=length, longest=length.max().over(ibis.window(group_by=["code", "code_map"])))
    found = found.filter(~found.code_map.isin(_LONGEST_ONLY) | (found.length == found.longest))
    return found.select("code", "code_map", "category").distinct()
