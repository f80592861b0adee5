"""Keeping the result of a stage on disk, without pickle, sealed by hashes: frames as Parquet, the rest as JSON."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import typing
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd

from hfrisk.checks import Check
from hfrisk.fingerprints import file_fingerprint

__all__ = ["kept"]

T = TypeVar("T")
_SEAL = "seal.json"


def kept(kind: type[T], folder: Path, make: Callable[[], T]) -> tuple[T, bool]:
    """The result that is kept in `folder`, or a new one, which is then kept there.

    Parameters
    ----------
    kind
        A frozen dataclass whose fields are frames, texts, numbers, lists, dictionaries or lists of `Check`.
    folder
        Named after the hash of everything that the result depends on.
    make
        Computes it.

    Returns
    -------
    tuple
        The result, and whether it was there already. A folder whose files do not match their seal is made again. The result is
        always what was read back, so a first run and a second see the same numbers.
    """
    if _intact(folder):
        return _load(kind, folder), True
    result = make()
    writing = folder.with_name(f"{folder.name}.{os.getpid()}.tmp")
    shutil.rmtree(writing, ignore_errors=True)
    writing.mkdir(parents=True)
    _save(result, writing)
    shutil.rmtree(folder, ignore_errors=True)
    os.replace(writing, folder)
    return _load(kind, folder), False


def _save(result: Any, folder: Path) -> None:
    plain: dict[str, Any] = {}
    for field in dataclasses.fields(result):
        value = getattr(result, field.name)
        if isinstance(value, pd.DataFrame):
            value.to_parquet(folder / f"{field.name}.parquet", index=False)
        elif isinstance(value, list) and value and isinstance(value[0], Check):
            plain[field.name] = [dataclasses.asdict(check) for check in value]
        else:
            plain[field.name] = value
    (folder / "values.json").write_text(json.dumps(plain, sort_keys=True), encoding="utf-8")
    seal = {path.name: file_fingerprint(path) for path in sorted(folder.iterdir())}
    (folder / _SEAL).write_text(json.dumps(seal), encoding="utf-8")


def _load(kind: type[T], folder: Path) -> T:
    plain = json.loads((folder / "values.json").read_text(encoding="utf-8"))
    hints = typing.get_type_hints(kind)
    values: dict[str, Any] = {}
    for field in dataclasses.fields(kind):  # type: ignore[arg-type]
        if hints[field.name] is pd.DataFrame:
            values[field.name] = pd.read_parquet(folder / f"{field.name}.parquet")
        elif typing.get_args(hints[field.name]) == (Check,):
            values[field.name] = [Check(**check) for check in plain[field.name]]
        else:
            values[field.name] = plain[field.name]
    return kind(**values)


def _intact(folder: Path) -> bool:
    try:
        seal = json.loads((folder / _SEAL).read_text(encoding="utf-8"))
        return bool(seal) and all(file_fingerprint(folder / name) == digest for name, digest in seal.items())
    except (OSError, ValueError, AttributeError):
        return False
