"""Small vectorised draws and calendar helpers that the rest of the room shares. Time is whole minutes since 1970."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "DAY",
    "Bools",
    "Floats",
    "Ints",
    "by_sex",
    "completed_years",
    "day_number",
    "happens",
    "known_date",
    "logit",
    "nights",
    "pick",
    "split_normal",
]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

DAY = 1440  # minutes
_QUARTILE = NormalDist().inv_cdf(0.75)


def day_number(day: date) -> int:
    """Days since 1 January 1970."""
    return day.toordinal() - date(1970, 1, 1).toordinal()


def known_date(text: str) -> int:
    """The day number of an ISO date in the recipe."""
    return day_number(date.fromisoformat(text))


def completed_years(birth_day: Ints, day: Ints) -> Ints:
    """Age in completed calendar years on `day`, from day numbers."""
    birth = birth_day.astype("datetime64[D]")
    now = day.astype("datetime64[D]")
    years = now.astype("datetime64[Y]").astype(np.int64) - birth.astype("datetime64[Y]").astype(np.int64)
    return years - (_month_and_day(now) < _month_and_day(birth))


def pick(rng: np.random.Generator, shares: Sequence[float] | Floats | Mapping[Any, float], size: int) -> Ints:
    """`size` positions drawn with these relative shares."""
    values = list(shares.values()) if isinstance(shares, Mapping) else shares
    edges = np.cumsum(np.asarray(values, dtype=np.float64))
    return np.searchsorted(edges / edges[-1], rng.random(size), side="right").clip(max=len(edges) - 1)


def happens(rng: np.random.Generator, chance: float | Floats, size: int) -> Bools:
    """True with this chance, `size` times."""
    return np.asarray(rng.random(size) < chance, dtype=np.bool_)


def split_normal(rng: np.random.Generator, quartiles: Floats) -> Floats:
    """One draw a row from two half-normals that meet at the median; `quartiles` has a row of three for each draw."""
    z = rng.standard_normal(len(quartiles))
    below, median, above = quartiles.T
    return np.asarray(median + z / _QUARTILE * np.where(z < 0, median - below, above - median), dtype=np.float64)


def by_sex(value: float | Mapping[str, float], female: Bools) -> Floats:
    """A number for everyone, or one for women and one for men, as a column."""
    if isinstance(value, Mapping):
        return np.where(female, value["female"], value["male"]).astype(np.float64)
    return np.full(len(female), float(value))


def nights(rng: np.random.Generator, size: int, numbers: Mapping[str, float]) -> Ints:
    """Nights of a stay: a lognormal, rounded, at most ``numbers["most"]``."""
    days = np.exp(np.log(numbers["median"]) + numbers["spread"] * rng.standard_normal(size))
    return np.asarray(np.minimum(np.rint(days), numbers["most"]), dtype=np.int64)


def logit(p: float | Floats) -> Any:
    """Natural log-odds of `p`."""
    return np.log(p) - np.log1p(-np.asarray(p))


def _month_and_day(day: NDArray[np.datetime64]) -> Ints:
    month = day.astype("datetime64[M]")
    of_year = month.astype(np.int64) % 12
    return np.asarray(of_year * 32 + (day - month.astype("datetime64[D]")).astype(np.int64), dtype=np.int64)
