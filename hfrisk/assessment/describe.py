"""Table 1: who is in the development and the test data, or in the whole cohort where no model is made."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from hfrisk.features import Feature

__all__ = ["GROUP_WORDS", "group_words", "table_one"]

GROUP_WORDS = {
    "sex": "Sex",
    "age_band": "Age band (years)",
    "ethnicity": "Ethnicity",
    "imd_quintile": "Deprivation (IMD quintile)",
    "site_group": "Trust or site",
}
_STATES = {
    "readmitted": "Came back as an emergency",
    "died": "Died without coming back",
    "none": "Neither",
    "censored": "Follow-up incomplete",
}
_COLUMNS = ["section", "characteristic", "level", "statistic", "split", "value", "n", "unit"]


def group_words(name: str) -> str:
    """What the column `name` of the groups is called in Table 1."""
    return GROUP_WORDS.get(name, name.replace("_", " ").capitalize())


def table_one(
    rows: pd.DataFrame,
    features: pd.DataFrame,
    groups: pd.DataFrame,
    dictionary: Sequence[Feature],
    splits: Sequence[str] = ("development", "test"),
) -> pd.DataFrame:
    """Characteristics of the index discharges by split.

    Parameters
    ----------
    rows
        person_id, split, state; one row an index discharge. Splits other than those wanted are left out.
    features
        Model inputs, rows as in `rows`; NaN is not recorded.
    groups
        Text columns, rows as in `rows`.
    dictionary
        What the features are.
    splits
        The splits to describe, in this order.

    Returns
    -------
    DataFrame
        section, characteristic, level, statistic (``n``, ``median``, ``lower_quartile``, ``upper_quartile``,
        ``missing``), split, value, n, unit. `n` is the denominator: the discharges of the split or, for median and
        quartiles, those with a value. Median and quartiles are NaN if no one has a value.
    """
    found: list[dict[str, Any]] = []
    for split in splits:
        inside = (rows["split"] == split).to_numpy()
        found += _discharges(rows[inside], split)
        for name in groups.columns:
            found += _levels(name, groups[name], inside, split)
        for feature in dictionary:
            found += _feature(feature, features.loc[inside, feature.name].to_numpy(dtype=np.float64), split)
    return pd.DataFrame(found, columns=_COLUMNS).astype({"value": np.float64, "n": np.int64})


def _discharges(rows: pd.DataFrame, split: str) -> Iterable[dict[str, Any]]:
    n = len(rows)
    yield _row("Index discharges", "Index discharges", "", "n", split, n, n, "discharges")
    yield _row("Index discharges", "Persons", "", "n", split, rows["person_id"].nunique(), n, "persons")
    for state, words in _STATES.items():
        if state == "censored" and not (rows["state"] == state).any():
            continue
        yield _row(
            "Index discharges",
            "What happened first",
            words,
            "n",
            split,
            (rows["state"] == state).sum(),
            n,
            "discharges",
        )


def _levels(
    name: str, values: pd.Series, inside: np.ndarray[Any, np.dtype[np.bool_]], split: str
) -> Iterable[dict[str, Any]]:
    """Every level in every split: one that nobody of a split has is a count of 0, which the gate treats like any small count."""
    words = group_words(name)
    known = values.fillna("Not recorded").astype(str)
    counts = known[inside].value_counts()
    for level in sorted(known.unique()):
        yield _row("Groups of people", words, level, "n", split, counts.get(level, 0), int(inside.sum()), "discharges")


def _feature(feature: Feature, values: np.ndarray[Any, np.dtype[np.float64]], split: str) -> Iterable[dict[str, Any]]:
    recorded = values[~np.isnan(values)]
    if feature.kind == "binary":
        yield _row(feature.theme, feature.words, "yes", "n", split, (recorded == 1).sum(), len(values), "discharges")
    else:
        quartiles = np.quantile(recorded, (0.5, 0.25, 0.75)) if len(recorded) else np.full(3, np.nan)
        for statistic, value in zip(("median", "lower_quartile", "upper_quartile"), quartiles, strict=True):
            yield _row(feature.theme, feature.words, "", statistic, split, value, len(recorded), feature.unit)
    yield _row(feature.theme, feature.words, "", "missing", split, np.isnan(values).sum(), len(values), "discharges")


def _row(
    section: str, characteristic: str, level: str, statistic: str, split: str, value: float, n: int, unit: str
) -> dict[str, Any]:
    return dict(zip(_COLUMNS, (section, characteristic, level, statistic, split, value, n, unit), strict=True))
