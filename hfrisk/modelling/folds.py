"""Folds that never divide a person."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hfrisk.errors import DataError

__all__ = ["person_folds"]


def person_folds(
    person_id: pd.Series, event: pd.Series, folds: int, *, seed: int | tuple[int, ...]
) -> NDArray[np.int64]:
    """Divide rows into folds so that all rows of a person share one.

    Persons are sorted, shuffled by the seed, grouped by whether they ever had the event and by their number of
    rows, and dealt like cards. The result depends on the seed and on the set of rows, not on their order.

    Parameters
    ----------
    person_id
        One id a row; whole numbers or text.
    event
        0 or 1 a row.
    folds
        How many.
    seed
        Whole number, or several.

    Returns
    -------
    numpy.ndarray
        Fold of each row, ``0 .. folds - 1``.

    Raises
    ------
    DataError
        If there are fewer persons than folds.
    """
    persons = pd.DataFrame({"person": person_id.to_numpy(), "event": event.to_numpy()})
    people = persons.groupby("person", sort=True)["event"].agg(["max", "size"])
    if len(people) < folds:
        raise DataError(
            f"There are fewer people in development than the {folds} folds asked for.",
            where="validation.folds",
            todo="Use fewer folds, or a longer development period.",
        )
    shuffled = people.iloc[np.random.default_rng(seed).permutation(len(people))]
    dealt = shuffled.sort_values(["max", "size"], ascending=False, kind="stable")
    fold = pd.Series(np.arange(len(dealt)) % folds, index=dealt.index, dtype="int64")
    return np.asarray(fold.loc[persons["person"]], dtype=np.int64)
