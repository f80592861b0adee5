"""An open source: typed tables to read, and one way for a stage's result to persist."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import ibis.expr.types as ir
import pandas as pd

from hfrisk.cdm.contract import TABLES
from hfrisk.cdm.engine import computing
from hfrisk.cdm.engines import Engine
from hfrisk.cdm.maps import Maps
from hfrisk.cdm.typing import IDS_AS_INTEGERS, target
from hfrisk.checks import Check
from hfrisk.fingerprints import code_fingerprint, text_fingerprint

__all__ = ["Cdm", "Stage"]


@dataclass(frozen=True)
class Stage:
    """A persisted result: its table, the hash of everything that made it, and whether it was there already."""

    table: ir.Table
    key: str
    reused: bool


@dataclass(repr=False)
class Cdm:
    """The harmonised data, opened for reading. A context manager: leaving it closes the connection.

    Attributes
    ----------
    backend
        The engine at work.
    fingerprint
        A hash of the source's contents, or of what stands for them.
    checks
        What opening it showed: absent tables, values that could not be read.
    rebuilt
        Stages whose kept result was found damaged.
    keep_scratch
        Whether `empty_scratch` leaves results for the next run.
    maps
        The lists that the site owns; stage results depend on them.
    """

    backend: Engine
    tables: dict[str, ir.Table]
    id_types: dict[str, str]
    fingerprint: str
    stages: Path | None = None
    checks: list[Check] = field(default_factory=list)
    rebuilt: list[str] = field(default_factory=list)
    keep_scratch: bool = False
    maps: Maps = field(default_factory=Maps)

    def __repr__(self) -> str:
        return f"Cdm(engine={self.engine!r}, tables={sorted(self.tables)!r})"

    def __enter__(self) -> Cdm:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def connection(self) -> Any:
        """The Ibis connection."""
        return self.backend.connection

    @property
    def engine(self) -> str:
        """The engine's name: ``duckdb``, ``postgres``, ``spark`` or ``databricks``."""
        return self.backend.name

    @property
    def fingerprint_is_weak(self) -> bool:
        """Whether the fingerprint rests on counts and dates, so that some changes of the source go unseen."""
        return self.backend.fingerprint_is_weak

    def has(self, name: str) -> bool:
        """Whether the source has the table."""
        return name in self.tables

    def table(self, name: str) -> ir.Table:
        """The table with the contract's columns and types; one that the source lacks is empty."""
        if name in self.tables:
            return self.tables[name]
        return self.values([], {column.name: str(target(column, self.id_types)) for column in TABLES[name].columns})

    def values(self, rows: Sequence[Mapping[str, object]], types: Mapping[str, str]) -> ir.Table:
        """A small table written into the query itself, on any engine.

        Parameters
        ----------
        rows
            One mapping a row: texts, numbers, dates, or None. A column that a row leaves out is NULL there.
        types
            Every column with its Ibis type, such as ``int64``, ``float64``, ``string``, ``date``, ``timestamp``.

        Raises
        ------
        ValueError
            If a row has a column without a type, or a value that is none of these.
        """
        with computing("small table"):
            return self.backend.values(rows, types)

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
            Columns that order the rows, so that two runs write the same rows in the same order. None: the rows lie as they come, which
            suits what is only read by further stages.

        Notes
        -----
        On the embedded engine a result is a Parquet file; on others a table of the scratch schema. Either is written whole or not
        at all, under a name that carries the hash of all it depends on, and has a seal beside the stages: a result that was damaged
        since (other bytes, or another number of rows) is found out and built again.
        """
        key = text_fingerprint([name, self.fingerprint, self.maps.fingerprint, code_fingerprint(), *parts])
        ordered = expression.order_by(list(order)) if order else expression
        schema = expression.schema()
        if self.stages is None:
            with computing(name):
                query = self.backend.compile(ordered)
                return Stage(self.backend.temporary(f"stage_{name}_{key[:12]}", query, schema), key, False)
        with computing(name):
            state = self.backend.state(name, key)
            if state == "damaged":
                self.rebuilt.append(name)
            if state != "intact":
                self.backend.write(name, key, ordered)
            return Stage(self.backend.read(name, key, schema), key, state == "intact")

    def id_type(self, name: str) -> str:
        """The engine type of an id column: ``int64`` or ``string``."""
        return "int64" if self.id_types.get(name) == IDS_AS_INTEGERS else "string"

    def empty_scratch(self) -> list[str]:
        """Drop what this study kept in the scratch schema, unless the study says to keep it; the names of what was dropped.

        Only tables that hfrisk made for this study's folder are dropped. Where results are files, nothing is done.
        """
        if self.keep_scratch:
            return []
        with computing("emptying the scratch schema"):
            return self.backend.empty_scratch()

    def close(self) -> None:
        """Drop what is temporary and let go of the connection."""
        with computing("closing the source"):
            self.backend.close()
