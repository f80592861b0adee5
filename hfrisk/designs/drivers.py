"""Whether bootstrap models are driven by what the model is driven by: the share and the place of each feature, over the models."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hfrisk.assessment.scored import Array
from hfrisk.designs.results import COLUMNS

__all__ = ["mean_sizes", "some_rows", "stability"]

_TOP = 10
_CENTILES = (0.05, 0.5, 0.95)


def some_rows(n: int, most: int, seed: int) -> NDArray[np.intp]:
    """At most so many of `n` rows, drawn once: every model is asked about the same discharges."""
    if n <= most:
        return np.arange(n)
    return np.sort(np.random.default_rng((seed, n)).choice(n, size=most, replace=False))


def mean_sizes(parts: Array, inputs: Sequence[str], wanted: Sequence[str]) -> Array:
    """Mean absolute contribution of each of the features `wanted` (log-odds); nought for one that the model does not read.

    Parameters
    ----------
    parts
        Contributions, shape (rows, inputs + 1); the last column is the base value, which is not looked at.
    inputs
        The features of the columns.
    wanted
        The features that are asked for, in order.
    """
    sizes = dict(zip(inputs, np.abs(parts[:, :-1]).mean(axis=0), strict=True))
    return np.array([sizes.get(name, 0.0) for name in wanted])


def stability(features: Sequence[str], size: Array | None, sizes: Array | None) -> pd.DataFrame:
    """Shares and places over the models (`Designs.stability`); of features that count equally the first in the list comes first."""
    if size is None or sizes is None:
        return pd.DataFrame(columns=COLUMNS["stability"].split())
    shares = _shares(sizes)
    order = np.argsort(-shares, axis=1, kind="stable")
    place = np.empty_like(order)
    np.put_along_axis(place, order, np.arange(shares.shape[1])[None, :], axis=1)
    lower, median, upper = np.quantile(shares, _CENTILES, axis=0)
    frame = pd.DataFrame(
        {
            "feature": list(features),
            "share": _shares(size[None, :])[0],
            "median": median,
            "lower": lower,
            "upper": upper,
            "top_ten": ((place < _TOP) & (shares > 0)).mean(axis=0),
            "models": len(shares),
        }
    )
    return frame.sort_values(["share", "feature"], ascending=[False, True], ignore_index=True)


def _shares(sizes: Array) -> Array:
    whole = sizes.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(sizes, whole, out=np.zeros_like(sizes), where=whole > 0))
