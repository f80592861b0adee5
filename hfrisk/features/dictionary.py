"""What a feature is: one entry of the dictionary that the report prints and the bundle carries."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

from hfrisk.errors import StudyError

__all__ = ["Direction", "Feature", "Kind", "Monotone", "Role", "chosen_by", "refuse_doubles"]

Direction = Literal["higher", "lower", "either"]
Kind = Literal["continuous", "count", "binary"]
Monotone = Literal["increasing", "decreasing", "none"]
Role = Literal["input", "more", "audit", "score"]

_NAME = r"[a-z][a-z0-9_]{0,62}"


@dataclass(frozen=True)
class Feature:
    """One column of the feature table.

    Parameters
    ----------
    name
        The column, stable across versions.
    words
        As a clinician would say it; no two features share them.
    family
        The file of this room that computes it.
    theme
        The heading under which page one of the report groups it.
    unit
        UK unit, or ``""``.
    window
        When the records that it reads were made.
    sources
        OMOP tables that it reads.
    precision
        The engine rounds the value to a multiple of this, which is also the grid a clinician would use,
        so that a parallel sum cannot change a prediction in its last digit.
    lower, upper
        Published plausible range. It stands in for the range seen in training wherever the model leaves.
    direction
        Whether higher or lower values are expected to go with higher risk.
    modifiable
        Whether care can change it.
    sensitive
        Whether it speaks of a protected characteristic or of deprivation.
    skewed
        Whether the logistic comparator takes its logarithm.
    kind
        ``continuous``, ``count`` or ``binary``.
    monotone
        The constraint that a study may ask for: risk may only go up (``increasing``) or down with it, or none makes sense.
    role
        ``input``: offered to the model. ``more``: made, and offered where the study asks for it (`features.also`). ``audit``: for
        looking at groups of people, not for the model. ``score``: a clinical score, or a part of one, to compare with.
    """

    name: str
    words: str
    family: str
    theme: str
    unit: str
    window: str
    sources: tuple[str, ...]
    precision: float
    lower: float
    upper: float
    direction: Direction = "either"
    modifiable: bool = False
    sensitive: bool = False
    skewed: bool = False
    kind: Kind = "continuous"
    monotone: Monotone = "none"
    role: Role = "input"


def refuse_doubles(entries: Sequence[Feature]) -> None:
    """Refuse a dictionary in which a name or the words of one feature are those of another, or a name is no plain word.

    Raises
    ------
    StudyError
        With the names at fault.
    """
    for what, listed in (
        ("name", [entry.name for entry in entries]),
        ("wording", [entry.words for entry in entries]),
    ):
        doubled = sorted(text for text, times in Counter(listed).items() if times > 1)
        if doubled:
            raise StudyError(
                f"Two features have the same {what}: {', '.join(doubled)}.",
                where="features",
                todo="Give each feature of features.own, and of every family that was added, a name and words of its own.",
            )
    odd = sorted(entry.name for entry in entries if not re.fullmatch(_NAME, entry.name))
    if odd:
        raise StudyError(
            f"A feature has a name that cannot be a column: {', '.join(odd)}.",
            where="features",
            todo="Use lower-case letters, digits and underscores, beginning with a letter; at most 63 of them.",
        )


def chosen_by(entries: Sequence[Feature], patterns: Sequence[str], *, setting: str) -> set[str]:
    """The names of the features that the patterns name: a name, a pattern with ``*``, or ``family:`` and the name of a family.

    Raises
    ------
    StudyError
        If a pattern names nothing.
    """
    found: set[str] = set()
    for pattern in patterns:
        kind, _, rest = pattern.partition(":")
        if rest and kind == "family":
            mine = {entry.name for entry in entries if entry.family == rest}
        else:
            mine = {entry.name for entry in entries if fnmatchcase(entry.name, pattern)}
        if not mine:
            raise StudyError(
                f"No feature of this study is called {pattern}.",
                where=setting,
                todo="`hfrisk features STUDY` lists them. A pattern may hold *, or be family: and the name of a family.",
            )
        found |= mine
    return found
