"""Enforcing the contract's types by expressions that run in the engine. What cannot be read is counted, never shown."""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from hfrisk.cdm.contract import Column, TableContract

__all__ = ["IDS_AS_INTEGERS", "IDS_AS_TEXT", "failures", "id_is_whole", "typed"]

IDS_AS_INTEGERS = "integers"
IDS_AS_TEXT = "text"

_TARGETS: dict[str, Any] = {
    "int": dt.int64,
    "float": dt.float64,
    "date": dt.date,
    "datetime": dt.Timestamp(),
    "text": dt.string,
}


def typed(raw: ir.Table, contract: TableContract, id_types: dict[str, str]) -> ir.Table:
    """The table with the contract's columns and types; a column that is not there is NULL."""
    columns = {
        column.name: _cast(raw[column.name], column, id_types)
        if column.name in raw.columns
        else ibis.null(_target(column, id_types))
        for column in contract.columns
    }
    return raw.select(**columns)


def failures(raw: ir.Table, contract: TableContract, id_types: dict[str, str]) -> dict[str, ir.Value]:
    """For each column that needs reading from another type, how many values could not be read."""
    counted = {}
    for column in contract.columns:
        if column.name not in raw.columns:
            continue
        value = raw[column.name]
        if column.kind in {"id", "text"} or value.type().is_null() or _fits(value.type(), column):
            continue
        present = value.notnull()
        if value.type().is_string():
            present = present & (value.strip() != "")
        counted[column.name] = (present & _cast(value, column, id_types).isnull()).sum().fill_null(0)
    return counted


def id_is_whole(value: ir.Value) -> ir.BooleanValue:
    """Whether every id of a column is a whole number written plainly, so that ids may be compared as integers."""
    if value.type().is_floating():
        return (value.isnull() | (value.try_cast(dt.int64).try_cast(dt.float64) == value).fill_null(False)).all()
    text = value.cast(dt.string)
    return (text.isnull() | (text.try_cast(dt.int64).cast(dt.string) == text).fill_null(False)).all()


@ibis.udf.scalar.builtin  # type: ignore[untyped-decorator]
def hex(value: bytes) -> str:  # type: ignore[empty-body]  # the engine's own function
    """Bytes as hexadecimal text."""


def _target(column: Column, id_types: dict[str, str]) -> Any:
    if column.kind == "id":
        return dt.int64 if id_types.get(column.name) == IDS_AS_INTEGERS else dt.string
    return _TARGETS[column.kind]


def _fits(have: dt.DataType, column: Column) -> bool:
    if column.kind == "date":
        return bool(have.is_date() or have.is_timestamp())
    if column.kind == "datetime":
        return bool(have.is_timestamp() or have.is_date())
    if column.kind == "int":
        return bool(have.is_integer())
    return column.kind == "float" and bool(have.is_numeric())


def _cast(value: Any, column: Column, id_types: dict[str, str]) -> ir.Value:
    have = value.type()
    target = _target(column, id_types)
    if have.is_null():
        return ibis.null(target)
    if column.kind == "id":
        if have.is_binary():
            return hex(value).lower()
        return value.try_cast(target) if target == dt.int64 else value.cast(dt.string)
    if column.kind == "text":
        return value.cast(dt.string)
    if _fits(have, column):
        if have.is_timestamp() and have.timezone is not None:
            value = value.cast(dt.Timestamp())
        return value.cast(target)
    text = value.cast(dt.string).strip()
    if column.kind == "int":
        # "9201.0" is how a data frame writes an integer column that has gaps
        return text.try_cast(dt.float64).try_cast(dt.int64)
    return text.try_cast(target)
