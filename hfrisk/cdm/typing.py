"""Enforcing the contract's types by expressions that run in the engine. What cannot be read is counted, never shown.

Text is read by rules of our own, the same on every engine: each pattern lets through only what every engine's cast then accepts,
so that no cast can fail (PostgreSQL has none that gives NULL instead) and none guesses (Spark takes ``2024`` for a day).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from hfrisk.cdm.contract import Column, TableContract

__all__ = ["IDS_AS_INTEGERS", "IDS_AS_TEXT", "Hexadecimal", "failures", "id_is_whole", "target", "typed"]

IDS_AS_INTEGERS = "integers"
IDS_AS_TEXT = "text"

Hexadecimal = Callable[[ir.Value], ir.StringValue]
"""How an engine writes bytes as hexadecimal text."""

_TARGETS: dict[str, Any] = {
    "int": dt.int64,
    "float": dt.float64,
    "date": dt.date,
    "datetime": dt.Timestamp(),
    "text": dt.string,
}

# Every day of the years 1 to 9999 that exists, 29 February in leap years only.
_YEAR = "([0-9]{3}[1-9]|[0-9]{2}[1-9][0-9]|[0-9][1-9][0-9]{2}|[1-9][0-9]{3})"
_LEAP_YEAR = "([0-9]{2}(0[48]|[2468][048]|[13579][26])|(0[48]|[2468][048]|[13579][26])00)"
_DAY = (
    f"({_YEAR}[-/]("
    "(0?[13578]|1[02])[-/](0?[1-9]|[12][0-9]|3[01])|(0?[469]|11)[-/](0?[1-9]|[12][0-9]|30)|0?2[-/](0?[1-9]|1[0-9]|2[0-8]))"
    f"|{_LEAP_YEAR}[-/]0?2[-/]29)"
)
# A zone may be written; the clock on the wall is what counts, as in every column that has none.
_CLOCK = "([01]?[0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]+)?)?"
_MOMENT = f"^{_DAY}([ T]{_CLOCK}( ?(Z|UTC|[+-][0-9]{{2}}(:?[0-9]{{2}})?))?)?$"
_THE_DAY, _TO_THE_MICROSECOND = "^[0-9-]+", "^[0-9-]+([ T][0-9:]+([.][0-9]{1,6})?)?"
_NUMBER = "^[+-]?([0-9]{1,40}([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]{1,2})?$"
# "9201.0" is how a data frame writes an integer column that has gaps
_INTEGER = "^[+-]?[0-9]{1,15}([.]0*)?$"
_PLAIN = "^(0|-?[1-9][0-9]{0,17})$"
_LARGEST, _SMALLEST = str(2**63 - 1), str(-(2**63))
_EXACT = 2.0**53


def typed(raw: ir.Table, contract: TableContract, id_types: dict[str, str], hexadecimal: Hexadecimal) -> ir.Table:
    """The table with the contract's columns and types; a column that is not there is NULL."""
    columns = {
        column.name: _cast(raw[column.name], column, id_types, hexadecimal)
        if column.name in raw.columns
        else ibis.null(target(column, id_types))
        for column in contract.columns
    }
    return raw.select(**columns)


def failures(
    raw: ir.Table, contract: TableContract, id_types: dict[str, str], hexadecimal: Hexadecimal
) -> dict[str, ir.Value]:
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
        counted[column.name] = (present & _cast(value, column, id_types, hexadecimal).isnull()).sum().fill_null(0)
    return counted


def id_is_whole(value: ir.Value) -> ir.BooleanValue:
    """Whether every id of a column is a whole number written plainly, so that ids may be compared as integers."""
    whole = _exact(value) if value.type().is_floating() else _plain(value.cast(dt.string))
    return (value.isnull() | whole.fill_null(False)).all()


def target(column: Column, id_types: dict[str, str]) -> Any:
    """The type that a column of the contract has downstream."""
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


def _cast(value: Any, column: Column, id_types: dict[str, str], hexadecimal: Hexadecimal) -> ir.Value:
    have = value.type()
    wanted = target(column, id_types)
    if have.is_null():
        return ibis.null(wanted)
    if column.kind == "id":
        if have.is_binary():
            return hexadecimal(value)
        return _id(value, wanted)
    if column.kind == "text":
        return value.cast(dt.string)
    if _fits(have, column):
        if have.is_timestamp() and have.timezone is not None:
            value = value.cast(dt.Timestamp())
        return value.cast(wanted)
    if column.kind == "int" and (have.is_floating() or have.is_decimal()):
        return _where(_exact(value), value).cast(dt.int64)
    return _read(value.cast(dt.string).strip(), column.kind)


def _read(text: ir.StringValue, kind: str) -> ir.Value:
    if kind == "int":
        return _where(text.re_search(_INTEGER), text).try_cast(dt.float64).try_cast(dt.int64)
    if kind == "float":
        return _where(text.re_search(_NUMBER), text).try_cast(dt.float64)
    moment = _where(text.re_search(_MOMENT), text).replace("/", "-")
    if kind == "date":
        return moment.re_extract(_THE_DAY, 0).try_cast(dt.date)
    return moment.re_extract(_TO_THE_MICROSECOND, 0).try_cast(dt.Timestamp())


def _id(value: Any, wanted: Any) -> ir.Value:
    have = value.type()
    if wanted != dt.int64:
        return value.cast(dt.string)
    if have.is_integer():
        return value.cast(dt.int64)
    if have.is_floating():
        return _where(_exact(value), value).cast(dt.int64)
    text = value.cast(dt.string)
    return _where(_plain(text), text).try_cast(dt.int64)


def _exact(value: Any) -> ir.BooleanValue:
    """Whether a number is whole and no larger than a double holds exactly."""
    return (value.abs() < _EXACT) & (value.floor() == value)


def _plain(text: ir.StringValue) -> ir.BooleanValue:
    """Whether text is a 64-bit integer as an engine would write it."""
    longest = text.re_search("^[1-9][0-9]{18}$") & (text <= _LARGEST)
    lowest = text.re_search("^-[1-9][0-9]{18}$") & (text <= _SMALLEST)
    return text.re_search(_PLAIN) | longest | lowest


def _where(condition: ir.BooleanValue, value: Any) -> Any:
    return ibis.ifelse(condition, value, ibis.null(value.type()))
