"""Standardised differences by their formulas, and Table 1 by what happened."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from hfrisk.assessment.balance import binary_difference, categorical_difference, continuous_difference
from hfrisk.assessment.by_outcome import differences, table_by_outcome


@pytest.fixture(scope="module")
def region(make_region):
    return make_region(3000)[0]


@pytest.fixture(scope="module")
def used(region) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    mask = region.rows["split"].isin(["development", "test"]).to_numpy()
    return tuple(x[mask].reset_index(drop=True) for x in (region.rows, region.features, region.groups))


def test_a_difference_of_means_in_standard_deviations() -> None:
    # means 2 and 4, variances 1 and 4: |2 - 4| / sqrt(2.5)
    assert continuous_difference([1, 2, 3, np.nan], [2, 4, 6]) == pytest.approx(2 / math.sqrt(2.5))
    assert continuous_difference([2, 4, 6], [1, 2, 3]) == continuous_difference([1, 2, 3], [2, 4, 6])


def test_a_difference_of_shares_in_standard_deviations() -> None:
    # Austin 2009: 0.3 against 0.2 is 0.1 / sqrt((0.21 + 0.16) / 2)
    assert binary_difference(0.3, 0.2) == pytest.approx(0.1 / math.sqrt(0.185))


def test_two_levels_are_a_binary_characteristic() -> None:
    assert categorical_difference([30, 70], [20, 80]) == pytest.approx(binary_difference(0.3, 0.2))


def test_several_levels_after_yang_and_dalton() -> None:
    """Worked by hand: three levels, 0.5 0.3 0.2 against 0.4 0.4 0.2, the first left out."""
    # S = mean of [[.21, -.06], [-.06, .16]] and [[.24, -.08], [-.08, .16]] = [[.225, -.07], [-.07, .16]]; t - c = (-.1, 0)
    determinant = 0.225 * 0.16 - 0.07**2
    expected = math.sqrt(0.01 * 0.16 / determinant)
    assert categorical_difference([50, 30, 20], [40, 40, 20]) == pytest.approx(expected)


def test_which_level_is_left_out_does_not_matter_nor_one_that_nobody_has() -> None:
    a, b = [50, 30, 20, 7], [40, 45, 20, 1]
    told = categorical_difference(a, b)
    assert categorical_difference(a[::-1], b[::-1]) == pytest.approx(told)
    assert categorical_difference([*a, 0], [*b, 0]) == pytest.approx(told)


def test_what_does_not_vary_has_no_difference() -> None:
    for value in (
        continuous_difference([0.1] * 9, [0.1] * 8),
        continuous_difference([1.0], [1, 2, 3]),
        binary_difference(0.0, 0.0),
        categorical_difference([5, 0], [9, 0]),
        categorical_difference([0, 0], [9, 1]),
    ):
        assert math.isnan(value)


def test_differences_are_those_of_a_loop_over_people(used) -> None:
    rows, features, groups = used
    found = differences(rows, features, groups, _dictionary(features), ("development", "test"))
    by = found.set_index(["characteristic", "between"])["estimate"]
    for between, (first, second) in {
        "splits": (rows["split"] == "development", rows["split"] == "test"),
        "outcomes": (rows["event"] == 1, rows["event"] != 1),
    }.items():
        lists = [
            [x for x, inside in zip(features["noise"], part, strict=True) if inside and x == x]
            for part in (first, second)
        ]
        means = [sum(one) / len(one) for one in lists]
        spread = [sum((x - m) ** 2 for x in one) / (len(one) - 1) for one, m in zip(lists, means, strict=True)]
        expected = abs(means[0] - means[1]) / math.sqrt(sum(spread) / 2)
        assert by["noise", between] == pytest.approx(expected)
        shares = [groups.loc[part, "sex"].value_counts(normalize=True).sort_index() for part in (first, second)]
        assert by["Sex", between] == pytest.approx(_mahalanobis(*shares))


def test_those_with_the_event_and_the_others_are_everyone_and_deaths_are_among_them(used) -> None:
    rows, features, groups = used
    table = table_by_outcome(rows, features, groups, _dictionary(features))
    counts = table[table["statistic"] == "n"].pivot_table(
        index=["characteristic", "level"], columns="outcome", values="value"
    )
    for level, n in groups["sex"].value_counts().items():
        row = counts.loc["Sex", level]
        mine = rows[(groups["sex"] == level).to_numpy()]
        assert row["event"] + row["other"] == n
        assert row["event"] == (mine["event"] == 1).sum()
        assert row["died"] == (mine["state"] == "died").sum()
    middle = table[(table["characteristic"] == "noise") & (table["statistic"] == "median")].set_index("outcome")
    assert middle.loc["event", "value"] == pytest.approx(
        features.loc[(rows["event"] == 1).to_numpy(), "noise"].median()
    )


def _mahalanobis(first: pd.Series, second: pd.Series) -> float:
    names = sorted(set(first.index) | set(second.index))[1:]
    gap = np.array([first.get(n, 0) - second.get(n, 0) for n in names])
    mean = np.zeros((len(names), len(names)))
    for i, a in enumerate(names):
        for j, b in enumerate(names):
            for share in (first, second):
                p, q = share.get(a, 0), share.get(b, 0)
                mean[i, j] += (p * (1 - p) if i == j else -p * q) / 2
    return float(np.sqrt(gap @ np.linalg.solve(mean, gap)))


def _dictionary(features: pd.DataFrame):
    from hfrisk.features import Feature

    given = {"family": "f", "theme": "t", "window": "w", "sources": ("measurement",), "unit": "", "precision": 1}
    return [
        Feature(name=n, words=n, lower=0, upper=1, kind="binary" if n == "binary" else "continuous", **given)
        for n in ("noise", "binary")
    ]
