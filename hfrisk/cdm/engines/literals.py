"""A small table written into a query: every value a quoted text, every column cast once."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import ibis
import pandas as pd
import sqlglot.expressions as sge

__all__ = ["nothing_sql", "values_sql"]


def values_sql(rows: Sequence[Mapping[str, object]], types: Mapping[str, str], compiler: Any) -> str:
    """A SELECT of these rows in the dialect of `compiler`.

    Each value is written as text (or NULL) and each column cast to its type, so that no engine guesses one: ``0.1`` is the double
    nearest to it everywhere, and a column of nothing but NULL still has its type.

    Raises
    ------
    ValueError
        If a row has a column that `types` does not name, or a value that cannot be written as text.
    """
    if not rows:
        return nothing_sql(types, compiler)
    unknown = {name for row in rows for name in row} - set(types)
    if unknown:
        raise ValueError(f"columns without a type: {', '.join(sorted(unknown))}")
    listed = [sge.Tuple(expressions=[_literal(row.get(name)) for name in types]) for row in rows]
    columns = [sge.to_identifier(name, quoted=True) for name in types]
    source = sge.Values(
        expressions=listed, alias=sge.TableAlias(this=sge.to_identifier("listed", quoted=True), columns=columns)
    )
    query = sge.Select(
        expressions=[_cast(sge.Column(this=column.copy()), types[column.name], compiler) for column in columns]
    ).from_(source)
    text: str = query.sql(compiler.dialect)
    return text


def nothing_sql(types: Mapping[str, str], compiler: Any) -> str:
    """A SELECT of no rows with these columns."""
    query = sge.Select(
        expressions=[
            _cast(sge.Null(), kind, compiler, alias=sge.to_identifier(name, quoted=True))
            for name, kind in types.items()
        ]
    ).where(sge.false())
    text: str = query.sql(compiler.dialect)
    return text


def _cast(value: Any, kind: str, compiler: Any, *, alias: Any = None) -> Any:
    target: Any = compiler.type_mapper.from_ibis(ibis.dtype(kind))
    return sge.Cast(this=value, to=target).as_(alias if alias is not None else value.this.copy())


def _literal(value: object) -> Any:
    if value is None or value is pd.NaT or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return sge.Null()
    if isinstance(value, bool):
        return sge.Literal.string("true" if value else "false")
    if isinstance(value, datetime):
        return sge.Literal.string(value.replace(tzinfo=None).isoformat(sep=" "))
    if isinstance(value, date):
        return sge.Literal.string(value.isoformat())
    if isinstance(value, (str, int, float)):
        # numpy's own numbers are written as Python's
        plain = value if isinstance(value, str) else repr(float(value) if isinstance(value, float) else int(value))
        return sge.Literal.string(str(plain))
    if hasattr(value, "item"):
        return _literal(value.item())
    raise ValueError(f"a value of the kind {type(value).__name__} cannot be written into a query")
