"""Small regressions with a linear, a log or a logit link, and a variance clustered by person.

Fitted by iterated weighted least squares, which for the log link is Poisson's likelihood and for the linear link least squares; neither
variance is believed, the sandwich is (Zou, American Journal of Epidemiology 2004;159:702, for the log link).
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np

from hfrisk.inequality.clustered import Floats, Ints

__all__ = ["Fit", "Link", "fit"]

Link = Literal["linear", "log", "logit"]
_ROUNDS = 60
_SETTLED = 1e-10


class Fit(NamedTuple):
    """Coefficients, shape (k,), their covariance, shape (k, k), and whether they were found."""

    coefficients: Floats
    covariance: Floats
    settled: bool


def fit(design: Floats, event: Floats, link: Link, person: Ints | None = None, weight: Floats | None = None) -> Fit:
    """Regress `event` on the columns of `design`.

    Parameters
    ----------
    design
        Shape (n, k), with its column of ones.
    event
        0 or 1, or a share where `weight` is the number it is a share of, shape (n,).
    link
        The scale on which the columns add up.
    person
        Whose each row is, counted from 0; without it the covariance is NaN.
    weight
        How many each row stands for; 1 by default.

    Returns
    -------
    Fit
        `settled` is false where the likelihood has no finite maximum, or columns say the same.
    """
    weights = np.ones(len(event)) if weight is None else weight
    k = design.shape[1]
    mean = float(np.average(event, weights=weights))
    nothing = Fit(np.full(k, np.nan), np.full((k, k), np.nan), False)
    if not 0 < mean < 1:
        return nothing
    beta = np.zeros(k)
    beta[0] = {"linear": mean, "log": np.log(mean), "logit": np.log(mean / (1 - mean))}[link]
    settled = False
    for _ in range(_ROUNDS):
        fitted, slope = _mean(design @ beta, link)
        information = (design * (weights * slope)[:, None]).T @ design
        step = np.linalg.lstsq(information, design.T @ (weights * (event - fitted)), rcond=None)[0]
        beta = beta + step
        if not np.isfinite(beta).all() or np.abs(design @ beta).max() > 30:
            return nothing
        if np.abs(step).max() < _SETTLED:
            settled = bool(np.linalg.matrix_rank(information) == k)
            break
    if not settled:
        return nothing
    fitted, slope = _mean(design @ beta, link)
    bread = np.linalg.inv((design * (weights * slope)[:, None]).T @ design)
    if person is None:
        return Fit(beta, np.full((k, k), np.nan), True)
    scores = design * (weights * (event - fitted))[:, None]
    persons = int(person.max()) + 1
    sums = np.column_stack([np.bincount(person, weights=scores[:, j], minlength=persons) for j in range(k)])
    present = len(np.unique(person))
    return Fit(beta, bread @ (sums.T @ sums) @ bread * present / max(present - 1, 1), True)


def _mean(line: Floats, link: Link) -> tuple[Floats, Floats]:
    """The fitted shares, and the weight that each row has in the information."""
    if link == "linear":
        return line, np.ones_like(line)
    if link == "log":
        fitted = np.exp(np.minimum(line, 30.0))
        return fitted, fitted
    fitted = 1 / (1 + np.exp(-line))
    return fitted, fitted * (1 - fitted)
