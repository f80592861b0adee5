"""Kinds of files that may leave, told by what is in them and not by their names.

A name can be given to anything. So each file is read: a picture must be a picture and nothing more (no text, no dates, nothing after its
end), a table must be a table of words and numbers without the keys of people, a page must carry no script and fetch nothing.
"""

from __future__ import annotations

import base64
import binascii
import csv
import io
import json
import re
import struct
import zlib
from collections.abc import Callable
from pathlib import PurePosixPath

__all__ = ["KINDS", "fault_of", "kind_of"]

_PNG = b"\x89PNG\r\n\x1a\n"
_CHUNKS = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND", b"pHYs", b"gAMA", b"sRGB"})
_KEYS = frozenset({"person_id", "index_id", "visit_occurrence_id", "discharge_date", "birth_datetime", "nhs_number"})
_PICTURE = re.compile(r"data:image/png;base64,([A-Za-z0-9+/=\s]+)")
_ACTIVE = re.compile(r"<\s*(script|iframe|object|embed|form|meta[^>]+http-equiv\s*=\s*[\"']?refresh)", re.IGNORECASE)
_FETCHED = re.compile(
    r"\bsrc\s*=\s*[\"']?(?!\s*[\"']?data:)"
    r"|url\(\s*[\"']?(?!data:)"
    r"|@import"
    r"|<\s*link[^>]+href\s*=\s*[\"'](?!data:)",
    re.IGNORECASE,
)
_OF_A_PDF = (b"/JavaScript", b"/EmbeddedFile", b"/Launch", b"/OpenAction")


def kind_of(name: str) -> str | None:
    """The kind that a file of this name claims to be; None if none of that name may leave."""
    if PurePosixPath(name).name == "model.txt":
        return "model"
    return {".png": "png", ".csv": "csv", ".json": "json", ".html": "html", ".pdf": "pdf"}.get(
        PurePosixPath(name).suffix.lower()
    )


def fault_of(kind: str, content: bytes) -> str:
    """Why the content is not of this kind, or holds what may not leave; empty if it is sound. No value is told."""
    return KINDS[kind](content)


def _png(content: bytes) -> str:
    if not content.startswith(_PNG):
        return "it is not a PNG picture"
    at, last = len(_PNG), b""
    while at + 12 <= len(content):
        (length,) = struct.unpack(">I", content[at : at + 4])
        last = content[at + 4 : at + 8]
        body = content[at + 4 : at + 8 + length]
        if last not in _CHUNKS:
            return f"it carries more than a picture (a chunk {last.decode('ascii', 'replace')})"
        if content[at + 8 + length : at + 12 + length] != struct.pack(">I", zlib.crc32(body)):
            return "it is a damaged picture"
        at += 12 + length
        if last == b"IEND":
            break
    return "" if last == b"IEND" and at == len(content) else "something stands after the end of the picture"


def _csv(content: bytes) -> str:
    text = _text(content)
    if text is None:
        return "it is not text"
    try:
        rows = list(csv.reader(io.StringIO(text), strict=True))
    except csv.Error:
        return "it is not a table"
    if not rows or any(len(row) != len(rows[0]) for row in rows):
        return "its rows are not all as long as its head"
    keys = _KEYS & {name.strip().lower() for name in rows[0]}
    return f"it has a column of single people ({', '.join(sorted(keys))})" if keys else ""


def _json(content: bytes) -> str:
    text = _text(content)
    try:
        found = None if text is None else json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return "it is not JSON"
    if found is None:
        return "it is not JSON"
    keys = _KEYS & _names(found)
    return f"it holds a key of single people ({', '.join(sorted(keys))})" if keys else ""


def _names(value: object) -> set[str]:
    if isinstance(value, dict):
        return {str(k).lower() for k in value}.union(*(_names(inner) for inner in value.values()))
    if isinstance(value, list):
        return set().union(*(_names(inner) for inner in value))
    return set()


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def _html(content: bytes) -> str:
    text = _text(content)
    if text is None or not re.match(r"\s*<!doctype html>", text, re.IGNORECASE):
        return "it is not a page"
    for found in _PICTURE.finditer(text):
        try:
            fault = _png(base64.b64decode(found[1], validate=False))
        except (binascii.Error, ValueError):
            fault = "it is a damaged picture"
        if fault:
            return f"of a picture inside it: {fault}"
    bare = _PICTURE.sub("data:", text)
    if "<!--" in bare:
        return "it holds a comment, which a reader does not see"
    if _ACTIVE.search(bare):
        return "it holds a script or another active part"
    return "it would fetch something from elsewhere" if _FETCHED.search(bare) else ""


def _pdf(content: bytes) -> str:
    if not content.startswith(b"%PDF-") or not content.rstrip().endswith(b"%%EOF"):
        return "it is not a PDF"
    active = [mark.decode().lstrip("/") for mark in _OF_A_PDF if mark in content]
    return f"it holds {', '.join(active)}" if active else ""


def _model(content: bytes) -> str:
    text = _text(content)
    if text is None or not text.startswith("tree\n") or not text.rstrip("\n").endswith("pandas_categorical:null"):
        return "it is not the released text of a LightGBM model"
    return ""


def _text(content: bytes) -> str | None:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return None if "\x00" in text else text


KINDS: dict[str, Callable[[bytes], str]] = {
    "png": _png,
    "csv": _csv,
    "json": _json,
    "html": _html,
    "pdf": _pdf,
    "model": _model,
}
"""What reads each kind, and says what is wrong with it."""
