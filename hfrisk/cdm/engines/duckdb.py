"""The embedded engine: files of any kind, read where they lie."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir

from hfrisk.cdm.contract import TABLES
from hfrisk.cdm.engine import reading
from hfrisk.cdm.engines.base import Engine, State
from hfrisk.cdm.engines.seals import read_seal, write_seal
from hfrisk.cdm.files import SourceFiles, find_files
from hfrisk.cdm.settings import SourceSettings
from hfrisk.errors import DataError
from hfrisk.fingerprints import file_fingerprint

__all__ = ["DuckEngine"]


@ibis.udf.scalar.builtin(name="hex")  # type: ignore[untyped-decorator]
def _hex(value: bytes) -> str:  # type: ignore[empty-body]  # the engine's own function
    """Bytes as hexadecimal text."""


class DuckEngine(Engine):
    """DuckDB in memory. The source is attached or viewed read-only; results are Parquet files in the stages folder."""

    name = "duckdb"

    def __init__(self, settings: SourceSettings, stages: Path | None) -> None:
        super().__init__()
        self.connection = ibis.duckdb.connect(
            memory_limit=f"{settings.memory_gb:g}GB", threads=settings.threads, preserve_insertion_order=False
        )
        self._stages = stages
        self._path = settings.path
        if stages is not None:
            stages.mkdir(parents=True, exist_ok=True)
            self.connection.raw_sql(f"SET temp_directory = {_quoted(stages / 'spill')}")

    def tables(self) -> dict[str, ir.Table]:
        files = self._files()
        if files.database is not None:
            return self._open_database(files.database)
        tables = {}
        for name, (kind, paths) in files.tables.items():
            with reading(name, paths[0]):
                self._open_table(name, kind, paths)
                tables[name] = self.connection.table(f"source_{name}")
        return tables

    def fingerprint(self, tables: Mapping[str, ir.Table]) -> str:
        return self._files().fingerprint()

    def view(self, name: str, expression: ir.Table) -> ir.Table:
        self.connection.raw_sql(f"CREATE VIEW {self.quoted(name)} AS {self.compile(expression)}")
        made = self.connection.table(name)
        # DuckDB lists a view's column in the case in which it first met that name, which may be the file's.
        return made.rename(
            {want: have for want, have in zip(expression.columns, made.columns, strict=True) if want != have}
        )

    def temporary(self, name: str, query: str, schema: Mapping[str, Any]) -> ir.Table:
        self.connection.raw_sql(f"CREATE OR REPLACE TEMP TABLE {self.quoted(name)} AS {query}")
        return self.connection.table(name)

    def state(self, name: str, key: str) -> State:
        path, seal = self._place(name, key)
        if not (path.exists() and seal.exists()):
            return "absent"
        return "intact" if file_fingerprint(path) == read_seal(seal).get("hash") else "damaged"

    def write(self, name: str, key: str, expression: ir.Table) -> None:
        path, seal = self._place(name, key)
        writing = path.with_suffix(f".{os.getpid()}.tmp")
        self.connection.to_parquet(expression, writing, compression="zstd")
        seal.unlink(missing_ok=True)
        os.replace(writing, path)
        write_seal(seal, {"stage": name, "key": key, "hash": file_fingerprint(path)})

    def read(self, name: str, key: str, schema: Mapping[str, Any]) -> ir.Table:
        return self.connection.read_parquet(self._place(name, key)[0], table_name=f"stage_{name}_{key[:12]}")

    def hexadecimal(self, value: ir.Value) -> ir.StringValue:
        return _hex(value).lower()

    def close(self) -> None:
        self.connection.disconnect()

    def _files(self) -> SourceFiles:
        if self._path is None:
            raise ValueError("the settings were not validated")
        return find_files(self._path)

    def _place(self, name: str, key: str) -> tuple[Path, Path]:
        if self._stages is None:
            raise ValueError("there is no folder for stages")
        path = self._stages / f"{name}-{key[:16]}.parquet"
        return path, path.with_suffix(".json")

    def _open_table(self, name: str, kind: str, paths: tuple[Path, ...]) -> None:
        view = self.quoted(f"source_{name}")
        if kind == "delta":
            from hfrisk.cdm.engines.delta import open_delta

            self.connection.con.register(f"source_{name}", open_delta(paths[0]).to_pyarrow_dataset())
            return
        listed = "[" + ", ".join(_quoted(path) for path in paths) + "]"
        if kind == "parquet":
            self.connection.raw_sql(f"CREATE VIEW {view} AS SELECT * FROM read_parquet({listed})")
            return
        # Text is read whole at once: a file that is cut short must fail now, not in the middle of a stage.
        self.connection.raw_sql(
            f"CREATE TABLE {view} AS SELECT * FROM "
            f"read_csv({listed}, header = true, all_varchar = true, delim = ',', quote = '\"', escape = '\"', strict_mode = true)"
        )

    def _open_database(self, path: Path) -> dict[str, ir.Table]:
        with reading(path.name, path):
            self.connection.raw_sql(f"ATTACH {_quoted(path)} AS source (READ_ONLY)")
            listed = self.connection.raw_sql(
                "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = 'source' "
                "UNION ALL SELECT schema_name, view_name FROM duckdb_views() WHERE database_name = 'source' AND NOT internal"
            ).fetchall()
        schemas = sorted({schema for schema, table in listed if table.lower() == "person"})
        if not schemas:
            raise DataError(
                "No OMOP table was found.",
                where=path.name,
                todo="The database should hold a schema with a table named person.",
            )
        if len(schemas) > 1:
            raise DataError(
                f"Several schemas hold a table named person: {', '.join(schemas)}.",
                where=path.name,
                todo="Keep one of them in the file that the study reads.",
            )
        return {
            table.lower(): self.connection.table(table, database=("source", schema))
            for schema, table in listed
            if schema == schemas[0] and table.lower() in TABLES
        }


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
