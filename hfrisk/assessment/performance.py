"""All measures of one split: every model, every group, with intervals where they are honest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from hfrisk.assessment.accuracy import brier_parts
from hfrisk.assessment.discrimination import delong_interval
from hfrisk.assessment.flexible import FlexibleCurve, calibration_error, expected_ici, largest_error, risk_grid
from hfrisk.assessment.groups import EVERYONE, Group
from hfrisk.assessment.parallel import side_by_side
from hfrisk.assessment.resampling import Resampled, computed, percentile_interval, replicates_of
from hfrisk.assessment.results import NOBODY, RATES, TREAT_ALL, at_capacity, at_threshold
from hfrisk.assessment.scored import NET_BENEFIT_ALL, Array, net_benefit_name
from hfrisk.assessment.settings import AssessmentSettings
from hfrisk.progress import Quiet

__all__ = ["COMPARED", "SplitPerformance", "split_performance"]

COMPARED = ("auroc", "log_loss", "brier")
_RANKING = ("auroc", "oe_ratio")
# Who is flagged is a count; how rightly is performance, which a small group cannot tell (decision 19).
_COUNTED = "selection_rate@"
_PLAIN = ("auroc", "auprc", "prevalence", "brier", "scaled_brier", "log_loss", "oe_ratio", "calibration_intercept")
_DELONG = "auroc_delong"
_SLOPE = "calibration_slope"
_PARTS = ("brier_reliability", "brier_resolution", "brier_uncertainty")
_FLEXIBLE = ("ici", "e50", "e90", "emax", "ici_expected", "ici_expected_95", "ici_excess")
_SAME_RISK = "not computed: everyone has the same risk, which chooses nobody"
_NO_FIT = "not computed: the risks do not vary, or the fit did not converge"
_NO_INTERVAL = "no interval: too many resamples were without events or non-events"
_NO_VARIANCE = "no interval: DeLong's variance is nought or could not be computed"
_PERFORMANCE = ["model", "group", "level", "measure", "estimate", "lower", "upper", "n", "events", "reason"]
_CURVE = ["model", "group", "level", "predicted", "observed", "lower", "upper", "n", "events"]
_COMPARISON = ["model_a", "model_b", "measure", "difference", "lower", "upper", "n", "events"]


@dataclass(frozen=True)
class SplitPerformance:
    """Frames of one split, without the column ``split``; see `Results`."""

    performance: pd.DataFrame
    calibration_curve: pd.DataFrame
    comparison: pd.DataFrame


def split_performance(
    event: npt.ArrayLike,
    risks: Mapping[str, npt.ArrayLike],
    person: npt.ArrayLike,
    groups: Sequence[Group],
    settings: AssessmentSettings,
    *,
    progress: Quiet | None = None,
    label: str = "",
) -> SplitPerformance:
    """Measures, intervals, curves and paired differences of one split.

    Parameters
    ----------
    event
        Outcome (0 or 1), one entry a discharge.
    risks
        Risks (0 to 1) of each model; the first is compared with each of the others, and it alone is judged in groups that are taken
        together.
    person
        Identifier of the person of each discharge.
    groups
        From `find_groups`, everyone first.
    settings
        Thresholds, replicates, redraws, seed, confidence.
    progress
        Told of the replicates and the curves.
    label
        Name of the split, for `progress`.
    """
    progress = progress or Quiet()
    outcome = np.asarray(event, dtype=np.int64)
    scores = {model: np.asarray(risk, dtype=np.float64) for model, risk in risks.items()}
    wanted = [
        (model, group) for model in scores for group in groups if model == next(iter(scores)) or not group.crossed
    ]
    judged = [(model, group) for model, group in wanted if group.size != "nothing"]
    sets = [_resampled(outcome, scores[model], group, settings) for model, group in judged]
    replicates: list[dict[str, Array]] = []
    if sets:
        with progress.step(f"Resampling persons, {label}", settings.replicates) as step:
            replicates = replicates_of(
                person,
                sets,
                replicates=settings.replicates,
                seed=settings.seed,
                threads=settings.threads,
                step=step,
            )
    drawn = {(model, group.group, group.level): one for (model, group), one in zip(judged, replicates, strict=True)}
    points = {
        (model, group.group, group.level): one.measures() for (model, group), one in zip(judged, sets, strict=True)
    }
    varied = {
        (model, group.group, group.level): one.scored.varies for (model, group), one in zip(judged, sets, strict=True)
    }
    large = [(model, group) for model, group in judged if group.size == "everything"]
    flexible: dict[tuple[str, str, str], dict[str, float]] = {}
    curves: list[pd.DataFrame] = []
    everyone = np.asarray(person)

    def curve(which: tuple[str, Group]) -> tuple[dict[str, float], pd.DataFrame]:
        model, group = which
        return _flexible(outcome[group.rows], scores[model][group.rows], everyone[group.rows], settings)

    with (
        progress.step(f"Calibration curves, {label}", len(large)) as step,
        side_by_side(settings.threads) as pool,
    ):
        for (model, group), (found, frame) in zip(large, pool.map(curve, large), strict=True):
            flexible[model, group.group, group.level] = found
            if len(frame) and not group.crossed:
                curves.append(frame.assign(model=model, group=group.group, level=group.level))
            step.advance()
    rows: list[dict[str, Any]] = []
    for model, group in wanted:
        key = (model, group.group, group.level)
        others = {name: (value, np.nan, np.nan) for name, value in flexible.get(key, {}).items()}
        if group.size in ("no slope", "everything"):
            others[_DELONG] = delong_interval(outcome[group.rows], scores[model][group.rows], settings.confidence)
        one = varied.get(key, False)
        rows += _rows(model, group, points.get(key, {}), drawn.get(key, {}), others, settings, varies=one)
    return SplitPerformance(
        pd.DataFrame(rows, columns=_PERFORMANCE),
        (pd.concat(curves, ignore_index=True) if curves else pd.DataFrame(columns=_CURVE))[_CURVE],
        _compared(list(scores), groups[0], points, drawn, varied, settings),
    )


def _thresholds(group: Group, settings: AssessmentSettings) -> tuple[float, ...]:
    return settings.net_benefit_thresholds if group.group == EVERYONE else (settings.threshold,)


def _rate_thresholds(group: Group, settings: AssessmentSettings) -> tuple[float, ...]:
    return settings.rate_thresholds if group.group == EVERYONE else (settings.threshold,)


def _capacities(group: Group, settings: AssessmentSettings) -> tuple[float, ...]:
    # A team's capacity is one for all, not one for each group.
    return settings.capacities if group.group == EVERYONE else ()


def _rates(group: Group, settings: AssessmentSettings) -> tuple[str, ...]:
    at = [at_threshold(name, one) for one in _rate_thresholds(group, settings) for name in RATES]
    return (*at, *(at_capacity(name, share) for share in _capacities(group, settings) for name in RATES))


def _resampled(outcome: npt.NDArray[np.int64], score: Array, group: Group, settings: AssessmentSettings) -> Resampled:
    return Resampled.of(
        outcome,
        score,
        group.rows,
        thresholds=_thresholds(group, settings),
        rates=_rate_thresholds(group, settings),
        capacities=_capacities(group, settings),
        intercept=group.size != "imprecise",
        slope=group.size == "everything",
    )


def _flexible(
    outcome: npt.NDArray[np.int64], score: Array, person: npt.NDArray[Any], settings: AssessmentSettings
) -> tuple[dict[str, float], pd.DataFrame]:
    """Parts of the Brier score, ICI, E50, E90, Emax with what is expected of the ICI, and the curve on its grid."""
    curve = FlexibleCurve.fit(outcome, score, person=person)
    error = calibration_error(curve, score)
    found = {"ici": error.ici, "e50": error.e50, "e90": error.e90, "emax": largest_error(curve, score)}
    parts = brier_parts(outcome, score)
    found |= dict(zip(_PARTS, (parts.reliability, parts.resolution, parts.uncertainty), strict=True))
    redrawn = computed(expected_ici(score, redraws=settings.redraws, seed=settings.seed))
    found["ici_expected"] = float(redrawn.mean()) if len(redrawn) else float("nan")
    found["ici_expected_95"] = float(np.quantile(redrawn, 0.95)) if len(redrawn) else float("nan")
    found["ici_excess"] = found["ici"] - found["ici_expected"]
    if not curve.converged:
        return found, pd.DataFrame(columns=_CURVE)
    grid = risk_grid(score)
    lower, upper = curve.band(grid, settings.confidence)
    nearest = np.floor(score * 100 + 0.5).astype(np.int64)
    wanted = np.round(grid * 100).astype(np.int64)
    frame = pd.DataFrame(
        {
            "predicted": grid,
            "observed": curve.observed(grid),
            "lower": lower,
            "upper": upper,
            "n": np.bincount(nearest, minlength=101)[wanted],
            "events": np.bincount(nearest[outcome == 1], minlength=101)[wanted],
        }
    )
    return found, frame


def _rows(
    model: str,
    group: Group,
    point: Mapping[str, float],
    drawn: Mapping[str, Array],
    other: Mapping[str, tuple[float, float, float]],
    settings: AssessmentSettings,
    *,
    varies: bool,
) -> list[dict[str, Any]]:
    """One row a measure, whether or not it could be computed; those in `other` do not come from resampling."""
    rates = _rates(group, settings)
    at_thresholds = (*map(net_benefit_name, _thresholds(group, settings)), *rates)
    not_resampled = (_DELONG, *_PARTS, *_FLEXIBLE)
    every = (_DELONG, *_PLAIN, *_PARTS, _SLOPE, *_FLEXIBLE, *at_thresholds)
    allowed = {
        "nothing": (),
        "imprecise": (*_RANKING, *(one for one in rates if one.startswith(_COUNTED))),
        "no slope": (_DELONG, *_PLAIN, *at_thresholds),
        "everything": every,
    }[group.size]
    rows = []
    for measure in every:
        estimate, lower, upper, reason = np.nan, np.nan, np.nan, group.reason
        if measure not in allowed:
            reason = group.reason.replace("imprecise:", "not computed:")
        elif measure in not_resampled:
            estimate, lower, upper = other[measure]
        else:
            estimate = point[measure]
            lower, upper = percentile_interval(drawn[measure], settings.confidence)
        if measure in allowed and measure in rates and not varies:
            estimate, lower, upper, reason = np.nan, np.nan, np.nan, _SAME_RISK
        elif measure in allowed and np.isnan(estimate):
            lower, upper, reason = np.nan, np.nan, NOBODY if measure in rates else _NO_FIT
        elif measure in allowed and measure not in (*_PARTS, *_FLEXIBLE) and np.isnan(lower):
            reason = _NO_VARIANCE if measure == _DELONG else _NO_INTERVAL
        values = (model, group.group, group.level, measure, estimate, lower, upper, group.n, group.events, reason)
        rows.append(dict(zip(_PERFORMANCE, values, strict=True)))
    return rows


def _compared(
    models: Sequence[str],
    everyone: Group,
    points: Mapping[tuple[str, str, str], Mapping[str, float]],
    drawn: Mapping[tuple[str, str, str], Mapping[str, Array]],
    varied: Mapping[tuple[str, str, str], bool],
    settings: AssessmentSettings,
) -> pd.DataFrame:
    """Differences between the first model and each other, and choosing everyone, from the same draws of persons."""
    thresholds = settings.net_benefit_thresholds
    wanted = [(other, measure, measure) for other in models[1:] for measure in COMPARED]
    wanted += [
        (other, measure, measure)
        for other in models[1:]
        if varied.get((other, EVERYONE, EVERYONE), True)
        for measure in map(net_benefit_name, thresholds)
    ]
    wanted += [(TREAT_ALL, net_benefit_name(one), at_threshold(NET_BENEFIT_ALL, one)) for one in thresholds]
    rows = []
    first = (models[0], EVERYONE, EVERYONE)
    for other, measure, theirs in wanted:
        second = first if other == TREAT_ALL else (other, EVERYONE, EVERYONE)
        difference, lower, upper = np.nan, np.nan, np.nan
        if first in points:
            difference = points[first][measure] - points[second][theirs]
            lower, upper = percentile_interval(drawn[first][measure] - drawn[second][theirs], settings.confidence)
        values = (models[0], other, measure, difference, lower, upper, everyone.n, everyone.events)
        rows.append(dict(zip(_COMPARISON, values, strict=True)))
    return pd.DataFrame(rows, columns=_COMPARISON)
