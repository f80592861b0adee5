"""Opening a source: find the tables, check the contract, settle the types of ids, count what cannot be read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir

from hfrisk.cdm import quality
from hfrisk.cdm.contract import ALIASES, TABLES
from hfrisk.cdm.engine import reading
from hfrisk.cdm.files import SourceFiles, find_files
from hfrisk.cdm.settings import SourceSettings
from hfrisk.cdm.source import Cdm
from hfrisk.cdm.typing import IDS_AS_INTEGERS, IDS_AS_TEXT, failures, id_is_whole, typed
from hfrisk.checks import Check
from hfrisk.errors import DataError

__all__ = ["connect", "source_fingerprint"]


def connect(settings: SourceSettings, *, stages: Path | None = None) -> Cdm:
    """Open the OMOP data of a study on the embedded engine. The source is only ever read.

    Parameters
    ----------
    settings
        Where the data is.
    stages
        A folder in which stage results persist (see `Cdm.materialise`). Without one they live as long as the connection.

    Raises
    ------
    StudyError
        If the path does not exist.
    DataError
        If a required table or column is missing, or a file cannot be read.
    """
    files = find_files(settings.path)
    connection = ibis.duckdb.connect(
        memory_limit=f"{settings.memory_gb:g}GB", threads=settings.threads, preserve_insertion_order=False
    )
    if stages is not None:
        stages.mkdir(parents=True, exist_ok=True)
        connection.raw_sql(f"SET temp_directory = {_quoted(stages / 'spill')}")
    raw = _open_database(connection, files.database) if files.database else _open_files(connection, files)
    _check_contract(raw, settings.path)
    id_types = _settle_ids(raw)
    tables = {
        name: _as_view(connection, f"cdm_{name}", typed(table, TABLES[name], id_types)) for name, table in raw.items()
    }
    return Cdm(
        connection=connection,
        tables=tables,
        id_types=id_types,
        fingerprint=files.fingerprint(),
        stages=stages,
        checks=[*_unreadable(raw, id_types), *quality.absent_tables(set(tables))],
    )


def source_fingerprint(settings: SourceSettings) -> str:
    """A hash of the contents of the source, without opening it."""
    return find_files(settings.path).fingerprint()


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


def _open_files(connection: Any, files: SourceFiles) -> dict[str, ir.Table]:
    tables = {}
    for name, (kind, paths) in files.tables.items():
        listed = "[" + ", ".join(_quoted(path) for path in paths) + "]"
        with reading(name, paths[0]):
            if kind == "parquet":
                connection.raw_sql(f"CREATE VIEW source_{name} AS SELECT * FROM read_parquet({listed})")
            else:
                # Text is read whole at once: a file that is cut short must fail now, not in the middle of a stage.
                connection.raw_sql(
                    f"CREATE TABLE source_{name} AS SELECT * FROM "
                    f"read_csv({listed}, header = true, all_varchar = true, delim = ',', quote = '\"', escape = '\"', strict_mode = true)"
                )
            tables[name] = _lower_columns(connection.table(f"source_{name}"), name)
    return tables


def _open_database(connection: Any, path: Path) -> dict[str, ir.Table]:
    with reading(path.name, path):
        connection.raw_sql(f"ATTACH {_quoted(path)} AS source (READ_ONLY)")
        listed = connection.raw_sql(
            "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = 'source' "
            "UNION ALL SELECT schema_name, view_name FROM duckdb_views() WHERE database_name = 'source' AND NOT internal"
        ).fetchall()
    schemas = sorted({schema for schema, table in listed if table.lower() == "person"})
    if not schemas:
        raise DataError(
            "No OMOP table was found.",
            where=path.name,
            todo="The database should hold a schema with a table named person.",
        )
    if len(schemas) > 1:
        raise DataError(
            f"Several schemas hold a table named person: {', '.join(schemas)}.",
            where=path.name,
            todo="Keep one of them in the file that the study reads.",
        )
    return {
        table.lower(): _lower_columns(connection.table(table, database=("source", schema)), table.lower())
        for schema, table in listed
        if schema == schemas[0] and table.lower() in TABLES
    }


def _as_view(connection: Any, name: str, expression: ir.Table) -> ir.Table:
    """The same table under a name of its own, so that what is built on it stays short."""
    connection.raw_sql(f"CREATE VIEW {name} AS {connection.compile(expression)}")
    made = connection.table(name)
    # DuckDB lists a view's column in the case in which it first met that name, which may be the file's.
    return made.rename(
        {want: have for want, have in zip(expression.columns, made.columns, strict=True) if want != have}
    )


def _lower_columns(table: ir.Table, name: str) -> ir.Table:
    aliases = ALIASES.get(name, {})
    renamed: dict[str, str] = {}
    for column in table.columns:
        lower = column.strip().lower()
        lower = aliases.get(lower, lower)
        if lower in renamed:
            raise DataError(
                f"The column {lower} is there twice.", where=f"table {name}", todo="Keep one spelling of it."
            )
        renamed[lower] = column
    return table.rename(renamed)


def _check_contract(raw: dict[str, ir.Table], path: Path) -> None:
    missing = [name for name, table in TABLES.items() if table.required and name not in raw]
    if missing:
        raise DataError(
            f"Required {'table is' if len(missing) == 1 else 'tables are'} missing: {', '.join(missing)}.",
            where=str(path),
            todo=f"Found: {', '.join(sorted(raw))}. Export the missing ones beside them.",
        )
    for name, table in raw.items():
        lacking = [c.name for c in TABLES[name].columns if c.required and c.name not in table.columns]
        if lacking:
            hint = _hint(name, table.columns, lacking)
            raise DataError(
                f"Required {'column is' if len(lacking) == 1 else 'columns are'} missing: {', '.join(lacking)}.",
                where=f"table {name}",
                todo=hint,
            )


def _hint(name: str, columns: Sequence[str], lacking: Sequence[str]) -> str:
    """What the table has instead. Only names of the contract are repeated: in a file without a header the rest is a patient's row."""
    wrapped = {c.name for c in TABLES[name].columns if any(f"({c.name}" in column for column in columns)} & set(lacking)
    if wrapped:
        (column, *_) = sorted(wrapped)
        return f"One column is an expression around {column} that the export did not name; call it {column}."
    known = [c.name for c in TABLES[name].columns if c.name in columns]
    if not known:
        return f"None of the {len(columns)} columns has a name of this table. Does the file have a header line?"
    return f"The table has {', '.join(known)}, and {len(columns) - len(known)} other columns."


def _settle_ids(raw: dict[str, ir.Table]) -> dict[str, str]:
    """Whether each kind of id can be compared as a whole number everywhere it occurs; otherwise it is text everywhere."""
    doubtful: dict[str, list[tuple[str, ir.Value]]] = {}
    kinds: dict[str, str] = {}
    for name, table in raw.items():
        for column in TABLES[name].columns:
            if column.kind != "id" or column.name not in table.columns:
                continue
            value = table[column.name]
            have = value.type()
            kinds.setdefault(column.name, IDS_AS_INTEGERS)
            if have.is_binary():
                kinds[column.name] = IDS_AS_TEXT
            elif not (have.is_null() or have.is_signed_integer()):
                doubtful.setdefault(name, []).append((column.name, value))
    for name, columns in doubtful.items():
        with reading(name):
            whole = (
                raw[name]
                .aggregate(**{column: id_is_whole(value).fill_null(True) for column, value in columns})
                .execute()
            )
        for name_of_id, _ in columns:
            if not bool(whole[name_of_id].iloc[0]):
                kinds[name_of_id] = IDS_AS_TEXT
    return kinds


def _unreadable(raw: dict[str, ir.Table], id_types: dict[str, str]) -> list[Check]:
    checks = []
    for name, table in raw.items():
        counted = failures(table, TABLES[name], id_types)
        if not counted:
            continue
        with reading(name):
            row = table.aggregate(rows=table.count(), **counted).execute().iloc[0]
        for column in counted:
            if int(row[column]):
                checks.append(quality.unreadable_values(name, column, int(row[column]), int(row["rows"])))
    return checks
