"""The folder of a region: claimed, marked as unfinished, filled table by table, and marked as done."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from hfrisk.errors import StudyError
from hfrisk.synthetic.cdm54 import COLUMNS
from hfrisk.synthetic.settings import RegionSettings
from hfrisk.synthetic.tables import TRUTH

__all__ = ["TableFiles", "claim", "made_with", "mark"]

_MARK = "region.json"
_MADE_BY = "hfrisk synthesise"


class TableFiles:
    """One Parquet file a table, written batch by batch; each batch is a row group, or several of about a million rows."""

    def __init__(self, out: Path) -> None:
        self._out = out
        self._writers: dict[str, pq.ParquetWriter] = {}
        self.rows: dict[str, int] = {}

    def __enter__(self) -> TableFiles:
        return self

    def __exit__(self, *_: object) -> None:
        for writer in self._writers.values():
            writer.close()

    def write(self, tables: dict[str, pa.Table]) -> None:
        """Add the rows of these tables to their files."""
        for name, table in tables.items():
            if name not in self._writers:
                self._writers[name] = pq.ParquetWriter(self._out / f"{name}.parquet", table.schema, compression="zstd")
                self.rows[name] = 0
            self._writers[name].write_table(table)
            self.rows[name] += table.num_rows


def claim(out: Path) -> None:
    """Make the folder ours and empty it of an earlier region, or refuse.

    Raises
    ------
    StudyError
        If it cannot be made, or holds something that is not a region written here.
    """
    if out.exists() and not out.is_dir():
        raise StudyError("The output is a file.", where=str(out), todo="Name a folder.")
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError:
        raise StudyError(
            "The folder cannot be made.", where=str(out), todo="Choose a place that you may write to."
        ) from None
    if any(out.iterdir()) and not _is_ours(out):
        raise StudyError(
            "The output folder holds something that is not a made-up region.",
            where=str(out),
            todo="Name an empty folder, or one that `hfrisk synthesise` wrote.",
        )
    for name in [*COLUMNS, TRUTH]:
        (out / f"{name}.parquet").unlink(missing_ok=True)


def mark(out: Path, settings: RegionSettings, written: dict[str, Any] | None) -> None:
    """Write region.json: first as unfinished, so that a killed run can be repeated, then with what was written."""
    text = {
        "made_by": _MADE_BY,
        "complete": written is not None,
        "settings": settings.model_dump(mode="json"),
        "data_start": settings.data_start.isoformat(),
        "data_end": settings.data_end.isoformat(),
        **(written or {}),
    }
    (out / _MARK).write_text(json.dumps(text, indent=2) + "\n", encoding="utf-8")


def made_with(out: Path, settings: RegionSettings) -> bool:
    """Whether a finished region with these settings is in the folder."""
    try:
        found = json.loads((out / _MARK).read_text(encoding="utf-8"))
        return bool(found["complete"]) and found["settings"] == settings.model_dump(mode="json")
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _is_ours(out: Path) -> bool:
    try:
        found = json.loads((out / _MARK).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(found, dict) and found.get("made_by") == _MADE_BY
