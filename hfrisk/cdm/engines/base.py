"""What an engine offers: the raw tables of the source, a few expressions that differ, and places for results."""

from __future__ import annotations

import uuid
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir
import sqlglot.expressions as sge

from hfrisk.cdm.engines.literals import values_sql
from hfrisk.checks import Check

__all__ = ["Engine", "State"]

State = Literal["absent", "intact", "damaged"]

# Above this many rows a literal table is put down once rather than repeated in every query that uses it.
_INLINE_ROWS = 64


class Engine(ABC):
    """One open connection and how it is used. The source is read by SELECT alone; results go where `temporary` and `write` put them.

    Attributes
    ----------
    name
        As in ``source.engine``.
    connection
        The Ibis backend.
    token
        A few letters that no other open source shares; temporary names carry it.
    fingerprint_is_weak
        Whether the fingerprint rests on counts and dates rather than on the content.
    """

    name: ClassVar[str]
    connection: Any
    fingerprint_is_weak: bool = False

    def __init__(self) -> None:
        self.token = uuid.uuid4().hex[:8]

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    @abstractmethod
    def tables(self) -> dict[str, ir.Table]:
        """The tables of the contract that the source has, under their names in lower case, columns as they are."""

    @abstractmethod
    def fingerprint(self, tables: Mapping[str, ir.Table]) -> str:
        """A hash of the source's content, or of what stands for it."""

    @abstractmethod
    def view(self, name: str, expression: ir.Table) -> ir.Table:
        """The same table under a name of its own, so that what is built on it stays short; or the expression itself."""

    @abstractmethod
    def temporary(self, name: str, query: str, schema: Mapping[str, Any]) -> ir.Table:
        """The rows of a query, computed once and gone when the connection closes."""

    @abstractmethod
    def state(self, name: str, key: str) -> State:
        """Whether a kept result is there and is what was written."""

    @abstractmethod
    def write(self, name: str, key: str, expression: ir.Table) -> None:
        """Keep a result, whole or not at all."""

    @abstractmethod
    def read(self, name: str, key: str, schema: Mapping[str, Any]) -> ir.Table:
        """A kept result."""

    @abstractmethod
    def hexadecimal(self, value: ir.Value) -> ir.StringValue:
        """Bytes as lower-case hexadecimal text."""

    def notes(self) -> list[Check]:
        """What opening the source showed about the engine itself."""
        return []

    def empty_scratch(self) -> list[str]:
        """Drop every kept result of this study from the scratch schema, and say which; nothing where there is none."""
        return []

    @abstractmethod
    def close(self) -> None:
        """Drop what is temporary and let go of the connection."""

    def compile(self, expression: ir.Table) -> str:
        """The expression in the engine's own SQL."""
        text: str = self.connection.compile(expression)
        return text

    def values(self, rows: Sequence[Mapping[str, object]], types: Mapping[str, str]) -> ir.Table:
        """A small literal table; a longer one is put down once under a temporary name."""
        query = values_sql(rows, types, self.connection.compiler)
        schema = {name: ibis.dtype(kind) for name, kind in types.items()}
        if len(rows) <= _INLINE_ROWS:
            return self.connection.sql(query, schema=schema)
        return self.literal(f"values_{uuid.uuid4().hex[:8]}", query, schema)

    def literal(self, name: str, query: str, schema: Mapping[str, Any]) -> ir.Table:
        """The rows of a long literal table, put down once."""
        return self.temporary(name, query, schema)

    def named(
        self, name: str, schema: Mapping[str, Any], *, catalog: str | None = None, database: str | None = None
    ) -> ir.Table:
        """A table whose columns are known already, without asking the engine."""
        return ops.DatabaseTable(
            name,
            schema=ibis.schema(dict(schema)),
            source=self.connection,
            namespace=ops.Namespace(catalog=catalog, database=database),
        ).to_expr()

    def quoted(self, *names: str | None) -> str:
        """A name of one to three parts in the engine's quotes."""
        table, *around = [sge.to_identifier(name, quoted=True) for name in reversed(names) if name]
        written: str = sge.Table(this=table, **dict(zip(("db", "catalog"), around, strict=False))).sql(
            self.connection.dialect
        )
        return written
