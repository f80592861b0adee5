"""Other definitions, ways of telling, and the scoring-time rule: differences between nearly the same people stay inside."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hfrisk.disclosure import Released
from hfrisk.disclosure.counting import release_eligibility, release_sensitivity, release_strategies
from hfrisk.disclosure.incidence import exact_incidence
from hfrisk.disclosure.policy import Policy
from tests.disclosure.made_up import Run
from tests.disclosure.test_incidence import N, curve

POLICY = Policy()
ON_PAGE_ONE = {"events": 400.0, "readmitted": 400.0, "died": 45.0}


def definitions(*rows: tuple[str, int, int, int]) -> pd.DataFrame:
    """Name, index discharges, events, deaths."""
    made = []
    for name, n, events, died in rows:
        share, death = (events / n, died / n) if n else (math.nan, math.nan)
        made.append((name, n, n * 7 // 10, events, share, 29, share, share, share, death))
    columns = (
        "name index_discharges persons events rate incidence_day readmission readmission_low readmission_high death"
    )
    return pd.DataFrame(made, columns=columns.split())


def own_curve(daily: list[int]) -> pd.DataFrame:
    return exact_incidence(curve(daily), N)


def shown(*rows: tuple[str, int, int, int], daily: list[int] | None = None) -> pd.DataFrame:
    days = daily or [rows[0][2] - 100, 100]
    frame = release_sensitivity(definitions(*rows), own_curve(days), POLICY, 0.95, ON_PAGE_ONE)
    return frame.set_index("name")


def test_a_definition_with_other_people_has_numbers_of_its_own() -> None:
    found = shown(("as defined", N, 401, 46), ("any position", 3113, 577, 80))
    assert found.loc["any position", ["index_discharges", "events", "died"]].tolist() == [3115, 575, 80]
    assert found.loc["any position", "rate"] == found.loc["any position", "readmission"] == 0.185
    assert found["suppressed"].tolist() == ["", ""]
    assert found["near"].tolist() == ["", ""]


def test_counts_nearly_the_same_are_shown_as_the_same() -> None:
    found = shown(("as defined", N, 401, 46), ("window to day 30", N, 408, 47))
    assert found["events"].tolist() == [400, 400]
    assert found["index_discharges"].tolist() == [2000, 2000]
    assert "fewer than 10" in found.loc["window to day 30", "near"]


def test_it_is_not_told_whether_two_definitions_differ_at_all() -> None:
    same = shown(("as defined", N, 401, 46), ("other", N, 401, 46))
    differs = shown(("as defined", N, 401, 46), ("other", N + 3, 405, 47))
    pd.testing.assert_frame_equal(same, differs)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(-40, 400), st.integers(-40, 60)), min_size=1, max_size=5))
def test_no_two_shown_definitions_differ_by_few(others: list[tuple[int, int]]) -> None:
    rows = [("as defined", N, 400, 45), *[(f"{i}", N + n, 400 + e, 45) for i, (n, e) in enumerate(others)]]
    found = shown(*rows)
    for column in ("index_discharges", "persons", "events", "died"):
        values = found[column].dropna().unique()
        gaps = np.diff(np.sort(values))
        assert (gaps >= 10).all(), (column, values)


def test_a_definition_that_narrows_down_one_day_of_the_curve_keeps_its_outcomes() -> None:
    # 22 came back on day 0, shown as 20; without them 176 of 198 do, shown as 175 of 200. Whoever of the 22 came back again is in
    # both: 20 - (200 - 175) as shown leaves one person at most.
    found = shown(("as defined", N, 198, 46), ("without day 0", N, 176, 46), daily=[22, 176])
    assert math.isnan(found.loc["without day 0", "events"])
    assert found.loc["without day 0", "suppressed"] == POLICY.withheld
    safe = shown(("as defined", N, 198, 46), ("without day 0", N, 176, 46), daily=[60, 138])
    assert safe.loc["without day 0", "events"] == 175


def test_what_page_one_withholds_no_definition_tells() -> None:
    frame = definitions(("as defined", N, 401, 7), ("any position", 3113, 577, 31))
    found = release_sensitivity(frame, own_curve([301, 100]), POLICY, 0.95, {**ON_PAGE_ONE, "died": None})
    assert found["died"].isna().all()
    assert found["death"].isna().all()


def test_a_definition_that_finds_nobody_is_suppressed_like_any_small_number() -> None:
    found = shown(("as defined", N, 401, 46), ("nobody", 0, 0, 0))
    assert found.loc["nobody", ["index_discharges", "events", "rate", "readmission"]].isna().all()
    assert found.loc["nobody", "suppressed"] == POLICY.withheld


def test_no_other_definition_is_an_empty_table_with_its_columns() -> None:
    found = release_sensitivity(None, own_curve([100]), POLICY, 0.95, ON_PAGE_ONE)
    assert found.empty
    assert {"name", "index_discharges", "events", "rate", "readmission", "suppressed"} <= set(found.columns)


def test_shares_come_from_the_shown_counts() -> None:
    row = shown(("as defined", N, 401, 46)).iloc[0]
    assert row["rate"] == 0.2
    assert row["death"] == 0.022  # two figures: fewer than 100 died
    assert row["lower"] < 0.2 < row["upper"]


def test_the_first_definition_is_the_study_s_own_as_page_one_shows_it(released: Released) -> None:
    first = released.sensitivity.iloc[0]
    for name in ("index_discharges", "events", "readmitted", "died"):
        assert first[name] == released.headline[name]


# ------------------------------------------------------------------ ways of telling


def told(found: dict[str, dict[str, int]]) -> pd.Series:
    frame = release_strategies(found, POLICY)
    return frame.set_index(["question", "told_by"])["n"]


def test_ways_of_telling_are_parts_of_a_whole() -> None:
    found = told({"unplanned": {"admission_method": 4003, "ae_segment": 307, "admitted_from": 4, "planned": 1200}})
    assert found["unplanned", "admission_method"] == 4005
    assert math.isnan(found["unplanned", "admitted_from"])
    assert math.isnan(found["unplanned", "ae_segment"]), (
        "the next smallest goes along, else the small one follows from the sum"
    )
    assert found["unplanned", "planned"] == 1200


def test_stays_joined_into_spells_are_parts_of_all_stays() -> None:
    found = told({"spells": {"stays": 9917, "overlapping": 230, "transfer": 463, "stand_in": 0}})
    assert found["spells", "stays"] == 9915
    assert found["spells", "transfer"] == 465
    assert math.isnan(found["spells", "stand_in"])


def test_one_way_of_telling_is_shown_alone() -> None:
    found = told({"heart_failure": {"condition_status": 812}})
    assert found["heart_failure", "condition_status"] == 810
    assert math.isnan(told({"heart_failure": {"condition_status": 8}})["heart_failure", "condition_status"])


# ------------------------------------------------------------------ the scoring-time rule


def rule(coded: int, eligible: int, both: int) -> pd.Series:
    return release_eligibility(pd.DataFrame([{"coded": coded, "eligible": eligible, "both": both}]), POLICY, 0.95).iloc[
        0
    ]


def test_sensitivity_and_predictive_value_come_from_the_shown_counts() -> None:
    row = rule(2003, 2511, 1602)
    assert row[["coded", "eligible", "both"]].tolist() == [2005, 2510, 1600]
    assert row["sensitivity"] == round(1600 / 2005, 3)
    assert row["ppv"] == round(1600 / 2510, 3)
    assert row["sensitivity_low"] < row["sensitivity"] < row["sensitivity_high"]


@pytest.mark.parametrize(
    ("coded", "eligible", "both"), [(2003, 2511, 1997), (2003, 1605, 1601), (2003, 8, 8), (2003, 2511, 4)]
)
def test_a_small_cell_takes_the_shares_along(coded: int, eligible: int, both: int) -> None:
    row = rule(coded, eligible, both)
    assert row[["both", "sensitivity", "ppv"]].isna().all()
    assert row["suppressed"] == POLICY.withheld
    assert row["coded"] == 2005


def test_a_study_that_could_not_look_has_no_row() -> None:
    assert release_eligibility(None, POLICY, 0.95).empty


def test_these_tables_are_in_every_run(run: Run, released: Released) -> None:
    for name in ("incidence", "sensitivity", "strategies", "eligibility"):
        assert len(getattr(released, name))
    assert released.outcomes.empty, "with a model, the counts by group are in the performance table"
