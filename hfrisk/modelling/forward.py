"""Folds forward in time: development in blocks of discharge date, each judged by a model of what was known before it began.

Person folds learn from discharges that came after those that they judge. That is harmless as long as nothing changes; where coding,
medicines or admissions do, it flatters. Here fold k is a block of days, and its model learns from discharges whose outcome window had
ended before the block began, and from nobody who is in the block. The earliest block teaches and is never judged: it has no out-of-fold
prediction, and is marked as absent (-1, NaN) wherever there might be one. The price is that the first models learn from little.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hfrisk.errors import DataError
from hfrisk.modelling.folds import Division

__all__ = ["Blocks", "blocks_of"]

_WHERE = "validation.folds_forward, validation.folds"
_TODO = "Use fewer folds, a longer development period, or person folds (folds_forward: false)."

LEAST = 10
"""Events, and non-events, with which a block is learnt from or judged; with fewer its number says nothing."""


@dataclass(frozen=True)
class Blocks:
    """Where blocks of development begin.

    Parameters
    ----------
    starts
        First day of each block but the earliest, rising.
    window_end
        Last day of the outcome window, counted from discharge.
    """

    starts: tuple[pd.Timestamp, ...]
    window_end: int

    def of(self, discharged: pd.Series) -> NDArray[np.int64]:
        """The block of each discharge, 0 the earliest."""
        days = discharged.dt.normalize().to_numpy(dtype="datetime64[ns]")
        starts = np.array(self.starts, dtype="datetime64[ns]")
        return np.asarray(np.searchsorted(starts, days, side="right"), dtype=np.int64)

    def division(self, rows: pd.DataFrame) -> Division:
        """Blocks as folds: block k is fold k - 1, and the earliest is none.

        Parameters
        ----------
        rows
            ``person_id``, ``discharge_date`` and ``event`` of development rows, or of some of them, any of them more than once.

        Raises
        ------
        DataError
            If a block has too few events or non-events, or too few were known before it began.
        """
        fold = self.of(rows["discharge_date"]) - 1
        known = rows["discharge_date"].dt.normalize() + pd.Timedelta(days=self.window_end)
        learn = np.array(
            [
                (known < start) & ~rows["person_id"].isin(rows.loc[fold == k, "person_id"])
                for k, start in enumerate(self.starts)
            ],
            dtype=bool,
        )
        event = rows["event"].to_numpy()
        for k in range(len(self.starts)):
            for chosen, words in ((learn[k], "was known before it began"), (fold == k, "lies in it")):
                if min(int(event[chosen].sum()), int((event[chosen] == 0).sum())) < LEAST:
                    raise DataError(
                        f"With folds forward in time there is a block of which too little {words}: fewer than {LEAST} index discharges "
                        "with the outcome, or without it.",
                        where=_WHERE,
                        todo=_TODO,
                    )
        return Division(fold, learn)


def blocks_of(discharged: pd.Series, folds: int, window_end: int) -> Blocks:
    """Cut development into one block more than there are folds, as equal in discharges as whole days allow.

    Parameters
    ----------
    discharged
        Discharge dates of development; any order.
    folds
        Blocks that are judged.
    window_end
        Last day of the outcome window, counted from discharge.

    Raises
    ------
    DataError
        If there are too few days to begin so many blocks.
    """
    per_day = discharged.dt.normalize().value_counts().sort_index()
    before = (per_day.cumsum() - per_day).to_numpy()
    wanted = np.arange(1, folds + 1) * per_day.sum() / (folds + 1)
    places = np.abs(before[:, None] - wanted[None, :]).argmin(axis=0)
    if places[0] == 0 or (np.diff(places) <= 0).any():
        raise DataError("Development has too few days to be cut into so many blocks.", where=_WHERE, todo=_TODO)
    return Blocks(tuple(per_day.index[places]), window_end)
