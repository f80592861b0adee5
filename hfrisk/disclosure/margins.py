"""Counts that add up to a total: which to withhold, so that nothing withheld can be worked out from what is shown.

What is guaranteed for one total and any number of lists that each add up to it (women and men; age bands; ...), against
a reader who knows the rules, the threshold and which parts were small to begin with: after all sums are drawn, a part
withheld for being small can still be any of at least `base` numbers, and no other part, nor the total, is pinned to one
number. Rounding alone does not give that: with a total of 113 shown as 115 and two parts of 52 shown as 50, the third
part of 9 is the only number that fits.

Lists that cross each other (women by age) are another matter, since rows and columns can be solved together: see `protect_table`.

Not guaranteed: three lists crossed with each other two by two and solved as a whole, and knowledge from outside.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from hfrisk.disclosure.policy import Floats, Policy

__all__ = ["Mask", "Range", "feasible", "protect", "protect_all", "protect_table"]

Mask = npt.NDArray[np.bool_]


class Range(NamedTuple):
    """Smallest and largest number, both included."""

    low: float
    high: float


def protect(counts: object, total: float, policy: Policy, small: Mask | None = None, keep: Mask | None = None) -> Mask:
    """Which parts of one list to withhold; see `protect_all`."""
    given = None if small is None else [small]
    return protect_all([counts], total, policy, given, None if keep is None else [keep])[0]


def protect_all(
    lists: Sequence[object],
    total: float,
    policy: Policy,
    small: Sequence[Mask] | None = None,
    keep: Sequence[Mask] | None = None,
) -> list[Mask]:
    """Which parts of several lists with one total to withhold.

    Parameters
    ----------
    lists
        Exact parts, each of shape (k,). A list need not sum to `total`: what is missing counts as one more part, which
        is never shown.
    total
        The exact total, which is shown rounded somewhere (or withheld, when it is small itself).
    policy
        The rules.
    small
        Parts that must be withheld to begin with; by default those under the threshold, and those that leave
        fewer than the threshold over.
    keep
        Parts that are shown elsewhere, unless small: withholding them here would protect nothing.

    Returns
    -------
    list of ndarray of bool
        One mask a list.

    Notes
    -----
    If exactly one part of a list is withheld, the smallest of the others goes too. Then the reader's arithmetic is done
    (`feasible`); as long as it pins something down, the smallest shown part of a list that helped goes.
    """
    values = [np.nan_to_num(np.asarray(counts, dtype=float)) for counts in lists]
    first = [
        policy.small(v, total) if small is None else np.asarray(small[i], dtype=bool) for i, v in enumerate(values)
    ]
    kept = [np.zeros(len(v), dtype=bool) for v in values] if keep is None else list(keep)
    withheld = [mask.copy() for mask in first]
    for v, mask, stays in zip(values, withheld, kept, strict=True):
        if mask.sum() == 1 and total - v.sum() < policy.threshold:
            _withhold_smallest(v, mask, stays)
    while (culprit := _revealing(values, total, first, withheld, kept, policy)) is not None:
        _withhold_smallest(values[culprit], withheld[culprit], kept[culprit])
    return withheld


def protect_table(
    counts: object,
    policy: Policy,
    small: Mask | None = None,
    *,
    least: object | None = None,
    most: object | None = None,
) -> Mask:
    """Which cells of a two-way table to withhold, against a reader who knows every row total and every column total exactly.

    Parameters
    ----------
    counts
        Exact counts, shape (rows, columns); the table is whole, so that its rows and columns add up to what is known of them.
    policy
        The rules.
    small
        Cells that must be withheld to begin with; by default those under the threshold, and those that leave fewer than it over in
        their row or in their column.
    least, most
        What a cell cannot be below or above because of another table of the same cells that the reader may know (events lie between 0
        and the size of the cell), shape (rows, columns); by default 0 and nothing.

    Returns
    -------
    ndarray of bool
        Shape (rows, columns). What is guaranteed: a withheld count under the threshold can still be any of at least `base` numbers, and
        any other that is withheld any of at least 2, with every total of a row and of a column as it is and all other cells
        as shown; unless the whole table is withheld, when only its totals speak.

    Notes
    -----
    A row or column with exactly one cell withheld loses its smallest other. Then each withheld cell is tried: with another row
    and another column it makes a rectangle, along which a number can be moved (added in two opposite corners, taken from the other two)
    without any total changing. How far it can be moved is set by the corners: a shown one stays within its rounding, a withheld one at or
    above `least` and, where it is known to be small, under the threshold. As long as some withheld cell can be moved too little, the
    smallest shown cell of its row or column goes. Longer ways round than a rectangle are not tried, so that more may be withheld than is
    needed, and never less. Totals are taken as known exactly, though they are shown rounded, because other tables may narrow them.
    """
    table = np.asarray(counts, dtype=float)
    floor = np.zeros_like(table) if least is None else np.asarray(least, dtype=float)
    ceiling = np.full_like(table, np.inf) if most is None else np.asarray(most, dtype=float)
    if small is None:
        of_row, of_column = (np.broadcast_to(table.sum(axis=a, keepdims=True), table.shape) for a in (1, 0))
        hidden = policy.small(table, of_row) | policy.small(table, of_column)
    else:
        hidden = np.array(small, dtype=bool)
    while not hidden.all():
        alone = _alone(table, hidden)
        weak = alone if alone is not None else _weakest(table, hidden, floor, ceiling, policy)
        if weak is None:
            break
        hidden[weak] = True
    return hidden


def _alone(table: Floats, hidden: Mask) -> tuple[int, int] | None:
    """The smallest shown cell of the first row or column of which exactly one cell is withheld."""
    for across in (False, True):
        mask, values = (hidden.T, table.T) if across else (hidden, table)
        lines = np.flatnonzero((mask.sum(axis=1) == 1) & (mask.shape[1] > 1))
        if len(lines):
            line = int(lines[0])
            place = int(np.where(mask[line], np.inf, values[line]).argmin())
            return (place, line) if across else (line, place)
    return None


def _weakest(table: Floats, hidden: Mask, floor: Floats, ceiling: Floats, policy: Policy) -> tuple[int, int] | None:
    """A shown cell to withhold since a withheld one of its row or column (else of the table) is pinned down; None if none is."""
    low, high = policy.stands_for(policy.rounded(table))
    under = hidden & (table < policy.threshold)
    down = np.where(hidden, table, np.minimum(table - low, table))
    up = np.where(under, policy.threshold - 1 - table, np.where(hidden, np.inf, high - table))
    down, up = np.maximum(np.minimum(down, table - floor), 0.0), np.maximum(np.minimum(up, ceiling - table), 0.0)
    for row, column in zip(*np.nonzero(hidden), strict=True):
        needed = min(policy.base, policy.threshold) if under[row, column] else 2
        if _furthest(up, down, row, column) + _furthest(down, up, row, column) + 1 < needed:
            for part in ((row, slice(None)), (slice(None), column), (slice(None), slice(None))):
                shown = np.zeros_like(hidden)
                shown[part] = ~hidden[part]
                if shown.any():
                    place = np.where(shown, table, np.inf).argmin()
                    return int(place // table.shape[1]), int(place % table.shape[1])
    return None


def _furthest(there: Floats, back: Floats, row: int, column: int) -> float:
    """How far a cell can go `there` along its best rectangle, in which the opposite corner goes too and the others go `back`."""
    reach = np.minimum(np.minimum(there, back[row][None, :]), back[:, [column]])
    reach = np.delete(np.delete(reach, row, axis=0), column, axis=1)
    return float(min(there[row, column], reach.max(initial=0.0)))


def feasible(shown: Floats, total: Range, policy: Policy, under: Mask | None = None, rest: float = 0.0) -> list[Range]:
    """The reader's arithmetic on one list: for each part, the exact counts that fit everything shown.

    Parameters
    ----------
    shown
        Rounded parts, NaN where withheld, shape (k,).
    total
        What the total can be.
    policy
        The rules, which the reader knows.
    under
        Parts that the reader knows to be under the threshold (default: all that are withheld); other withheld
        parts may be anything.
    rest
        Largest size of what belongs to the total but is not listed.

    Returns
    -------
    list of Range
        Both ends are reached by some list that fits.
    """
    low, high = _boxes(shown, total, policy, np.isnan(shown) if under is None else under)
    lowest = np.maximum(low, total.low - rest - (high.sum() - high))
    highest = np.minimum(high, total.high - (low.sum() - low))
    return [Range(float(a), float(b)) for a, b in zip(lowest, highest, strict=True)]


def _boxes(shown: Floats, total: Range, policy: Policy, under: Mask) -> tuple[Floats, Floats]:
    hidden = np.isnan(shown)
    low, high = policy.stands_for(shown)
    unknown = np.where(under, policy.threshold - 1, total.high)
    return np.where(hidden, 0.0, low), np.where(hidden, unknown, high)


def _revealing(
    values: list[Floats], total: float, first: list[Mask], withheld: list[Mask], kept: list[Mask], policy: Policy
) -> int | None:
    # The list whose smallest shown part should go next; None when nothing is pinned down, or nothing is left to hide.
    own = Range(0.0, policy.threshold - 1.0)
    if total >= policy.threshold:
        own = Range(*(float(x) for x in policy.stands_for(policy.rounded(total))))
    sums = []
    for v, small, mask in zip(values, first, withheld, strict=True):
        low, high = _boxes(np.where(mask, np.nan, policy.rounded(v)), own, policy, small & (v < policy.threshold))
        sums.append(Range(low.sum(), high.sum() + _most_unlisted(v, total, policy)))
    known = Range(max(own.low, *(s.low for s in sums)), min(own.high, *(s.high for s in sums)))
    pinned = [_pinned(v, s, m, known, total, policy) for v, s, m in zip(values, first, withheld, strict=True)]
    if known.low < known.high and not any(pinned):
        return None
    helped = [max(s.low - own.low, own.high - s.high) for s in sums]
    ranked = sorted(range(len(values)), key=lambda i: (not pinned[i], -helped[i]))
    return next((i for i in ranked if not (withheld[i] | kept[i]).all()), None)


def _most_unlisted(counts: Floats, total: float, policy: Policy) -> float:
    """The most that the reader can think of what belongs to the total but is listed nowhere: it is one more part, never shown."""
    rest = total - counts.sum()
    if rest <= 0:
        return 0.0
    return policy.threshold - 1.0 if rest < policy.threshold else float(total)


def _pinned(counts: Floats, small: Mask, withheld: Mask, total: Range, exact_total: float, policy: Policy) -> bool:
    under = small & (counts < policy.threshold)
    shown = np.where(withheld, np.nan, policy.rounded(counts))
    ranges = feasible(shown, total, policy, under, rest=_most_unlisted(counts, exact_total, policy))
    enough = np.where(under, min(policy.base, policy.threshold), 2)
    return any(r.high - r.low + 1 < e for r, e in zip(ranges, enough, strict=True))


def _withhold_smallest(counts: Floats, withheld: Mask, kept: Mask) -> None:
    closed = withheld | kept
    if not closed.all():
        withheld[np.where(closed, np.inf, counts).argmin()] = True
