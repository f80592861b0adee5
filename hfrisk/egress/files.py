"""A file that may leave: the only kind of value that the egress folder takes.

A `ReleasedFile` is made from what a finished run sealed (`sealed`) or from words that this room wrote about such files (`written`), after
its content was read. As with `Released`, the seal is there against accidents, not against a person who means harm.
"""

from __future__ import annotations

import hashlib
from dataclasses import InitVar, dataclass
from pathlib import Path

from hfrisk.egress.kinds import fault_of, kind_of
from hfrisk.errors import StudyError
from hfrisk.fingerprints import file_fingerprint

__all__ = ["ReleasedFile", "sealed", "sealed_text", "written"]

_SEAL = object()


@dataclass(frozen=True)
class ReleasedFile:
    """One file for the airlock.

    Parameters
    ----------
    name
        Its name in the folder; no folders below it, since ACRO's checksums know none.
    kind
        png, csv, json, html, pdf or model.
    content
        Its bytes.
    of
        Its path in the run; empty for what this room wrote.
    """

    name: str
    kind: str
    content: bytes
    of: str = ""
    seal: InitVar[object] = None

    def __post_init__(self, seal: object) -> None:
        if seal is not _SEAL:
            raise TypeError("only the files of a finished run, and what is written about them, leave")

    def __init_subclass__(cls) -> None:
        raise TypeError("a ReleasedFile has no other kinds")

    @property
    def sha256(self) -> str:
        """The hash by which the airlock knows it."""
        return hashlib.sha256(self.content).hexdigest()


def sealed(path: Path, name: str, fingerprint: str, of: str) -> ReleasedFile:
    """A file as the run left it.

    Parameters
    ----------
    path
        Where it lies.
    name
        What it is to be called.
    fingerprint
        As the run recorded it (`hfrisk.fingerprints.file_fingerprint`).
    of
        Its path in the run.

    Raises
    ------
    StudyError
        If it is gone, has changed since, or is of a kind that does not leave.
    """
    content = _as_left(path, fingerprint, of)
    return ReleasedFile(name, _kind(name, content, of), content, of, seal=_SEAL)


def sealed_text(path: Path, fingerprint: str, of: str) -> str:
    """The words of a file as the run left it, to be written anew as a page (`written`).

    Raises
    ------
    StudyError
        If it is gone or has changed since.
    """
    return _as_left(path, fingerprint, of).decode("utf-8")


def _as_left(path: Path, fingerprint: str, of: str) -> bytes:
    try:
        content, now = path.read_bytes(), file_fingerprint(path)
    except OSError:
        raise _refused(of, "it is not there") from None
    if now != fingerprint:
        raise _refused(of, "it was changed after the run")
    return content


def written(name: str, text: str) -> ReleasedFile:
    """A page or a list about files that leave, read like any other."""
    content = text.encode("utf-8")
    return ReleasedFile(name, _kind(name, content, name), content, seal=_SEAL)


def _kind(name: str, content: bytes, of: str) -> str:
    kind = kind_of(name)
    if kind is None:
        raise _refused(of, "only PNG, CSV, JSON, HTML, PDF and the text of the model leave")
    fault = fault_of(kind, content)
    if fault:
        raise _refused(of, fault)
    return kind


def _refused(of: str, why: str) -> StudyError:
    return StudyError(
        f"{of} does not leave: {why}.",
        where=of,
        todo="Run the study again (hfrisk run STUDY --refresh), and put nothing into its folder by hand.",
    )
