"""A Databricks SQL warehouse through `databricks-sql-connector`. Written by its documentation; not tried on the service."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir

from hfrisk.cdm.contract import TABLES
from hfrisk.cdm.engine import reading
from hfrisk.cdm.engines.counting import counted_fingerprint
from hfrisk.cdm.engines.scratch import ScratchEngine
from hfrisk.cdm.settings import SourceSettings
from hfrisk.errors import DataError, StudyError

__all__ = ["DatabricksEngine"]

_HOST, _HTTP_PATH, _TOKEN = "DATABRICKS_SERVER_HOSTNAME", "DATABRICKS_HTTP_PATH", "DATABRICKS_TOKEN"


@ibis.udf.scalar.builtin(name="hex")  # type: ignore[untyped-decorator]
def _hex(value: bytes) -> str:  # type: ignore[empty-body]  # the engine's own function
    """Bytes as hexadecimal text."""


class DatabricksEngine(ScratchEngine):
    """Temporary views over the source; every result, temporary ones too, is a table of the scratch schema."""

    name = "databricks"
    fingerprint_is_weak = True

    def __init__(self, warehouse: Any, settings: SourceSettings, stages: Path | None) -> None:
        super().__init__(stages, settings.scratch_schema)
        self._warehouse = warehouse
        self._source = tuple(part.strip() for part in settings.omop_schema.split("."))
        self._temporary: list[str] = []
        self._viewed: list[str] = []
        self.connection = _quiet_backend().from_connection(warehouse)

    @classmethod
    def open(cls, settings: SourceSettings, stages: Path | None) -> DatabricksEngine:
        """Connect as the environment says."""
        return cls(_connect(), settings, stages)

    def tables(self) -> dict[str, ir.Table]:
        *catalog, schema = self._source
        tables = {}
        for name in TABLES:
            with reading(name):
                kinds = self._columns(name)
            if kinds is not None:
                tables[name] = self.named(name, kinds, catalog=catalog[0] if catalog else None, database=schema)
        if not tables:
            raise DataError(
                "No OMOP table was found that this account may read.",
                where=f"schema {'.'.join(self._source)}",
                todo="Check source.omop_schema (catalog.schema) and ask for SELECT on its tables.",
            )
        return tables

    def fingerprint(self, tables: Mapping[str, ir.Table]) -> str:
        def run(expression: ir.Table, name: str) -> Any:
            with reading(name):
                return self.connection.execute(expression)

        return counted_fingerprint(tables, run)

    def view(self, name: str, expression: ir.Table) -> ir.Table:
        view = f"hfrisk_{self.token}_{name}"
        self._run(f"CREATE OR REPLACE TEMPORARY VIEW {self.quoted(view)} AS {self.compile(expression)}")
        self._viewed.append(view)
        return self.named(view, expression.schema())

    def temporary(self, name: str, query: str, schema: Mapping[str, Any]) -> ir.Table:
        table = f"{self.owner}temporary_{self.token}_{name}"
        self.create_scratch(table, query, schema)
        self._temporary.append(table)
        catalog, database = self._place()
        return self.named(table, schema, catalog=catalog, database=database)

    def scratch_tables(self) -> list[str]:
        with self._warehouse.cursor() as cursor:
            cursor.execute(f"SHOW TABLES IN {self.quoted(*self._place())}")
            return [str(row[1]) for row in cursor.fetchall()]

    def create_scratch(self, table: str, query: str, schema: Mapping[str, Any]) -> None:
        self._run(f"CREATE TABLE {self.in_scratch(table)} AS {query}")

    def drop_scratch(self, table: str) -> None:
        self._run(f"DROP TABLE IF EXISTS {self.in_scratch(table)}")

    def hexadecimal(self, value: ir.Value) -> ir.StringValue:
        return _hex(value).lower()

    def close(self) -> None:
        for table in self._temporary:
            self.drop_scratch(table)
        for view in self._viewed:
            self._run(f"DROP VIEW IF EXISTS {self.quoted(view)}")
        self._temporary, self._viewed = [], []
        self._warehouse.close()

    def _columns(self, name: str) -> dict[str, Any] | None:
        """The columns of a source table; None where there is no such table. Only SELECT is used to find out."""
        from databricks.sql.exc import ServerOperationError
        from ibis.formats.pyarrow import PyArrowSchema

        with self._warehouse.cursor() as cursor:
            try:
                cursor.execute(f"SELECT * FROM {self.quoted(*self._source, name)} LIMIT 0")
            except ServerOperationError as error:
                if any(known in str(error) for known in ("TABLE_OR_VIEW_NOT_FOUND", "SCHEMA_NOT_FOUND")):
                    return None
                raise
            found = PyArrowSchema.to_ibis(cursor.fetchall_arrow().schema)
        # the session's clock is UTC, so a moment and its clock time are one
        return {
            column: ibis.dtype("timestamp") if kind.is_timestamp() else kind.copy(nullable=True)
            for column, kind in found.items()
        }

    def _run(self, statement: str) -> None:
        with self._warehouse.cursor() as cursor:
            cursor.execute(statement)


def _quiet_backend() -> Any:
    """Ibis's backend without what it does unasked: it makes a volume when it connects, and uploads frames there."""
    from ibis.backends.databricks import Backend

    class QuietBackend(Backend):  # type: ignore[misc]
        def _post_connect(self, *, memtable_volume: str | None) -> None:
            """Make nothing."""

        def _register_in_memory_table(self, op: Any) -> None:
            raise NotImplementedError("rows are never uploaded to a warehouse; write them with Cdm.values")

    return QuietBackend


def _connect() -> Any:
    try:
        import databricks.sql
    except ImportError:
        raise StudyError(
            "The engine databricks needs the package databricks-sql-connector.",
            where="source.engine",
            todo="Install hfrisk with its extra: pip install 'hfrisk[databricks]'.",
        ) from None
    lacking = [name for name in (_HOST, _HTTP_PATH, _TOKEN) if not os.environ.get(name)]
    if lacking:
        raise StudyError(
            f"{' and '.join(lacking)} {'is' if len(lacking) == 1 else 'are'} not set.",
            where="the environment",
            todo="The address and path stand under Connection details of the SQL warehouse; the token is a personal access token.",
        )
    try:
        return databricks.sql.connect(
            server_hostname=os.environ[_HOST],
            http_path=os.environ[_HTTP_PATH],
            access_token=os.environ[_TOKEN],
            session_configuration={"TIMEZONE": "UTC"},
            enable_telemetry=False,
        )
    except Exception:  # the connector raises errors of many packages, and their text may repeat the request
        raise StudyError(
            "The Databricks warehouse cannot be reached, or refused the connection.",
            where=f"the environment ({_HOST}, {_HTTP_PATH}, {_TOKEN})",
            todo="Check the three, that the warehouse runs, and that the token has not expired.",
        ) from None
