"""Usefulness: what acting on the risks would find, at a threshold and at a team's capacity."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from hfrisk.assessment.scored import two_classes

__all__ = ["capacity_table", "decision_curve", "net_benefit", "risk_deciles", "risk_distribution"]


def net_benefit(
    event: npt.ArrayLike, risk: npt.ArrayLike, threshold: float, weight: npt.ArrayLike | None = None
) -> float:
    """Net benefit of flagging those at or above `threshold`, in true positives a discharge.

    ``TP/n - FP/n * threshold / (1 - threshold)``; Vickers and Elkin, Medical Decision Making 2006;26:565.
    """
    outcome, probability = two_classes(event, risk)
    weights = np.ones(len(outcome)) if weight is None else np.asarray(weight, dtype=np.float64)
    flagged = weights * (probability >= threshold)
    true_positives, all_flagged = float(flagged @ outcome), float(flagged.sum())
    return (true_positives - (all_flagged - true_positives) * threshold / (1 - threshold)) / float(weights.sum())


def decision_curve(event: npt.ArrayLike, risk: npt.ArrayLike, thresholds: Sequence[float]) -> pd.DataFrame:
    """Decision curve beside flagging everyone; flagging no one has net benefit 0.

    Returns
    -------
    DataFrame
        threshold, n, events, flagged, true_positives, net_benefit, net_benefit_all; one row a threshold.
    """
    outcome, probability = two_classes(event, risk)
    events, n = int(outcome.sum()), len(outcome)
    rows = []
    for threshold in thresholds:
        flagged = probability >= threshold
        called, hits = int(flagged.sum()), int(outcome[flagged].sum())
        odds = threshold / (1 - threshold)
        rows.append(
            {
                "threshold": float(threshold),
                "n": n,
                "events": events,
                "flagged": called,
                "true_positives": hits,
                "net_benefit": (hits - (called - hits) * odds) / n,
                "net_benefit_all": (events - (n - events) * odds) / n,
            }
        )
    return pd.DataFrame(rows)


def capacity_table(event: npt.ArrayLike, risk: npt.ArrayLike, shares: Sequence[float]) -> pd.DataFrame:
    """What reviewing the discharges at highest risk would have found.

    Of those who tie at the edge, as many as there is room for are reviewed, whoever they are: of their events, the expected number
    is found (to the nearest whole one). Scores of a few points tie often.

    Returns
    -------
    DataFrame
        share, n, reviewed, events, events_found; one row a share.
    """
    outcome, probability = two_classes(event, risk)
    # by risk, highest first: the discharges that share it, and their events
    _, level = np.unique(-probability, return_inverse=True)
    reached = np.concatenate([[0], np.cumsum(np.bincount(level))])
    events = np.concatenate([[0], np.cumsum(np.bincount(level, weights=outcome))])
    rows = []
    for share in shares:
        reviewed = round(share * len(outcome))
        rows.append(
            {
                "share": float(share),
                "n": len(outcome),
                "reviewed": reviewed,
                "events": int(events[-1]),
                "events_found": round(float(np.interp(reviewed, reached, events))),
            }
        )
    return pd.DataFrame(rows)


def risk_distribution(event: npt.ArrayLike, risk: npt.ArrayLike, width: float = 0.02) -> pd.DataFrame:
    """How the risks are spread: bins from 0 up to the highest risk, each ``bin_lower <= risk < bin_upper``.

    Returns
    -------
    DataFrame
        bin_lower, bin_upper (risks; a risk of 1 belongs to the last bin), n, events.
    """
    outcome, probability = two_classes(event, risk)
    bins = round(1 / width)
    edges = np.arange(bins + 1) / bins
    place = np.minimum(np.searchsorted(edges, probability, side="right") - 1, bins - 1)
    used = int(place.max()) + 1
    return pd.DataFrame(
        {
            "bin_lower": edges[:used],
            "bin_upper": edges[1 : used + 1],
            "n": np.bincount(place, minlength=used),
            "events": np.bincount(place, weights=outcome, minlength=used).astype(np.int64),
        }
    )


def risk_deciles(event: npt.ArrayLike, risk: npt.ArrayLike, died: npt.ArrayLike) -> pd.DataFrame:
    """Observed events and deaths by tenth of risk, lowest first.

    Deaths without readmission are shown beside the events because a low risk of coming back may be a high risk of
    dying first.

    Parameters
    ----------
    event, risk
        Outcome (0 or 1) and risk (0 to 1), one entry a discharge.
    died
        Whether the person died inside the window before any readmission.

    Returns
    -------
    DataFrame
        decile (1 is the lowest risk), n, events, died, mean_risk; ties are broken by the order of the rows.
    """
    outcome, probability = two_classes(event, risk)
    order = np.argsort(probability, kind="stable")
    decile = np.empty(len(order), dtype=np.int64)
    decile[order] = np.arange(len(order)) * 10 // max(1, len(order)) + 1
    frame = pd.DataFrame(
        {"decile": decile, "event": outcome, "died": np.asarray(died, dtype=np.int64), "risk": probability}
    )
    tenths = frame.groupby("decile", sort=True).agg(
        n=("event", "size"), events=("event", "sum"), died=("died", "sum"), mean_risk=("risk", "mean")
    )
    return tenths.reset_index().astype({"n": np.int64, "events": np.int64, "died": np.int64})
