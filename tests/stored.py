"""Frames as a database would hold them: in files, and in tables of PostgreSQL."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from hfrisk.cdm import TABLES

_POSTGRES_TYPES = {
    "int64": "bigint",
    "int32": "integer",
    "double": "double precision",
    "date32[day]": "date",
    "bool": "boolean",
}


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


def write_parquet(tables: Mapping[str, pa.Table], folder: Path) -> Path:
    folder.mkdir(parents=True)
    for name, table in tables.items():
        pq.write_table(table, folder / f"{name}.parquet")
    return folder


def copy_into(server: Any, table: str, content: pa.Table) -> None:
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
