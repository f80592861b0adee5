"""The flow diagram, Table 1 and page one's numbers."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hfrisk.disclosure import Released
from hfrisk.disclosure.description import headline, release_flow, release_table1
from hfrisk.disclosure.policy import Policy
from tests.disclosure.made_up import DICTIONARY, Run

POLICY = Policy()


def attrition(*steps: tuple[int, int, int]) -> pd.DataFrame:
    frame = pd.DataFrame(steps, columns=["admissions", "persons", "events"])
    frame.insert(0, "rule", [f"rule{i}" for i in range(len(frame))])
    frame.insert(1, "bit", range(len(frame)))
    frame.insert(2, "words", [f"Rule {i}" for i in range(len(frame))])
    frame["excluded"] = (-frame["admissions"].diff()).fillna(0).astype(int)
    frame["excluded_only_here"] = frame["excluded"] // 2
    return frame


def test_boxes_that_differ_by_fewer_than_ten_are_merged() -> None:
    flow = release_flow(attrition((9000, 5000, 1500), (1009, 700, 220), (1003, 690, 205), (800, 500, 170)), POLICY)
    assert flow["words"].tolist() == ["Rule 0", "Rule 1; Rule 2", "Rule 3"]
    assert flow["merged"].tolist() == [1, 2, 1]
    assert flow["admissions"].tolist() == [9000, 1005, 800]
    assert flow["excluded"].tolist() == [0, 7995, 205]


def test_a_rule_that_leaves_no_one_out_shares_its_box() -> None:
    flow = release_flow(attrition((500, 300, 100), (500, 300, 100), (400, 200, 80)), POLICY)
    assert flow["words"].tolist() == ["Rule 0; Rule 1", "Rule 2"]


def test_what_only_one_rule_leaves_out_is_a_count_like_any_other() -> None:
    frame = attrition((9000, 5000, 1500), (1009, 700, 220), (800, 500, 170), (600, 400, 120))
    frame["excluded_only_here"] = [0, 7985, 8, 200]
    flow = release_flow(frame, POLICY)
    assert flow["excluded_only_here"].fillna(-1).tolist() == [0, -1, -1, 200]


def test_the_bits_of_a_box_are_those_of_its_rules() -> None:
    frame = attrition((9000, 5000, 1500), (1009, 700, 220), (1003, 690, 205), (800, 500, 170))
    frame["bit"] = [0, 3, 1, 2]
    assert release_flow(frame, POLICY)["bits"].tolist() == ["0", "3+1", "2"]


def test_the_last_box_is_the_cohort_and_always_there() -> None:
    flow = release_flow(attrition((505, 300, 100), (503, 299, 99), (500, 298, 98)), POLICY)
    assert flow["words"].tolist() == ["Rule 0; Rule 1; Rule 2"]
    assert flow[["admissions", "persons", "events"]].iloc[0].tolist() == [500, 300, 100]


def test_people_lost_one_by_one_are_not_counted_between_boxes() -> None:
    # 40 admissions go, of which four people are lost altogether: the middle box keeps its people to itself.
    flow = release_flow(attrition((2000, 1500, 400), (1040, 704, 220), (1000, 700, 190)), POLICY)
    assert flow["persons"].isna().tolist() == [False, True, False]
    assert flow["suppressed"].ne("").tolist() == [False, True, False]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(0, 120), min_size=2, max_size=8), st.integers(10, 3000))
def test_no_two_boxes_ever_differ_by_a_small_exact_number(removed: list[int], final: int) -> None:
    admissions = final + np.array(removed)[::-1].cumsum()[::-1] - removed[-1]
    persons, events = (admissions * 0.7).astype(int), (admissions * 0.2).astype(int)
    exact = attrition(*zip(admissions, persons, events, strict=True))
    flow = release_flow(exact, POLICY)
    ends = np.cumsum(flow["merged"]) - 1
    for column in ("admissions", "persons", "events"):
        values = exact[column].to_numpy()[ends][flow[column].notna()]
        assert (-np.diff(values) >= 10).all()
        assert (values >= 10).all()


def table(*rows: tuple[str, str, str, float, int]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["characteristic", "level", "statistic", "value", "n"])
    return frame.assign(
        section="s", split="test", unit=np.where(frame["statistic"].isin(["n", "missing"]), "discharges", "years")
    )


def test_percentages_come_from_the_rounded_counts() -> None:
    shown = release_table1(table(("Sex", "Female", "n", 48, 103), ("Sex", "Male", "n", 55, 103)), (), POLICY)
    assert shown["value"].tolist() == [50, 55]
    assert shown["percent"].tolist() == [47.6, 52.4]


def test_a_single_small_level_takes_the_next_smallest_along() -> None:
    rows = [("Ethnicity", level, "n", count, 1003) for level, count in (("White", 900), ("Asian", 96), ("Mixed", 7))]
    shown = release_table1(table(*rows), (), POLICY)
    assert shown["value"].isna().tolist() == [False, True, True]
    assert shown.loc[1, "suppressed"] == shown.loc[2, "suppressed"] != ""


def test_a_quartile_needs_ten_people_on_either_side() -> None:
    for n, statistic, shown in (
        (39, "lower_quartile", False),
        (40, "upper_quartile", True),
        (19, "median", False),
        (20, "median", True),
    ):
        row = release_table1(table(("age at admission", "", statistic, 71.0, n)), DICTIONARY, POLICY).iloc[0]
        assert math.isnan(row["value"]) != shown
        assert (row["suppressed"] == "") == shown


def test_the_denominator_of_a_median_does_not_count_the_few_without_a_value() -> None:
    shown = release_table1(
        table(("age at admission", "", "median", 71.0, 994), ("age at admission", "", "missing", 9, 1003)),
        DICTIONARY,
        POLICY,
    )
    assert shown["n"].tolist() == [1005, 1005]
    assert math.isnan(shown["value"][1])


def test_ages_from_ninety_are_shown_as_ninety() -> None:
    row = release_table1(table(("age at admission", "", "upper_quartile", 93.0, 400)), DICTIONARY, POLICY).iloc[0]
    assert (row["value"], row["note"]) == (90, "90 or over")


def test_centiles_lie_on_the_grid_of_their_feature() -> None:
    frame = table(
        ("potassium, last in the stay", "", "median", 4.449999, 400),
        ("NT-proBNP, last in the stay", "", "median", 12345.6, 400),
    )
    assert release_table1(frame.assign(unit=""), DICTIONARY, POLICY)["value"].tolist() == [4.4, 12300]


def test_a_statistic_without_a_rule_stays_inside() -> None:
    row = release_table1(table(("age at admission", "", "maximum", 107.0, 400)), DICTIONARY, POLICY).iloc[0]
    assert math.isnan(row["value"])
    assert "no rule" in row["suppressed"]


def test_page_one_has_rounded_numbers_and_months(run: Run, released: Released) -> None:
    found = released.headline
    assert found["index_discharges"] == 4015
    assert found["events"] % 5 == 0
    assert found["events"] == found["readmitted"]
    assert (found["period_from"], found["period_to"]) == ("2019-02", "2022-11")
    assert found["share_events"] == round(found["events"] / found["index_discharges"], 3)
    assert set(found["states"]) == {"readmitted", "died", "none"}
    assert set(found["by_split"]) == {"development", "test"}
    assert found["reasons"] == {}


def test_a_small_number_on_page_one_is_none_with_its_reason(run: Run, released: Released) -> None:
    exact = vars(run.cohort)
    readmitted, rest = exact["states"]["readmitted"], exact["index_discharges"] - exact["states"]["readmitted"]
    few = SimpleNamespace(**{**exact, "states": {"readmitted": readmitted, "died": 4, "none": rest - 4, "censored": 0}})
    found = headline(few, released.performance, released.by_period, POLICY)
    assert found["died"] is None
    assert found["share_died"] is None
    assert "fewer than 10" in found["reasons"]["died"]
    # The events are on every page, so it is the third state that keeps the deaths from being worked out.
    assert found["events"] == found["readmitted"] == POLICY.rounded(readmitted)
    assert found["states"]["none"] is None


def test_few_who_came_back_for_heart_failure_or_for_something_else_are_not_told(run: Run, released: Released) -> None:
    back = run.cohort.states["readmitted"]
    for again, shown in ((231, 230), (7, None), (back - 4, None)):
        found = headline(run.cohort, released.performance, released.by_period, POLICY, again)
        assert found["readmitted_for_heart_failure"] == shown
        assert ("readmitted_for_heart_failure" in found["reasons"]) == (shown is None)
    assert "readmitted_for_heart_failure" not in released.headline, "nobody looked"


def test_with_deaths_as_events_few_deaths_hide_the_readmissions(run: Run, released: Released) -> None:
    exact = vars(run.cohort)
    readmitted, rest = exact["states"]["readmitted"], exact["index_discharges"] - exact["states"]["readmitted"]
    states = {"readmitted": readmitted, "died": 4, "none": rest - 4, "censored": 0}
    few = SimpleNamespace(**{**exact, "risk": "composite", "events": readmitted + 4, "states": states})
    found = headline(few, released.performance, released.by_period, POLICY)
    assert found["events"] is not None
    assert (found["readmitted"], found["died"]) == (None, None)


def test_few_deaths_in_table_1_do_not_hide_the_events_that_other_tables_show() -> None:
    rows = [("What happened first", w, "n", v, 1000) for w, v in (("Came back", 190), ("Died", 6), ("Neither", 804))]
    shown = release_table1(table(*rows), (), POLICY, {"test": 190})
    assert shown["value"].isna().tolist() == [False, True, True]


@pytest.mark.parametrize("threshold", [10, 20])
def test_the_whole_table_obeys_the_threshold(run: Run, threshold: int) -> None:
    policy = Policy(threshold=threshold)
    shown = release_table1(run.results.table1, DICTIONARY, policy)
    exact = run.results.table1
    counts = exact["statistic"].isin(["n", "missing"])
    assert shown.loc[counts & (exact["value"] < threshold), "value"].isna().all()
    assert (shown.loc[counts, "value"].dropna() % 5 == 0).all()
