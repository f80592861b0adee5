"""The model of readmission, death and neither, against what happened: Aalen and Johansen's estimate by band of predicted risk."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtri

from hfrisk.assessment.groups import Group, find_groups
from hfrisk.assessment.performance import split_performance
from hfrisk.assessment.scored import Array, logit
from hfrisk.assessment.settings import AssessmentSettings
from hfrisk.cohort import cumulative_incidence

__all__ = ["OUTCOMES", "competing_tables", "hazard_ratios", "incidence_by_band"]

OUTCOMES = {"readmitted": ("readmitted",), "died": ("died",), "either": ("readmitted", "died")}
"""The two co-primary risks (decision 6), death without readmission, and the states that are an event of each."""

_BANDS = 5
_INCIDENCE = ["outcome", "band", "n", "events", "predicted", "observed", "lower", "upper"]
_HAZARDS = ["cause", "estimate", "lower", "upper", "n", "events", "reason"]
_NO_RATIO = "not computed: fewer than 10 people had it, or the risks do not vary"
_LEAST = 10


def competing_tables(
    rows: pd.DataFrame, risks: Mapping[str, Array], settings: AssessmentSettings
) -> dict[str, pd.DataFrame]:
    """Everything that is said of the three risks in one split.

    Parameters
    ----------
    rows
        ``person_id``, ``discharge_date``, ``state`` and ``outcome_day``, one row a discharge.
    risks
        Risk of each state, rows as in `rows`; empty where they were not modelled.
    settings
        Replicates, seed, confidence.

    Returns
    -------
    dict
        Without the column ``split``: ``competing``, see `incidence_by_band`; ``competing_performance``, the measures of everyone as in
        `Results.performance`, where ``outcome`` stands for the model; ``competing_hazards``, see `hazard_ratios`.

    Notes
    -----
    Discharges without a known state are not modelled. Where a study keeps discharges that were not followed for the whole window, those
    of the last days are here only if something happened to them, which would make every outcome look commoner: discharges after the
    last one that is known to have had neither are left out of what is said here. Everyone else was followed to the horizon, and the
    estimate is then the share of discharges.
    """
    if not risks:
        return {}
    neither = rows.loc[rows["state"] == "none", "discharge_date"]
    seen = (rows["discharge_date"] <= neither.max()).to_numpy() if len(neither) else np.zeros(len(rows), dtype=bool)
    inside = rows[seen].reset_index(drop=True)
    if inside.empty:
        return {}
    by_outcome = {
        name: np.clip(np.sum([risks[state][seen] for state in states], axis=0), 0.0, 1.0)
        for name, states in OUTCOMES.items()
    }
    state, day = inside["state"].to_numpy(), inside["outcome_day"].to_numpy(dtype=np.float64)
    person = inside["person_id"].to_numpy()
    return {
        "competing": pd.concat(
            [incidence_by_band(state, day, risk, name) for name, risk in by_outcome.items()], ignore_index=True
        ),
        "competing_performance": pd.concat(
            [_measured(state, risk, person, name, settings) for name, risk in by_outcome.items()], ignore_index=True
        ),
        "competing_hazards": hazard_ratios(
            state, day, by_outcome["readmitted"], person, confidence=settings.confidence
        ),
    }


def incidence_by_band(
    state: npt.ArrayLike, day: npt.ArrayLike, risk: npt.ArrayLike, outcome: str, *, bands: int = _BANDS
) -> pd.DataFrame:
    """Predicted risk and observed cumulative incidence at the horizon, in fifths of predicted risk.

    Parameters
    ----------
    state
        ``readmitted``, ``died``, ``none`` or ``censored``.
    day
        Days from discharge to the event, or to the last day on which a censored discharge was seen; not looked at where the state
        is ``none``, who were seen to the end.
    risk
        Predicted risk of the outcome.
    outcome
        One of `OUTCOMES`.
    bands
        How many bands of as many discharges; equal risks may fall into two, by the order of the rows.

    Returns
    -------
    DataFrame
        outcome, band (1 is the lowest risk, 0 everyone), n, events (seen to happen), predicted (mean), observed, lower, upper.

    Notes
    -----
    Aalen-Johansen, with the other state as a competing event and never as censoring (`hfrisk.cohort.cumulative_incidence`; Austin and
    others, Stat Med 2022;41:2). Intervals of 95 % on the complementary log-log scale take discharges of one person as independent.
    The incidence of either is the sum of the two.
    """
    states, days = np.asarray(state, dtype=object), np.asarray(day, dtype=np.float64)
    probability = np.asarray(risk, dtype=np.float64)
    ended = np.isin(states, ("readmitted", "died"))
    last = int(days[states != "none"].max()) if (states != "none").any() else 0
    when = np.where(states == "none", last, np.minimum(days, last)).astype(np.int64)
    rank = np.empty(len(probability), dtype=np.int64)
    rank[np.argsort(probability, kind="stable")] = np.arange(len(probability))
    band = rank * bands // max(len(probability), 1) + 1
    rows = []
    for which in range(bands + 1):
        mine = np.ones(len(states), dtype=bool) if which == 0 else band == which
        if not mine.any():
            continue
        causes = OUTCOMES[outcome]
        happened = mine & np.isin(states, causes)
        # either is one outcome that nothing competes with
        counted = {
            "readmitted": happened,
            "died": mine & ended & ~happened,
            "censored": mine & ~ended,
        }
        table = pd.DataFrame({"day": np.arange(last + 1)}).assign(
            **{name: np.bincount(when[chosen], minlength=last + 1) for name, chosen in counted.items()}
        )
        end = cumulative_incidence(table).iloc[-1]
        rows.append(
            (
                outcome,
                which,
                int(mine.sum()),
                int(happened.sum()),
                float(probability[mine].mean()),
                *(float(end[name]) for name in ("readmission", "readmission_low", "readmission_high")),
            )
        )
    return pd.DataFrame(rows, columns=_INCIDENCE)


def hazard_ratios(
    state: npt.ArrayLike, day: npt.ArrayLike, risk: npt.ArrayLike, person: npt.ArrayLike, *, confidence: float = 0.95
) -> pd.DataFrame:
    """A sensitivity: how the daily rate of each cause, among those still at home, rises with the predicted risk of readmission.

    Parameters
    ----------
    state, day
        As in `incidence_by_band`.
    risk
        Predicted risk of readmission.
    person
        Identifier of the person of each discharge.
    confidence
        Confidence of the interval.

    Returns
    -------
    DataFrame
        cause (readmitted, died), estimate (ratio of cause-specific hazards for twice the odds of the predicted risk), lower, upper, n,
        events, reason. Never a risk: a cause-specific hazard takes the other cause as the end of being seen.

    Notes
    -----
    Cox's model of one covariate, with Breslow's ties and a variance robust to persons (Lin and Wei, J Am Stat Assoc 1989;84:1074), for
    which statsmodels and R's ``survival`` agree exactly. Efron's ties move it by less than a hundredth.
    """
    from statsmodels.duration.hazard_regression import PHReg

    states, days = np.asarray(state, dtype=object), np.asarray(day, dtype=np.float64)
    margin = logit(risk)
    cluster = np.unique(np.asarray(person), return_inverse=True)[1]
    ended = np.isin(states, ("readmitted", "died", "censored"))
    last = float(days[ended].max()) if ended.any() else 0.0
    time = np.where(ended, days, last) + 1.0
    z = float(ndtri(0.5 + confidence / 2))
    rows: list[tuple[Any, ...]] = []
    for cause in ("readmitted", "died"):
        status = (states == cause).astype(np.int64)
        events = int(status.sum())
        if events < _LEAST or np.ptp(margin) < 1e-9:
            rows.append((cause, np.nan, np.nan, np.nan, len(states), events, _NO_RATIO))
            continue
        # Whoever left before the first event says nothing of it, and statsmodels has no residual for them.
        there = time >= time[status == 1].min()
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            fit = PHReg(time[there], margin[there, None], status=status[there], ties="breslow").fit(
                groups=cluster[there], disp=0
            )
        slope, error = float(fit.params[0]), float(fit.bse[0])
        ratios = np.exp(np.log(2.0) * np.array([slope, slope - z * error, slope + z * error]))
        rows.append((cause, *ratios.tolist(), len(states), events, ""))
    return pd.DataFrame(rows, columns=_HAZARDS)


def _measured(
    state: npt.NDArray[Any], risk: Array, person: npt.NDArray[Any], outcome: str, settings: AssessmentSettings
) -> pd.DataFrame:
    event = np.isin(state, OUTCOMES[outcome]).astype(np.int64)
    everyone: list[Group] = find_groups(
        event, pd.DataFrame(), (), least=settings.minimum_for_anything, for_slope=settings.minimum_for_slope
    )
    found = split_performance(event, {outcome: risk}, person, everyone, settings).performance
    # Net benefit is of a threshold on the study's own risk, and in the table of that.
    found = found[~found["measure"].str.startswith("net_benefit@")]
    return found.rename(columns={"model": "outcome"}).drop(columns=["group", "level"]).reset_index(drop=True)
