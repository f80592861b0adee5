"""Whether the model leans on different things for different people: what moves the risk, by theme, within each group and in the rest.

The share of a theme within a group is the mean size of its contribution there over the sum of the themes' mean sizes. How far it can
differ from the share in everyone else by chance is asked of permutations: people exchange what group they are in, with others who have as
many discharges, all their discharges together (so that nothing else is told apart). The limit is that of the largest difference of a
permutation, each in units of its own standard deviation over permutations (max-T; Westfall and Young 1993), so that a model which leans
alike for all is said to lean apart in one study of twenty, however many groups are declared. Intervals from bootstrap samples were tried,
and were crossed in more than one of four: contributions are skewed, and the smaller groups few.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hfrisk.explanation.results import COLUMNS

__all__ = ["exchanges", "themes_by_group"]

Floats = NDArray[np.float64]


def themes_by_group(
    themes: Sequence[str],
    sizes: Floats,
    groups: pd.DataFrame,
    person: pd.Series,
    *,
    permutations: int,
    minimum: int,
    confidence: float,
    seed: int,
) -> pd.DataFrame:
    """Shares of the themes by level of each group.

    Parameters
    ----------
    themes
        Names of the themes, one a column of `sizes`.
    sizes
        Absolute contributions, log-odds, shape (rows, themes).
    groups
        One text column a group, row by row beside `sizes`.
    person
        Identifier of the person of each row.
    permutations
        How many.
    minimum
        Fewest rows of a level, and of everyone else, for a share.
    confidence
        Share of permutations that stay within all limits together (0 to 1).
    seed
        Of the permutations.

    Returns
    -------
    pandas.DataFrame
        ``group, level, theme, mean_abs`` (log-odds), ``share, elsewhere`` (the share in everyone else), ``difference`` and ``chance``
        (what chance alone could make it, of either sign; shares), ``n`` (rows of the level), ``reason``.
    """
    order = np.argsort(person.to_numpy(), kind="stable")
    sizes, labels = np.asarray(sizes)[order], groups.iloc[order].astype(str)
    total = sizes.sum(axis=0)
    rows: list[dict[str, Any]] = []
    coded: list[NDArray[np.intp]] = []
    judged: list[tuple[int, int, int]] = []
    for number, group in enumerate(labels.columns):
        levels, code = np.unique(labels[group].to_numpy(dtype=str), return_inverse=True)
        coded.append(code)
        for place, level in enumerate(levels):
            n = int((code == place).sum())
            whose = {"group": str(group), "level": str(level), "n": n}
            if min(n, len(code) - n) < minimum:
                reason = f"fewer than {minimum} discharges" + ("" if n < minimum else " of others")
                rows.extend({**whose, "theme": theme, "reason": reason} for theme in themes)
                continue
            mine = sizes[code == place].sum(axis=0)
            share, elsewhere = _share(mine), _share(total - mine)
            judged.append((len(rows), number, place))
            rows.extend(
                {
                    **whose,
                    "theme": theme,
                    "mean_abs": mine[at] / n,
                    "share": share[at],
                    "elsewhere": elsewhere[at],
                    "difference": share[at] - elsewhere[at],
                    "reason": "",
                }
                for at, theme in enumerate(themes)
            )
    frame = pd.DataFrame(rows, columns=COLUMNS["themes_by_group"].split())
    numbers = [name for name in frame.columns if name not in ("group", "level", "theme", "reason")]
    frame[numbers] = frame[numbers].astype(np.float64)
    if judged:
        sources = exchanges(person.to_numpy()[order], permutations, seed)
        limits = _limits(sizes, coded, [(number, place) for _, number, place in judged], sources, confidence)
        for (start, _, _), limit in zip(judged, limits, strict=True):
            frame.loc[start : start + len(themes) - 1, "chance"] = limit
    return frame


def exchanges(person: NDArray[Any], permutations: int, seed: int) -> Iterator[NDArray[np.intp]]:
    """For each permutation, the row whose labels each row is given; rows are sorted by `person`.

    People exchange their labels as a whole with people who have as many rows.
    """
    _, starts, counts = np.unique(person, return_index=True, return_counts=True)
    alike = [(starts[counts == count], np.arange(count)) for count in np.unique(counts)]
    for number in range(permutations):
        random = np.random.default_rng((seed, number))
        source = np.empty(len(person), dtype=np.intp)
        for first, steps in alike:
            taken = random.permutation(first)
            source[(first[:, None] + steps).ravel()] = (taken[:, None] + steps).ravel()
        yield source


def _share(sums: Floats) -> Floats:
    whole = sums.sum(axis=-1, keepdims=True)
    return np.asarray(np.divide(sums, whole, out=np.zeros_like(sums), where=whole > 0))


def _limits(
    sizes: Floats,
    coded: Sequence[NDArray[np.intp]],
    judged: Sequence[tuple[int, int]],
    sources: Iterable[NDArray[np.intp]],
    confidence: float,
) -> Floats:
    """How far each difference can lie from nought by chance, shape (judged, themes).

    What was seen is one more permutation: were it left out, the others' standard deviation would fit them better than it fits what was
    seen, and one study of eleven would say too much instead of one of twenty.
    """
    total = sizes.sum(axis=0)
    found = []
    for source in itertools.chain([np.arange(len(sizes))], sources):
        sums = [
            np.column_stack([np.bincount(code[source], column, minlength=code.max() + 1) for column in sizes.T])
            for code in coded
        ]
        mine = np.array([sums[number][place] for number, place in judged])
        found.append(_share(mine) - _share(total - mine))
    away = np.array(found)
    error = away.std(axis=0)
    studentised = np.divide(np.abs(away), error, out=np.zeros_like(away), where=error > 0)
    return np.asarray(float(np.quantile(studentised.max(axis=(1, 2)), confidence, method="higher")) * error)
