"""Numbers as people say them: natural frequencies, percentages, factors and intervals.

Two significant figures for people, three for the tables; never more decimals than a reader can use, never a
blank, and never a small number shown as nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from numbers import Real
from typing import TypeGuard

__all__ = [
    "NOT_COMPUTED",
    "NOT_TOLD",
    "SUPPRESSED",
    "capital",
    "count",
    "differs",
    "estimate",
    "figure",
    "half_up",
    "in_hundred",
    "in_words",
    "interval",
    "known",
    "listed",
    "month",
    "out_of",
    "percent",
    "predicted_against_observed",
    "share_in_words",
    "shares_differ",
    "signed",
    "significant",
    "trimmed",
]

SUPPRESSED = "suppressed"
NOT_COMPUTED = "not computed"
NOT_TOLD = "not told here"

_SMALL = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def known(value: object) -> TypeGuard[float]:
    """Whether there is a finite number to show."""
    return value is not True and value is not False and isinstance(value, Real) and math.isfinite(value)


def half_up(value: float, digits: int) -> float:
    """`value` to so many decimals, halves away from zero as people round, whatever its binary form."""
    # Ten figures take away the noise of earlier products: 100 x 0.0255 is 2.55.
    exact = Decimal(f"{value:.10g}")
    return float(exact.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP))


def significant(value: float, figures: int = 2) -> str:
    """`value` to so many significant figures, with thousands separators and no exponent."""
    if value == 0:
        return "0"
    digits = figures - 1 - math.floor(math.log10(abs(value)))
    rounded = half_up(value, digits)
    if rounded and math.floor(math.log10(abs(rounded))) > math.floor(math.log10(abs(value))):
        digits -= 1
    return f"{half_up(value, digits):,.{max(digits, 0)}f}"


def trimmed(value: float, figures: int = 3) -> str:
    """`value` to so many significant figures, without zeros that say nothing: ``24``, not ``24.0``."""
    text = significant(value, figures)
    return text.rstrip("0").rstrip(".") if "." in text else text


def figure(value: float, decimals: int = 2) -> str:
    """`value` for a table: fixed decimals, and a bound instead of zeros for what is small but not nothing."""
    smallest = 10.0**-decimals
    if 0 < value < smallest / 2:
        return f"<{smallest:.{decimals}f}"
    if round(value, decimals) == 0:
        return "0"
    return f"{value:,.{decimals}f}".replace("-", "\u2212")


def estimate(value: float, decimals: int = 2, *, firm: bool = True) -> str:
    """An estimate for a table; with few events behind it, two significant figures, as the gate lets it out."""
    if firm or abs(value) < 1:
        return figure(value, decimals)
    return figure(value, max(min(decimals, 1 - math.floor(math.log10(abs(value)))), 0))


def signed(value: float, decimals: int = 1) -> str:
    """`value` with its sign, for a gap."""
    text = f"{value:+.{decimals}f}".replace("-", "\u2212")
    return text.lstrip("+\u2212") if float(f"{value:.{decimals}f}") == 0 else text


def count(value: float) -> str:
    """A number of people: ``8,930``; small whole numbers stay figures, as in a table."""
    return f"{round(value):,}"


def differs(lower: float, upper: float, value: float, decimals: int = 2) -> bool:
    """Whether an interval leaves `value` out, as the interval is shown: a reader must be able to see it."""
    return known(lower) and known(upper) and not round(lower, decimals) <= value <= round(upper, decimals)


def shares_differ(lower: float, upper: float, share: float) -> bool:
    """Whether the interval of a share leaves `share` out, as all three are written in percentages."""
    if not (known(lower) and known(upper) and known(share)):
        return False
    digits = 2 - 1 - math.floor(math.log10(100 * share)) if share > 0 else 1
    low, middle, high = (half_up(100 * value, digits) for value in (lower, share, upper))
    return not low <= middle <= high


def in_words(value: int) -> str:
    """A small count as a word, for the start of a sentence."""
    return _SMALL[value] if 0 <= value < len(_SMALL) else f"{value:,}"


def percent(share: float, figures: int = 2) -> str:
    """A share as a percentage with two significant figures: ``20%``, ``2.3%``; 100% is kept for certainty."""
    value = 100 * share
    if value and abs(value) < 0.1:
        return "less than 0.1%" if value > 0 else "0%"
    text = significant(value, figures if value < 99.5 else 3)
    return f"{text.removesuffix('.0')}%"


def out_of(share: float, *others: float) -> int:
    """The denominator, 100 or 1,000, under which all these shares are whole numbers worth saying."""
    return 1000 if any(0 < s < 0.05 for s in (share, *others)) else 100


def in_hundred(share: float, denominator: int = 100) -> str:
    """A share as a whole number of people out of `denominator`."""
    value = round(half_up(share * denominator, 0))
    return "fewer than 1" if value == 0 and share > 0 else f"{value:,}"


def interval(lower: float, upper: float, show: Callable[[float], str]) -> str:
    """``61 to 66``; the caller adds brackets. Empty when there is no interval."""
    if not (known(lower) and known(upper)):
        return ""
    return f"{show(lower)} to {show(upper)}"


def month(text: object) -> str:
    """``2009-04`` (or a date) as ``April 2009``; anything else as it stands."""
    raw = str(text)
    try:
        return date(int(raw[:4]), int(raw[5:7]), 1).strftime("%B %Y")
    except ValueError:
        return raw


def listed(parts: Iterable[str], last: str = "and") -> str:
    """``a, b and c``."""
    items = list(parts)
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {last} {items[-1]}"


def capital(text: str) -> str:
    """The sentence with its first letter in upper case, the rest untouched."""
    return text[:1].upper() + text[1:]


def share_in_words(share: float) -> str:
    """A share of one as a fraction that people use: ``a fifth``."""
    best = min(_FRACTIONS, key=lambda pair: abs(pair[0] - share))
    return best[1]


def predicted_against_observed(observed_over_expected: float) -> str:
    """How the number predicted compares with the number seen, to follow "it predicts".

    Parameters
    ----------
    observed_over_expected
        Observed over expected; 0.5 means that twice as many were predicted as were seen.

    Returns
    -------
    str
        Such as ``"about twice as many as"`` or ``"about a fifth fewer than"``.
    """
    ratio = 1 / observed_over_expected if observed_over_expected > 0 else math.inf
    for limit, phrase in _RATIOS:
        if ratio < limit:
            return phrase
    return f"more than {math.floor(ratio)} times as many as" if math.isfinite(ratio) else "far more than"


_FRACTIONS = (
    (0.05, "a twentieth"),
    (0.1, "a tenth"),
    (1 / 6, "a sixth"),
    (0.2, "a fifth"),
    (0.25, "a quarter"),
    (1 / 3, "a third"),
    (0.4, "two fifths"),
    (0.5, "half"),
    (0.6, "three fifths"),
    (2 / 3, "two thirds"),
    (0.75, "three quarters"),
    (0.8, "four fifths"),
    (0.9, "nine tenths"),
)

_RATIOS = (
    (0.22, "less than a quarter as many as"),
    (0.29, "about a quarter as many as"),
    (0.42, "about a third as many as"),
    (0.58, "about half as many as"),
    (0.71, "about a third fewer than"),
    (0.775, "about a quarter fewer than"),
    (0.86, "about a fifth fewer than"),
    (0.95, "about a tenth fewer than"),
    (1.05, "about as many as"),
    (1.15, "about a tenth more than"),
    (1.225, "about a fifth more than"),
    (1.29, "about a quarter more than"),
    (1.42, "about a third more than"),
    (1.6, "about half as many again as"),
    (1.85, "about three quarters more than"),
    (2.25, "about twice as many as"),
    (2.75, "about two and a half times as many as"),
    (3.5, "about three times as many as"),
    (4.5, "about four times as many as"),
)
