"""Which features tell what somebody decided, and so stand for how ill a person was seen to be (confounding by indication)."""

from __future__ import annotations

from fnmatch import fnmatchcase

from hfrisk.codelists import read_yaml

__all__ = ["stands_for"]


def stands_for(feature: str) -> str:
    """What a feature may stand for, to follow "may stand for"; empty where the list (`indication.yaml`) does not know it."""
    for entry in read_yaml("indication.yaml").values():
        if any(fnmatchcase(feature, pattern) for pattern in entry["features"]):
            return str(entry["stands_for"])
    return ""
