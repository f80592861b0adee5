"""Variances that know that one person may have several discharges."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["Floats", "Ints", "cell_variance", "design_effects"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]


def cell_variance(score: Floats, cell: Ints, person: Ints, cells: int) -> Floats:
    """Sum over persons of the squared sum of their scores, in each cell.

    Parameters
    ----------
    score
        What each discharge adds to the estimate, less its mean, shape (n,).
    cell, person
        Cell and person of each discharge, counted from 0, shape (n,).
    cells
        Number of cells.

    Returns
    -------
    ndarray
        Shape (cells,): the linearised (sandwich) variance of a sum of scores, clustered by person (Liang and Zeger, Biometrika 1986;73:13).
    """
    key = cell.astype(np.int64) * (int(person.max(initial=-1)) + 1) + person
    found, place = np.unique(key, return_inverse=True)
    sums = np.bincount(place, weights=score, minlength=len(found))
    owner = found // (int(person.max(initial=-1)) + 1) if len(found) else found
    return np.asarray(np.bincount(owner, weights=sums**2, minlength=cells), dtype=np.float64)


def design_effects(event: Floats, cell: Ints, person: Ints, cells: int) -> Floats:
    """By how much clustering widens the variance of the share of each cell: never less than 1; 1 where the share is 0 or 1.

    The clustered variance over p (1 - p) / n, shape (cells,) (Kish, Survey Sampling, 1965, for the name). Below 1 it is taken as chance.
    """
    n = np.bincount(cell, minlength=cells).astype(float)
    events = np.bincount(cell, weights=event, minlength=cells)
    share = np.divide(events, n, out=np.zeros(cells), where=n > 0)
    clustered = cell_variance(event - share[cell], cell, person, cells)
    binomial = n * share * (1 - share)
    effect: Floats = np.maximum(np.divide(clustered, binomial, out=np.ones(cells), where=binomial > 0), 1.0)
    return effect
