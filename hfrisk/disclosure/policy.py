"""The rules by which a number may leave: what is too small, how the rest is rounded, how it is shown.

Sources: NHS England SDE, "Output your results" (counts under 10 suppressed, the rest to the nearest 5); UK LLC
Guidebook (zero is suppressed too; percentages count as counts); ACRO `default.yaml` (threshold 10, rounding base 5,
zeros disclosive). The defaults are the strictest of these.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hfrisk.disclosure.settings import DisclosureSettings

__all__ = ["FINEST_DECIMALS", "Floats", "Policy", "significant"]

Floats = npt.NDArray[np.float64]

FINEST_DECIMALS = 4
"""No estimate is shown finer than this, however near zero: finer digits say more about counts than about a model."""

FIRM = 100
"""Events and non-events from which an estimate carries all its significant figures.

With fewer, an AUROC at three figures is one of few fractions k / (events x non-events) and can give both away; at two
figures every pair of counts that rounds alike has such a fraction.
"""


@dataclass(frozen=True)
class Policy:
    """What one environment allows.

    Parameters
    ----------
    threshold
        Counts below it are withheld, zero included, and so is a count that leaves fewer than it over.
    base
        Other counts are rounded to the nearest multiple of it, halves upwards.
    figures
        Significant figures of an estimate.
    """

    threshold: int = 10
    base: int = 5
    figures: int = 3

    @classmethod
    def of(cls, settings: DisclosureSettings) -> Policy:
        """The policy that the study file describes."""
        return cls(settings.threshold, settings.round_base, settings.significant_figures)

    @property
    def step(self) -> int:
        """Fewest people in a step of a curve: the threshold, as a multiple of the base (why: `incidence`)."""
        return -(-self.threshold // self.base) * self.base

    @property
    def withheld(self) -> str:
        """Why a count is not shown. One wording for all, so that it does not tell which count was the small one."""
        return f"fewer than {self.threshold} here or in the rest, or needed to keep such a number from being worked out"

    @property
    def dependent(self) -> str:
        """Why a number that rests on withheld counts is not shown: the same words, so that they tell no case from another."""
        return self.withheld

    def rounded(self, counts: object) -> Floats:
        """Counts at the nearest multiple of `base`, halves upwards; NaN stays NaN. Any shape."""
        values = np.asarray(counts, dtype=float)
        return np.floor(values / self.base + 0.5) * self.base

    def small(self, counts: object, of: object | None = None) -> npt.NDArray[np.bool_]:
        """Where a count, or what is left of the whole `of`, is under the threshold (or not known)."""
        values = np.asarray(counts, dtype=float)
        low = np.asarray(~(values >= self.threshold))
        if of is None:
            return low
        return np.asarray(low | ~(np.asarray(of, dtype=float) - values >= self.threshold))

    def stands_for(self, shown: object) -> tuple[Floats, Floats]:
        """Smallest and largest exact count that a shown one can stand for."""
        values = np.asarray(shown, dtype=float)
        lowest = np.maximum(np.ceil(values - self.base / 2), self.threshold)
        return lowest, np.ceil(values + self.base / 2) - 1

    def words(self, count: float) -> str:
        """A count of people as a sentence may carry it."""
        if not count >= self.threshold:
            return f"fewer than {self.threshold}"
        return f"{int(self.rounded(count)):,}"

    def figures_for(self, events: float, non_events: float) -> int:
        """Significant figures that released (rounded) events and non-events support."""
        return self.figures if min(events, non_events) >= FIRM else min(self.figures, 2)

    def estimate(self, value: float, figures: int | None = None) -> float:
        """An estimate at the precision at which it may leave; NaN and infinity become NaN."""
        return significant(value, self.figures if figures is None else figures)


def significant(value: float, figures: int, decimals: int = FINEST_DECIMALS) -> float:
    """`value` at so many significant figures, and at most so many decimals; not finite becomes NaN."""
    if not math.isfinite(value):
        return math.nan
    # Twelve digits first: a half that only floating point tips over would tell two equal values apart.
    steady = float(f"{value:.12g}")
    return round(float(f"{steady:.{figures - 1}e}"), decimals) + 0.0
