"""Short, stable hashes: of texts, of files, and of this package's own code."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

__all__ = ["code_fingerprint", "file_fingerprint", "text_fingerprint"]

_LENGTH = 16


def text_fingerprint(parts: Iterable[str]) -> str:
    """One hash of several texts; where one ends and the next begins matters."""
    digest = hashlib.blake2b(digest_size=_LENGTH)
    for part in parts:
        encoded = part.encode()
        digest.update(len(encoded).to_bytes(8, "big"))
        digest.update(encoded)
    return digest.hexdigest()


def file_fingerprint(path: Path) -> str:
    """The hash of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.blake2b(digest_size=_LENGTH)).hexdigest()


@cache
def code_fingerprint() -> str:
    """The hash of every file of this package, so that a stage is redone when its code changes."""
    root = Path(__file__).parent
    kinds = {".py", ".yaml", ".csv", ".json", ".html", ".css"}
    files = sorted(p for p in root.rglob("*") if p.suffix in kinds and "__pycache__" not in p.parts)
    return text_fingerprint(f"{p.relative_to(root).as_posix()}:{file_fingerprint(p)}" for p in files)
