"""Errors of the engine carry values of patients in their text. Here they become ours, which never do."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
from ibis.common.exceptions import IbisError

from hfrisk.errors import DataError, HfriskError

__all__ = ["computing", "engine_errors", "reading"]

# Looked up only where the package has been imported: an engine that is not in use costs nothing.
_OTHERS = {
    "psycopg": "Error",
    "pyspark.errors": "PySparkException",
    "py4j.protocol": "Py4JError",
    "databricks.sql.exc": "Error",
    "deltalake.exceptions": "DeltaError",
    "pyarrow": "ArrowException",
}


def engine_errors() -> tuple[type[BaseException], ...]:
    """Every kind of error that an engine in use may raise."""
    others = [getattr(sys.modules[module], name) for module, name in _OTHERS.items() if module in sys.modules]
    return (duckdb.Error, IbisError, UnicodeDecodeError, *others)


@contextmanager
def reading(table: str, path: Path | None = None) -> Iterator[None]:
    """Reading `table`; a failure names the table and the file, and the line when the engine knows it."""
    where = f"table {table}" + (f", file {path.name}" if path else "")
    try:
        yield
    except duckdb.OutOfMemoryException:
        raise HfriskError(
            "The engine ran out of memory.",
            where=where,
            todo="Raise source.memory_gb, or free space where the stages spill.",
        ) from None
    except engine_errors() as error:
        if path is None and not isinstance(error, (duckdb.Error, UnicodeDecodeError)):
            raise DataError(
                f"The table cannot be read ({type(error).__name__}).",
                where=where,
                todo="Check that the account may read it. The engine's own words may hold patients' values and are not shown.",
            ) from None
        line = re.search(r"Line:?\s+(\d+)", str(error))
        raise DataError(
            "The file cannot be read: it is damaged, cut short, or not of the kind that its name says.",
            where=where + (f", about line {line.group(1)}" if line else ""),
            todo="Export or copy it again, and compare its size with the original.",
        ) from None


@contextmanager
def computing(stage: str) -> Iterator[None]:
    """Computing `stage`; a failure names the stage and the kind of error only."""
    try:
        yield
    except duckdb.OutOfMemoryException:
        raise HfriskError(
            "The engine ran out of memory.", where=f"stage {stage}", todo="Raise source.memory_gb in the study file."
        ) from None
    except engine_errors() as error:
        raise HfriskError(
            f"The engine could not compute this stage ({type(error).__name__}).",
            where=f"stage {stage}",
            todo="This is a fault of hfrisk or of the source. The engine's own words may hold patients' values and are not shown.",
        ) from None
