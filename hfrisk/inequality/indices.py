"""Slope and relative index of inequality by deprivation.

The fifths are put in order from the least to the most deprived, and each is given its ridit: the share of people less deprived than its
middle (0 nobody, 1 everyone). The outcome is then regressed on the ridit x:

- slope index, linear: share = a + b x; SII = b, the difference between the most and the least deprived;
- relative index, Poisson with a log link: log share = a + b x; RII = exp(b), the ratio between the two;

each alone, and with age band by sex beside it. Both are least false parameters of these two models, which is what Moreno-Betancur and
others ask for (Epidemiology 2015;26:518); ridits and the two indices: Mackenbach and Kunst, Social Science and Medicine 1997;44:757.
Variances are sandwiches clustered by person.
"""

from __future__ import annotations

from statistics import NormalDist
from typing import Any

import numpy as np

from hfrisk.inequality.clustered import Floats, Ints
from hfrisk.inequality.regression import fit

__all__ = ["ADJUSTED", "index_of", "ridits", "slope_rows"]

ADJUSTED = ("nothing", "age and sex")
_LINK = {"sii": "linear", "rii": "log"}


def ridits(sizes: Floats) -> Floats:
    """The ridit of each class, given their sizes in order of rank: the share below it, and half of its own."""
    below = np.concatenate([[0.0], np.cumsum(sizes)[:-1]])
    middles: Floats = (below + sizes / 2) / sizes.sum()
    return middles


def index_of(measure: str, n: Floats, events: Floats) -> float:
    """The index from counts of the classes, least deprived first: the same number as from their people one by one, unadjusted."""
    x = ridits(n)
    found = fit(np.column_stack([np.ones(len(n)), x]), events / n, _LINK[measure], weight=n)  # type: ignore[arg-type]
    return _value(measure, found.coefficients[1]) if found.settled else float("nan")


def slope_rows(
    event: Floats, rank: Ints, stratum: Ints, person: Ints, confidence: float, least: int
) -> list[dict[str, Any]]:
    """Both indices, unadjusted and adjusted.

    Parameters
    ----------
    event
        0 or 1, shape (n,); people whose deprivation is recorded.
    rank
        0 for the least deprived class, shape (n,).
    stratum
        Age band by sex, counted from 0.
    person
        Counted from 0.
    confidence
        Of the intervals.
    least
        Events, and non-events, below which nothing is computed.

    Returns
    -------
    list of dict
        measure, adjusted, estimate, lower, upper, n, events, reason.
    """
    n, events = len(event), int(event.sum())
    sizes = np.bincount(rank).astype(float) if n else np.zeros(0)
    reason = ""
    if (sizes > 0).sum() < 2:
        reason = "not computed: fewer than two classes of deprivation are recorded"
    elif min(events, n - events) < least:
        reason = f"not computed: fewer than {least} events or non-events"
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    rows = []
    for measure in _LINK:
        for adjusted in ADJUSTED:
            row = {"measure": measure, "adjusted": adjusted, "n": n, "events": events, "reason": reason}
            row |= dict.fromkeys(("estimate", "lower", "upper"), float("nan"))
            if not reason:
                x = ridits(sizes)[rank]
                columns = [np.ones(n), x, *(_dummies(stratum) if adjusted != "nothing" else [])]
                found = fit(np.column_stack(columns), event, _LINK[measure], person)  # type: ignore[arg-type]
                if found.settled:
                    slope, error = found.coefficients[1], float(np.sqrt(found.covariance[1, 1]))
                    row |= {
                        "estimate": _value(measure, slope),
                        "lower": _value(measure, slope - z * error),
                        "upper": _value(measure, slope + z * error),
                    }
                else:
                    row["reason"] = "not computed: the regression found no answer"
            rows.append(row)
    return rows


def _dummies(stratum: Ints) -> list[Floats]:
    return [(stratum == one).astype(float) for one in np.unique(stratum)[1:]]


def _value(measure: str, slope: float) -> float:
    return float(np.exp(slope)) if measure == "rii" else float(slope)
