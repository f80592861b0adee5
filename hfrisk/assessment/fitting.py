"""Many weighted logistic regressions on one design at once, by Newton's method without penalty.

Bootstrap replicates share the design and differ in weights; redrawn outcomes share design and weights. Either way
every step is a few matrix products over all fits together.
"""

from __future__ import annotations

import numpy as np

from hfrisk.assessment.scored import Array

__all__ = ["LogisticFits"]

_MOST_STEPS = 30
# Root mean square over rows of a step in log-odds. Newton's error is squared by each step: after a step this small,
# what is left is rounding error.
_CONVERGED = 1e-7
_LARGEST_CONDITION = 1e13
_LONGEST_STEP = 2.0  # likewise; a start near the answer never needs more, and a longer step may overshoot


class LogisticFits:
    """Maximum-likelihood logistic regressions that share a design.

    Parameters
    ----------
    design
        Shape (rows, coefficients).
    offset
        Log-odds added to each row with its coefficient held at exactly one, shape (rows,).
    """

    def __init__(self, design: Array, offset: Array | None = None) -> None:
        self._design = design
        self._offset = offset
        self._width = design.shape[1]
        self._upper = np.triu_indices(self._width)
        self._products = design[:, self._upper[0]] * design[:, self._upper[1]]
        self._square = design.T @ design / max(1, len(design))
        self._possible = _varies(self._square)

    def fit(self, target: Array, *, weight: Array | None = None, start: Array | None = None) -> Array:
        """Coefficients of several regressions.

        Parameters
        ----------
        target
            Weighted outcomes times design, ``(weight * outcome) @ design``, shape (fits, coefficients): all that a
            fit needs to know of its outcomes.
        weight
            Weight of each row in each fit, shape (fits, rows); all ones by default.
        start
            First guess, shape (coefficients,); noughts by default, and if it is NaN.

        Returns
        -------
        ndarray
            Coefficients, shape (fits, coefficients). A fit that does not converge (separated outcomes, a design
            without variation) is NaN: never a default.
        """
        fits = len(target)
        answer = np.full((fits, self._width), np.nan)
        if not self._possible:
            return answer
        first = np.zeros(self._width) if start is None or not np.isfinite(start).all() else start
        guess = np.tile(np.asarray(first, dtype=np.float64), (fits, 1))
        running = np.arange(fits)
        for _ in range(_MOST_STEPS):
            share = None if weight is None else (weight if len(running) == fits else weight[running])
            mean, spread = self._moments(guess, share)
            information = np.empty((len(running), self._width, self._width))
            rows, columns = self._upper
            information[:, rows, columns] = information[:, columns, rows] = spread @ self._products
            step = _solve(information, target[running] - mean @ self._design)
            length = np.sqrt(np.einsum("ij,jk,ik->i", step, self._square, step))
            step *= np.minimum(1.0, _LONGEST_STEP / np.maximum(length, _LONGEST_STEP))[:, None]
            guess = guess + step
            done = length < _CONVERGED
            answer[running[done]] = guess[done]
            going = ~done & np.isfinite(length)
            running, guess = running[going], guess[going]
            if len(running) == 0:
                break
        return answer

    def _moments(self, guess: Array, weight: Array | None) -> tuple[Array, Array]:
        """Weighted mean and variance of each outcome, shape (fits, rows)."""
        work = guess @ -self._design.T
        if self._offset is not None:
            work -= self._offset
        with np.errstate(over="ignore"):  # infinite odds against are a probability of nought
            np.exp(work, out=work)
        work += 1.0
        mean = np.reciprocal(work, out=work)
        spread = 1.0 - mean
        spread *= mean
        if weight is not None:
            spread *= weight
            mean *= weight
        return mean, spread


def _varies(square: Array) -> bool:
    """Whether no column of the design is a combination of the others, to rounding error."""
    size = np.sqrt(np.diag(square))
    if not (np.isfinite(size).all() and (size > 0).all()):
        return False
    return bool(np.linalg.cond(square / np.outer(size, size)) < _LARGEST_CONDITION)


def _solve(information: Array, score: Array) -> Array:
    """Newton steps; NaN where the information cannot be inverted."""
    try:
        return np.asarray(np.linalg.solve(information, score[:, :, None])[:, :, 0], dtype=np.float64)
    except np.linalg.LinAlgError:
        steps = np.full_like(score, np.nan)
        for one, (matrix, gradient) in enumerate(zip(information, score, strict=True)):
            if np.linalg.matrix_rank(matrix) == len(matrix):
                steps[one] = np.linalg.solve(matrix, gradient)
        return steps
