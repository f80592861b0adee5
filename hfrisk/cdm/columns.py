"""Columns under the contract's names: any case, the older spellings, and what a study says that its source calls otherwise."""

from __future__ import annotations

from collections.abc import Mapping

import ibis.expr.types as ir

from hfrisk.cdm.contract import ALIASES, TABLES
from hfrisk.errors import DataError, StudyError

__all__ = ["in_contract_names", "wanted_columns"]


def wanted_columns(columns: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """The study's ``source.columns`` by table: the contract's column and the source's, both in lower case.

    Raises
    ------
    StudyError
        If the contract has no such table or column.
    """
    wanted: dict[str, dict[str, str]] = {}
    for key, theirs in columns.items():
        table, _, ours = (part.strip().lower() for part in key.partition("."))
        if table not in TABLES:
            raise StudyError(
                f"hfrisk reads no table {table}.",
                where=f"source.columns, {key}",
                todo=f"It reads {', '.join(TABLES)}.",
            )
        known = [column.name for column in TABLES[table].columns]
        if ours not in known:
            raise StudyError(
                f"hfrisk reads no column {ours} of {table}.",
                where=f"source.columns, {key}",
                todo=f"It reads {', '.join(known)}.",
            )
        wanted.setdefault(table, {})[ours] = theirs.strip().lower()
    return wanted


def in_contract_names(table: ir.Table, name: str, wanted: Mapping[str, str]) -> ir.Table:
    """The table with its columns named as in the contract.

    Parameters
    ----------
    table
        As the source has it.
    name
        The table's name in the contract.
    wanted
        The contract's column and the source's, where the study names one; it comes before a column of the contract's own name.

    Raises
    ------
    DataError
        If two columns come to the same name, or the source lacks one that the study names.
    """
    aliases = ALIASES.get(name, {})
    theirs: dict[str, str] = {}
    for column in table.columns:
        lower = column.strip().lower()
        if lower in theirs:
            raise _twice(lower, name)
        theirs[lower] = column
    chosen = {}
    for ours, source in wanted.items():
        if source not in theirs:
            raise DataError(
                f"The table has no column {source}.",
                where=f"source.columns, {name}.{ours}",
                todo="Check the spelling; case does not matter.",
            )
        chosen[ours] = theirs[source]
    for lower, column in theirs.items():
        ours = aliases.get(lower, lower)
        if ours in wanted:
            continue
        if ours in chosen:
            raise _twice(ours, name)
        chosen[ours] = column
    return table.select(**{ours: table[column] for ours, column in chosen.items()})


def _twice(column: str, table: str) -> DataError:
    return DataError(f"The column {column} is there twice.", where=f"table {table}", todo="Keep one spelling of it.")
