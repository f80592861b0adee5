"""Kept results as tables of a scratch schema, for engines that share one."""

from __future__ import annotations

import uuid
from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import ibis.expr.types as ir

from hfrisk.cdm.engines.base import Engine, State
from hfrisk.cdm.engines.seals import read_seal, write_seal
from hfrisk.errors import StudyError
from hfrisk.fingerprints import text_fingerprint

__all__ = ["PREFIX", "ScratchEngine"]

PREFIX = "hfrisk_"


class ScratchEngine(Engine):
    """Results are tables ``hfrisk_<study folder>_<stage>_<stage hash>_<any>`` of the scratch schema.

    The letters for the study's folder keep two studies apart that share a scratch schema: one never drops what another reads.
    Beside the stages a seal says which table is whole, and how many rows it has.
    """

    def __init__(self, stages: Path | None, scratch_schema: str) -> None:
        super().__init__()
        self._stages = stages
        self._scratch = tuple(part.strip() for part in scratch_schema.split(".")) if scratch_schema else ()
        if stages is not None:
            stages.mkdir(parents=True, exist_ok=True)

    @property
    def owner(self) -> str:
        """The beginning of every name that this study gives in the scratch schema."""
        whose = text_fingerprint([str(self._stages.resolve())])[:8] if self._stages is not None else self.token
        return f"{PREFIX}{whose}_"

    def state(self, name: str, key: str) -> State:
        seal = read_seal(self._seal(name, key))
        table = str(seal.get("table"))
        if table not in self._made(name, key):
            return "absent"
        return "intact" if seal.get("rows") == self._rows(table) else "damaged"

    def write(self, name: str, key: str, expression: ir.Table) -> None:
        seal = self._seal(name, key)
        seal.unlink(missing_ok=True)
        for stale in self._made(name, key):
            self.drop_scratch(stale)
        # never the same name twice: a killed write of Spark leaves files that no table may be made over
        table = f"{self._begins(name, key)}{uuid.uuid4().hex[:6]}"
        self.create_scratch(table, self.compile(expression), expression.schema())
        write_seal(seal, {"stage": name, "key": key, "table": table, "rows": self._rows(table)})

    def read(self, name: str, key: str, schema: Mapping[str, Any]) -> ir.Table:
        catalog, database = self._place()
        table = str(read_seal(self._seal(name, key))["table"])
        return self.named(table, schema, catalog=catalog, database=database)

    def empty_scratch(self) -> list[str]:
        if not self._scratch:
            return []
        dropped = [table for table in self.scratch_tables() if table.startswith(self.owner)]
        for table in dropped:
            self.drop_scratch(table)
        return dropped

    @abstractmethod
    def scratch_tables(self) -> list[str]:
        """The names of the tables in the scratch schema."""

    @abstractmethod
    def create_scratch(self, table: str, query: str, schema: Mapping[str, Any]) -> None:
        """Make a table of the scratch schema from a query, whose columns are those of `schema`."""

    @abstractmethod
    def drop_scratch(self, table: str) -> None:
        """Drop a table of the scratch schema."""

    def in_scratch(self, table: str) -> str:
        """The quoted name of a table of the scratch schema."""
        return self.quoted(*self._place(), table)

    def _place(self) -> tuple[str | None, str]:
        if not self._scratch:
            raise StudyError(
                "There is no schema in which results can be kept.",
                where="source.scratch_schema",
                todo="Name a schema that you may create tables in. hfrisk drops what it put there when the run ends.",
            )
        return (self._scratch[0] if len(self._scratch) == 2 else None), self._scratch[-1]

    def _begins(self, name: str, key: str) -> str:
        return f"{self.owner}{name}_{key[:16]}_"

    def _made(self, name: str, key: str) -> list[str]:
        return [table for table in self.scratch_tables() if table.startswith(self._begins(name, key))]

    def _seal(self, name: str, key: str) -> Path:
        if self._stages is None:
            raise ValueError("there is no folder for the seals of kept results")
        return self._stages / f"{name}-{key[:16]}.{self.name}.json"

    def _rows(self, table: str) -> int:
        catalog, database = self._place()
        rows = self.named(table, {"nothing": "int64"}, catalog=catalog, database=database).count()
        return int(self.connection.execute(rows))
