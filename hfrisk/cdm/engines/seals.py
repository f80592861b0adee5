"""A seal beside a kept result: which result it is, and what was written."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

__all__ = ["read_seal", "write_seal"]


def read_seal(path: Path) -> dict[str, Any]:
    """What the seal says; nothing where there is none, or where it is damaged."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError, UnicodeDecodeError):
        return {}
    return content if isinstance(content, dict) else {}


def write_seal(path: Path, content: dict[str, Any]) -> None:
    """Write a seal whole: beside its place first, then renamed."""
    writing = path.with_suffix(f".{os.getpid()}.part")
    writing.write_text(json.dumps(content), encoding="utf-8")
    os.replace(writing, path)
