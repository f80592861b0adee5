"""Conventions of real ETLs, as data: each profile is a partial study file that lies under what a study says itself.

Nothing in the code asks which profile a study has; whatever differs between ETLs is a setting.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import yaml

__all__ = ["Profile", "map_names", "map_text", "profile_names", "read_profile", "under"]


@dataclass(frozen=True)
class Profile:
    """One convention.

    Attributes
    ----------
    words
        What it is, in one sentence.
    source
        Where its facts were read.
    settings
        A partial study: what holds unless the study file says otherwise.
    cannot
        What cannot be known under it, each a sentence for `hfrisk check`.
    maps
        Site maps that a study needs under it: the setting in ``source.maps`` and the example that it starts from.
    """

    name: str
    words: str
    source: tuple[str, ...]
    settings: Mapping[str, Any]
    cannot: tuple[str, ...]
    maps: Mapping[str, str]


@cache
def profile_names() -> tuple[str, ...]:
    """The profiles that ship, in alphabetical order."""
    files = resources.files(__package__).iterdir()
    return tuple(sorted(file.name.removesuffix(".yaml") for file in files if file.name.endswith(".yaml")))


@cache
def read_profile(name: str) -> Profile:
    """The profile `name`, one of `profile_names`. Treat its settings as read-only."""
    content = yaml.safe_load(resources.files(__package__).joinpath(f"{name}.yaml").read_text(encoding="utf-8"))
    return Profile(
        name,
        words=content["words"],
        source=tuple(content["source"]),
        settings=content.get("settings") or {},
        cannot=tuple(content.get("cannot") or ()),
        maps=content.get("maps") or {},
    )


def map_names() -> tuple[str, ...]:
    """The example site maps that ship."""
    files = resources.files(__package__).joinpath("maps").iterdir()
    return tuple(sorted(file.name.removesuffix(".csv") for file in files if file.name.endswith(".csv")))


def map_text(name: str) -> str:
    """The text of the example site map `name`."""
    return resources.files(__package__).joinpath("maps", f"{name}.csv").read_text(encoding="utf-8")


def under(settings: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Nested settings with `given` laid over `settings`: groups are merged, anything else is replaced as a whole."""
    merged = dict(settings)
    for key, value in given.items():
        below = merged.get(key)
        merged[key] = under(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return merged
