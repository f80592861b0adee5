"""Data, no code: code lists, score tables, units and ranges, each with its source beside it."""

from __future__ import annotations

import csv
from functools import cache
from importlib import resources
from typing import Any

import yaml

__all__ = ["read_csv", "read_text", "read_yaml"]


def read_text(name: str) -> str:
    """The text of the package's file `name`."""
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


@cache
def read_yaml(name: str) -> Any:
    """The contents of the package's YAML file `name`, read safely. Treat it as read-only."""
    return yaml.safe_load(read_text(name))


def read_csv(name: str) -> list[dict[str, str]]:
    """The rows of the package's CSV file `name`; lines that begin with ``#`` carry its source."""
    lines = [line for line in read_text(name).splitlines() if line and not line.startswith("#")]
    return list(csv.DictReader(lines))
