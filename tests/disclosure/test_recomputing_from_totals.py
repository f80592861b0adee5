"""An attack: work withheld counts out from totals, knowing every rule."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hfrisk.disclosure.margins import Range, feasible, protect, protect_all
from hfrisk.disclosure.people import SET, protect_events, released_sets
from hfrisk.disclosure.policy import Policy

POLICY = Policy()
small_lists = st.lists(st.integers(0, 60), min_size=1, max_size=7)


def shown_parts(counts: list[int], withheld: np.ndarray) -> np.ndarray:
    return np.where(withheld, np.nan, POLICY.rounded(counts))


def all_that_fit(shown: np.ndarray, under: np.ndarray, total: float) -> list[tuple[int, ...]]:
    """Every list of counts that could lie behind what is shown, by trying them all."""
    totals = range(10) if np.isnan(total) else range(*(int(x) + i for i, x in enumerate(POLICY.stands_for(total))))
    choices = []
    for value, small in zip(shown, under, strict=True):
        if not np.isnan(value):
            low, high = POLICY.stands_for(value)
            choices.append(range(int(low), int(high) + 1))
        else:
            choices.append(range(10) if small else range(max(totals) + 1))
    return [one for one in itertools.product(*choices) if sum(one) in totals]


def test_rounding_alone_can_give_a_small_count_away() -> None:
    # 113 shown as 115, less 52 and 52 shown as 50: the third part can only be 9.
    behind = all_that_fit(np.array([np.nan, 50, 50]), np.array([True, False, False]), 115)
    assert {one[0] for one in behind} == {9}


def test_the_smallest_of_the_others_is_withheld_with_a_single_small_part() -> None:
    assert protect([9, 52, 60], 121, POLICY).tolist() == [True, True, False]
    assert protect([9, 8, 60, 70], 147, POLICY).tolist() == [True, True, False, False]


def test_nothing_more_is_withheld_when_an_unlisted_rest_protects() -> None:
    # 300 with a condition, none with a missing record, 700 without: the 700 are listed nowhere.
    assert protect([300, 0], 1000, POLICY).tolist() == [False, True]


def test_the_reader_does_not_know_what_is_listed_nowhere() -> None:
    # 7 lack a test and 4006 do not, which no table says: how many women there are need not be withheld for that.
    masks = protect_all([[1973, 2040], [7], [82]], 4013, POLICY)
    assert [mask.tolist() for mask in masks] == [[False, False], [True], [False]]
    # Of 16, 7 are listed and 9 are not: both are small, and that is known of both.
    assert protect([7], 16, POLICY).tolist() == [True]


def test_a_part_that_leaves_few_over_is_withheld() -> None:
    assert protect([995, 5], 1000, POLICY).tolist() == [True, True]
    assert protect([1000], 1000, POLICY).tolist() == [True]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 25), min_size=1, max_size=4))
def test_the_readers_arithmetic_is_neither_too_clever_nor_too_modest(counts: list[int]) -> None:
    total = sum(counts)
    withheld = POLICY.small(counts, total)
    under = withheld & (np.array(counts) < 10)
    shown = shown_parts(counts, withheld)
    rounded = np.nan if total < 10 else float(POLICY.rounded(total))
    known = Range(0, 9) if total < 10 else Range(*map(float, POLICY.stands_for(rounded)))
    behind = all_that_fit(shown, under, rounded)
    for i, found in enumerate(feasible(shown, known, POLICY, under)):
        values = [one[i] for one in behind]
        assert (min(values), max(values)) == (found.low, found.high)


@settings(max_examples=300, deadline=None)
@given(small_lists)
def test_no_withheld_count_can_be_recomputed_from_a_total(counts: list[int]) -> None:
    total = sum(counts)
    withheld = protect(counts, total, POLICY)
    under = POLICY.small(counts, total) & (np.array(counts) < 10)
    known = Range(0, 9) if total < 10 else Range(*map(float, POLICY.stands_for(POLICY.rounded(total))))
    for i, found in enumerate(feasible(shown_parts(counts, withheld), known, POLICY, under)):
        room = found.high - found.low + 1
        assert found.low <= counts[i] <= found.high
        if not withheld.all():
            assert room >= (5 if under[i] else 2)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10**6), st.integers(40, 3000))
def test_several_breakdowns_of_one_total_give_neither_it_nor_a_part_away(seed: int, total: int) -> None:
    rng = np.random.default_rng(seed)
    lists = [rng.multinomial(total, rng.dirichlet(np.ones(k))) for k in (2, 3, 4, 6)]
    masks = protect_all(lists, total, POLICY)
    low, high = (float(x) for x in POLICY.stands_for(POLICY.rounded(total)))
    for counts, mask in zip(lists, masks, strict=True):
        a, b = POLICY.stands_for(shown_parts(counts, mask))
        under = mask & (counts < 10)
        low = max(low, np.where(mask, 0, a).sum())
        high = min(high, np.where(mask, np.where(under, 9, high), b).sum())
    assert low <= total <= high
    assert low < high
    for counts, mask in zip(lists, masks, strict=True):
        under = mask & (counts < 10)
        for i, found in enumerate(feasible(shown_parts(counts, mask), Range(low, high), POLICY, under)):
            assert found.low <= counts[i] <= found.high
            assert mask.all() or found.high - found.low + 1 >= (5 if under[i] else 2)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10**6))
def test_events_and_non_events_of_a_level_cannot_be_recomputed(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = rng.integers(0, 200, rng.integers(2, 7)).astype(float)
    events = rng.binomial(n.astype(int), rng.uniform(0.02, 0.6)).astype(float)
    sizes, hidden = protect_events(n, events, n.sum(), events.sum(), POLICY)
    assert (hidden | ~sizes).all()
    for counts in (events, n - events):
        assert not ((counts < 10) & ~hidden).any()
        if counts.sum() < 10 or hidden.all():
            continue
        known = Range(*map(float, POLICY.stands_for(POLICY.rounded(counts.sum()))))
        shown = np.where(hidden, np.nan, POLICY.rounded(counts))
        for i, found in enumerate(feasible(shown, known, POLICY, hidden & (counts < 10))):
            assert found.high - found.low + 1 >= (5 if hidden[i] and counts[i] < 10 else 2)


def rows(levels: dict[str, tuple[int, int]]) -> pd.DataFrame:
    total = tuple(map(sum, zip(*levels.values(), strict=True)))
    table = [("all", "all", *total), *(("ethnicity", level, *pair) for level, pair in levels.items())]
    frame = pd.DataFrame(table, columns=["group", "level", "n", "events"]).assign(model="lightgbm", split="test")
    return frame[[*SET, "n", "events"]]


def test_a_level_with_few_events_takes_the_next_smallest_along() -> None:
    sets = released_sets(rows({"White": (1000, 200), "Asian": (150, 31), "Black": (70, 9)}), POLICY).set_index("level")
    assert sets["shown_n"].to_dict() == {"all": 1220.0, "White": 1000.0, "Asian": 150.0, "Black": 70.0}
    assert sets["shown_events"].isna().to_dict() == {"all": False, "White": False, "Asian": True, "Black": True}


def test_a_level_is_withheld_when_all_others_together_are_few() -> None:
    sets = released_sets(rows({"White": (1000, 200), "Asian": (20, 9)}), POLICY).set_index("level")
    assert sets.loc[["White", "Asian"], "shown_events"].isna().all()


def test_events_are_withheld_when_all_other_levels_together_have_few() -> None:
    sets = released_sets(rows({"White": (1000, 200), "Asian": (60, 5), "Black": (50, 4)}), POLICY).set_index("level")
    assert sets.loc[["White", "Asian", "Black"], "shown_events"].isna().all()
    assert sets.loc["all", "shown_events"] == 210


def test_non_events_that_only_fit_one_way_are_not_given_away() -> None:
    # 52 four times, each shown as 50, and 208 as 210: they can be nothing else, though sizes and events could.
    n, events = np.array([103.0, 101, 102, 102]), np.array([51.0, 49, 50, 50])
    sizes, hidden = protect_events(n, events, n.sum(), events.sum(), POLICY)
    assert not sizes.any()
    assert hidden.any()


def test_nothing_of_a_group_is_shown_when_the_total_is_small() -> None:
    sets = released_sets(rows({"Female": (300, 4), "Male": (300, 5)}), POLICY)
    assert sets["shown_events"].isna().all()


def test_rows_that_disagree_about_a_set_of_people_are_refused() -> None:
    frame = rows({"Female": (300, 40), "Male": (300, 50)})
    again = frame.assign(events=frame["events"] + 1)
    with pytest.raises(ValueError, match="disagree"):
        released_sets(pd.concat([frame, again]), POLICY)
