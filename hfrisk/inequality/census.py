"""Whom the cohort represents: its people beside those of the catchment, by level of each group that the census counts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from hfrisk.errors import StudyError
from hfrisk.inequality.people import People
from hfrisk.inequality.results import COLUMNS
from hfrisk.inequality.tables import read_counts

__all__ = ["read_census", "represented"]


def read_census(path: Path, levels: dict[str, list[str]]) -> pd.DataFrame:
    """The counts of the catchment: group, level, count.

    Parameters
    ----------
    path
        A CSV file with the columns group, level, count.
    levels
        The levels of each group in these data; a line whose group or level is none of them would never be used, and is refused.

    Raises
    ------
    StudyError
        With file and line.
    """
    rows = read_counts(path, ("group", "level"), "inequality.census")
    for row in rows:
        group, level = row.cells
        where = f"{path.name}, the line {group}, {level}"
        if group not in levels:
            raise StudyError(
                f"The census counts a group that is not one of this study: {group}.",
                where=where,
                todo=f"Groups: {', '.join(levels)}.",
            )
    known = [(row.cells[0], row.cells[1], row.people) for row in rows]
    frame = pd.DataFrame(known, columns=["group", "level", "count"])
    for group, part in frame.groupby("group", sort=False):
        if not set(part["level"]) & set(levels[str(group)]):
            raise StudyError(
                f"No level that the census counts for {group} is one of these data.",
                where=path.name,
                todo=f"Write the levels as the report does: {', '.join(levels[str(group)])}.",
            )
        if not part["count"].sum() > 0:
            raise StudyError(f"The census counts nobody for {group}.", where=path.name, todo="Correct the counts.")
    return frame


def represented(people: People, census: pd.DataFrame, groups: Sequence[str]) -> pd.DataFrame:
    """People of the cohort and of the catchment by level.

    Each person counts once, with the level of the first of their discharges here. People whose level the census does not list (not
    recorded, for instance) are left out of both shares.

    Returns
    -------
    DataFrame
        As `Inequality.represented`, one row a level that the census lists; 0 persons where the cohort has none.
    """
    once = people.groups.iloc[np.unique(people.person, return_index=True)[1]]
    rows = []
    for group in groups:
        counted = census[census["group"] == group]
        if counted.empty:
            continue
        mine = once[group].value_counts()
        persons = [int(mine.get(level, 0)) for level in counted["level"]]
        for level, count, here in zip(counted["level"], counted["count"], persons, strict=True):
            rows.append((group, level, here, sum(persons), float(count), float(counted["count"].sum())))
    return pd.DataFrame(rows, columns=COLUMNS["represented"].split())
