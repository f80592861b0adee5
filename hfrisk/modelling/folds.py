"""Folds that never divide a person, and which rows the model of each fold learns from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from hfrisk.errors import DataError

__all__ = ["Division", "as_division", "person_folds"]


@dataclass(frozen=True)
class Division:
    """Who is held out when, and what the model that judges them learns from.

    Parameters
    ----------
    fold
        The fold that holds each row out, from 0; -1 where none does.
    learn
        Shape (folds, rows): whether the model of a fold learns from a row.
    """

    fold: NDArray[np.int64]
    learn: NDArray[np.bool_]

    @classmethod
    def of_people(cls, fold: ArrayLike) -> Division:
        """Every model learns from all folds but its own."""
        found, place = np.unique(np.asarray(fold), return_inverse=True)
        return cls(place.astype(np.int64), place[None, :] != np.arange(len(found))[:, None])

    @property
    def count(self) -> int:
        """How many folds."""
        return len(self.learn)

    @property
    def by_person(self) -> bool:
        """Whether every model learns from all folds but its own."""
        return bool((self.learn == (self.fold[None, :] != np.arange(self.count)[:, None])).all())

    @property
    def ratio(self) -> float:
        """Rows that are judged for each that is learnt from, mean over folds."""
        if self.by_person:
            return 1 / (self.count - 1)
        judged = np.array([(self.fold == k).sum() for k in range(self.count)])
        return float(np.mean(judged / self.learn.sum(axis=1)))


def as_division(fold: ArrayLike | Division) -> Division:
    """Fold numbers of people as a division; a division as it is."""
    return fold if isinstance(fold, Division) else Division.of_people(fold)


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
