"""Shares, months and lists in words. A share never tells a count that the disclosure gate would hold back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

__all__ = ["MonthNumber", "listed", "month_end", "month_of", "month_start", "month_words", "period", "share"]

MonthNumber = int
"""Months since year 0: twelve times the year, plus the month less one."""

_TELLABLE = 20
_COARSE = 10


def share(part: float, whole: float) -> str:
    """`part` of `whole` in whole percent, made of counts rounded to ten; words where few are on either side.

    >>> share(437, 1234)
    '35%'
    >>> share(7, 1234)
    'very few'
    """
    if part == whole:
        return "all"
    if part < _TELLABLE:
        return "very few"
    if whole - part < _TELLABLE:
        return "nearly all"
    percent = round(100 * _rounded(part) / _rounded(whole))
    return "under 1%" if percent == 0 else "over 99%" if percent == 100 else f"{percent}%"


def listed(words: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def month_of(day: date) -> MonthNumber:
    """The number of a day's month."""
    return day.year * 12 + day.month - 1


def month_start(month: MonthNumber) -> date:
    """The first day of a month."""
    return date(month // 12, month % 12 + 1, 1)


def month_end(month: MonthNumber) -> date:
    """The last day of a month."""
    return month_start(month + 1) - timedelta(days=1)


def month_words(month: MonthNumber) -> str:
    """March 2010."""
    return month_start(month).strftime("%B %Y")


def period(first: MonthNumber, last: MonthNumber) -> str:
    """Months from `first` to `last`, both included: `2010`, `June to December 2010`, `June 2009 to March 2010`."""
    if first % 12 == 0 and last % 12 == 11:
        return str(first // 12) if first // 12 == last // 12 else f"{first // 12} to {last // 12}"
    if first == last:
        return month_words(first)
    if first // 12 == last // 12:
        return f"{month_start(first):%B} to {month_words(last)}"
    return f"{month_words(first)} to {month_words(last)}"


def _rounded(count: float) -> float:
    return max(round(count / _COARSE) * _COARSE, _COARSE)
