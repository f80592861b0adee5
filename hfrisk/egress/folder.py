"""The folder for the airlock: written beside its place and put there whole, or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hfrisk.egress.files import ReleasedFile
from hfrisk.egress.sacro import RESULTS, checksum_name, checksums
from hfrisk.errors import StudyError

__all__ = ["MANIFEST", "kept_whole", "write_folder"]

MANIFEST = "manifest.json"


def write_folder(folder: Path, files: Sequence[ReleasedFile]) -> None:
    """Replace the folder by one that holds these files and their checksums, and nothing else.

    Raises
    ------
    TypeError
        If anything is not a `ReleasedFile`, or two have one name (a fault of ours).
    StudyError
        If what is there was put or changed there by somebody else (`kept_whole`), or the folder cannot be written.
    """
    if not all(type(file) is ReleasedFile for file in files):
        raise TypeError("the egress folder takes nothing but released files")
    if len({file.name.lower() for file in files}) < len(files) or any(
        Path(file.name).name != file.name for file in files
    ):
        raise TypeError("two files have one name, or a name is a path")
    kept_whole(folder)
    writing, earlier = (folder.with_name(f".{folder.name}.{what}-{os.getpid()}") for what in ("new", "earlier"))
    try:
        shutil.rmtree(writing, ignore_errors=True)
        (writing / "checksums").mkdir(parents=True)
        for file in files:
            (writing / file.name).write_bytes(file.content)
        for name, digest in checksums(files).items():
            (writing / name).write_text(digest, encoding="utf-8")
        if folder.exists():
            folder.rename(earlier)
        writing.rename(folder)
    except OSError as error:
        if earlier.exists() and not folder.exists():
            earlier.rename(folder)
        raise StudyError(
            f"The egress folder cannot be written ({error.strerror or type(error).__name__}).",
            where=str(folder),
            todo="Make the study's folder writable.",
        ) from None
    finally:
        shutil.rmtree(writing, ignore_errors=True)
        shutil.rmtree(earlier, ignore_errors=True)


def kept_whole(folder: Path) -> Mapping[str, Any] | None:
    """The manifest of an egress folder that is as a release left it; None where there is no folder.

    Raises
    ------
    StudyError
        If a file was added, changed or taken away: what somebody wrote there is not thrown away, and does not leave unseen.
    """
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return None
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        known = {str(file["name"]): str(file["sha256"]) for file in manifest["files"]}
        seal = (folder / checksum_name(MANIFEST)).read_text(encoding="utf-8")
    except (OSError, ValueError, KeyError, TypeError):
        raise _not_ours(folder, "it has no manifest of a release") from None
    known[MANIFEST] = seal
    if (folder / RESULTS).is_file():
        known[RESULTS] = (folder / checksum_name(RESULTS)).read_text(encoding="utf-8") if _is_there(folder) else ""
    found = {
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir() or path.is_symlink()
    }
    expected = set(known) | {checksum_name(name) for name in known}
    if strange := sorted(found - expected):
        raise _not_ours(folder, f"{strange[0]} was put there by nobody's release")
    if missing := sorted(expected - found):
        raise _not_ours(folder, f"{missing[0]} was taken away")
    for name, digest in known.items():
        if hashlib.sha256((folder / name).read_bytes()).hexdigest() != digest:
            raise _not_ours(folder, f"{name} was changed after the release")
        if (folder / checksum_name(name)).read_text(encoding="utf-8") != digest:
            raise _not_ours(folder, f"the checksum of {name} was changed after the release")
    return manifest


def _is_there(folder: Path) -> bool:
    return (folder / checksum_name(RESULTS)).is_file()


def _not_ours(folder: Path, why: str) -> StudyError:
    return StudyError(
        f"The egress folder is not as a release left it: {why}.",
        where=str(folder),
        todo="Move away what should be kept (a filled-in summary, say), remove the folder, and release again.",
    )
