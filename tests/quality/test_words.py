"""Shares and months in words."""

from __future__ import annotations

from datetime import date

import pytest

from hfrisk.quality.words import listed, month_end, month_of, period, share


@pytest.mark.parametrize(
    ("part", "whole", "words"),
    [
        (437, 1234, "36%"),
        (19, 1234, "very few"),
        (0, 1234, "very few"),
        (1220, 1234, "nearly all"),
        (1234, 1234, "all"),
        (30, 100_000, "under 1%"),
        (99_950, 100_000, "over 99%"),
    ],
)
def test_a_share_in_words(part: int, whole: int, words: str) -> None:
    assert share(part, whole) == words


def test_a_share_tells_no_count_that_the_gate_would_round() -> None:
    # every count of a decade gives the same words
    assert {share(part, 403) for part in range(96, 105)} == {"25%"}


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        (date(2010, 1, 1), date(2010, 12, 31), "2010"),
        (date(2009, 1, 1), date(2010, 12, 31), "2009 to 2010"),
        (date(2010, 6, 1), date(2010, 12, 31), "June to December 2010"),
        (date(2009, 6, 1), date(2010, 3, 1), "June 2009 to March 2010"),
        (date(2010, 3, 1), date(2010, 3, 31), "March 2010"),
    ],
)
def test_a_period_in_words(first: date, last: date, words: str) -> None:
    assert period(month_of(first), month_of(last)) == words


def test_the_last_day_of_a_month() -> None:
    assert month_end(month_of(date(2024, 2, 3))) == date(2024, 2, 29)
    assert month_end(month_of(date(2023, 12, 3))) == date(2023, 12, 31)


def test_a_list_in_words() -> None:
    assert [listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c"])] == ["a", "a and b", "a, b and c"]
