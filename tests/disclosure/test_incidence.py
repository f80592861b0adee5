"""The cumulative incidence as it leaves, and an attack on it: work daily counts out from the curve, knowing every rule."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hfrisk.disclosure import Released
from hfrisk.disclosure.incidence import exact_incidence, release_incidence, step_ends
from hfrisk.disclosure.policy import Policy
from tests.disclosure.made_up import Run

POLICY = Policy()
N = 2000


def curve(readmitted: list[int], died: list[int] | None = None, censored: list[int] | None = None) -> pd.DataFrame:
    """What the cohort room gives for these counts by day; whoever is left at the end is last seen on the last day."""
    days = len(readmitted)
    frame = pd.DataFrame({"day": range(days), "readmitted": readmitted, "died": died or [0] * days})
    frame["censored"] = censored or [0] * days
    at_risk = N - (frame[["readmitted", "died", "censored"]].sum(axis=1).cumsum().shift(fill_value=0))
    frame.loc[days - 1, "censored"] += N - frame[["readmitted", "died", "censored"]].to_numpy().sum()
    free = (1 - (frame["readmitted"] + frame["died"]) / at_risk).cumprod().shift(fill_value=1.0)
    for state, name in (("readmitted", "readmission"), ("died", "death")):
        share = (free * frame[state] / at_risk).cumsum()
        half = 1.96 * np.sqrt(share * (1 - share) / N)
        frame[name], frame[f"{name}_low"], frame[f"{name}_high"] = share, share - half, share + half
    return frame


def released(readmitted: list[int], died: list[int] | None = None, policy: Policy = POLICY) -> pd.DataFrame:
    shown = {
        state: None if bool(policy.small(sum(counts))) else float(policy.rounded(sum(counts)))
        for state, counts in (("readmitted", readmitted), ("died", died or [0]))
    }
    return release_incidence(curve(readmitted, died), N, shown, policy, 0.95)


def of(frame: pd.DataFrame, state: str) -> pd.DataFrame:
    return frame[frame["state"] == state].reset_index(drop=True)


def test_days_are_joined_until_a_step_holds_ten_people() -> None:
    shown = of(released([4, 7, 12, 3, 3, 3, 9, 2]), "readmitted")
    assert shown["day"].tolist() == [1, 2, 7]
    assert shown["events"].tolist() == [10, 25, 45]
    assert shown["share"].tolist() == [0.005, 0.013, 0.022]  # two figures: fewer than 100 came back


def test_what_is_left_over_joins_the_last_step() -> None:
    assert step_ends(np.array([12.0, 0, 11, 9]), POLICY) == [0, 3]
    assert step_ends(np.array([12.0, 0, 11, 10]), POLICY) == [0, 2, 3]
    assert step_ends(np.array([3.0, 3, 3]), POLICY) == []


def test_few_deaths_leave_no_curve_but_a_reason() -> None:
    shown = of(released([20] * 5, [1, 2, 1, 0, 3]), "died")
    assert shown["day"].tolist() == [4]
    assert shown[["events", "share", "lower", "upper"]].isna().all(axis=None)
    assert shown["suppressed"].tolist() == [POLICY.withheld]


def test_a_curve_that_page_one_withholds_is_withheld_whole() -> None:
    shown = release_incidence(curve([20] * 5, [30] * 5), N, {"readmitted": 100.0, "died": None}, POLICY, 0.95)
    assert of(shown, "died")["events"].isna().tolist() == [True]
    assert of(shown, "readmitted")["events"].notna().all()


def test_a_curve_that_ends_elsewhere_than_page_one_is_a_fault() -> None:
    with pytest.raises(ValueError, match="does not end in the number of page one"):
        release_incidence(curve([20] * 5), N, {"readmitted": 105.0}, POLICY, 0.95)


def test_shares_and_intervals_hold_nothing_but_the_shown_counts() -> None:
    one, other = released([21, 19, 33, 28]), released([19, 22, 32, 29])
    pd.testing.assert_frame_equal(one, other)


def test_with_incomplete_follow_up_the_estimate_takes_the_place_of_the_count() -> None:
    lost = [100, 200, 200, 0]
    frame = curve([40, 40, 40, 40], censored=lost)
    assert frame["readmission"].iloc[-1] > 160 / N
    shown = of(release_incidence(frame, N, {"readmitted": 160.0}, POLICY, 0.95), "readmitted")
    assert shown["events"].iloc[-1] == POLICY.rounded(N * frame["readmission"].iloc[-1])
    assert shown["share"].iloc[-1] == round(shown["events"].iloc[-1] / N, 3 + 1)
    full = of(released([40, 40, 40, 40]), "readmitted")
    width = shown["upper"] - shown["lower"]
    assert (width >= (full["upper"] - full["lower"]) - 0.0015).all()


def test_the_curves_end_in_the_numbers_of_page_one(run: Run, released: Released) -> None:
    for state in ("readmitted", "died"):
        last = of(released.incidence, state).iloc[-1]
        assert last["day"] == 29
        assert last["events"] == released.headline[state]
        assert last["n"] == released.headline["index_discharges"]


def test_the_exact_curve_counts_as_the_cohort_does(run: Run) -> None:
    exact = exact_incidence(run.cohort.incidence, run.cohort.index_discharges)
    last = exact.groupby("state").last()
    assert last.loc["readmitted", "events"] == run.cohort.states["readmitted"]
    assert last.loc["died", "events"] == run.cohort.states["died"]


# ------------------------------------------------------------------ the attack


def behind(
    ends: list[int], shown: list[float], days: int, policy: Policy, step: int
) -> tuple[list[set[int]], list[set[int]]]:
    """Every count of each day, and every cumulative count at the end of each step, that fits the curve and its rules.

    The reader knows the rounding, the smallest step, that a step ends on the first day on which it is reached, and that what
    is left over at the end is less than that. A state is (cumulative count, people so far in the step, whether the last step has
    been reached already).
    """
    boxes = [tuple(int(x) for x in policy.stands_for(value)) for value in shown]
    most = boxes[-1][1]

    def after(state: tuple[int, int, bool], day: int, count: int) -> tuple[int, int, bool] | None:
        total, so_far, reached = state[0] + count, state[1] + count, state[2]
        place = next(i for i, end in enumerate(ends) if day <= end)
        if place < len(ends) - 1:
            if (day == ends[place]) != (so_far >= step):
                return None
            if day == ends[place]:
                return (total, 0, False) if boxes[place][0] <= total <= boxes[place][1] else None
            return total, so_far, False
        if reached:
            return (total, so_far, True) if so_far < step else None
        return (total, 0, True) if so_far >= step else (total, so_far, False)

    forward: list[set[tuple[int, int, bool]]] = [{(0, 0, False)}]
    for day in range(days):
        found = (after(s, day, c) for s in forward[-1] for c in range(most - s[0] + 1))
        forward.append({s for s in found if s is not None})
    alive = {s for s in forward[-1] if s[2] and boxes[-1][0] <= s[0] <= boxes[-1][1]}
    counts: list[set[int]] = []
    totals: list[set[int]] = [{s[0] for s in alive}]
    for day in range(days - 1, -1, -1):
        pairs = [(s, c) for s in forward[day] for c in range(most - s[0] + 1) if after(s, day, c) in alive]
        alive = {s for s, _ in pairs}
        counts.append({c for _, c in pairs})
        totals.append({s[0] for s in alive})
    return counts[::-1], [totals[::-1][end + 1] for end in ends]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 24), min_size=1, max_size=5), st.sampled_from([(10, 5), (12, 5), (10, 10), (15, 5)]))
def test_no_days_count_can_be_worked_out_from_the_curve(daily: list[int], rule: tuple[int, int]) -> None:
    policy = Policy(threshold=rule[0], base=rule[1])
    shown = of(released(daily, policy=policy), "readmitted").dropna(subset=["events"])
    if shown.empty:
        return
    ends, events = shown["day"].tolist(), shown["events"].tolist()
    counts, totals = behind(ends, events, len(daily), policy, policy.step)
    for day, (count, possible) in enumerate(zip(daily, counts, strict=True)):
        assert count in possible
        alone = day in ends and (day == 0 or day - 1 in ends)
        assert len(possible) >= (2 if alone else policy.base), (day, possible)
    for total in totals:
        assert len(total) >= 2


def test_a_smallest_step_that_is_no_multiple_of_the_base_would_give_counts_away() -> None:
    policy = Policy(threshold=12, base=5)
    counts, _ = behind([0, 1, 2], [15, 25, 35], 3, policy, step=12)
    assert counts == [{13}, {12}, {12}]
    assert policy.step == 15


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 40), min_size=30, max_size=30), st.lists(st.integers(0, 6), min_size=30, max_size=30))
def test_no_two_points_of_a_curve_differ_by_few_people(readmitted: list[int], died: list[int]) -> None:
    frame = released(readmitted, died)
    for state, daily in (("readmitted", readmitted), ("died", died)):
        shown = of(frame, state).dropna(subset=["events"])
        if shown.empty:
            continue
        exact = np.cumsum(daily)[shown["day"].to_numpy()]
        assert (np.diff(exact, prepend=0) >= 10).all()
        assert (np.diff(shown["events"], prepend=0) >= 10).all()
        assert shown["day"].iloc[-1] == 29
        assert shown["events"].iloc[-1] == POLICY.rounded(sum(daily))
    assert not any(math.isnan(x) for x in frame.loc[frame["suppressed"] == "", "share"])
