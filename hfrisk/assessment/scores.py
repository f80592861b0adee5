"""Each clinical score on the outcome that it was made for, and on the study's (decision 6)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from hfrisk.assessment.groups import find_groups
from hfrisk.assessment.resampling import Resampled, percentile_interval, replicates_of
from hfrisk.assessment.settings import AssessmentSettings
from hfrisk.features import SCORES

__all__ = ["scores_by_outcome"]

_EVENTS = {"readmission": ("readmitted",), "composite": ("readmitted", "died")}
_COLUMNS = ["score", "made_for", "outcome", "estimate", "lower", "upper", "n", "events", "reason"]
_OTHER = {
    "death_in_hospital": "not computed: made for death in hospital, and everyone here left it alive",
    "death": "not computed: made for death within years, which this study does not follow",
}


def scores_by_outcome(
    scores: pd.DataFrame, state: pd.Series, person: pd.Series, settings: AssessmentSettings
) -> pd.DataFrame:
    """How each score ranks those who have it, by both outcomes.

    Only discharges that have the score are looked at, and the points themselves are ranked: nothing is recalibrated here.

    Parameters
    ----------
    scores
        ``score_<name>``, one row a discharge; NaN where it could not be put together.
    state
        ``readmitted``, ``died`` or ``none`` within the window.
    person
        Whose discharge it is.
    settings
        Replicates, seed, confidence, least numbers.

    Returns
    -------
    DataFrame
        score, made_for (what its authors predicted), outcome (``readmission``, ``composite``; or what it was made for, where that
        cannot be judged here, with the reason), estimate (AUROC), lower, upper, n, events, reason.
    """
    rows: list[dict[str, Any]] = []
    sets: list[Resampled] = []
    places: list[int] = []
    for name, facts in SCORES.items():
        if facts.total not in scores.columns:
            continue
        points = scores[facts.total].to_numpy(dtype=np.float64)
        there = np.flatnonzero(np.isfinite(points))
        if facts.outcome in _OTHER:
            reason = _OTHER[facts.outcome]
            rows.append(_row(name, facts.outcome, facts.outcome, len(there), 0, reason))
        for outcome, states in _EVENTS.items():
            event = state.isin(states).to_numpy(dtype=np.int64)
            (those,) = find_groups(event[there], pd.DataFrame(), (), least=settings.minimum_for_anything)
            rows.append(_row(name, facts.outcome, outcome, those.n, those.events, those.reason))
            if those.size != "nothing":
                # any rising map of the points has their AUROC; a risk is asked for
                shown = _between(points, there)
                sets.append(Resampled.of(event, shown, there, intercept=False, slope=False))
                places.append(len(rows) - 1)
    if sets:
        drawn = replicates_of(
            person.to_numpy(), sets, replicates=settings.replicates, seed=settings.seed, threads=settings.threads
        )
        for at, one, replicates in zip(places, sets, drawn, strict=True):
            lower, upper = percentile_interval(replicates["auroc"], settings.confidence)
            rows[at] |= {"estimate": one.measures()["auroc"], "lower": lower, "upper": upper}
    return pd.DataFrame(rows, columns=_COLUMNS)


def _between(points: np.ndarray[Any, Any], there: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The points laid out between 0.05 and 0.95, those that are missing at 0.5."""
    low, high = points[there].min(), points[there].max()
    spread = np.full(len(points), 0.5)
    spread[there] = 0.05 + 0.9 * (points[there] - low) / (high - low if high > low else 1.0)
    return spread


def _row(score: str, made_for: str, outcome: str, n: int, events: int, reason: str) -> dict[str, Any]:
    values = (score, made_for, outcome, np.nan, np.nan, np.nan, n, events, reason)
    return dict(zip(_COLUMNS, values, strict=True))
