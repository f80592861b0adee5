"""One level of a group against all others: what was seen in it, over what those others would make one expect.

A regression is fitted on the others only and applied to the level, so that the ratio is that of the level to the others and not to a whole
that it is part of. Ratios carry their influence person by person (Hampel, J Am Stat Assoc 1974;69:383), with what the regression is unsure
of in it, so that two ratios on the same people can be compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit, logit

from hfrisk.assessment.fitting import LogisticFits
from hfrisk.fairness.material import Floats, Ints
from hfrisk.features import Feature
from hfrisk.modelling import Model, ModellingData, spline_basis
from hfrisk.modelling.splines import place_knots

__all__ = [
    "Ratio",
    "Scene",
    "bent",
    "blind_log_odds",
    "by_person",
    "columns_for",
    "error_of",
    "log_odds",
    "mean_gap",
    "ratio_to_others",
    "scene",
]

_FEWEST = 10
_A_COEFFICIENT = 5
"""Events, and non-events, among the others for each coefficient of a regression (count); with fewer there is none."""


@dataclass(frozen=True)
class Ratio:
    """Observed over expected: the two, the logarithm of their ratio, and what each person contributes to it."""

    observed: float
    expected: float
    log: float
    influence: Floats

    @property
    def error(self) -> float:
        """Standard error of the logarithm, clustered by person."""
        return error_of(self.influence)


@dataclass(frozen=True)
class Scene:
    """Discharges that were scored by a model that had not seen the person: development out of fold, and the test."""

    rows: pd.DataFrame
    features: pd.DataFrame
    groups: pd.DataFrame
    risk: Floats
    person: Ints
    entries: dict[str, Feature]

    def levels(self, group: str) -> npt.NDArray[np.object_]:
        """The level of each discharge."""
        return np.asarray(self.groups[group].fillna("Not recorded").astype(str).to_numpy(), dtype=object)


def scene(data: ModellingData, model: Model | None = None) -> Scene:
    """Development and test together; with a model, with its risks."""
    development, test = data.part("development"), data.part("test")
    risk = np.full(len(development.rows) + len(test.rows), np.nan)
    if model is not None:
        key = ["person_id", "index_id"]
        seen = development.rows[key].merge(model.cross_validated[[*key, "risk"]], on=key, how="left")["risk"]
        # where folds run forward in time, the earliest block was never held out
        held_out = np.flatnonzero(seen.notna())
        development = development.taken(held_out)
        risk = np.concatenate([seen.to_numpy(dtype=np.float64)[held_out], model.predict(test.features)])
    rows, features, groups = (
        pd.concat([getattr(development, name), getattr(test, name)], ignore_index=True)
        for name in ("rows", "features", "groups")
    )
    person = pd.factorize(rows["person_id"])[0].astype(np.int64)
    return Scene(rows, features, groups, risk, person, {entry.name: entry for entry in data.dictionary})


def error_of(influence: Floats) -> float:
    """Standard error from what each person contributes."""
    people = len(influence)
    return float(np.sqrt(influence @ influence * people / max(people - 1, 1)))


def by_person(piece: Floats, person: Ints) -> Floats:
    """The sum of what the discharges of each person contribute."""
    return np.asarray(np.bincount(person, weights=piece), dtype=np.float64)


def columns_for(known: Scene, names: Sequence[str]) -> list[Floats]:
    """Columns of a regression for these features; those that the study lacks are passed over."""
    return [column for name in names if name in known.features for column in bent(known.features[name].to_numpy())]


def bent(values: npt.ArrayLike) -> list[Floats]:
    """A number as columns: a restricted cubic spline where it has values enough, and whether it is missing where it may be."""
    x = np.asarray(values, dtype=np.float64)
    missing = np.isnan(x)
    if missing.all():
        return []
    filled = np.where(missing, np.median(x[~missing]), x)
    knots = place_knots(filled, 4, 1e-6)
    columns = list(spline_basis(filled, knots).T) if len(knots) else [filled]
    return [*columns, missing.astype(np.float64)] if missing.any() else columns


def log_odds(risk: Floats) -> Floats:
    """Log-odds, with certainty kept finite."""
    return np.asarray(logit(np.clip(risk, 1e-6, 1 - 1e-6)), dtype=np.float64)


def blind_log_odds(known: Scene, level: npt.NDArray[np.object_]) -> Floats:
    """Log-odds of the risk without what the model gives to a level as such.

    Least squares of the log-odds on every feature that the dictionary does not call sensitive (and whether it is missing) and on the
    levels; what the levels add is taken off. A model that has learnt a group's readmissions knows them by the group, in whole or in part;
    what is left is how ill its people look otherwise.
    """
    odds = log_odds(known.risk)
    columns: list[Floats] = []
    for name, entry in known.entries.items():
        if entry.sensitive:
            continue
        values = known.features[name].to_numpy(dtype=np.float64)
        missing = np.isnan(values)
        if missing.all():
            continue
        values = np.log1p(np.maximum(values, 0.0)) if entry.skewed else values
        columns.append(np.where(missing, np.median(values[~missing]), values))
        if missing.any():
            columns.append(missing.astype(np.float64))
    everyone = np.ones(len(odds), dtype=np.bool_)
    names = sorted(set(level))[1:]
    design = np.column_stack([_scaled(columns, len(odds), everyone), *[(level == one).astype(float) for one in names]])
    coefficients = np.linalg.lstsq(design, odds, rcond=None)[0]
    if not names:
        return odds
    added = design[:, -len(names) :] @ coefficients[-len(names) :]
    return np.asarray(odds - added + added.mean(), dtype=np.float64)


def ratio_to_others(
    values: Floats, columns: Sequence[Floats], chosen: npt.NDArray[np.bool_], person: Ints, *, binary: bool = True
) -> Ratio | None:
    """What was seen among the chosen over what a regression of the others says.

    Parameters
    ----------
    values
        Outcome (0 or 1), or with ``binary=False`` a number that is not negative (least squares instead of a logistic regression).
    columns
        What is held equal.
    chosen
        Who is looked at.
    person
        Code of the person of each discharge.

    Returns
    -------
    Ratio or None
        None where there are too few, or nothing could be fitted.
    """
    if chosen.all():
        return None  # there are no others
    design = _scaled(columns, len(values), ~chosen)
    y, others = values[~chosen], design[~chosen]
    observed = float(values[chosen].sum())
    if binary and (
        min(observed, chosen.sum() - observed) < _FEWEST
        or min(y.sum(), len(y) - y.sum()) < max(_FEWEST, _A_COEFFICIENT * design.shape[1])
    ):
        return None
    coefficients = _fitted(y, others, binary)
    if coefficients is None or observed <= 0:
        return None
    line = design @ coefficients
    mean = np.asarray(expit(line)) if binary else line
    slope = mean * (1 - mean) if binary else np.ones(len(line))
    expected = float(mean[chosen].sum())
    if not expected > 0:
        return None
    information = others.T @ (others * slope[~chosen][:, None])
    gradient = design[chosen].T @ slope[chosen] / expected
    pull = np.linalg.solve(information, gradient)
    piece = np.empty(len(values))
    piece[chosen] = (values[chosen] - observed / expected * mean[chosen]) / observed
    piece[~chosen] = -(others @ pull) * (y - mean[~chosen])
    influence = by_person(piece, person)
    return Ratio(observed, expected, float(np.log(observed / expected)), influence)


def mean_gap(
    values: Floats, columns: Sequence[Floats], chosen: npt.NDArray[np.bool_], person: Ints
) -> tuple[float, float] | None:
    """Mean difference of the chosen from what least squares on the others says, in the others' residual SD, and its standard error."""
    if chosen.all():
        return None  # there are no others
    design = _scaled(columns, len(values), ~chosen)
    y, others = values[~chosen], design[~chosen]
    if chosen.sum() < _FEWEST or len(y) < _A_COEFFICIENT * design.shape[1]:
        return None
    coefficients = _fitted(y, others, False)
    if coefficients is None:
        return None
    left = values - design @ coefficients
    spread = float(left[~chosen].std())
    if not spread > 0:
        return None
    gap, n = float(left[chosen].mean()), int(chosen.sum())
    pull = np.linalg.solve(others.T @ others, design[chosen].mean(axis=0))
    piece = np.empty(len(values))
    piece[chosen] = (left[chosen] - gap) / n
    piece[~chosen] = -(others @ pull) * left[~chosen]
    return gap / spread, error_of(by_person(piece, person)) / spread


def _scaled(columns: Sequence[Floats], n: int, fitted: npt.NDArray[np.bool_]) -> Floats:
    """Intercept and standardised columns; what does not vary where it is fitted is left out."""
    kept = [np.ones(n)]
    for column in columns:
        centre, scale = column[fitted].mean(), column[fitted].std()
        if scale > 1e-12:
            kept.append((column - centre) / scale)
    return np.column_stack(kept)


def _fitted(y: Floats, design: Floats, binary: bool) -> Floats | None:
    if binary:
        found = LogisticFits(design).fit((y @ design)[None, :])[0]
        return found if np.isfinite(found).all() else None
    if np.linalg.matrix_rank(design) < design.shape[1]:
        return None
    return np.asarray(np.linalg.lstsq(design, y, rcond=None)[0], dtype=np.float64)
