"""Bootstrap models: how much a person's risk depends on who happened to be in development, and what performance is left of the apparent.

People are drawn with replacement, with all their discharges, and the pipeline is run again on them (`hfrisk.modelling.refitting`). From
the same models come

- *prediction instability* (Riley and Collins, Biometrical Journal 2023;65:2200302): the spread of each discharge's risks around the
  model's own, its mean absolute prediction error (MAPE), and how often the models stand on the other side of the decision threshold
  (classification instability);
- *performance corrected for optimism* (Harrell, Lee and Mark, Stat Med 1996;15:361): optimism is the mean, over bootstrap models, of
  performance on the people that they were made from less performance on all; corrected is apparent less optimism. Its interval is the
  percentile interval of the former, shifted by the optimism (Noma, Shinozaki, Iba, Teramukai and Furukawa, Stat Med 2021;40:5691).

What drives each of them is kept too (`hfrisk.designs.drivers`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from hfrisk.assessment.scored import Array
from hfrisk.assessment.settings import AssessmentSettings
from hfrisk.designs.drivers import mean_sizes, some_rows
from hfrisk.designs.estimates import MEASURES, NOT_FITTED, measures_under
from hfrisk.designs.results import COLUMNS
from hfrisk.designs.settings import DesignSettings
from hfrisk.designs.side_by_side import side_by_side
from hfrisk.modelling import Model, ModellingData, ModelSettings
from hfrisk.modelling.calibration import tells_apart
from hfrisk.modelling.refitting import chosen_rows, refit
from hfrisk.progress import Quiet

__all__ = [
    "Bootstrap",
    "bootstrap_models",
    "drawn_people",
    "instability",
    "instability_summary",
    "not_made",
    "optimism",
]

LEAST_FOR_INTERVAL = 100
"""Bootstrap models below which a 2.5th centile of them says nothing."""

LEAST_EVENTS = 20
"""Events of a sample from which a model is made: what refuses a whole study would refuse every other sample of one that just passes."""

_BINS = 20
_LEAST_IN_BIN = 20


@dataclass(frozen=True)
class Bootstrap:
    """Bootstrap models, seen from the development discharges.

    Parameters
    ----------
    risk
        The model's own risk of each discharge, shape (discharges,).
    risks
        Those of the bootstrap models, shape (models, discharges).
    drawn
        How often each discharge was among those that a model was made from, same shape.
    flat
        Models whose calibration left next to nothing of their order, so that their risks have no slope to speak of (count).
    size, sizes
        Mean absolute contributions of the model's inputs (log-odds), of the model, shape (inputs,), and of the bootstrap models, shape
        (models, inputs); None where they were not asked for.
    """

    risk: Array
    risks: Array
    drawn: Array
    flat: int = 0
    size: Array | None = None
    sizes: Array | None = None

    def among(self, discharges: npt.NDArray[np.bool_]) -> Bootstrap:
        """The same models, seen from some of the discharges."""
        return replace(
            self, risk=self.risk[discharges], risks=self.risks[:, discharges], drawn=self.drawn[:, discharges]
        )


def drawn_people(person_id: pd.Series, seed: tuple[int, int]) -> Array:
    """How often each row is in a bootstrap sample of as many people as there are."""
    people, code = np.unique(person_id.to_numpy(), return_inverse=True)
    drawn = np.random.default_rng(seed).integers(0, len(people), len(people))
    return np.bincount(drawn, minlength=len(people))[code].astype(np.float64)


def bootstrap_models(
    model: Model,
    data: ModellingData,
    learner: ModelSettings,
    settings: DesignSettings,
    *,
    least_leaf: int,
    progress: Quiet,
) -> Bootstrap:
    """Make the bootstrap models.

    Parameters
    ----------
    model
        The model, with its settings and number of trees in its summary.
    data
        Development rows.
    learner
        As for `develop`.
    settings
        How many, and with which seed.
    least_leaf
        The disclosure threshold.
    progress
        Told of each.

    Raises
    ------
    DataError
        If so few had the outcome that a sample of people holds too few to learn from.
    """
    # A search inside holds its own file and tells Optuna's log to be quiet: one at a time, its folds side by side.
    threads = 1 if settings.retune_trials else settings.threads
    inside = learner.model_copy(
        update={"threads": settings.threads if settings.retune_trials else 1, "minimum_events": LEAST_EVENTS}
    )
    params, rounds = dict(model.summary["params"]), int(model.summary["rounds"])

    explained = data.features.iloc[some_rows(len(data.rows), settings.driver_rows, settings.seed)]

    def one(number: int) -> tuple[Array, Array, bool, Array]:
        drawn = drawn_people(data.rows["person_id"], (settings.seed, number))
        places = np.repeat(np.arange(len(drawn)), drawn.astype(np.int64))
        sample = chosen_rows(data, places, seed=(settings.seed, number, 1))
        made = refit(sample, inside, params, rounds, trials=settings.retune_trials, least_leaf=least_leaf)
        sizes = mean_sizes(made.contributions(explained), made.inputs, model.inputs) if len(explained) else np.empty(0)
        return drawn, made.predict(data.features), not tells_apart(made.calibration), sizes

    with progress.step("bootstrap models", settings.bootstraps) as step:
        found = side_by_side(one, range(settings.bootstraps), threads, step)
    return Bootstrap(
        risk=model.predict(data.features),
        risks=np.array([risk for _, risk, _, _ in found]),
        drawn=np.array([drawn for drawn, _, _, _ in found]),
        flat=sum(flat for _, _, flat, _ in found),
        size=mean_sizes(model.contributions(explained), model.inputs, model.inputs) if len(explained) else None,
        sizes=np.array([sizes for _, _, _, sizes in found]) if len(explained) else None,
    )


def optimism(event: npt.ArrayLike, found: Bootstrap, assessment: AssessmentSettings) -> pd.DataFrame:
    """Apparent, optimism and corrected performance (`Designs.optimism`)."""
    outcome = np.asarray(event, dtype=np.float64)
    n, events = len(outcome), int(outcome.sum())
    everyone = np.ones((1, n))
    apparent = {name: float(value[0]) for name, value in measures_under(outcome, found.risk, everyone).items()}
    inside: dict[str, list[float]] = {name: [] for name in MEASURES}
    outside: dict[str, list[float]] = {name: [] for name in MEASURES}
    for risk, drawn in zip(found.risks, found.drawn, strict=True):
        both = measures_under(outcome, risk, np.vstack([drawn, everyone]))
        for name, values in both.items():
            inside[name].append(float(values[0]))
            outside[name].append(float(values[1]))
    rows: list[dict[str, Any]] = []
    for name in MEASURES:
        row = dict.fromkeys(("apparent", "optimism", "estimate", "lower", "upper"), np.nan)
        within, beyond = np.array(inside[name]), np.array(outside[name])
        reason = _why_not(name, events, n - events, assessment)
        if name == "calibration_slope" and found.flat:
            reason = "some bootstrap models do not rank people they have not seen"
        if not reason and not np.isfinite([apparent[name], *within, *beyond]).all():
            reason = NOT_FITTED
        if not reason:
            gap = float((within - beyond).mean())
            row |= {"apparent": apparent[name], "optimism": gap, "estimate": apparent[name] - gap}
            if len(within) >= LEAST_FOR_INTERVAL:
                tail = (1 - assessment.confidence) / 2
                row["lower"], row["upper"] = (float(x) - gap for x in np.quantile(within, [tail, 1 - tail]))
            else:
                reason = f"no interval: fewer than {LEAST_FOR_INTERVAL} bootstrap models"
        rows.append({"measure": name, **row, "n": n, "events": events, "reason": reason})
    return pd.DataFrame(rows, columns=COLUMNS["optimism"].split())


def _why_not(measure: str, events: int, others: int, assessment: AssessmentSettings) -> str:
    needed = assessment.minimum_for_slope if measure == "calibration_slope" else assessment.minimum_for_anything
    return f"fewer than {needed} events or non-events" if min(events, others) < needed else ""


def instability(found: Bootstrap, threshold: float) -> pd.DataFrame:
    """The instability plot in steps of the model's own risk (`Designs.instability`)."""
    n = len(found.risk)
    bins = max(1, min(_BINS, n // _LEAST_IN_BIN))
    order = np.argsort(found.risk, kind="stable")
    error, moved = _by_discharge(found, threshold)
    rows = []
    for number, members in enumerate(np.array_split(order, bins), start=1):
        low, middle, high = np.quantile(found.risks[:, members], [0.025, 0.5, 0.975])
        rows.append(
            {
                "bin": number,
                "n": len(members),
                "risk": found.risk[members].mean(),
                "low": low,
                "middle": middle,
                "high": high,
                "error": error[members].mean(),
                "moved": moved[members].mean(),
            }
        )
    return pd.DataFrame(rows, columns=COLUMNS["instability"].split())


def instability_summary(event: npt.ArrayLike, found: Bootstrap, threshold: float) -> pd.DataFrame:
    """MAPE and classification instability over discharges (`Designs.instability_summary`)."""
    error, moved = _by_discharge(found, threshold)
    values = {
        "mape": error.mean(),
        "mape_median": np.median(error),
        "mape_95": np.quantile(error, 0.95),
        "moved": moved.mean(),
        "moved_tenth": (moved > 0.1).mean(),
    }
    frame = pd.DataFrame({"measure": list(values), "estimate": [float(value) for value in values.values()]})
    frame = frame.assign(lower=np.nan, upper=np.nan, n=len(error), events=int(np.asarray(event).sum()), reason="")
    return frame[COLUMNS["instability_summary"].split()]


def not_made(event: npt.ArrayLike) -> dict[str, pd.DataFrame]:
    """The tables where a sample of people held too little to learn from: a part of the models would not be a fair sample of them."""
    counts = {"n": len(np.asarray(event)), "events": int(np.asarray(event).sum())}
    reason = "a bootstrap sample of people held too little to learn from"
    rows = {"optimism": MEASURES, "instability_summary": ("mape", "mape_median", "mape_95", "moved", "moved_tenth")}
    return {
        name: pd.DataFrame({"measure": measures}).reindex(columns=COLUMNS[name].split()).assign(**counts, reason=reason)
        for name, measures in rows.items()
    }


def _by_discharge(found: Bootstrap, threshold: float) -> tuple[Array, Array]:
    """Of each discharge the mean absolute prediction error, and the share of models on the other side of the threshold."""
    error = np.abs(found.risks - found.risk).mean(axis=0)
    moved = ((found.risks >= threshold) != (found.risk >= threshold)).mean(axis=0)
    return np.asarray(error, dtype=np.float64), np.asarray(moved, dtype=np.float64)
