"""Numbers are said as people say them."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from hfrisk.reporting import words


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (0.196, "20%"),
        (0.08, "8%"),
        (0.0234, "2.3%"),
        (0.0996, "10%"),
        (0.0255, "2.6%"),
        (0.0004, "less than 0.1%"),
        (0.0, "0%"),
        (1.0, "100%"),
        (0.996, "99.6%"),
    ],
)
def test_a_percentage_has_two_figures(share: float, said: str) -> None:
    assert words.percent(share) == said


@pytest.mark.parametrize(
    ("ratio", "said"),
    [
        (0.47, "about twice as many as"),
        (0.34, "about three times as many as"),
        (0.1, "more than 10 times as many as"),
        (0.84, "about a fifth more than"),
        (1.0, "about as many as"),
        (1.22, "about a fifth fewer than"),
        (2.0, "about half as many as"),
        (6.0, "less than a quarter as many as"),
        (0.0, "far more than"),
    ],
)
def test_over_and_under_prediction_are_said_as_factors(ratio: float, said: str) -> None:
    assert words.predicted_against_observed(ratio) == said


def test_the_factor_in_words_only_ever_falls_as_more_come_back() -> None:
    order = [words.predicted_against_observed(1 / r) for r in np.linspace(0.2, 5, 200)]
    assert len(set(order)) == sum(1 for a, b in itertools.pairwise(order) if a != b) + 1


@pytest.mark.parametrize(
    ("value", "decimals", "said"),
    [
        (0.47, 2, "0.47"),
        (0.0002, 3, "<0.001"),
        (-0.0002, 3, "0"),
        (-0.31, 2, "\u22120.31"),
        (0.0, 2, "0"),
        (1234.5, 0, "1,234"),
    ],
)
def test_a_small_number_is_never_shown_as_nothing(value: float, decimals: int, said: str) -> None:
    assert words.figure(value, decimals) == said


@pytest.mark.parametrize(
    ("value", "said"), [(24.0, "24"), (7.25, "7.25"), (12200.0, "12,200"), (0.5, "0.5"), (0.0, "0")]
)
def test_zeros_that_say_nothing_are_left_out(value: float, said: str) -> None:
    assert words.trimmed(value) == said


@pytest.mark.parametrize("value", [math.nan, math.inf, None, "12", True, np.float64("nan"), np.bool_(True)])
def test_what_is_not_a_finite_number_is_not_known(value: object) -> None:
    assert not words.known(value)


@pytest.mark.parametrize("value", [0, 3, 0.5, np.int64(3), np.float64(0.5)])
def test_numbers_of_every_make_are_known(value: object) -> None:
    assert words.known(value)


def test_an_interval_that_shows_as_holding_one_is_no_difference() -> None:
    assert not words.differs(0.67, 0.998, 1)
    assert words.differs(0.67, 0.99, 1)
    assert not words.differs(math.nan, 0.5, 1)


@pytest.mark.parametrize(("text", "said"), [("2009-04", "April 2009"), ("2009 Q2", "2009 Q2"), ("soon", "soon")])
def test_months_are_written_out_and_quarters_left_alone(text: str, said: str) -> None:
    assert words.month(text) == said


def test_a_rare_share_is_said_out_of_a_thousand() -> None:
    assert words.out_of(0.2, 0.1) == 100
    assert words.out_of(0.008) == 1000
    assert words.in_hundred(0.008, 1000) == "8"
    assert words.in_hundred(0.0001, 1000) == "fewer than 1"


@pytest.mark.parametrize(
    ("items", "said"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")]
)
def test_lists_read_as_sentences(items: list[str], said: str) -> None:
    assert words.listed(items) == said


def test_a_half_is_rounded_as_people_do_and_alike_everywhere() -> None:
    assert words.half_up(100 * 0.0255, 1) == 2.6
    assert words.in_hundred(0.0255, 1000) == "26"
    assert words.in_hundred(0.125) == "13"


@pytest.mark.parametrize(
    ("lower", "upper", "share", "differs"),
    [
        (0.204, 0.23, 0.196, False),  # 20% to 23% against 20%, as they are written
        (0.206, 0.23, 0.196, True),
        (0.14, 0.1944, 0.1956, True),
        (0.068, 0.08, 0.0674, True),  # below a tenth a decimal is written: 6.8% against 6.7%
        (0.0675, 0.08, 0.068, False),
        (math.nan, 0.2, 0.1, False),
    ],
)
def test_a_share_differs_only_if_a_reader_can_see_it(lower: float, upper: float, share: float, differs: bool) -> None:
    assert words.shares_differ(lower, upper, share) is differs
