"""The counts behind each file: how many, the smallest that is shown, and by which rule."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from hfrisk.codelists import read_yaml
from hfrisk.egress.files import ReleasedFile

__all__ = ["Counts", "behind", "counts_of"]

_OF_PEOPLE = "n events died admissions persons excluded index_discharges observed rows of coded eligible both"
_OF_DECISIONS = "flagged reviewed events_found true_positives false_positives false_negatives true_negatives"
_OF_NOBODY = frozenset({"ledger", "dictionary", "definitions", "checks", "statements"})
_COUNTS = frozenset(f"{_OF_PEOPLE} {_OF_DECISIONS}".split())


@dataclass(frozen=True)
class Counts:
    """What stands behind a file.

    Parameters
    ----------
    tables
        Released tables that it holds or was drawn from.
    shown
        Counts of people or discharges in them.
    smallest, largest
        Of these, nought aside; None where there are none.
    withheld
        Cells that the gate withheld, by the ledger.
    rule
        How the gate treated them, by the ledger.
    """

    tables: tuple[str, ...] = ()
    shown: int = 0
    smallest: int | None = None
    largest: int | None = None
    withheld: int = 0
    rule: str = ""

    def told(self) -> dict[str, Any]:
        """As the manifest has it."""
        return {"tables": list(self.tables), "counts_shown": self.shown, "smallest_count_shown": self.smallest,
                "largest_count_shown": self.largest, "cells_withheld": self.withheld, "rule": self.rule}  # fmt: skip


def counts_of(file: ReleasedFile) -> list[int]:
    """Every count of people or discharges in a released table."""
    if file.kind != "csv" or PurePosixPath(file.of).stem in _OF_NOBODY:
        return []
    found = []
    for row in csv.DictReader(io.StringIO(file.content.decode("utf-8"))):
        found += [int(float(value)) for name, value in row.items() if name in _COUNTS and _is_number(value)]
    return found


def behind(files: Sequence[ReleasedFile], ledger: Iterable[Mapping[str, Any]]) -> dict[str, Counts]:
    """For each file by its name, what stands behind it.

    Parameters
    ----------
    files
        Everything of the run that leaves.
    ledger
        The gate's own list: table, cells_released, cells_suppressed, rule.
    """
    rules = {str(row["table"]): row for row in ledger}
    tables = {PurePosixPath(file.of).stem: counts_of(file) for file in files if file.of.startswith("tables/")}
    drawn = read_yaml("egress_figures.yaml")
    whole = tuple(tables)
    result = {}
    for file in files:
        stem = PurePosixPath(file.of).stem
        if file.of.startswith("tables/"):
            names: tuple[str, ...] = (stem,)
        elif file.of.startswith("figures/"):
            names = tuple(name for name in drawn[stem] if name in tables) if stem in drawn else whole
        elif file.kind == "model":
            names = ("model",)
        elif stem in ("report", "metrics", "model_card"):
            names = whole
        else:
            names = ()
        result[file.name] = _together(names, tables, rules)
    return result


def _together(
    names: tuple[str, ...], tables: Mapping[str, list[int]], rules: Mapping[str, Mapping[str, Any]]
) -> Counts:
    counts = [count for name in names for count in tables.get(name, ()) if count > 0]
    told = [rules[name] for name in names if name in rules]
    ways = list(dict.fromkeys(str(row["rule"]) for row in told))
    return Counts(
        names,
        len(counts),
        min(counts, default=None),
        max(counts, default=None),
        sum(int(row["cells_suppressed"]) for row in told),
        ways[0] if len(ways) == 1 else "by the rule of each table" if ways else "",
    )


def _is_number(text: str | None) -> bool:
    try:
        return text is not None and float(text) == float(text)
    except ValueError:
        return False
