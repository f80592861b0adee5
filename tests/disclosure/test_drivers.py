"""What leaves of the explanation: means over enough people, no count of two values at once, no group that performance withholds."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hfrisk.disclosure import Released
from hfrisk.disclosure.drivers import DRIVERS, release_drivers
from hfrisk.disclosure.policy import Policy
from hfrisk.explanation import Explanation, no_explanation
from hfrisk.explanation.results import COLUMNS
from hfrisk.features import Feature
from tests.disclosure.made_up import Run

POLICY = Policy()
DICTIONARY = [
    Feature("age", "age", "demography", "Age and sex", "years", "", (), 1.0, 18.0, 120.0),
    Feature("urea", "last urea", "laboratory", "Blood", "mmol/L", "", (), 0.1, 0.5, 80.0),
]


def explained(rows: int = 1003, **frames: list[tuple[Any, ...]]) -> Explanation:
    made = {name: pd.DataFrame(rows_, columns=COLUMNS[name].split()) for name, rows_ in frames.items()}
    return replace(no_explanation(), **made, summary={"rows": rows})


def performance(*sets: tuple[str, str, str, int, int]) -> pd.DataFrame:
    rows = [("lightgbm", split, group, level, n, events) for split, group, level, n, events in sets]
    return pd.DataFrame(rows, columns=["model", "split", "group", "level", "n", "events"])


def sexes(women: int, men: int, unknown: int) -> list[tuple[Any, ...]]:
    nan = math.nan
    rows = []
    for level, n in (("Female", women), ("Male", men), ("Unknown", unknown)):
        reason = "" if n >= 100 else "fewer than 100 discharges"
        numbers = (0.123456, 0.25678, 0.20123, 0.05555, 0.0449) if n >= 100 else (nan,) * 5
        rows.append(("sex", level, "Blood", *numbers, n, reason))
    return rows


def seen(women: int, men: int, unknown: int) -> pd.DataFrame:
    n = women + men + unknown
    levels = [("sex", "Female", women), ("sex", "Male", men), ("sex", "Unknown", unknown)]
    return performance(("test", "all", "all", n, n // 5), *[("test", g, v, k, k // 5) for g, v, k in levels])


def released(explanation: Explanation, shown: pd.DataFrame | None = None) -> dict[str, pd.DataFrame]:
    return release_drivers(explanation, DICTIONARY, seen(500, 403, 100) if shown is None else shown, POLICY)


def test_every_table_has_its_columns_even_where_nothing_was_explained() -> None:
    tables = release_drivers(no_explanation(), DICTIONARY, seen(500, 403, 100), POLICY)
    for name, columns in DRIVERS.items():
        assert list(tables[name].columns) == [*columns.split(), "suppressed"]
        assert tables[name].empty


def test_no_count_of_two_values_at_once_leaves(released_: Released) -> None:
    for name in ("interaction_table", "interactions", "related", "not_recorded", "spread", "stability"):
        assert "n" not in getattr(released_, name).columns


@pytest.fixture(name="released_", scope="module")
def _released(released: Released) -> Released:  # the session's run, under a name that the helper above leaves free
    return released


def test_a_small_group_and_the_one_from_which_it_would_follow_are_withheld() -> None:
    groups = released(explained(themes_by_group=sexes(596, 400, 7)), seen(596, 400, 7))["themes_by_group"]
    by = groups.set_index("level")
    for level in ("Unknown", "Male"):
        assert by.loc[level, ["mean_abs", "share", "difference", "chance", "n"]].isna().all()
        assert by.loc[level, "suppressed"] == POLICY.withheld
        assert by.loc[level, "reason"] == ""
        assert not by.loc[level, "beyond_chance"]
    assert by.loc["Female", ["mean_abs", "share", "elsewhere", "difference", "n"]].tolist() == [
        0.12,
        0.26,
        0.2,
        0.06,
        595,
    ]


def test_a_group_that_performance_withholds_in_any_split_is_withheld() -> None:
    table = explained(themes_by_group=sexes(500, 403, 100))
    shown = seen(500, 403, 100)
    assert released(table, shown)["themes_by_group"]["n"].tolist() == [500, 405, 100]
    earlier = shown.assign(split="cross-validation")
    earlier.loc[earlier["level"] == "Unknown", ["n", "events"]] = [6, 1]
    earlier.loc[earlier["level"] == "all", ["n", "events"]] = [909, 180]
    both = released(table, pd.concat([shown, earlier], ignore_index=True))["themes_by_group"].set_index("level")
    assert both["n"].isna().sum() >= 2
    assert math.isnan(both.loc["Unknown", "n"])
    unknown = released(table, shown[shown["level"] != "Unknown"])["themes_by_group"].set_index("level")
    assert math.isnan(unknown.loc["Unknown", "n"])


def test_beyond_chance_is_told_by_the_exact_numbers() -> None:
    rows = sexes(500, 403, 100)
    rows[0] = (*rows[0][:6], 0.0449, 0.0448, *rows[0][8:])
    groups = released(explained(themes_by_group=rows))["themes_by_group"]
    assert (groups.loc[0, "difference"], groups.loc[0, "chance"]) == (0.04, 0.04)
    assert groups.loc[0, "beyond_chance"]


def test_cells_of_few_are_withheld_and_edges_stay_in_the_published_range() -> None:
    cells = [
        ("age", "urea", 88.0, 97.0, 3.04, 9.2, 40, 0.123456, 0.0456789, ""),
        ("age", "urea", 60.0, 88.0, 9.2, 14.0, 9, 0.5, 0.1, ""),
        ("age", "urea", 60.0, 88.0, 3.04, 9.2, 12, math.nan, math.nan, "fewer than 20 discharges"),
    ]
    table = released(explained(interaction_table=cells))["interaction_table"]
    assert table.loc[0, ["a_lower", "a_upper", "b_lower", "together", "beyond"]].tolist() == [
        88,
        90,
        3.0,
        0.123,
        0.0457,
    ]
    assert table.loc[1, ["together", "beyond"]].isna().all()
    assert table.loc[1, "suppressed"] == POLICY.withheld
    assert table.loc[2, ["reason", "suppressed"]].tolist() == ["fewer than 20 discharges", ""]


def test_steps_of_the_spread_have_shares_of_rounded_counts() -> None:
    steps = [
        ("urea", -0.1, 0.0, 601, 0.5992, 0.31234),
        ("urea", 0.0, 0.1, 394, 0.3928, 0.7),
        ("urea", 0.1, 0.2, 8, 0.008, 0.9),
    ]
    table = released(explained(spread=steps))["spread"]
    assert table.loc[0, ["share", "rank"]].tolist() == [0.6, 0.31]  # 600 of 1,005
    assert table.loc[1:, ["share", "rank"]].isna().all(axis=None)


def test_not_recorded_needs_enough_people_on_either_side() -> None:
    rows = [("urea", 34, 0.0301234), ("age", 996, 0.1), ("age", 9, 0.1)]
    table = released(explained(not_recorded=rows))["not_recorded"]
    assert table["mean_contribution"].isna().tolist() == [False, True, True]
    assert table.loc[0, "mean_contribution"] == 0.0301


def test_rules_carry_rounded_counts_and_two_figures_of_a_predicted_risk() -> None:
    rows = [
        (1, "urea", math.nan, 9.04, True, 598, 0.12345, 0.61234),
        (1, "age", math.nan, 95.0, False, 598, 0.12345, 0.61234),
        (2, "urea", 9.04, math.nan, False, 405, 0.3, 0.61234),
    ]
    table = released(explained(surrogate=rows))["surrogate"]
    assert table.loc[0, ["upper", "n", "risk", "fidelity"]].tolist() == [9.0, 600, 0.12, 0.61]
    assert table.loc[1, "upper"] == 90
    assert "events" not in table
    few = released(explained(surrogate=[*rows, (3, "urea", 12.0, math.nan, False, 6, 0.9, 0.6)]))["surrogate"]
    assert few.set_index("leaf").loc[3, ["n", "risk"]].isna().all()
    assert few["n"].isna().sum() > 1, "the smallest other rule goes too"


def test_correlations_have_two_decimals_and_pairs_three_figures() -> None:
    tables = released(
        explained(
            related=[("urea", "age", 0.71234, 1, 900)], interactions=[("urea", "age", 0.0123456, 0.0234567, 1000)]
        )
    )
    assert tables["related"].loc[0, "correlation"] == 0.71
    assert tables["interactions"].loc[0, ["mean_abs", "share"]].tolist() == [0.0123, 0.0235]


def test_a_real_run_releases_what_it_found_and_hides_the_groups_that_performance_hides(
    run: Run, released_: Released
) -> None:
    tables = released_.tables()
    for name in ("by_modifiable", "not_recorded", "spread", "themes_by_group", "surrogate"):
        assert len(tables[name]), name
    hidden = released_.performance[released_.performance["n"].isna() & (released_.performance["group"] != "all")]
    keys = set(zip(hidden["group"], hidden["level"], strict=True))
    assert ("ethnicity", "Mixed") in keys
    groups = tables["themes_by_group"]
    mine = [key in keys for key in zip(groups["group"], groups["level"], strict=True)]
    assert groups.loc[mine, ["mean_abs", "share", "n"]].isna().all(axis=None)
    exact = run.explanation.themes_by_group["n"].to_numpy()
    shown = groups["n"].to_numpy()
    assert (np.abs(exact - shown)[~np.isnan(shown)] <= 2.5).all()
