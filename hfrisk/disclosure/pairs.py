"""Release of outcomes by two groups crossed: the only place where a reader holds both margins of a table.

What leaves is a share in whole per cent, from rounded counts, and no count. Behind it stand tables that each add up to what other pages
show of the rows and of the columns: sizes, events and non-events, and deaths and those who neither died nor came back. A cell is shown
where it has at least a hundred discharges (with fewer, rounding moves a share by more than two in a hundred), where its numbers are at
least the threshold and leave at least it over in its row and its column, and where no withheld cell can be
worked out from those that are shown (`margins.protect_table`); that is asked of every one of those tables, with the others as they are.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from hfrisk.disclosure.base_counts import Shown, clustered_limits
from hfrisk.disclosure.margins import Mask, protect_table
from hfrisk.disclosure.policy import FIRM, Floats, Policy, significant

__all__ = ["cells_withheld", "release_pairs"]

_DECIMALS = 2
_LEAST = FIRM


def release_pairs(
    pairs: pd.DataFrame, shown: Shown, policy: Policy, confidence: float, *, composite: bool
) -> list[dict[str, Any]]:
    """Every cell of every pair.

    Parameters
    ----------
    pairs
        `Inequality.pairs`; of each pair and outcome all cells, row by row.
    shown
        What is shown of the margins: a row or column that is withheld there is withheld here.
    policy
        The rules.
    confidence
        Confidence of the intervals (0 to 1).
    composite
        Whether a death is an event of the study.

    Returns
    -------
    list of dict
        Columns as in `INEQUALITY`.
    """
    rows: list[dict[str, Any]] = []
    for (group, other), part in pairs.groupby(["group", "with_group"], sort=False):
        levels, others = list(dict.fromkeys(part["level"])), list(dict.fromkeys(part["with_level"]))
        shape = (len(levels), len(others))
        by = {str(name): cells for name, cells in part.groupby("outcome", sort=False)}
        n = by["readmission"]["n"].to_numpy(dtype=float).reshape(shape)
        back, died = (by[o]["events"].to_numpy(dtype=float).reshape(shape) for o in ("readmission", "death"))
        lines = [
            shown.hidden(str(group), levels, column)[:, None] | shown.hidden(str(other), others, column)[None, :]
            for column in ("shown_composite" if composite else "shown_readmission", "shown_death")
        ]
        event_mask, death_mask = cells_withheld(n, back, died, policy, composite=composite, lines=(lines[0], lines[1]))
        own = "composite" if composite else "readmission"
        for outcome, cells in by.items():
            mask = event_mask if outcome == own else death_mask
            rows += [
                _cell(row, bool(hide), policy, confidence)
                for row, hide in zip(cells.to_dict("records"), mask.ravel(), strict=True)
            ]
    return rows


def cells_withheld(
    n: Floats, back: Floats, died: Floats, policy: Policy, *, composite: bool, lines: tuple[Mask, Mask] | None = None
) -> tuple[Mask, Mask]:
    """Cells whose events, and whose deaths and third outcome, are withheld.

    Parameters
    ----------
    n, back, died
        Exact sizes, those who came back and those who died first, shape (rows, columns).
    policy
        The rules.
    composite
        Whether the events of the study are those who came back or died, else those who came back.
    lines
        Cells that are withheld of either since their row or column is.

    Returns
    -------
    (ndarray of bool, ndarray of bool)
        What the first withholds, the second does too.
    """
    none = np.zeros(n.shape, dtype=bool)
    of_events, of_deaths = lines or (none, none)
    events = back + died if composite else back
    first = of_events | (n < _LEAST) | _small(n, policy) | _small(events, policy) | _small(n - events, policy)
    tables = [(n, events, None), (events, None, n), (n - events, None, n)]
    event_mask = _settled(tables, first, policy)
    # of the events and of the others, the deaths are one part: which of the two depends on what an event is
    whole = events if composite else n - events
    first = event_mask | of_deaths | _small(died, policy) | _small(whole - died, policy)
    return event_mask, _settled([(died, None, whole), (whole - died, None, whole)], first, policy)


def _settled(tables: list[tuple[Floats, Floats | None, Floats | None]], mask: Mask, policy: Policy) -> Mask:
    while True:
        wider = mask
        for counts, least, most in tables:
            wider = protect_table(counts, policy, wider, least=least, most=most)
        if (wider == mask).all():
            return mask
        mask = wider


def _small(counts: Floats, policy: Policy) -> Mask:
    of_row, of_column = (np.broadcast_to(counts.sum(axis=axis, keepdims=True), counts.shape) for axis in (1, 0))
    return np.asarray(policy.small(counts, of_row) | policy.small(counts, of_column))


def _withheld(policy: Policy) -> str:
    """Why a cell is not shown: one wording for all, so that it does not tell which number was the small one."""
    return (
        f"fewer than {_LEAST} discharges, fewer than {policy.threshold} of a kind here or in the rest, or needed to keep such a number "
        "from being worked out"
    )


def _cell(row: dict[Any, Any], hide: bool, policy: Policy, confidence: float) -> dict[str, Any]:
    names = ("outcome", "group", "level", "with_group", "with_level")
    values = [math.nan] * 6
    if not hide:
        events, n = float(policy.rounded(row["events"])), float(policy.rounded(row["n"]))
        share = events / n
        by = share / (float(row["events"]) / float(row["n"]))
        limits = clustered_limits(events, n, float(row["design"]), confidence)
        standard = [min(float(row[c]) * by, 1.0) for c in ("standardised", "lower", "upper")]
        values = [significant(x, policy.figures, _DECIMALS) for x in (share, *limits, *standard)]
    columns = ("rate", "lower", "upper", "standardised", "standardised_lower", "standardised_upper")
    return (
        {str(name): row[name] for name in names}
        | dict(zip(columns, values, strict=True))
        | {"reason": "" if hide else row["reason"], "suppressed": _withheld(policy) if hide else ""}
    )
