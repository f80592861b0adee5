"""Steps and ends of monthly series: likelihood ratios for counts, made robust against what months always do.

Counts are taken as Poisson around a level times an expectation, and the noise that they have beyond that is estimated from the series
itself, so that seasons and busy winters are not steps. A change is told only when chance is ruled out over every series and month that was
looked at (Bonferroni), and when it is large.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

__all__ = ["Fading", "Step", "dips", "fading", "rate_fading", "steps"]

Floats = npt.NDArray[np.float64]

_SHORTEST_SIDE = 3  # months before and after a step
_MEDIAN_CHI2 = float(stats.chi2.ppf(0.5, 1))
_WINDOWS = (12, 6, 3)  # months at the end that are compared with the same months of the year before
_YEAR = 12
_BEFORE = 24  # months before the last ones that a rate is compared with


@dataclass(frozen=True)
class Step:
    """A series that changed its level.

    Parameters
    ----------
    series
        Its row.
    at
        Its first column at the new level.
    ratio
        New level over old one.
    """

    series: int
    at: int
    ratio: float


@dataclass(frozen=True)
class Fading:
    """The last months of a series against the same months of the year before.

    Parameters
    ----------
    months
        How many months at the end are low.
    ratio
        Their sum over that of the same months a year earlier.
    """

    months: int
    ratio: float


def steps(
    counts: Floats,
    expected: Callable[[npt.NDArray[np.bool_]], Floats],
    *,
    chance: float,
    factor: float,
    enough: float,
) -> list[Step]:
    """The series (rows) that change their level once, over time (columns).

    The clearest one is found, taken out of what the others are compared with, and so on until none is left: when one of two trusts halves,
    the share of the other doubles, and that is not its doing.

    Parameters
    ----------
    counts
        Series by month.
    expected
        Gives, for the series that are still compared (mask), what each count is proportional to; same shape as `counts`.
    chance
        Probability of any false alarm over all series and months.
    factor
        Smallest change of level that is told, up or down.
    enough
        Fewest counts expected on each side of a step.
    """
    rows, months = counts.shape
    if months < 2 * _SHORTEST_SIDE or not rows:
        return []
    limit = float(stats.chi2.isf(chance / (rows * months), 1))
    compared = np.ones(rows, dtype=np.bool_)
    found: list[Step] = []
    while compared.any():
        statistic, at, ratio = _likelihood_ratios(counts, expected(compared), enough)
        large = (ratio >= factor) | (ratio <= 1 / factor)
        statistic = np.where(compared & large, statistic, 0.0)
        best = int(np.argmax(statistic))
        if statistic[best] <= limit:
            break
        found.append(Step(best, int(at[best]), float(ratio[best])))
        compared[best] = False
    return sorted(found, key=lambda step: step.series)


def fading(counts: Floats, *, ratio: float, chance: float, enough: float) -> Fading | None:
    """Whether the last months of a series are low against the same months a year earlier; the longest such run of months.

    Parameters
    ----------
    counts
        One value a month, whole months only.
    ratio
        Sums below this share of the year before are low.
    chance
        Probability of a false alarm over the windows tried.
    enough
        Fewest counts in the year before.
    """
    limit = float(stats.norm.isf(chance / len(_WINDOWS)))
    for months in _WINDOWS:
        # the last month is seldom whole, so it must not be the only low one
        if all(_is_low(series, months, ratio, limit, enough) for series in (counts, counts[:-1])):
            return Fading(months, float(counts[-months:].sum()) / _year_before(counts, months))
    return None


def rate_fading(events: Floats, discharges: Floats, *, ratio: float, chance: float, enough: float) -> Fading | None:
    """The same for the share of discharges that are events, against the two years before the last months."""
    limit = float(stats.norm.isf(chance / len(_WINDOWS)))
    for months in _WINDOWS:
        if len(events) < _YEAR + months:
            continue
        happened, of = float(events[-months:].sum()), float(discharges[-months:].sum())
        earlier = slice(max(len(events) - months - _BEFORE, 0), len(events) - months)
        happened_before, of_before = float(events[earlier].sum()), float(discharges[earlier].sum())
        if min(of, of_before) <= 0 or happened_before < enough or of * happened_before / of_before < enough / 2:
            continue
        rate, before = happened / of, happened_before / of_before
        pooled = (happened + happened_before) / (of + of_before)
        spread = np.sqrt(pooled * (1 - pooled) * (1 / of + 1 / of_before))
        if rate < ratio * before and spread > 0 and (before - rate) / spread > limit:
            return Fading(months, rate / before)
    return None


def dips(counts: Floats, *, ratio: float, chance: float) -> list[int]:
    """Places of months with fewer than `ratio` of the median of the twelve months around (six on each side), beyond chance.

    The last three months are left to `fading`; the first three, whose side is short, are left out.
    """
    limit = float(stats.norm.isf(chance / max(len(counts), 1)))
    noise = _noise(counts)
    found = []
    for place in range(3, len(counts) - 3):
        around = np.delete(counts[max(place - 6, 0) : place + 7], min(place, 6))
        usual = float(np.median(around))
        if counts[place] < ratio * usual and (usual - counts[place]) / np.sqrt(noise * usual) > limit:
            found.append(place)
    return found


def _is_low(counts: Floats, months: int, ratio: float, limit: float, enough: float) -> bool:
    if len(counts) < _YEAR + months:
        return False
    now, before = max(float(counts[-months:].sum()), 0.5), _year_before(counts, months)
    if before < enough or now >= ratio * before:
        return False
    spread = np.sqrt(_noise(counts[:-months]) * (1 / now + 1 / before))
    return bool(np.log(before / now) > limit * spread)


def _likelihood_ratios(counts: Floats, expected: Floats, enough: float) -> tuple[Floats, npt.NDArray[np.int64], Floats]:
    """Of each series, the largest likelihood ratio over every month at which a step may be, that month, and new level over old."""
    total = counts.sum(axis=1, keepdims=True)
    whole = expected.sum(axis=1, keepdims=True)
    level = np.divide(expected, whole, out=np.zeros_like(expected), where=whole > 0)
    before, share = np.cumsum(counts, axis=1)[:, :-1], np.cumsum(level, axis=1)[:, :-1]
    after, rest = total - before, 1 - share
    deviance = 2 * (_entropy(before, total * share) + _entropy(after, total * rest))
    place = np.arange(1, counts.shape[1])
    inside = (place >= _SHORTEST_SIDE) & (place <= counts.shape[1] - _SHORTEST_SIDE)
    usable = inside & (total * share >= enough) & (total * rest >= enough)
    deviance = np.where(usable, deviance, 0.0)
    at = np.argmax(deviance, axis=1)
    row = np.arange(len(counts))
    low, high = share[row, at], rest[row, at]
    old = np.divide(before[row, at], low, out=np.zeros_like(low), where=low > 0)
    new = np.divide(after[row, at], high, out=np.zeros_like(high), where=high > 0)
    ratio = np.divide(np.maximum(new, 0.25), np.maximum(old, 0.25))
    at = at + 1
    months = np.arange(counts.shape[1])
    fitted = np.where(months < at[:, None], old[:, None], new[:, None]) * level
    return deviance[row, at - 1] / _overdispersion(counts, fitted), at, ratio


def _entropy(observed: Floats, expected: Floats) -> Floats:
    """The observed times the logarithm of observed over expected; 0 where nothing was observed."""
    ratio = np.divide(observed, expected, out=np.ones_like(observed), where=(observed > 0) & (expected > 0))
    return np.asarray(observed * np.log(ratio), dtype=np.float64)


def _overdispersion(counts: Floats, fitted: Floats) -> Floats:
    """Pearson's statistic over its degrees of freedom around the fitted levels, at least 1."""
    there = fitted > 0
    residual = np.divide((counts - fitted) ** 2, fitted, out=np.zeros_like(counts), where=there)
    freedom = np.maximum(there.sum(axis=1) - 2, 1)
    return np.asarray(np.maximum(residual.sum(axis=1) / freedom, 1.0), dtype=np.float64)


def _noise(counts: Floats) -> float:
    """How much larger the jumps from month to month are than those of Poisson counts (by the median, so that a step does not count)."""
    sums = counts[1:] + counts[:-1]
    jumps = np.divide((counts[1:] - counts[:-1]) ** 2, sums, out=np.zeros_like(sums), where=sums > 0)
    return max(float(np.median(jumps)) / _MEDIAN_CHI2, 1.0) if len(jumps) else 1.0


def _year_before(counts: Floats, months: int) -> float:
    last = len(counts) - _YEAR
    return float(counts[last - months : last].sum())
