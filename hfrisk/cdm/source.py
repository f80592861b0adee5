"""An open source: typed tables to read, and one way for a stage's result to persist."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ibis.expr.types as ir
import pandas as pd

from hfrisk.cdm.contract import TABLES
from hfrisk.cdm.engine import computing
from hfrisk.cdm.typing import IDS_AS_INTEGERS, typed
from hfrisk.checks import Check
from hfrisk.fingerprints import code_fingerprint, file_fingerprint, text_fingerprint

__all__ = ["Cdm", "Stage"]


@dataclass(frozen=True)
class Stage:
    """A persisted result: its table, the hash of everything that made it, and whether it was there already."""

    table: ir.Table
    key: str
    reused: bool


@dataclass
class Cdm:
    """The harmonised data, opened for reading.

    Attributes
    ----------
    connection
        The Ibis connection.
    fingerprint
        A hash of the source's contents.
    checks
        What opening it showed: absent tables, values that could not be read.
    """

    connection: Any
    tables: dict[str, ir.Table]
    id_types: dict[str, str]
    fingerprint: str
    stages: Path | None = None
    checks: list[Check] = field(default_factory=list)
    rebuilt: list[str] = field(default_factory=list)

    def has(self, name: str) -> bool:
        """Whether the source has the table."""
        return name in self.tables

    def table(self, name: str) -> ir.Table:
        """The table with the contract's columns and types; one that the source lacks is empty."""
        if name in self.tables:
            return self.tables[name]
        self.connection.raw_sql("CREATE TEMP TABLE IF NOT EXISTS absent AS SELECT 1 AS nothing WHERE false")
        return typed(self.connection.table("absent"), TABLES[name], self.id_types)

    def frame(self, expression: ir.Table, stage: str) -> pd.DataFrame:
        """Run a small expression and return its rows. Engine errors become ours (see `engine.computing`)."""
        with computing(stage):
            return self.connection.execute(expression)

    def materialise(self, expression: ir.Table, name: str, parts: Sequence[str], *, order: Sequence[str]) -> Stage:
        """Persist a stage's result, or find the one that is there already.

        Parameters
        ----------
        expression
            What to compute.
        name
            The stage.
        parts
            Everything beyond the source and this package's code that the result depends on: settings as JSON, the keys of
            earlier stages.
        order
            Columns that order the rows, so that two runs write the same rows in the same order.

        Notes
        -----
        The file is written beside its final name and renamed, so a killed run leaves no half of it. Its own hash is kept
        beside it: a file that was damaged since is found out and built again.
        """
        key = text_fingerprint([name, self.fingerprint, code_fingerprint(), *parts])
        if self.stages is None:
            table = f"stage_{name}_{key[:12]}"
            with computing(name):
                query = self.connection.compile(expression.order_by(list(order)))
                self.connection.raw_sql(f"CREATE OR REPLACE TEMP TABLE {table} AS {query}")
            return Stage(self.connection.table(table), key, False)
        path = self.stages / f"{name}-{key[:16]}.parquet"
        seal = path.with_suffix(".json")
        reused = self._intact(path, seal, name)
        if not reused:
            writing = path.with_suffix(f".{os.getpid()}.tmp")
            with computing(name):
                self.connection.to_parquet(expression.order_by(list(order)), writing, compression="zstd")
            seal.unlink(missing_ok=True)
            os.replace(writing, path)
            _write_whole(seal, json.dumps({"stage": name, "key": key, "hash": file_fingerprint(path)}))
        with computing(name):
            return Stage(self.connection.read_parquet(path, table_name=f"stage_{name}_{key[:12]}"), key, reused)

    def id_type(self, name: str) -> str:
        """The engine type of an id column: ``int64`` or ``string``."""
        return "int64" if self.id_types.get(name) == IDS_AS_INTEGERS else "string"

    def _intact(self, path: Path, seal: Path, name: str) -> bool:
        if not (path.exists() and seal.exists()):
            return False
        try:
            expected = json.loads(seal.read_text(encoding="utf-8")).get("hash")
        except (json.JSONDecodeError, UnicodeDecodeError, AttributeError):
            expected = None
        if file_fingerprint(path) == expected:
            return True
        self.rebuilt.append(name)
        return False


def _write_whole(path: Path, text: str) -> None:
    writing = path.with_suffix(f".{os.getpid()}.part")
    writing.write_text(text, encoding="utf-8")
    os.replace(writing, path)
