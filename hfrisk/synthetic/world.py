"""What every step of a simulation shares: the draws, the numbers, the people and their records so far."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from hfrisk.synthetic.people import People, Trusts
from hfrisk.synthetic.recipe import Recipe
from hfrisk.synthetic.settings import RegionSettings
from hfrisk.synthetic.timeline import Timeline

__all__ = ["World"]


@dataclass(frozen=True)
class World:
    """One batch of people, being lived through.

    Parameters
    ----------
    ill
        Whether these are the people with heart failure.
    last_day
        Day number of the last day of the records; nothing after it is written.
    """

    rng: np.random.Generator
    settings: RegionSettings
    recipe: Recipe
    trusts: Trusts
    people: People
    timeline: Timeline
    ill: bool
    last_day: int

    @property
    def full(self) -> bool:
        """Whether these are people without heart failure in a region that is sized by its people."""
        return not self.ill and self.settings.persons is not None

    @property
    def rates(self) -> Any:
        """Visits a year."""
        if self.full:
            return self.recipe["full_background"]["rates"]
        return self.recipe["rates" if self.ill else "background_rates"]
