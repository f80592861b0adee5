"""An attack on two groups crossed: solve rows and columns together, knowing every total exactly and every rule."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hfrisk.disclosure import pairs as crossed
from hfrisk.disclosure.margins import protect_table
from hfrisk.disclosure.pairs import cells_withheld
from hfrisk.disclosure.policy import Policy

POLICY = Policy()
Table = np.ndarray


def choices(table: Table, hidden: Table, policy: Policy, most: Table | None = None) -> list[range]:
    """What the reader takes each cell for, before adding anything up."""
    found = []
    for place, count in np.ndenumerate(table):
        line = min(table[place[0]].sum(), table[:, place[1]].sum())
        top = int(line if most is None else min(line, most[place]))
        if hidden[place]:
            found.append(range(min(policy.threshold, top + 1)) if count < policy.threshold else range(top + 1))
        else:
            low, high = policy.stands_for(policy.rounded(count))
            found.append(range(int(low), min(int(high), top) + 1))
    return found


def all_tables(table: Table, hidden: Table, policy: Policy = POLICY, most: Table | None = None) -> list[Table]:
    """Every table with these totals that could lie behind what is shown: free cells are tried, the last of each line follows."""
    rows = len(table)
    allowed = np.empty(table.shape, dtype=object)
    for place, one in zip(np.ndindex(table.shape), choices(table, hidden, policy, most), strict=True):
        allowed[place] = one
    of_rows, of_columns = table.sum(axis=1), table.sum(axis=0)
    lines = []
    for i in range(rows):
        fits = []
        for free in itertools.product(*allowed[i, :-1]):
            last = int(of_rows[i] - sum(free))
            if last in allowed[i, -1]:
                fits.append((*free, last))
        lines.append(fits)
    return [
        np.array(one)
        for one in itertools.product(*lines[:-1])
        for one in [[*one, tuple(int(x) for x in of_columns - np.sum(one, axis=0))]]
        if all(x in a for x, a in zip(one[-1], allowed[-1], strict=True))
    ]


def room(table: Table, hidden: Table, most: Table | None = None, policy: Policy = POLICY) -> Table:
    """How many numbers each cell can be."""
    found = np.array(all_tables(table, hidden, policy, most))
    assert (found == table).all(axis=(1, 2)).any()
    return np.array([[len(set(found[:, i, j])) for j in range(table.shape[1])] for i in range(table.shape[0])])


def test_one_cell_alone_would_be_given_away_by_its_row() -> None:
    table = np.array([[4, 38], [40, 61]])
    hidden = protect_table(table, POLICY, small=table < 10)
    assert hidden.all()  # every other cell follows from the totals


def test_a_bridge_between_two_blocks_is_seen() -> None:
    # two cells withheld in every row and every column, but the one in the middle follows from sums of whole blocks
    table = np.array([[3, 5, 60, 60], [6, 4, 60, 60], [60, 60, 7, 3], [60, 60, 4, 6]], dtype=float)
    start = table < 10
    hidden = protect_table(table, POLICY, small=start)
    assert (hidden >= start).all()
    assert (hidden.sum(axis=0) != 1).all()
    assert (hidden.sum(axis=1) != 1).all()


@pytest.mark.parametrize(("shape", "tries"), [((2, 3), 150), ((3, 3), 60)])
def test_no_withheld_cell_can_be_solved_for(shape: tuple[int, int], tries: int) -> None:
    rng = np.random.default_rng(17)
    looked_at = 0
    for _ in range(tries):
        table = rng.choice([2, 4, 7, 12, 14, 23, 31, 38, 40], shape)
        hidden = protect_table(table, POLICY, small=table < 10)
        assert ((table < 10) <= hidden).all()
        if hidden.all() or not hidden.any() or hidden.sum() > 6:
            continue
        looked_at += 1
        found = room(table, hidden)
        assert (found[hidden & (table < 10)] >= 5).all()
        assert (found[hidden] >= 2).all()
    assert looked_at >= 10


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6))
def test_events_withheld_have_room_within_the_size_of_their_cell(seed: int) -> None:
    # tables small enough to try them all have no cell of a hundred
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(crossed, "_LEAST", 10)
        _try_events(seed)


def _try_events(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = rng.integers(12, 60, (2, 3))
    events = rng.binomial(n, rng.uniform(0.2, 0.6, (2, 3)))
    hidden, _ = cells_withheld(n, events, np.zeros_like(n), POLICY, composite=False)
    assert not ((np.minimum(np.minimum(n, events), n - events) < 10) & ~hidden).any()
    if hidden.all():
        return
    for counts in (events, n - events):
        found = room(counts, hidden, most=n)
        assert (found[hidden & (counts < 10)] >= 5).all()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.booleans())
def test_deaths_are_withheld_with_events_and_the_third_outcome_follows_none(seed: int, composite: bool) -> None:
    rng = np.random.default_rng(seed)
    n = rng.integers(0, 900, (5, 4)).astype(float)
    back = rng.binomial(n.astype(int), 0.2).astype(float)
    died = rng.binomial((n - back).astype(int), rng.uniform(0.02, 0.2)).astype(float)
    events, deaths = cells_withheld(n, back, died, POLICY, composite=composite)
    assert (deaths | ~events).all()
    third = back if composite else n - back - died
    for counts, mask in ((died, deaths), (third, deaths), (n, events), (n - back - died * composite, events)):
        assert not ((counts < 10) & ~mask).any()
        for axis in (0, 1):
            rest = counts.sum(axis=axis, keepdims=True) - counts
            assert not ((rest < 10) & ~mask).any()
            lines = mask.sum(axis=axis)
            assert (lines != 1).all()


def test_a_larger_base_withholds_more() -> None:
    rng = np.random.default_rng(4)
    table = rng.integers(2, 60, (6, 5))
    fine, coarse = protect_table(table, POLICY), protect_table(table, Policy(threshold=20, base=10))
    assert coarse.sum() > fine.sum()


def test_a_table_in_which_nothing_is_small_is_shown_whole() -> None:
    table = np.array([[120, 85, 64], [77, 140, 93]])
    assert not protect_table(table, POLICY).any()


def test_one_row_with_a_small_cell_is_withheld_whole() -> None:
    assert protect_table(np.array([[4, 60, 80]]), POLICY, small=np.array([[True, False, False]])).all()


@pytest.mark.parametrize("shape", [(22, 5), (5, 22)])
def test_a_table_of_trusts_is_settled_quickly(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(1)
    table = rng.integers(3, 200, shape)
    hidden = protect_table(table, POLICY)
    assert not hidden.all()
    assert ((table < 10) <= hidden).all()
