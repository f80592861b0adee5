"""Real engines for tests: the embedded one, a PostgreSQL of our own on a spare port, and a local Spark. All on loopback."""

from __future__ import annotations

import os
import shutil
import warnings
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hfrisk.cdm import TABLES, Cdm, SourceSettings, connect
from tests.postgres_server import PASSWORD, PostgresServer, postgres_binaries
from tests.stored import copy_into, stored_table, write_parquet

__all__ = [
    "NAMES",
    "PASSWORD",
    "WITHOUT_A_CLUSTER",
    "DuckUnderTest",
    "EngineUnderTest",
    "PostgresUnderTest",
    "SparkUnderTest",
    "start",
    "stored_table",
]

NAMES = ("duckdb", "postgres", "spark")
# For scenarios made of expressions that the specification and the naive references run on Spark too, where each costs seconds.
WITHOUT_A_CLUSTER = ("duckdb", "postgres")
# A query over a handful of rows takes Spark no time to run and seconds to plan and compile.
_FOR_TINY_TABLES = {
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.shuffle.partitions": "1",
}
_FOR_REAL_TABLES = {
    "spark.sql.codegen.wholeStage": "true",
    "spark.sql.codegen.factoryMode": "FALLBACK",
    "spark.sql.adaptive.enabled": "true",
    "spark.sql.shuffle.partitions": "4",
}


class EngineUnderTest(ABC):
    """One engine on which a test opens small sources."""

    name: ClassVar[str]

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._opened: list[tuple[Cdm, dict[str, Any]]] = []
        self.last: dict[str, Any] = {}
        self.number = 0

    @abstractmethod
    def load(self, tables: Mapping[str, pa.Table], name: str) -> dict[str, Any]:
        """Put tables where the engine finds them, and say which source settings open them."""

    def open(
        self,
        tables: Mapping[str, pd.DataFrame],
        *,
        stages: Path | None = None,
        only: Sequence[str] = (),
        **settings: Any,
    ) -> Cdm:
        """A source of these tables; required ones that are not given are empty, unless `only` says which there are.

        Values are texts or Python's. Every column that can be is stored in its contract's type, as in a real database; what
        cannot be stays text.
        """
        self.number += 1
        stored = {name: stored_table(name, tables.get(name)) for name in only or _given(tables)}
        self.last = {**self.load(stored, f"source_{self.number}"), **settings}
        return self._connect(self.last, stages)

    def again(self, cdm: Cdm, *, stages: Path | None = None) -> Cdm:
        """The same source, opened by another connection."""
        return self._connect(self.settings_of(cdm), stages)

    def settings_of(self, cdm: Cdm) -> dict[str, Any]:
        """The source settings by which a source was opened."""
        return next(settings for opened, settings in self._opened if opened is cdm)

    def _connect(self, settings: dict[str, Any], stages: Path | None) -> Cdm:
        cdm = connect(SourceSettings(**settings), stages=stages)
        self._opened.append((cdm, settings))
        return cdm

    def open_parquet(self, folder: Path, **settings: Any) -> Cdm:
        """A source of the Parquet files in a folder, loaded once for the session."""
        return self._connect({**self.settings_for(folder), **settings}, None)

    def settings_for(self, folder: Path) -> dict[str, Any]:
        """The source settings that open the Parquet files of a folder, which are loaded when they are asked for first."""
        return {"path": folder, "engine": self.name}

    def anywhere(self) -> dict[str, Any]:
        """Source settings that reach the engine but no source."""
        return {"path": self.folder, "engine": self.name}

    def environment(self) -> dict[str, str]:
        """The environment variables by which the engine is reached."""
        return {}

    def close_all(self) -> None:
        """Close what a test opened."""
        while self._opened:
            self._opened.pop()[0].close()

    @abstractmethod
    def stop(self) -> None:
        """Let go of the server."""


class DuckUnderTest(EngineUnderTest):
    """The embedded engine on Parquet files."""

    name = "duckdb"

    def load(self, tables: Mapping[str, pa.Table], name: str) -> dict[str, Any]:
        return {"path": write_parquet(tables, self.folder / name), "engine": self.name}

    def stop(self) -> None:
        """There is no server."""


class SparkUnderTest(EngineUnderTest):
    """A local Spark on Parquet files."""

    name = "spark"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        from hfrisk.cdm.engines.spark import start_session

        with warnings.catch_warnings():
            # the gateway to Java leaves its standard streams to be closed when the session ends
            warnings.simplefilter("ignore", ResourceWarning)
            self.session = start_session(SourceSettings(engine="spark", path=folder, memory_gb=2), folder / "stages")

    def load(self, tables: Mapping[str, pa.Table], name: str) -> dict[str, Any]:
        self._tune(_FOR_TINY_TABLES)
        return {"path": write_parquet(tables, self.folder / name), "engine": self.name}

    def settings_for(self, folder: Path) -> dict[str, Any]:
        self._tune(_FOR_REAL_TABLES)
        return super().settings_for(folder)

    def stop(self) -> None:
        self.session.stop()

    def _tune(self, settings: dict[str, str]) -> None:
        for name, value in settings.items():
            self.session.conf.set(name, value)


class PostgresUnderTest(EngineUnderTest):
    """A PostgreSQL server of our own, which logs every statement."""

    name = "postgres"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.server = PostgresServer()
        self.loaded: dict[Path, str] = {}

    @property
    def url(self) -> str:
        """How the analyst connects."""
        return self.server.url

    @property
    def port(self) -> int:
        """The port on loopback."""
        return self.server.port

    def environment(self) -> dict[str, str]:
        return {"HFRISK_POSTGRES_URL": self.url}

    def load(self, tables: Mapping[str, pa.Table], name: str) -> dict[str, Any]:
        with self.admin() as server:
            server.execute(f'CREATE SCHEMA "{name}"')
            for table, content in tables.items():
                copy_into(server, f'"{name}"."{table}"', content)
            server.execute(f'GRANT USAGE ON SCHEMA "{name}" TO analyst')
            server.execute(f'GRANT SELECT ON ALL TABLES IN SCHEMA "{name}" TO analyst')
        return {"engine": self.name, "omop_schema": name, "scratch_schema": "scratch"}

    def settings_for(self, folder: Path) -> dict[str, Any]:
        if folder not in self.loaded:
            tables = {
                path.stem: pq.read_table(path) for path in sorted(folder.glob("*.parquet")) if path.stem in TABLES
            }
            self.loaded[folder] = str(self.load(tables, f"folder_{len(self.loaded)}")["omop_schema"])
            with self.admin() as server:
                server.execute("ANALYZE")
        return {"engine": self.name, "omop_schema": self.loaded[folder], "scratch_schema": "scratch"}

    def anywhere(self) -> dict[str, Any]:
        return {"engine": self.name, "omop_schema": "no_such_schema", "scratch_schema": "scratch"}

    def close_all(self) -> None:
        super().close_all()
        with self.admin() as server:
            for table in self.scratch():
                server.execute(f'DROP TABLE scratch."{table}"')

    def admin(self) -> Any:
        """A connection that may do anything."""
        return self.server.admin()

    def scratch(self) -> list[str]:
        """The tables in the scratch schema."""
        with self.admin() as server:
            found = server.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'scratch' ORDER BY 1").fetchall()
        return [row[0] for row in found]

    def statements(self) -> list[str]:
        """Every statement that the server has been sent by the analyst, in order, from its own log."""
        return self.server.statements()

    def stop(self) -> None:
        self.server.stop()


UNDER_TEST: dict[str, type[EngineUnderTest]] = {
    "duckdb": DuckUnderTest,
    "postgres": PostgresUnderTest,
    "spark": SparkUnderTest,
}


def start(name: str, folder: Path) -> EngineUnderTest:
    """Start an engine; what it needs and this machine lacks is a failure in CI and a skip elsewhere."""
    lacking = missing(name)
    if lacking and os.environ.get("CI"):
        pytest.fail(lacking)
    if lacking:
        pytest.skip(lacking)
    return UNDER_TEST[name](folder)


def missing(name: str) -> str:
    """What the engine needs that is not on this machine; empty when it has all."""
    if name == "postgres" and postgres_binaries() is None:
        return "PostgreSQL's server is not on this machine (Debian package postgresql)"
    if name == "spark" and not shutil.which("java"):
        return "Java is not on this machine (Debian package openjdk-17-jre-headless)"
    return ""


def _given(tables: Mapping[str, pd.DataFrame]) -> list[str]:
    return [name for name, contract in TABLES.items() if contract.required or name in tables]
