"""Table 1 by outcome, and how far the columns of Table 1 differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from hfrisk.assessment.balance import binary_difference, categorical_difference, continuous_difference
from hfrisk.assessment.describe import group_words
from hfrisk.features import Feature

__all__ = ["OUTCOMES", "differences", "table_by_outcome"]

Mask = npt.NDArray[np.bool_]

OUTCOMES = ("event", "other", "died")
"""Columns of Table 1 by outcome: those with the event, all others, and those who died before any readmission (who are among the one
or the other, as the study counts a death)."""

_COLUMNS = ["section", "characteristic", "level", "statistic", "outcome", "value", "n", "unit", "group"]
_GROUPS = "Groups of people"
_CONSTANT = "not computed: it does not vary, or too few have a value"


def table_by_outcome(
    rows: pd.DataFrame, features: pd.DataFrame, groups: pd.DataFrame, dictionary: Sequence[Feature]
) -> pd.DataFrame:
    """Characteristics of the index discharges by what happened.

    Parameters
    ----------
    rows
        person_id, state, event (0 or 1); one row an index discharge whose outcome is known.
    features
        Numbers, rows as in `rows`; NaN is not recorded.
    groups
        Text columns, rows as in `rows`.
    dictionary
        What the features are.

    Returns
    -------
    DataFrame
        section, characteristic, level, statistic (``n``, ``median``, ``lower_quartile``, ``upper_quartile``, ``missing``), outcome (one
        of `OUTCOMES`), value, n, unit, group. `n` is the discharges of the outcome or, for median and quartiles, those of them with a
        value; `group` is the column behind a row of the section "Groups of people", empty elsewhere.
    """
    masks = _outcomes(rows)
    found: list[tuple[Any, ...]] = []
    for outcome, inside in masks.items():
        n = int(inside.sum())
        found.append(("Index discharges", "Index discharges", "", "n", outcome, n, n, "discharges", ""))
        for name in groups.columns:
            level = groups[name].fillna("Not recorded").astype(str)
            counts = level[inside].value_counts()
            for one in sorted(level.unique()):
                count = counts.get(one, 0)
                found.append((_GROUPS, group_words(name), one, "n", outcome, count, n, "discharges", name))
        for feature in dictionary:
            values = features.loc[inside, feature.name].to_numpy(dtype=np.float64)
            found += [
                (feature.theme, feature.words, *line, outcome, *rest, "") for line, rest in _lines(feature, values)
            ]
    frame = pd.DataFrame(found, columns=_COLUMNS)
    return frame.astype({"value": np.float64, "n": np.int64})


def _lines(
    feature: Feature, values: npt.NDArray[np.float64]
) -> Iterator[tuple[tuple[str, str], tuple[float, int, str]]]:
    recorded = values[~np.isnan(values)]
    if feature.kind == "binary":
        yield ("yes", "n"), (float((recorded == 1).sum()), len(values), "discharges")
    else:
        quartiles = np.quantile(recorded, (0.5, 0.25, 0.75)) if len(recorded) else np.full(3, np.nan)
        for name, value in zip(("median", "lower_quartile", "upper_quartile"), quartiles, strict=True):
            yield ("", name), (float(value), len(recorded), feature.unit)
    yield ("", "missing"), (float(np.isnan(values).sum()), len(values), "discharges")


def differences(
    rows: pd.DataFrame,
    features: pd.DataFrame,
    groups: pd.DataFrame,
    dictionary: Sequence[Feature],
    splits: tuple[str, str] | None = None,
) -> pd.DataFrame:
    """Standardised mean differences (`balance`) between the two splits, and between those with the event and all others.

    Parameters
    ----------
    rows
        state, event and, for `splits`, split; one row an index discharge whose outcome is known.
    features, groups, dictionary
        As in `table_by_outcome`.
    splits
        The two splits to set against each other; None where there is only one.

    Returns
    -------
    DataFrame
        section, characteristic, kind (continuous, binary, categorical), between (``splits``, ``outcomes``), estimate, n_first, n_second,
        reason. The last two counts are of discharges with a value. A level "Not recorded" of a group is a level like any other; a
        binary feature is compared by the share recorded as yes; continuous ones by recorded values.
    """
    by = _outcomes(rows)
    pairs: dict[str, tuple[Mask, Mask]] = {"outcomes": (by["event"], by["other"])}
    if splits is not None:
        first, second = ((rows["split"] == name).to_numpy() for name in splits)
        pairs = {"splits": (first, second), **pairs}
    found: list[tuple[Any, ...]] = []
    counts: tuple[int, int]
    for between, (first, second) in pairs.items():
        sizes = (int(first.sum()), int(second.sum()))
        for name in groups.columns:
            level = groups[name].fillna("Not recorded").astype(str)
            levels = sorted(level.unique())
            listed = [level[part].value_counts().reindex(levels, fill_value=0).to_numpy() for part in (first, second)]
            found.append((_GROUPS, group_words(name), "categorical", between, categorical_difference(*listed), *sizes))
        for feature in dictionary:
            values = features[feature.name].to_numpy(dtype=np.float64)
            a, b = values[first], values[second]
            if feature.kind == "binary":
                shares = [float((x == 1).sum()) / len(x) if len(x) else np.nan for x in (a, b)]
                kind, estimate, counts = "binary", binary_difference(shares[0], shares[1]), sizes
            else:
                recorded = int((~np.isnan(a)).sum()), int((~np.isnan(b)).sum())
                kind, estimate, counts = "continuous", continuous_difference(a, b), recorded
            found.append((feature.theme, feature.words, kind, between, estimate, *counts))
    columns = ["section", "characteristic", "kind", "between", "estimate", "n_first", "n_second"]
    frame = pd.DataFrame(found, columns=columns).astype({"estimate": np.float64})
    return frame.assign(reason=np.where(frame["estimate"].isna(), _CONSTANT, ""))


def _outcomes(rows: pd.DataFrame) -> dict[str, Mask]:
    event = rows["event"].to_numpy() == 1
    died = (rows["state"] == "died").to_numpy()
    return dict(zip(OUTCOMES, (event, ~event, died), strict=True))
