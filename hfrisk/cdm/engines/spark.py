"""Spark: the session that is already there (a Databricks notebook), or a local one."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir

from hfrisk.cdm.contract import TABLES
from hfrisk.cdm.engine import reading
from hfrisk.cdm.engines.base import State
from hfrisk.cdm.engines.counting import counted_fingerprint
from hfrisk.cdm.engines.scratch import ScratchEngine
from hfrisk.cdm.engines.seals import read_seal, write_seal
from hfrisk.cdm.files import SourceFiles, find_files
from hfrisk.cdm.settings import SourceSettings
from hfrisk.errors import DataError, StudyError
from hfrisk.fingerprints import file_fingerprint, text_fingerprint

__all__ = ["SparkEngine", "start_session"]

# PySpark writes the text of every error to these before it raises it, and the text holds values of patients.
_LOGS = ("SQLQueryContextLogger", "DataFrameQueryContextLogger")


@ibis.udf.scalar.builtin(name="hex")  # type: ignore[untyped-decorator]
def _hex(value: bytes) -> str:  # type: ignore[empty-body]  # the engine's own function
    """Bytes as hexadecimal text."""


class SparkEngine(ScratchEngine):
    """Temporary views over the source; results in the scratch schema, or as Parquet beside the stages where there is none."""

    name = "spark"

    def __init__(self, session: Any, settings: SourceSettings, stages: Path | None) -> None:
        super().__init__(stages, settings.scratch_schema)
        self._session = session
        self._settings = settings
        self._views: list[str] = []
        self.fingerprint_is_weak = settings.path is None
        _silence_logs()
        self.connection = ibis.pyspark.connect(session)

    @classmethod
    def open(cls, settings: SourceSettings, stages: Path | None) -> SparkEngine:
        """Open the folder or the schema that the settings name."""
        if stages is not None and settings.path is None and not settings.scratch_schema:
            raise StudyError(
                "The engine spark needs a schema in which results can be kept.",
                where="source.scratch_schema",
                todo="Name a schema that you may create tables in. hfrisk drops what it put there when the run ends.",
            )
        return cls(start_session(settings, stages), settings, stages)

    def tables(self) -> dict[str, ir.Table]:
        if self._settings.path is not None:
            return self._from_files(find_files(self._settings.path))
        return self._from_schema()

    def fingerprint(self, tables: Mapping[str, ir.Table]) -> str:
        if self._settings.path is not None:
            return find_files(self._settings.path).fingerprint()

        def run(expression: ir.Table, name: str) -> Any:
            with reading(name):
                return self.connection.execute(expression)

        return counted_fingerprint(tables, run)

    def view(self, name: str, expression: ir.Table) -> ir.Table:
        return self._viewed(name, self._session.sql(self.compile(expression)), expression.schema())

    def temporary(self, name: str, query: str, schema: Mapping[str, Any]) -> ir.Table:
        # computed now, and a leaf of every later plan: a cached frame would carry all that it was made from along
        return self._viewed(name, self._session.sql(query).localCheckpoint(), schema)

    def literal(self, name: str, query: str, schema: Mapping[str, Any]) -> ir.Table:
        return self._viewed(name, self._session.sql(query), schema)

    def state(self, name: str, key: str) -> State:
        if self._scratch:
            return super().state(name, key)
        folder, seal = self._folder(name, key), self._seal(name, key)
        if not (folder.is_dir() and seal.exists()):
            return "absent"
        return "intact" if read_seal(seal).get("hash") == _contents(folder) else "damaged"

    def write(self, name: str, key: str, expression: ir.Table) -> None:
        if self._scratch:
            super().write(name, key, expression)
            return
        folder, seal = self._folder(name, key), self._seal(name, key)
        writing = folder.with_suffix(f".{os.getpid()}.tmp")
        shutil.rmtree(writing, ignore_errors=True)
        self._session.sql(self.compile(expression)).write.option("compression", "zstd").parquet(
            writing.resolve().as_uri()
        )
        seal.unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
        os.replace(writing, folder)
        write_seal(seal, {"stage": name, "key": key, "hash": _contents(folder)})

    def read(self, name: str, key: str, schema: Mapping[str, Any]) -> ir.Table:
        if self._scratch:
            return super().read(name, key, schema)
        frame = self._session.read.parquet(self._folder(name, key).resolve().as_uri())
        return self._viewed(f"stage_{name}_{key[:12]}", frame, schema)

    def scratch_tables(self) -> list[str]:
        rows = self._session.sql(f"SHOW TABLES IN {self.quoted(*self._place())}").collect()
        return [row.tableName for row in rows if not row.isTemporary]

    def create_scratch(self, table: str, query: str, schema: Mapping[str, Any]) -> None:
        self._session.sql(query).write.saveAsTable(self.in_scratch(table))

    def drop_scratch(self, table: str) -> None:
        self._session.sql(f"DROP TABLE IF EXISTS {self.in_scratch(table)}")

    def hexadecimal(self, value: ir.Value) -> ir.StringValue:
        return _hex(value).lower()

    def close(self) -> None:
        for view in self._views:
            self._session.catalog.dropTempView(view)
        self._views = []

    def _viewed(self, name: str, frame: Any, schema: Mapping[str, Any]) -> ir.Table:
        """A frame under a name that no other open source in the session shares."""
        view = f"hfrisk_{self.token}_{name}"
        frame.createOrReplaceTempView(view)
        if view not in self._views:
            self._views.append(view)
        return self.named(view, schema)

    def _from_files(self, files: SourceFiles) -> dict[str, ir.Table]:
        if files.database is not None or any(kind == "csv" for kind, _ in files.tables.values()):
            raise DataError(
                "The engine spark reads Parquet and Delta tables, not CSV or DuckDB files.",
                where="source.path",
                todo="Use the engine duckdb, or export the tables as Parquet.",
            )
        tables = {}
        for name, (kind, paths) in files.tables.items():
            with reading(name, paths[0]):
                frame = self._delta(paths[0]) if kind == "delta" else self._parquet(paths)
                tables[name] = self._viewed(f"source_{name}", frame, self._schema_of(frame))
        return tables

    def _parquet(self, paths: tuple[Path, ...]) -> Any:
        """Parquet files as a frame. Times to the nanosecond, as pandas writes them, are cut to the microsecond."""
        import pyarrow.parquet as pq
        from pyspark.sql import functions

        nanoseconds = [field.name for field in pq.read_schema(paths[0]) if str(field.type).startswith("timestamp[ns")]
        if nanoseconds:
            self._session.conf.set("spark.sql.legacy.parquet.nanosAsLong", "true")
        frame = self._session.read.parquet(*[path.resolve().as_uri() for path in paths])
        for name in nanoseconds:
            micro = functions.expr(f"timestamp_micros(CAST(floor(`{name}` / 1000) AS BIGINT))")
            frame = frame.withColumn(name, micro)
        return frame

    def _delta(self, path: Path) -> Any:
        """A Delta table through Spark's own reader, which needs Delta's jars on its class path."""
        return self._session.read.format("delta").load(path.resolve().as_uri())

    def _from_schema(self) -> dict[str, ir.Table]:
        *catalog, schema = (part.strip() for part in self._settings.omop_schema.split("."))
        tables = {}
        for name in TABLES:
            frame = self._readable(self.quoted(*catalog, schema, name), name)
            if frame is not None:
                tables[name] = self.named(
                    name, self._schema_of(frame), catalog=catalog[0] if catalog else None, database=schema
                )
        if not tables:
            raise DataError(
                "No OMOP table was found that this account may read.",
                where=f"schema {self._settings.omop_schema}",
                todo="Check source.omop_schema (schema, or catalog.schema) and ask for SELECT on its tables.",
            )
        return tables

    def _readable(self, table: str, name: str) -> Any:
        """The table as a frame; None where the schema has no such table. Only SELECT is used to find out."""
        from pyspark.errors import AnalysisException

        with reading(name):
            try:
                frame = self._session.sql(f"SELECT * FROM {table}")
                _ = frame.schema
            except AnalysisException as error:
                if (error.getCondition() or "") in {"TABLE_OR_VIEW_NOT_FOUND", "SCHEMA_NOT_FOUND"}:
                    return None
                raise
        return frame

    def _schema_of(self, frame: Any) -> dict[str, Any]:
        from ibis.backends.pyspark.datatypes import PySparkType

        return dict(PySparkType.to_ibis(frame.schema).fields)

    def _folder(self, name: str, key: str) -> Path:
        if self._stages is None:
            raise ValueError("there is no folder for stages")
        return self._stages / f"{name}-{key[:16]}.spark"


def start_session(settings: SourceSettings, stages: Path | None) -> Any:
    """The session that is there, or a new one: where nothing says which Spark to use, a local one on this machine alone."""
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        raise StudyError(
            "The engine spark needs the package pyspark.",
            where="source.engine",
            todo="Install hfrisk with its extra: pip install 'hfrisk[spark]'.",
        ) from None
    session = SparkSession.getActiveSession()
    if session is not None:
        return session
    builder = SparkSession.builder.appName("hfrisk")
    if not {"SPARK_REMOTE", "PYSPARK_GATEWAY_PORT", "PYSPARK_SUBMIT_ARGS"} & set(os.environ):
        if not (os.environ.get("JAVA_HOME") or shutil.which("java")):
            raise StudyError(
                "The engine spark needs Java 17.",
                where="source.engine",
                todo="Install a Java runtime (Debian: openjdk-17-jre-headless), or set JAVA_HOME.",
            )
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
        for name, value in _local(settings, stages).items():
            builder = builder.config(name, value)
    return builder.getOrCreate()


def _silence_logs() -> None:
    """Turn PySpark's logs of errors off, for as long as the process lasts."""
    from pyspark.logger import PySparkLogger

    for name in _LOGS:
        PySparkLogger.getLogger(name).disabled = True


def _local(settings: SourceSettings, stages: Path | None) -> dict[str, str]:
    """A local Spark that listens on loopback only and leaves nothing in the working directory."""
    if stages is not None:
        work = stages / "spill"
        work.mkdir(parents=True, exist_ok=True)
    else:
        work = Path(tempfile.mkdtemp(prefix="hfrisk-spark-"))
        atexit.register(shutil.rmtree, work, ignore_errors=True)
    return {
        "spark.master": f"local[{settings.threads}]",
        "spark.driver.memory": f"{int(settings.memory_gb * 1024)}m",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.shuffle.partitions": str(2 * settings.threads),
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.warehouse.dir": (work / "warehouse").resolve().as_uri(),
        "spark.local.dir": str(work.resolve()),
        # what Spark logs of a failed task holds the value that failed
        "spark.log.level": "OFF",
    }


def _contents(folder: Path) -> str:
    parts = sorted(path for path in folder.iterdir() if path.suffix == ".parquet")
    return text_fingerprint(f"{path.name}:{file_fingerprint(path)}" for path in parts)
