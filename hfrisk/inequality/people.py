"""The people of the picture as arrays: who they are, what became of them, and the groups that they belong to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from hfrisk.inequality.clustered import Floats, Ints
from hfrisk.inequality.results import PALLIATIVE

__all__ = ["EVERYONE", "NOT_RECORDED", "Cells", "People", "people_of"]

EVERYONE = "all"
NOT_RECORDED = "Not recorded"
_SEX, _AGE = "sex", "age_band"


@dataclass(frozen=True)
class Cells:
    """The cells of one group, or of two crossed.

    Parameters
    ----------
    names
        One tuple of levels a cell, in order.
    place
        The cell of each discharge, counted from 0.
    """

    names: tuple[tuple[str, ...], ...]
    place: Ints


@dataclass(frozen=True)
class People:
    """Index discharges that were seen for the whole window.

    Parameters
    ----------
    person
        Whose each is, counted from 0.
    event
        1 or 0 by outcome (readmission, death, composite).
    groups
        Levels by group, text, missing is ``Not recorded``; palliative care is one of them where the cohort tells it.
    sexes, ages
        Levels of the strata and their place; a group that was not made is one level.
    stratum
        Sex by age band: place of sex x number of age bands + place of age band.
    """

    person: Ints
    event: Mapping[str, Floats]
    groups: pd.DataFrame
    sexes: dict[str, int]
    ages: dict[str, int]
    stratum: Ints

    @property
    def n(self) -> int:
        """How many discharges."""
        return len(self.person)

    def cells(self, *names: str) -> Cells:
        """The cells of these groups crossed; of none: everyone."""
        if not names:
            return Cells(((EVERYONE,),), np.zeros(self.n, dtype=np.intp))
        codes = [pd.Categorical(self.groups[name], categories=self.levels(name)) for name in names]
        place = np.zeros(self.n, dtype=np.intp)
        listed: list[tuple[str, ...]] = [()]
        for code in codes:
            place = place * len(code.categories) + code.codes
            listed = [(*before, str(level)) for before in listed for level in code.categories]
        return Cells(tuple(listed), place)

    def levels(self, name: str) -> list[str]:
        """The levels of a group, in alphabetical order."""
        return sorted(self.groups[name].unique())

    def possible(self, names: Sequence[str], cells: Cells) -> np.ndarray:
        """Which strata each cell can hold at all, shape (cells, strata): those of its own sex and age band, where it has one."""
        allowed = np.ones((len(cells.names), len(self.sexes) * len(self.ages)), dtype=bool)
        sex = np.repeat(np.arange(len(self.sexes)), len(self.ages))
        age = np.tile(np.arange(len(self.ages)), len(self.sexes))
        for place, levels in enumerate(cells.names):
            for name, level in zip(names, levels, strict=False):
                if name == _SEX:
                    allowed[place] &= sex == self.sexes[level]
                elif name == _AGE:
                    allowed[place] &= age == self.ages[level]
        return allowed


def people_of(rows: pd.DataFrame, groups: pd.DataFrame) -> People:
    """Arrange the discharges.

    Parameters
    ----------
    rows
        person_id, state (readmitted, died, none), and palliative where it is known; one row a discharge.
    groups
        One text column a group, rows as in `rows`.
    """
    known = groups.fillna(NOT_RECORDED).astype(str).reset_index(drop=True)
    if PALLIATIVE in rows:
        known[PALLIATIVE] = np.where(rows[PALLIATIVE].eq(True), "Recorded", "Not recorded in the stay")
    state = rows["state"].to_numpy()
    back, died = (state == "readmitted").astype(float), (state == "died").astype(float)
    places = [_places(known, name) for name in (_SEX, _AGE)]
    sexes, ages = (listed for listed, _ in places)
    stratum = places[0][1] * len(ages) + places[1][1]
    return People(
        np.unique(rows["person_id"].to_numpy(), return_inverse=True)[1].astype(np.intp),
        {"readmission": back, "death": died, "composite": back + died},
        known,
        sexes,
        ages,
        stratum,
    )


def _places(groups: pd.DataFrame, name: str) -> tuple[dict[str, int], Ints]:
    if name not in groups:
        return {EVERYONE: 0}, np.zeros(len(groups), dtype=np.intp)
    code = pd.Categorical(groups[name])
    return {str(level): place for place, level in enumerate(code.categories)}, code.codes.astype(np.intp)
