"""PostgreSQL: one schema is read, another holds results."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from hfrisk.cdm.contract import TABLES
from hfrisk.cdm.engine import computing, reading
from hfrisk.cdm.engines.counting import counted_fingerprint
from hfrisk.cdm.engines.scratch import ScratchEngine
from hfrisk.cdm.settings import SourceSettings
from hfrisk.checks import Check
from hfrisk.errors import DataError, StudyError

__all__ = ["PostgresEngine"]

_URL = "HFRISK_POSTGRES_URL"
_DECIMAL = 1700  # the number that PostgreSQL gives its type numeric


@ibis.udf.scalar.builtin(name="encode")  # type: ignore[untyped-decorator]
def _encode(value: bytes, form: str) -> str:  # type: ignore[empty-body]  # the engine's own function
    """Bytes as text of a form."""


class PostgresEngine(ScratchEngine):
    """A session whose transactions are read-only unless they put down a result.

    The few statements that create something open a transaction of their own that may write, and name only the scratch schema or
    the session's temporary one as what is made. Everything else, whatever it is, the server itself keeps from writing.
    """

    name = "postgres"
    fingerprint_is_weak = True

    def __init__(self, connection: Any, settings: SourceSettings, stages: Path | None) -> None:
        super().__init__(stages, settings.scratch_schema)
        self._server = connection
        self._schema = settings.omop_schema.strip()
        self._temporary_allowed = True
        self.connection = ibis.postgres.from_connection(connection)
        # A generated query is compiled by the server only to run once: that costs more than it saves.
        for setting in ("jit = off", "default_transaction_read_only = on"):
            connection.execute(f"SET {setting}")

    @classmethod
    def open(cls, settings: SourceSettings, stages: Path | None) -> PostgresEngine:
        """Connect as the environment says (HFRISK_POSTGRES_URL, or the PG* variables of every PostgreSQL client)."""
        if stages is not None and not settings.scratch_schema:
            raise StudyError(
                "The engine postgres needs a schema in which results can be kept.",
                where="source.scratch_schema",
                todo="Name a schema that you may create tables in. hfrisk drops what it put there when the run ends.",
            )
        server = _connect()
        with computing("opening the source"):
            return cls(server, settings, stages)

    def tables(self) -> dict[str, ir.Table]:
        with reading(self._schema):
            rows = self._server.execute(
                "SELECT c.relname, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod) "
                "FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
                "JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid "
                "WHERE n.nspname = %s AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND a.attnum > 0 AND NOT a.attisdropped "
                "AND pg_catalog.has_table_privilege(c.oid, 'SELECT') ORDER BY c.relname, a.attnum",
                [self._schema],
            ).fetchall()
        found: dict[str, dict[str, Any]] = {}
        for table, column, kind in rows:
            if table.lower() in TABLES:
                found.setdefault(table, {})[column] = self._type(kind)
        if not found:
            raise DataError(
                "No OMOP table was found that this account may read.",
                where=f"schema {self._schema}",
                todo="Check source.omop_schema (case matters) and ask for SELECT on its tables.",
            )
        lower = [table.lower() for table in found]
        for table in found:
            if lower.count(table.lower()) > 1:
                raise DataError(
                    f"The table {table.lower()} is there twice.",
                    where=f"schema {self._schema}",
                    todo="Keep one spelling of it.",
                )
        return {table.lower(): self.named(table, kinds, database=self._schema) for table, kinds in found.items()}

    def fingerprint(self, tables: Mapping[str, ir.Table]) -> str:
        def run(expression: ir.Table, name: str) -> Any:
            with reading(name):
                return self.connection.execute(expression)

        return counted_fingerprint(tables, run)

    def notes(self) -> list[Check]:
        with computing("opening the source"):
            (may_write,) = self._server.execute(
                "SELECT coalesce(pg_catalog.bool_or(pg_catalog.has_schema_privilege(n.oid, 'CREATE') OR (c.oid IS NOT NULL "
                "AND pg_catalog.has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE'))), false) "
                "FROM pg_catalog.pg_namespace n "
                "LEFT JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relkind IN ('r', 'p') WHERE n.nspname = %s",
                [self._schema],
            ).fetchone()
        return [_could_write()] if may_write else []

    def view(self, name: str, expression: ir.Table) -> ir.Table:
        if not self._may_have_temporary():
            return expression
        with self._writing():
            self._server.execute(f"CREATE TEMPORARY VIEW {self.quoted(name)} AS {self.compile(expression)}")
        return self.named(name, expression.schema(), database="pg_temp")

    def temporary(self, name: str, query: str, schema: Mapping[str, Any]) -> ir.Table:
        if not self._may_have_temporary():
            # a literal or a small result; the planner sees it as it would a subquery
            return self.connection.sql(query, schema=dict(schema))
        table = self.quoted("pg_temp", name)
        with self._writing():
            self._server.execute(f"DROP TABLE IF EXISTS {table}")
            self._server.execute(f"CREATE TEMPORARY TABLE {self.quoted(name)} AS {self._as_declared(query, schema)}")
            # nothing else gathers statistics of a temporary table
            self._server.execute(f"ANALYZE {table}")
        return self.named(name, schema, database="pg_temp")

    def scratch_tables(self) -> list[str]:
        _, schema = self._place()
        rows = self._server.execute(
            "SELECT c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
            "WHERE n.nspname = %s AND c.relkind = 'r'",
            [schema],
        ).fetchall()
        return [row[0] for row in rows]

    def create_scratch(self, table: str, query: str, schema: Mapping[str, Any]) -> None:
        name = self.in_scratch(table)
        with self._writing():
            self._server.execute(f"CREATE TABLE {name} AS {self._as_declared(query, schema)}")
            self._server.execute(f"ANALYZE {name}")

    def drop_scratch(self, table: str) -> None:
        with self._writing():
            self._server.execute(f"DROP TABLE IF EXISTS {self.in_scratch(table)}")

    def hexadecimal(self, value: ir.Value) -> ir.StringValue:
        return _encode(value, "hex")

    def close(self) -> None:
        self._server.close()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """A transaction that may write: what it makes is there whole or not at all."""
        with self._server.transaction():
            self._server.execute("SET TRANSACTION READ WRITE")
            yield

    def _as_declared(self, query: str, schema: Mapping[str, Any]) -> str:
        """The query with each column in its declared type: a sum of whole numbers is a decimal here, and slow to go on with."""
        have = self._server.execute(f"SELECT * FROM ({query}) AS asked LIMIT 0").description
        columns = []
        for column in have:
            wanted = schema[column.name]
            decimal = column.type_code == _DECIMAL and not wanted.is_decimal()
            kind = f"CAST({self.quoted(column.name)} AS {self.connection.compiler.type_mapper.to_string(wanted)})"
            columns.append(f"{kind} AS {self.quoted(column.name)}" if decimal else self.quoted(column.name))
        if not any(column.startswith("CAST") for column in columns):
            return query
        return f"SELECT {', '.join(columns)} FROM ({query}) AS asked"

    def _may_have_temporary(self) -> bool:
        if self._temporary_allowed:
            self._temporary_allowed = bool(
                self._server.execute(
                    "SELECT pg_catalog.has_database_privilege(pg_catalog.current_database(), 'TEMPORARY') "
                    "AND NOT pg_catalog.pg_is_in_recovery()"
                ).fetchone()[0]
            )
        return self._temporary_allowed

    def _type(self, kind: str) -> dt.DataType:
        """The type of a column. An integer of any width counts as the widest: a cast would keep its index from being used."""
        try:
            found = self.connection.compiler.type_mapper.from_string(kind)
        except Exception:  # whatever the parser makes of a type that only this server knows
            return dt.string
        return dt.int64 if found.is_integer() else found


def _connect() -> Any:
    try:
        import psycopg
    except ImportError:
        raise StudyError(
            "The engine postgres needs the package psycopg.",
            where="source.engine",
            todo="Install hfrisk with its extra: pip install 'hfrisk[postgres]'.",
        ) from None
    url = os.environ.get(_URL, "")
    try:
        return psycopg.connect(url, autocommit=True, application_name="hfrisk")
    except psycopg.Error as error:
        where = _URL if url else "the environment (PGHOST, PGPORT, PGUSER, PGPASSWORD, PGDATABASE)"
        raise StudyError(_refusal(error), where=where, todo=_remedy(url)) from None


def _refusal(error: Any) -> str:
    """Why, without the server's own words: they may repeat parts of the URL."""
    words = str(error).lower()
    if "password authentication failed" in words or "no password supplied" in words:
        return "PostgreSQL did not accept the user name and password."
    if "database" in words and "does not exist" in words:
        return "PostgreSQL has no database of that name."
    if "invalid" in words and ("connection option" in words or "uri" in words or "missing" in words):
        return "The address of PostgreSQL cannot be understood."
    return "PostgreSQL cannot be reached, or refused the connection."


def _remedy(url: str) -> str:
    if url:
        return "It should be of the form postgresql://USER:PASSWORD@HOST:PORT/DATABASE, with special letters written as %40."
    return f"Set {_URL} (postgresql://USER:PASSWORD@HOST:PORT/DATABASE) or the PG* variables."


def _could_write() -> Check:
    return Check(
        "HFR004",
        "note",
        "The account could write to the source",
        "The account that reads the source may also change it.",
        "Nothing was changed: hfrisk only reads there. But nothing on the server would have stopped a mistake.",
        "Use an account that has SELECT on the OMOP schema and nothing more, and CREATE on the scratch schema.",
    )
