"""Which conditions a person was known to have, by every code map at once: Charlson, Elixhauser, frailty and single conditions.

Each code that occurs is looked up once, in one table of the prefixes of all maps; the history is then read once, and what comes of it
is long and small: one row an index discharge, map and category.
"""

from __future__ import annotations

from collections.abc import Iterable

import ibis
import ibis.expr.types as ir

from hfrisk.codelists import read_csv, read_yaml
from hfrisk.features.coded import history
from hfrisk.features.family import KEYS, Context

__all__ = ["MAPS", "Line", "assigned", "flag", "lines", "looked_up"]

Line = tuple[str, str, str]
"""A map, a category of it and a prefix of codes (without the dot) that belongs to the category."""

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
    found += [("condition", "living_alone", prefix) for prefix in read_yaml("social.yaml")["living_alone"][edition]]
    return found


def assigned(context: Context) -> ir.Table:
    """The categories of every map that each index discharge's person was known to have, kept.

    Returns
    -------
    Table
        One row an index discharge, map and category: the key, ``code_map`` (of `MAPS`), ``category``, ``nearest`` (days from the latest
        diagnosis of it to the admission; 0 or less in the stay itself) and ``nearest_earlier`` (the same among earlier diagnoses; NULL
        where there is none). A category is known within so many days if ``nearest`` is not more than that.
    """
    rows = history(context)
    rows = rows.filter(rows.code.notnull())
    once = rows.group_by([*KEYS, "code"]).aggregate(
        nearest=rows.days_ago.min(), nearest_earlier=rows.days_ago.min(where=rows.earlier)
    )
    known = once.inner_join(looked_up(context, once.select("code").distinct(), lines(context.vocabulary)), "code")
    long = known.group_by([*KEYS, "code_map", "category"]).aggregate(
        nearest=known.nearest.min(), nearest_earlier=known.nearest_earlier.min()
    )
    return context.kept(long, "categories")


def looked_up(context: Context, codes: ir.Table, listed: Iterable[Line]) -> ir.Table:
    """Codes beside what they belong to: one row a `code` (normalised), `code_map` and `category`."""
    table = context.cdm.values(
        [
            {"head": prefix[:_HEAD], "prefix": prefix, "code_map": name, "category": category}
            for name, category, prefix in listed
        ],
        {"head": "string", "prefix": "string", "code_map": "string", "category": "string"},
    )
    codes = codes.mutate(first=codes.code.substr(0, _HEAD))
    found = codes.inner_join(table, codes.first == table["head"])
    found = found.filter(found.code.startswith(found.prefix))
    length = found.prefix.length()
    found = found.mutate(length=length, longest=length.max().over(ibis.window(group_by=["code", "code_map"])))
    found = found.filter(~found.code_map.isin(_LONGEST_ONLY) | (found.length == found.longest))
    return found.select("code", "code_map", "category").distinct()


def flag(long: ir.Table, code_map: str, category: str, days: int) -> ir.FloatingValue:
    """Whether a category was known within so many days, 1 or 0, over the rows of `assigned` that belong together."""
    of_it = (long.code_map == code_map) & (long.category == category) & (long.nearest <= days)
    # PostgreSQL turns a truth into a whole number only
    return of_it.any().cast("int32").cast("float64")
