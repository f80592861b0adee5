"""What a feature is: one entry of the dictionary that the report prints and the bundle carries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Direction", "Feature", "Kind"]

Direction = Literal["higher", "lower", "either"]
Kind = Literal["continuous", "count", "binary"]


@dataclass(frozen=True)
class Feature:
    """One model input.

    Parameters
    ----------
    name
        The column, stable across versions.
    words
        As a clinician would say it.
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
