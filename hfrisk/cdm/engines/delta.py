"""Delta tables without Spark: the `deltalake` package reads the log, the embedded engine the files that it names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hfrisk.errors import DataError, StudyError

__all__ = ["delta_version", "open_delta"]


def open_delta(path: Path) -> Any:
    """The Delta table in a folder, at its latest version.

    Raises
    ------
    StudyError
        If the `deltalake` package is not installed.
    DataError
        If the log cannot be read.
    """
    try:
        from deltalake import DeltaTable
        from deltalake.exceptions import DeltaError
    except ImportError:
        raise StudyError(
            "Reading Delta tables needs the package deltalake.",
            where=f"source.path, table {path.name}",
            todo="Install hfrisk with its extra: pip install 'hfrisk[delta]'.",
        ) from None
    where = f"table {path.name.lower()}, folder {path.name}"
    todo = "Copy the folder again, whole, or export the table as Parquet."
    try:
        table = DeltaTable(path)
        files = table.file_uris()
    except (DeltaError, OSError):
        raise DataError(
            "The Delta table cannot be read: its log is damaged, or asks for what the reader does not know.",
            where=where,
            todo=todo,
        ) from None
    if not all(Path(file).exists() for file in files):
        raise DataError("The Delta table lacks files that its log names.", where=where, todo=todo)
    return table


def delta_version(path: Path) -> str:
    """The identity and version of a Delta table, which change with every write."""
    table = open_delta(path)
    return f"{table.metadata().id}:{table.version()}"
