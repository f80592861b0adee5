"""Direct standardisation for age and sex, with intervals that know of people with several discharges.

The standardised share of a group is the mean of its shares by age band and sex, weighted by the standard. Its variance is that of the
same sum linearised, with the discharges of one person taken together; the interval is made on the logit scale, so that it stays between 0
and 1. Source of the method: Breslow and Day, Statistical Methods in Cancer Research II, 1987, chapter 2 [M]. Strata in which a group has
nobody are left out and the other weights raised; how much of the standard that leaves is told as its coverage.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from hfrisk.errors import StudyError
from hfrisk.inequality.clustered import Floats, Ints, cell_variance
from hfrisk.inequality.tables import read_counts

__all__ = ["Standardised", "read_standard", "standardise"]


class Standardised(NamedTuple):
    """Of each cell: the share, its interval, and how much of the standard the cell holds; shape (cells,) each."""

    share: Floats
    lower: Floats
    upper: Floats
    coverage: Floats


def standardise(
    event: Floats, cell: Ints, stratum: Ints, person: Ints, weight: Floats, possible: np.ndarray, confidence: float
) -> Standardised:
    """Standardise the share with the event of every cell.

    Parameters
    ----------
    event
        1 or 0 a discharge, shape (n,).
    cell, stratum, person
        Counted from 0, shape (n,).
    weight
        The standard: weight of each stratum, shape (strata,).
    possible
        Which strata a cell can have at all, shape (cells, strata): women have none of the strata of men. The standard of a cell is what
        of it is possible.
    confidence
        Of the interval (0 to 1).

    Returns
    -------
    Standardised
        NaN in a cell that holds nobody.
    """
    cells, strata = possible.shape
    both = cell * strata + stratum
    n = np.bincount(both, minlength=cells * strata).reshape(cells, strata).astype(float)
    events = np.bincount(both, weights=event, minlength=cells * strata).reshape(cells, strata)
    share = np.divide(events, n, out=np.zeros_like(events), where=n > 0)
    wanted = weight[None, :] * possible
    held = wanted * (n > 0)
    total = held.sum(axis=1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        weights = held / total
        coverage = total[:, 0] / wanted.sum(axis=1)
    value = np.where(total[:, 0] > 0, (np.nan_to_num(weights) * share).sum(axis=1), np.nan)
    each = np.divide(np.nan_to_num(weights), n, out=np.zeros_like(n), where=n > 0)
    score = each[cell, stratum] * (event - share[cell, stratum])
    spread = np.sqrt(cell_variance(score, cell, person, cells))
    lower, upper = _logit_interval(value, spread, confidence)
    return Standardised(value, lower, upper, coverage)


def read_standard(path: Path, sexes: Mapping[str, int], ages: Mapping[str, int]) -> Floats:
    """The weight of each stratum (sex by age band) from the study's file; 0 for a stratum that it does not list.

    Parameters
    ----------
    path
        A CSV file with the columns sex, age_band, count.
    sexes, ages
        Levels of these data and their place; the stratum is place of sex x number of age bands + place of age band.

    Raises
    ------
    StudyError
        With file and line, if a line cannot be read, names a level twice, or no line fits these data.
    """
    weight = np.zeros(len(sexes) * len(ages))
    for row in read_counts(path, ("sex", "age_band"), "inequality.standard"):
        sex, age = row.cells
        if sex in sexes and age in ages:
            weight[sexes[sex] * len(ages) + ages[age]] = row.people
    if not weight.any():
        raise StudyError(
            "No line of the standard population is a sex and an age band of these data.",
            where=path.name,
            todo=f"Write the levels as the report does: {', '.join(sexes)}; {', '.join(ages)}.",
        )
    shares: Floats = weight / weight.sum()
    return shares


def _logit_interval(share: Floats, spread: Floats, confidence: float) -> tuple[Floats, Floats]:
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    inside = (share > 0) & (share < 1)
    safe = np.where(inside, share, 0.5)
    middle, half = np.log(safe / (1 - safe)), z * spread / (safe * (1 - safe))
    lower, upper = (np.where(inside, 1 / (1 + np.exp(-(middle + sign * half))), np.nan) for sign in (-1, 1))
    return lower, upper
