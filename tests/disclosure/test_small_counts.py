"""Which counts may be shown, and how the others are rounded."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from hfrisk.disclosure import DisclosureSettings
from hfrisk.disclosure.policy import Policy, significant

POLICY = Policy.of(DisclosureSettings())
policies = st.builds(Policy, threshold=st.integers(5, 30), base=st.integers(2, 5))


@pytest.mark.parametrize(
    ("exact", "shown"), [(9, None), (10, 10), (12, 10), (13, 15), (0, None), (1, None), (1003, 1005)]
)
def test_nine_is_withheld_and_ten_and_twelve_are_shown_as_ten(exact: int, shown: int | None) -> None:
    assert bool(POLICY.small(exact)) == (shown is None)
    if shown is not None:
        assert POLICY.rounded(exact) == shown


@pytest.mark.parametrize(
    ("exact", "of", "withheld"), [(90, 100, False), (91, 100, True), (100, 100, True), (0, 100, True), (10, 20, False)]
)
def test_a_count_that_leaves_fewer_than_ten_over_is_withheld(exact: int, of: int, withheld: bool) -> None:
    assert bool(POLICY.small(exact, of)) == withheld


def test_an_unknown_count_is_never_shown() -> None:
    assert POLICY.small(math.nan)
    assert np.isnan(POLICY.rounded(math.nan))


def test_small_counts_are_said_in_words() -> None:
    assert [POLICY.words(n) for n in (0, 9, 10, 1234567)] == ["fewer than 10", "fewer than 10", "10", "1,234,565"]


def test_halves_are_rounded_upwards() -> None:
    assert Policy(base=10).rounded([15, 25, 14, 24.9]).tolist() == [20, 30, 10, 20]


@given(policies, st.integers(0, 10**9))
def test_a_shown_count_is_a_multiple_of_the_base_no_further_than_half_of_it(policy: Policy, count: int) -> None:
    shown = float(policy.rounded(count))
    assert shown % policy.base == 0
    assert abs(shown - count) <= policy.base / 2
    assert policy.rounded(shown) == shown


@given(policies, st.integers(0, 10**6), st.integers(0, 10**6))
def test_rounding_never_changes_the_order(policy: Policy, a: int, b: int) -> None:
    assert (policy.rounded(a) <= policy.rounded(b)) or a > b


@given(policies, st.integers(5, 10**6))
def test_a_shown_count_can_stand_for_the_exact_one_and_for_others(policy: Policy, count: int) -> None:
    if policy.small(count):
        return
    low, high = policy.stands_for(policy.rounded(count))
    assert low <= count <= high
    assert all(policy.rounded(x) == policy.rounded(count) for x in np.arange(low, high + 1))
    assert policy.rounded(high + 1) != policy.rounded(count)


@given(st.floats(1e-3, 1e6), st.integers(2, 3))
def test_estimates_keep_so_many_significant_figures(value: float, figures: int) -> None:
    assert (
        abs(significant(value, figures) - value)
        <= max(0.5 * 10 ** (math.floor(math.log10(value)) - figures + 1), 5e-5) * 1.0001
    )


def test_estimates_near_zero_keep_four_decimals() -> None:
    assert significant(0.00012345, 3) == 0.0001
    assert significant(-0.00004, 3) == 0.0
    assert math.isnan(significant(math.inf, 3))


def test_fewer_than_a_hundred_events_support_two_figures() -> None:
    assert [POLICY.figures_for(e, 1000) for e in (95, 100)] == [2, 3]
    assert POLICY.figures_for(1000, 95) == 2


def test_an_auroc_at_its_figures_fits_every_pair_of_counts_that_rounds_alike() -> None:
    # AUROC is k / (events x non-events), with halves for ties: with too many digits k gives the pair away.
    for events, others in ((10, 10), (10, 15), (15, 20), (50, 95)):
        figures = POLICY.figures_for(events, others)
        assert figures == 2
        (a, b), (c, d) = POLICY.stands_for(events), POLICY.stands_for(others)
        for shown in np.round(np.arange(0.50, 0.96, 0.01), 2):
            for e in np.arange(a, b + 1):
                for o in np.arange(c, d + 1):
                    pairs = 2 * e * o
                    assert abs(round(shown * pairs) / pairs - shown) < 0.005


def test_a_rounding_base_above_the_threshold_is_refused() -> None:
    with pytest.raises(ValidationError, match="round_base must not be above threshold"):
        DisclosureSettings(threshold=5, round_base=10)


def test_every_setting_is_described_with_its_unit() -> None:
    for name, field in DisclosureSettings.model_fields.items():
        assert field.description, name
        assert field.description.rstrip(".").endswith((")", "them")) or "(" in field.description, name
