"""What every remedy is made from and judged on: development with its out-of-fold risks, and the test."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from hfrisk.fairness.settings import FairnessSettings
from hfrisk.modelling import Model, ModellingData, ModelSettings

__all__ = ["AbsentError", "Arm", "Material", "Part", "levels_of", "material"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class AbsentError(Exception):
    """A remedy that cannot be had here; its words say why."""


@dataclass(frozen=True)
class Part:
    """Discharges of one split: outcome, risk as the model gives it (out of fold in development), level of the group, and person (code)."""

    data: ModellingData
    event: Floats
    risk: Floats
    level: npt.NDArray[np.object_]
    person: Ints


@dataclass(frozen=True)
class Arm:
    """What a remedy gives each discharge of the test: a risk (None: it has none), and the chance of being flagged (0 or 1, or between)."""

    risk: Floats | None
    flag: Floats


@dataclass(frozen=True)
class Material:
    """Both splits, the model, and what the study says."""

    development: Part
    test: Part
    model: Model
    learner: ModelSettings
    settings: FairnessSettings
    threshold: float
    least_leaf: int


def levels_of(data: ModellingData, group: str) -> npt.NDArray[np.object_]:
    """The level of each discharge; a missing one is a level of its own."""
    return np.asarray(data.groups[group].fillna("Not recorded").astype(str).to_numpy(), dtype=object)


def material(
    model: Model,
    data: ModellingData,
    learner: ModelSettings,
    settings: FairnessSettings,
    *,
    threshold: float,
    least_leaf: int,
) -> Material:
    """Both splits, with the risks of the model that is judged.

    Raises
    ------
    AbsentError
        If the data lack the group.
    """
    if settings.group not in data.groups.columns:
        raise AbsentError(f"these data record no {settings.group.replace('_', ' ')}")
    development, test = data.part("development"), data.part("test")
    key = ["person_id", "index_id"]
    out_of_fold = development.rows[key].merge(model.cross_validated[[*key, "risk"]], on=key, how="left")["risk"]
    # where folds run forward in time, the earliest block was never held out: no remedy can be fitted to risks that it has not got
    held_out = np.flatnonzero(out_of_fold.notna())
    return Material(
        _part(development.taken(held_out), np.asarray(out_of_fold, dtype=np.float64)[held_out], settings.group),
        _part(test, np.asarray(model.predict(test.features), dtype=np.float64), settings.group),
        model,
        learner,
        settings,
        threshold,
        least_leaf,
    )


def _part(data: ModellingData, risk: Floats, group: str) -> Part:
    person = pd.factorize(data.rows["person_id"])[0].astype(np.int64)
    event = data.rows["event"].to_numpy(dtype=np.float64)
    return Part(data, event, risk, levels_of(data, group), person)
