"""A fingerprint for sources whose content cannot be hashed: how many rows, and from when to when."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import ibis.expr.types as ir
import pandas as pd

from hfrisk.cdm.contract import TABLES
from hfrisk.checks import Check
from hfrisk.fingerprints import text_fingerprint

__all__ = ["counted_fingerprint", "weak_fingerprint"]


def counted_fingerprint(tables: Mapping[str, ir.Table], run: Callable[[ir.Table, str], pd.DataFrame]) -> str:
    """A hash of each table's columns, rows, and first and last dates.

    Parameters
    ----------
    tables
        Tables with the contract's names.
    run
        Runs an expression of the table that it names.
    """
    parts = []
    for name in sorted(tables):
        table = tables[name]
        dates = [
            column.name
            for column in TABLES[name].columns
            if column.kind == "date" and column.name in table.columns and not table[column.name].type().is_string()
        ]
        wanted = {"rows": table.count()}
        for date in dates:
            wanted |= {f"first_{date}": table[date].min(), f"last_{date}": table[date].max()}
        row = run(table.aggregate(**wanted), name).iloc[0]
        parts += [name, ",".join(table.columns), *(f"{key}={row[key]}" for key in wanted)]
    return text_fingerprint(parts)


def weak_fingerprint() -> Check:
    """HFR003: the source is recognised by counts and dates only."""
    return Check(
        "HFR003",
        "note",
        "A change of the source may go unseen",
        "The source is recognised by the number of rows and the first and last dates of each table, not by its content.",
        "A change that keeps them both is not noticed, and results kept from before are taken as still true.",
        "After such a change run with --refresh.",
    )
