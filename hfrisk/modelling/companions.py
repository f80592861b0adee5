"""What is fitted beside the learned model and its comparator: a score-card on paper, and a model of three states."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hfrisk.checks import Check
from hfrisk.features import Feature
from hfrisk.modelling.competing import STATES, fit_competing
from hfrisk.modelling.folds import Division
from hfrisk.modelling.points import fit_card
from hfrisk.modelling.settings import ModelSettings

__all__ = ["Companions", "fit_companions"]


@dataclass(frozen=True)
class Companions:
    """Companions of the model.

    Parameters
    ----------
    points
        The score-card (`fit_card`), or empty.
    competing
        The model of three states (`fit_competing`), or empty.
    risks
        Out-of-fold risks of those that were made: ``risk_points``; ``risk_readmitted``, ``risk_died``, ``risk_none``.
    checks
        Why one was asked for and not made.
    """

    points: dict[str, Any]
    competing: dict[str, Any]
    risks: dict[str, NDArray[np.float64]]
    checks: list[Check]


def fit_companions(
    features: pd.DataFrame,
    rows: pd.DataFrame,
    dictionary: Sequence[Feature],
    settings: ModelSettings,
    division: Division | None = None,
) -> Companions:
    """Fit what the settings ask for.

    Parameters
    ----------
    features
        Inputs of the development rows that are offered to the model.
    rows
        ``event``, ``state`` and ``fold`` of the same rows.
    dictionary
        An entry for each input.
    settings
        `points` and `competing`, the spline's knots, and how many folds are fitted side by side.
    division
        Who is held out when, for the three states; the person folds of `rows` by default. The score-card keeps those: its number of items
        is chosen by folds inside folds, for which there is too little time before the first blocks.
    """
    points: dict[str, Any] = {}
    competing: dict[str, Any] = {}
    risks: dict[str, NDArray[np.float64]] = {}
    checks = []
    division = division or Division.of_people(rows["fold"])
    if settings.points.enabled:
        card = fit_card(features, rows["event"], rows["fold"], dictionary, settings.points, threads=settings.threads)
        if card is None:
            checks.append(_no_card())
        else:
            points, risks["risk_points"] = card.card, card.risk
    if settings.competing.enabled:
        if _enough(rows, settings.competing.minimum_deaths, division):
            states = fit_competing(
                features,
                rows["state"],
                division,
                dictionary,
                people=rows["fold"],
                knots=settings.spline_knots,
                threads=settings.threads,
            )
            competing = states.parameters
            risks |= {f"risk_{name}": column for name, column in zip(STATES, states.risk.T, strict=True)}
        else:
            checks.append(_no_states(settings.competing.minimum_deaths))
    return Companions(points, competing, risks, checks)


def _enough(rows: pd.DataFrame, least: int, division: Division) -> bool:
    """Whether each of the three states has `least` discharges, and some in whatever is learnt from or recalibrated on."""
    state, fold = rows["state"].to_numpy(), rows["fold"].to_numpy()
    judged = division.fold >= 0
    sets = [*division.learn, *(judged & (fold != k) for k in np.unique(fold[judged]))]
    return all((state == name).sum() >= least and all((state[part] == name).any() for part in sets) for name in STATES)


def _no_card() -> Check:
    return Check(
        code="HFR117",
        severity="note",
        title="No score-card",
        finding="No feature in bands foretold the outcome in people outside the fold better than the event rate alone.",
        consequence="There is no score-card on paper in this report.",
        todo="Where other models do tell people apart, allow smaller bands or more of them.",
    )


def _no_states(minimum: int) -> Check:
    return Check(
        code="HFR118",
        severity="note",
        title="Death is not modelled",
        finding="Fewer than {minimum} people in development died without coming back, or came back, or did neither.",
        consequence="The three are not modelled together. How many died first is told where it may be shown.",
        todo="See that deaths outside hospital reach the source, or use a longer development period.",
        facts={"minimum": str(minimum)},
    )
