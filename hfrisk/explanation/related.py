"""Which drivers stand for one another: features whose values go together, so that the model may give the credit to either."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from hfrisk.explanation.results import COLUMNS

__all__ = ["related"]

Floats = NDArray[np.float64]


def related(names: Sequence[str], values: Floats, *, from_: float, minimum: int) -> pd.DataFrame:
    """Pairs of features that are correlated, and the clusters that they form.

    Parameters
    ----------
    names
        Of the features, one a column, the strongest driver first.
    values
        Shape (rows, features); NaN where not recorded.
    from_
        Spearman's correlation, of either sign, from which a pair counts (0 to 1).
    minimum
        Fewest rows in which both are recorded; a pair with fewer is not looked at.

    Returns
    -------
    pandas.DataFrame
        ``feature_a`` (the stronger driver), ``feature_b, correlation, cluster, n`` (rows in which both are recorded). Clusters have
        complete linkage, so that every pair within one counts; they are numbered from 1, that of the strongest driver first, and 0 is
        a pair whose features lie in different clusters.
    """
    rows = []
    if len(names) > 1:
        frame = pd.DataFrame(values)
        frame = frame.loc[:, frame.nunique() > 1]
        rho = frame.corr(method="spearman", min_periods=minimum).reindex(
            index=range(len(names)), columns=range(len(names))
        )
        matrix = rho.fillna(0.0).to_numpy(dtype=np.float64, copy=True)
        np.fill_diagonal(matrix, 1.0)
        cluster = _clusters(np.abs(matrix), from_)
        seen = (~np.isnan(values)).astype(np.float64)
        both = seen.T @ seen
        for a in range(len(names)):
            for b in range(a + 1, len(names)):
                if abs(matrix[a, b]) >= from_:
                    number = int(cluster[a]) if cluster[a] == cluster[b] else 0
                    rows.append((names[a], names[b], float(matrix[a, b]), number, int(both[a, b])))
    return pd.DataFrame(rows, columns=COLUMNS["related"].split())


def _clusters(strength: Floats, from_: float) -> NDArray[np.int64]:
    distance = 1 - (strength + strength.T) / 2
    np.fill_diagonal(distance, 0.0)
    tree = linkage(squareform(np.clip(distance, 0, 1), checks=False), method="complete")
    found = fcluster(tree, 1 - from_ + 1e-12, criterion="distance")
    several = [number for number in dict.fromkeys(found.tolist()) if (found == number).sum() > 1]
    order = {number: place for place, number in enumerate(several, start=1)}
    return np.array([order.get(number, -at) for at, number in enumerate(found.tolist())], dtype=np.int64)
