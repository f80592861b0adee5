"""Opening a source: find the tables, check the contract, settle the types of ids, count what cannot be read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import ibis.expr.types as ir

from hfrisk.cdm import quality
from hfrisk.cdm.columns import in_contract_names, wanted_columns
from hfrisk.cdm.contract import TABLES
from hfrisk.cdm.engine import computing, reading
from hfrisk.cdm.engines import Engine, open_engine
from hfrisk.cdm.engines.counting import weak_fingerprint
from hfrisk.cdm.maps import load_maps
from hfrisk.cdm.settings import SourceSettings
from hfrisk.cdm.source import Cdm
from hfrisk.cdm.typing import IDS_AS_INTEGERS, IDS_AS_TEXT, failures, id_is_whole, typed
from hfrisk.checks import Check
from hfrisk.errors import DataError

__all__ = ["connect", "open_tables", "source_fingerprint"]


def connect(settings: SourceSettings, *, stages: Path | None = None, fingerprint: str | None = None) -> Cdm:
    """Open the OMOP data of a study. The source is only ever read.

    Parameters
    ----------
    settings
        Where the data is.
    stages
        A folder in which stage results persist (see `Cdm.materialise`). Without one they live as long as the connection.
    fingerprint
        The source's fingerprint where `source_fingerprint` was asked a moment ago; counting a large source takes a while.

    Raises
    ------
    StudyError
        If the path does not exist, the server refuses, or `source.columns` names what is not in the contract.
    DataError
        If a required table or column is missing, or a table cannot be read.
    """
    renamed = wanted_columns(settings.columns)
    maps = load_maps(settings.maps)
    engine = open_engine(settings, stages)
    try:
        raw = {name: in_contract_names(table, name, renamed.get(name, {})) for name, table in engine.tables().items()}
        cdm = open_tables(engine, raw, where=str(settings.path or f"schema {settings.omop_schema}"), stages=stages)
        cdm.fingerprint = fingerprint or engine.fingerprint(raw)
        cdm.keep_scratch = settings.keep_scratch
        cdm.maps = maps
        cdm.checks += engine.notes()
        if engine.fingerprint_is_weak:
            cdm.checks.append(weak_fingerprint())
    except BaseException:
        engine.close()
        raise
    return cdm


def open_tables(engine: Engine, raw: Mapping[str, ir.Table], *, where: str, stages: Path | None) -> Cdm:
    """Raw tables, with columns named as in the contract, as an open source without a fingerprint."""
    _check_contract(raw, where)
    id_types = _settle_ids(raw)
    tables = {}
    for name, table in raw.items():
        with reading(name):
            tables[name] = engine.view(f"cdm_{name}", typed(table, TABLES[name], id_types, engine.hexadecimal))
    return Cdm(
        backend=engine,
        tables=tables,
        id_types=id_types,
        fingerprint="",
        stages=stages,
        checks=[*_unreadable(engine, raw, id_types), *quality.absent_tables(set(tables))],
    )


def source_fingerprint(settings: SourceSettings) -> str:
    """A hash of the contents of the source: of files by content, of Delta tables by version, of others by counts and dates."""
    if settings.path is not None:
        from hfrisk.cdm.files import find_files

        return find_files(settings.path).fingerprint()
    renamed = wanted_columns(settings.columns)
    engine = open_engine(settings, None)
    try:
        raw = {name: in_contract_names(table, name, renamed.get(name, {})) for name, table in engine.tables().items()}
        return engine.fingerprint(raw)
    finally:
        with computing("closing the source"):
            engine.close()


def _check_contract(raw: Mapping[str, ir.Table], where: str) -> None:
    missing = [name for name, table in TABLES.items() if table.required and name not in raw]
    if missing:
        raise DataError(
            f"Required {'table is' if len(missing) == 1 else 'tables are'} missing: {', '.join(missing)}.",
            where=where,
            todo=f"Found: {', '.join(sorted(raw))}. Export the missing ones beside them.",
        )
    for name, table in raw.items():
        lacking = [c.name for c in TABLES[name].columns if c.required and c.name not in table.columns]
        if lacking:
            raise DataError(
                f"Required {'column is' if len(lacking) == 1 else 'columns are'} missing: {', '.join(lacking)}.",
                where=f"table {name}",
                todo=_hint(name, table.columns, lacking),
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
    return (
        f"The table has {', '.join(known)}, and {len(columns) - len(known)} other columns. "
        "If one of those is meant, name it in source.columns."
    )


def _settle_ids(raw: Mapping[str, ir.Table]) -> dict[str, str]:
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


def _unreadable(engine: Engine, raw: Mapping[str, ir.Table], id_types: dict[str, str]) -> list[Check]:
    checks = []
    for name, table in raw.items():
        counted = failures(table, TABLES[name], id_types, engine.hexadecimal)
        if not counted:
            continue
        with reading(name):
            row = table.aggregate(rows=table.count(), **counted).execute().iloc[0]
        for column in counted:
            if int(row[column]):
                checks.append(quality.unreadable_values(name, column, int(row[column]), int(row["rows"])))
    return checks
