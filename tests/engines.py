"""Real engines for tests: the embedded one, a PostgreSQL of our own on a spare port, and a local Spark. All on loopback."""

from __future__ import annotations

import io
import os
import shutil
import socket
import subprocess
import tempfile
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

NAMES = ("duckdb", "postgres", "spark")
# One user of the server may do anything; the one that hfrisk connects as has what an analyst is given.
PASSWORD = "not a secret: it opens a server that lives as long as the tests"
_POSTGRES_TYPES = {
    "int64": "bigint",
    "int32": "integer",
    "double": "double precision",
    "date32[day]": "date",
    "bool": "boolean",
}
# A query over a handful of rows takes Spark no time to run and seconds to plan and compile.
_FOR_TINY_TABLES = {
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.shuffle.partitions": "1",
}
_FOR_REAL_TABLES = {
    "spark.sql.codegen.wholeStage": "true",
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
        return {"path": _write(tables, self.folder / name), "engine": self.name}

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
        self.session.sparkContext.setLogLevel("OFF")

    def load(self, tables: Mapping[str, pa.Table], name: str) -> dict[str, Any]:
        self._tune(_FOR_TINY_TABLES)
        return {"path": _write(tables, self.folder / name), "engine": self.name}

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
        self.port = _spare_port()
        # the server refuses to run as root, and its user must reach the folder
        self.home = Path(tempfile.mkdtemp(prefix="hfrisk-postgres-"))
        self._as = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        if self._as:
            shutil.chown(self.home, "postgres")
        self.binaries = postgres_binaries()
        self._start()
        self.loaded: dict[Path, str] = {}

    @property
    def url(self) -> str:
        """How the analyst connects."""
        from urllib.parse import quote

        return f"postgresql://analyst:{quote(PASSWORD)}@127.0.0.1:{self.port}/omop"

    def environment(self) -> dict[str, str]:
        return {"HFRISK_POSTGRES_URL": self.url}

    def load(self, tables: Mapping[str, pa.Table], name: str) -> dict[str, Any]:
        with self.admin() as server:
            server.execute(f'CREATE SCHEMA "{name}"')
            for table, content in tables.items():
                _copy(server, f'"{name}"."{table}"', content)
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

    def admin(self) -> Any:
        """A connection that may do anything."""
        import psycopg

        return psycopg.connect(
            host="127.0.0.1", port=self.port, user="postgres", password=PASSWORD, dbname="omop", autocommit=True
        )

    def scratch(self) -> list[str]:
        """The tables in the scratch schema."""
        with self.admin() as server:
            found = server.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'scratch' ORDER BY 1").fetchall()
        return [row[0] for row in found]

    def statements(self) -> list[str]:
        """Every statement that the server has been sent by the analyst, in order, from its own log."""
        import json

        said = []
        for log in sorted((self.home / "data" / "log").glob("*.json")):
            for line in log.read_text(encoding="utf-8").splitlines():
                entry = json.loads(line)
                if entry.get("user") == "analyst" and entry.get("message", "").startswith(("statement: ", "execute ")):
                    said.append(entry["message"].split(": ", 1)[1])
        return said

    def stop(self) -> None:
        self._run("pg_ctl", "-D", str(self.home / "data"), "-m", "immediate", "stop")
        shutil.rmtree(self.home, ignore_errors=True)

    def _start(self) -> None:
        secret = self.home / "password"
        secret.write_text(PASSWORD, encoding="utf-8")
        if self._as:
            shutil.chown(secret, "postgres")
        data = str(self.home / "data")
        self._run(
            "initdb",
            "-D",
            data,
            "-U",
            "postgres",
            "--auth=scram-sha-256",
            f"--pwfile={secret}",
            "-E",
            "UTF8",
            "--no-sync",
        )
        options = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": self.home,
            "fsync": "off",
            "shared_buffers": "256MB",
            "work_mem": "32MB",
            "logging_collector": "on",
            "log_destination": "jsonlog",
            "log_statement": "all",
            "lc_messages": "C",
        }
        said = " ".join(f"-c {name}={value}" for name, value in options.items())
        self._run("pg_ctl", "-D", data, "-w", "-o", said, "-l", str(self.home / "server.log"), "start")
        import psycopg

        with psycopg.connect(
            host="127.0.0.1", port=self.port, user="postgres", password=PASSWORD, dbname="postgres", autocommit=True
        ) as server:
            server.execute("CREATE DATABASE omop")
            server.execute(f"CREATE ROLE analyst LOGIN PASSWORD '{PASSWORD}'")
        with self.admin() as server:
            server.execute("CREATE SCHEMA scratch AUTHORIZATION analyst")

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [*self._as, str(self.binaries / program), *arguments],
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{program} failed: {done.stderr[-2000:]}"


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


def postgres_binaries() -> Path | None:
    """The folder with initdb and pg_ctl of the newest PostgreSQL on this machine."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    beside = shutil.which("initdb")
    return found[-1].parent if found else Path(beside).parent if beside else None


def stored_table(name: str, frame: pd.DataFrame | None) -> pa.Table:
    """A frame as a database would hold it: each column in its contract's type where every value allows it, else as text."""
    contract = {column.name: column.kind for column in TABLES[name].columns}
    required = [column.name for column in TABLES[name].columns if column.required]
    frame = pd.DataFrame(columns=required) if frame is None else frame
    there = {str(column).lower() for column in frame.columns}
    frame = frame.assign(**{column: None for column in required if column not in there})
    return pa.table(
        {str(column): _column(list(frame[column]), contract.get(str(column).lower(), "text")) for column in frame}
    )


def _column(values: list[Any], kind: str) -> pa.Array:
    values = [None if value is None or (not isinstance(value, bytes) and pd.isna(value)) else value for value in values]
    if any(isinstance(value, bytes) for value in values):
        return pa.array(values, pa.binary())
    wanted = {
        "id": pa.int64(),
        "int": pa.int32(),
        "float": pa.float64(),
        "date": pa.date32(),
        "datetime": pa.timestamp("us"),
        "text": pa.string(),
    }
    text = [None if value is None else str(value) for value in values]
    try:
        if kind in {"id", "int"}:
            numbers = [None if value is None else int(value) for value in text]
            if any(value is not None and str(number) != value for number, value in zip(numbers, text, strict=True)):
                raise ValueError
            return pa.array(numbers, wanted[kind])
        if kind in {"date", "datetime"}:
            moments = [None if value is None else pd.Timestamp(value) for value in text]
            return pa.array(
                [None if m is None else m.date() if kind == "date" else m.to_pydatetime() for m in moments],
                wanted[kind],
            )
        return pa.array([None if v is None else float(v) for v in text] if kind == "float" else text, wanted[kind])
    except (ValueError, OverflowError, pa.ArrowInvalid):
        return pa.array(text, pa.string())


def _given(tables: Mapping[str, pd.DataFrame]) -> list[str]:
    return [name for name, contract in TABLES.items() if contract.required or name in tables]


def _write(tables: Mapping[str, pa.Table], folder: Path) -> Path:
    folder.mkdir(parents=True)
    for name, table in tables.items():
        pq.write_table(table, folder / f"{name}.parquet")
    return folder


def _copy(server: Any, table: str, content: pa.Table) -> None:
    import pyarrow.csv

    kinds = []
    for field in content.schema:
        kind = str(field.type)
        server_kind = _POSTGRES_TYPES.get(kind) or (
            "timestamp" if kind.startswith("timestamp") else "bytea" if kind == "binary" else "text"
        )
        kinds.append(f'"{field.name}" {server_kind}')
    server.execute(f"CREATE TABLE {table} ({', '.join(kinds)})")
    for position, field in enumerate(content.schema):
        if str(field.type) == "binary":
            written = [None if value is None else "\\x" + value.hex() for value in content[field.name].to_pylist()]
            content = content.set_column(position, field.name, pa.array(written, pa.string()))
        if str(field.type).startswith("dictionary"):
            content = content.set_column(position, field.name, content[field.name].cast(pa.string()))
    with server.cursor() as cursor, cursor.copy(f"COPY {table} FROM STDIN (FORMAT csv)") as copy:
        for batch in content.to_batches(max_chunksize=200_000):
            written_text = io.BytesIO()
            pyarrow.csv.write_csv(batch, written_text, pyarrow.csv.WriteOptions(include_header=False))
            copy.write(written_text.getvalue())


def _spare_port() -> int:
    with socket.socket() as spare:
        spare.bind(("127.0.0.1", 0))
        return int(spare.getsockname()[1])
