"""A feature table as files that any engine's study can load: the rows as Parquet, the dictionary beside them as JSON."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import ibis

from hfrisk.cdm import Cdm
from hfrisk.errors import DataError
from hfrisk.features.build import FeatureTable
from hfrisk.features.contract import checked
from hfrisk.features.dictionary import Feature
from hfrisk.features.family import KEYS

__all__ = ["load_features", "save_features"]

_ROWS, _DICTIONARY = "features.parquet", "features.json"


def save_features(cdm: Cdm, features: FeatureTable, folder: Path) -> Path:
    """Write the table and its dictionary; the rows are patient-level and stay inside.

    Returns
    -------
    Path
        The Parquet file, sorted by the key. Beside it lies ``features.json``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    frame = cdm.frame(features.table, "features").sort_values(list(KEYS), ignore_index=True)
    frame = checked(frame, features.catalogue, features.groups)
    facts = {
        "key": features.key,
        "groups": list(features.groups),
        "offered": [entry.name for entry in features.dictionary],
        "catalogue": [asdict(entry) for entry in features.catalogue],
    }
    _whole(folder / _ROWS, lambda path: frame.to_parquet(path, index=False))
    text = json.dumps(facts, indent=1, ensure_ascii=False)
    _whole(folder / _DICTIONARY, lambda path: path.write_text(text, encoding="utf-8"))
    return folder / _ROWS


def load_features(folder: Path) -> FeatureTable:
    """A feature table that was saved, whatever engine made it. It is read by the embedded engine, and `partition` takes it.

    Raises
    ------
    DataError
        If there is none, or it does not keep its contract.
    """
    try:
        facts: dict[str, Any] = json.loads((folder / _DICTIONARY).read_text(encoding="utf-8"))
        catalogue = tuple(Feature(**{**entry, "sources": tuple(entry["sources"])}) for entry in facts["catalogue"])
        offered, groups = set(facts["offered"]), tuple(facts["groups"])
        table = ibis.duckdb.connect().read_parquet(folder / _ROWS)
        frame = table.to_pandas()
    except Exception as error:  # the engine's own words may hold values
        raise _unreadable(folder, type(error).__name__) from None
    checked(frame, catalogue, groups)
    dictionary = tuple(entry for entry in catalogue if entry.name in offered)
    return FeatureTable(table, dictionary, groups, [], str(facts["key"]), True, catalogue)


def _unreadable(folder: Path, kind: str) -> DataError:
    return DataError(
        f"There is no feature table that can be read ({kind}).",
        where=str(folder),
        todo=f"The folder needs {_ROWS} and {_DICTIONARY}, as `hfrisk features STUDY` writes them.",
    )


def _whole(path: Path, write: Callable[[Path], object]) -> None:
    writing = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    write(writing)
    os.replace(writing, path)
