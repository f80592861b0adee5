"""Who was in and what became of them, by group and over time, where there is no model to judge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd

from hfrisk.assessment.by_outcome import differences, table_by_outcome
from hfrisk.assessment.describe import group_words, table_one
from hfrisk.assessment.findings import missing_groups
from hfrisk.assessment.groups import EVERYONE
from hfrisk.checks import Check
from hfrisk.errors import DataError
from hfrisk.features import Feature

if TYPE_CHECKING:
    from hfrisk.cohort import Cohort
    from hfrisk.features import FeatureTable

__all__ = ["QUARTER", "Population", "describe_everyone", "describe_population"]

QUARTER = "quarter"
"""The name under which calendar quarters of discharge stand among the groups."""

_KEY = ["person_id", "index_id"]
_FLAGS = {
    "self_discharged": "Left against advice",
    "palliative": "Palliative care recorded in the stay",
}


@dataclass(frozen=True)
class Population:
    """Everyone in the cohort, exact and unreleased: the disclosure gate comes next.

    Parameters
    ----------
    table1
        As `Results.table1`, of the one split ``all``, without what happened (see `outcomes`); and ``group``, the name of the
        column behind a row of the section "Groups of people".
    outcomes
        group, level, n, readmitted, died: everyone (``all``), each level of each group, and each calendar quarter of discharge.
        Deaths are those before any readmission. Whoever was not seen for the whole window is left out here.
    checks
        HFR136, if a group that was wanted is not recorded.
    table1_by_outcome, table1_differences
        As in `Results`; whoever was not seen for the whole window is left out here too.
    """

    table1: pd.DataFrame
    outcomes: pd.DataFrame
    checks: list[Check]
    table1_by_outcome: pd.DataFrame = field(default_factory=pd.DataFrame)
    table1_differences: pd.DataFrame = field(default_factory=pd.DataFrame)


def describe_everyone(cohort: Cohort, features: FeatureTable, wanted: Sequence[str]) -> Population:
    """Fetch every index discharge with its features, and describe them.

    Parameters
    ----------
    cohort, features
        The index discharges, and what was known at discharge.
    wanted
        Groups that a reader will look for (`AssessmentSettings.groups`).

    Raises
    ------
    DataError
        If cohort and features do not hold the same index discharges.
    """
    flags = [name for name in _FLAGS if name in cohort.table.columns]
    rows = cohort.cdm.frame(cohort.table.select(*_KEY, "discharge_date", "state", *flags), "description")
    inputs = [feature.name for feature in features.dictionary]
    groups = [f"group_{name}" for name in features.groups]
    table = cohort.cdm.frame(features.table.select(*_KEY, *inputs, *groups), "description")
    joined = rows.merge(table, on=_KEY, how="left", indicator=True)
    if len(joined) != len(rows) or (joined["_merge"] != "both").any():
        raise DataError("Cohort and feature table do not hold the same index discharges.", where=", ".join(_KEY))
    named = joined[groups].set_axis(list(features.groups), axis="columns")
    composite = cohort.risk == "composite"
    return describe_population(
        joined[rows.columns], joined[inputs], named, features.dictionary, wanted, composite=composite
    )


def describe_population(
    rows: pd.DataFrame,
    features: pd.DataFrame,
    groups: pd.DataFrame,
    dictionary: Sequence[Feature],
    wanted: Sequence[str] = (),
    *,
    composite: bool = False,
) -> Population:
    """Describe every index discharge.

    Parameters
    ----------
    rows
        person_id, discharge_date, state; one row an index discharge. The flags ``self_discharged`` and ``palliative`` are
        described too if they are there.
    features
        What was known at discharge, rows as in `rows`; NaN is not recorded.
    groups
        Text columns, rows as in `rows`.
    dictionary
        What the features are.
    wanted
        Groups that a reader will look for (`AssessmentSettings.groups`).
    composite
        Whether a death is an event.
    """
    known = groups.fillna("Not recorded").astype(str)
    table = table_one(rows.assign(split=EVERYONE), features, known, dictionary, splits=(EVERYONE,))
    table = table[table["characteristic"] != "What happened first"]
    names = {group_words(name): name for name in known.columns}
    inside = table["section"] == "Groups of people"
    table["group"] = table["characteristic"].map(names).where(inside, "").fillna("")
    flags = [_flag(rows, name, words) for name, words in _FLAGS.items() if name in rows]
    first = table["section"] == "Index discharges"
    table = pd.concat([table[first], *flags, table[~first]], ignore_index=True)
    seen = (rows["state"] != "censored").to_numpy()
    told = rows[seen].assign(event=_event(rows.loc[seen, "state"], composite=composite)).reset_index(drop=True)
    described = (told, *(x[seen].reset_index(drop=True) for x in (features, known)), dictionary)
    checks = missing_groups(
        groups, wanted, "Nobody knows whether people in these groups come back more often than others."
    )
    outcomes = _outcomes(rows[seen], known[seen])
    return Population(table, outcomes, checks, table_by_outcome(*described), differences(*described))


def _event(state: pd.Series, *, composite: bool) -> pd.Series:
    return state.isin(("readmitted", "died") if composite else ("readmitted",)).astype("int8")


def _flag(rows: pd.DataFrame, name: str, words: str) -> pd.DataFrame:
    found = int(rows[name].eq(True).sum())
    return pd.DataFrame(
        [("Index discharges", words, "yes", "n", EVERYONE, float(found), len(rows), "discharges", "")],
        columns=["section", "characteristic", "level", "statistic", "split", "value", "n", "unit", "group"],
    )


def _outcomes(rows: pd.DataFrame, groups: pd.DataFrame) -> pd.DataFrame:
    date = pd.to_datetime(rows["discharge_date"])
    by = groups.assign(**{QUARTER: date.dt.year.astype(str) + " Q" + date.dt.quarter.astype(str)})
    state = pd.DataFrame({name: rows["state"] == name for name in ("readmitted", "died")})
    parts = [_counted(state, pd.Series(EVERYONE, index=rows.index), EVERYONE)]
    parts += [_counted(state, by[name], name) for name in by.columns]
    return pd.concat(parts, ignore_index=True)


def _counted(state: pd.DataFrame, level: pd.Series, group: str) -> pd.DataFrame:
    table = state.groupby(level.to_numpy(), sort=True).agg(
        n=("died", "size"), readmitted=("readmitted", "sum"), died=("died", "sum")
    )
    return table.rename_axis("level").reset_index().assign(group=group)[["group", "level", "n", "readmitted", "died"]]
