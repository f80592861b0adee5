"""Finding OMOP tables on disk: a folder of Parquet, CSV or Delta tables in any case, or one DuckDB file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hfrisk.cdm.contract import TABLES
from hfrisk.cdm.engines.delta import delta_version
from hfrisk.errors import DataError, StudyError
from hfrisk.fingerprints import file_fingerprint, text_fingerprint

__all__ = ["SourceFiles", "find_files"]

_ENDINGS = {".parquet": "parquet", ".csv": "csv", ".csv.gz": "csv"}


@dataclass(frozen=True)
class SourceFiles:
    """What was found: either one DuckDB file, or a file (or folder of parts) for each table."""

    root: Path
    database: Path | None
    tables: dict[str, tuple[str, tuple[Path, ...]]]

    def fingerprint(self) -> str:
        """A hash of the contents of everything that will be read; of the version of a Delta table."""
        if self.database is not None:
            return text_fingerprint(["duckdb", file_fingerprint(self.database)])
        parts = []
        for name in sorted(self.tables):
            kind, paths = self.tables[name]
            parts += [
                name,
                kind,
                *(delta_version(path) if kind == "delta" else file_fingerprint(path) for path in paths),
            ]
        return text_fingerprint(parts)


def find_files(path: Path) -> SourceFiles:
    """Find the tables at `path`; dot-files and unknown files are passed over.

    Raises
    ------
    StudyError
        If there is nothing at `path`.
    DataError
        If there is no OMOP table there, or one table is there twice.
    """
    if not path.exists():
        raise StudyError(
            f"There is no file or folder at {path}.",
            where="source.path",
            todo="Give the folder of OMOP tables, or a .duckdb file. A relative path counts from the study file, "
            "or from the working directory when it is given with --set.",
        )
    if path.is_file():
        if path.suffix.lower() not in {".duckdb", ".db"}:
            raise DataError(
                f"{path.name} is a file, but not a .duckdb file.",
                where="source.path",
                todo="Give the folder that holds the OMOP tables, or one .duckdb file.",
            )
        return SourceFiles(path.parent, path, {})
    found: dict[str, tuple[str, tuple[Path, ...]]] = {}
    for entry in sorted(path.iterdir()):
        if entry.name.startswith((".", "_")):
            continue
        table, kind = _table_of(entry)
        if table is None:
            continue
        whole = entry.is_file() or kind == "delta"
        paths = (entry,) if whole else tuple(sorted(entry.glob("*.parquet")))
        if not paths:
            continue
        if table in found:
            raise DataError(
                f"The table {table} is there twice.",
                where=f"{found[table][1][0].name} and {entry.name} in {path}",
                todo="Keep one of them.",
            )
        found[table] = (kind, paths)
    if not found:
        raise DataError(
            "No OMOP table was found.",
            where=str(path),
            todo="The folder should hold files such as person.parquet or PERSON.csv (also .csv.gz).",
        )
    return SourceFiles(path, None, found)


def _table_of(entry: Path) -> tuple[str | None, str]:
    name = entry.name.lower()
    for ending, kind in _ENDINGS.items():
        if name.endswith(ending) and name.removesuffix(ending) in TABLES:
            return name.removesuffix(ending), kind
    if entry.is_dir() and name in TABLES:
        return name, "delta" if (entry / "_delta_log").is_dir() else "parquet"
    return None, ""
