"""What a model may be learnt from: enough events, features that vary, and what is said of those that do not."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hfrisk.checks import Check
from hfrisk.errors import DataError, StudyError
from hfrisk.features import Feature
from hfrisk.modelling.boosting import BinnedFolds
from hfrisk.modelling.folds import person_folds
from hfrisk.modelling.partitioning import ModellingData
from hfrisk.modelling.settings import ModelSettings

__all__ = ["empty_check", "prepared", "refuse_small_window", "refuse_too_few", "usable"]

# as many as the gate asks for: fewer could not be shown
_LEAST_DIFFERENT = 10
_WAYS = {"increasing": 1, "decreasing": -1, "none": 0}


def prepared(
    data: ModellingData, settings: ModelSettings, weight: NDArray[np.float64] | None = None
) -> tuple[BinnedFolds, list[Feature], list[Feature]]:
    """Development rows in their folds, the features that are used, and those with too little to learn from."""
    refuse_too_few(data.rows, settings.minimum_events)
    dictionary, empty = usable(data, settings)
    division = data.division
    # people can be dealt anew, time cannot
    redrawn = [
        person_folds(data.rows["person_id"], data.rows["event"], division.count, seed=(settings.seed, repeat))
        for repeat in range(1, settings.repeats if data.blocks is None else 1)
    ]
    names = [feature.name for feature in dictionary]
    folds = BinnedFolds(
        data.features[names].to_numpy(),
        data.rows["event"].to_numpy(),
        [division, *redrawn],
        names,
        settings,
        monotone=[_WAYS[feature.monotone] for feature in dictionary],
        weight=weight,
    )
    return folds, dictionary, empty


def refuse_too_few(rows: pd.DataFrame, minimum: int) -> None:
    """Refuse to learn from too few events, or from too few people with them (decision 13)."""
    events = int(rows["event"].sum())
    others = len(rows) - events
    fewer, words = (events, "with the outcome") if events <= others else (others, "without the outcome")
    if fewer < minimum:
        found = f" ({fewer} were found)" if fewer >= 10 else ""
        raise DataError(
            f"There are fewer than {minimum} index discharges {words} in development{found}: "
            "too few to learn a model from.",
            where="model.minimum_events",
            todo=f"Use a longer development period or more hospitals, so that at least {minimum} are there.",
        )
    people = rows.groupby("person_id")["event"].agg(["max", "min"])
    needed = int(rows["fold"].max()) + 1
    if int(people["max"].sum()) < needed or int((people["min"] == 0).sum()) < needed:
        raise DataError(
            "The outcome is concentrated in fewer people than there are folds.",
            where="validation.folds",
            todo="Use fewer folds, or a longer development period.",
        )


def refuse_small_window(rows: pd.DataFrame, minimum: int) -> None:
    """Refuse to calibrate on too few events or non-events of a calibration window (decision 13)."""
    events = int(rows["event"].sum())
    fewer = min(events, len(rows) - events)
    if fewer < minimum:
        found = f" ({fewer} were found)" if fewer >= _LEAST_DIFFERENT else ""
        raise DataError(
            f"There are fewer than {minimum} index discharges with the outcome, or without it, in the calibration window{found}: "
            "too few to calibrate on.",
            where="validation.calibration_from or validation.calibration_share",
            todo="Use a longer window, or leave both empty to calibrate out of fold.",
        )


def usable(data: ModellingData, settings: ModelSettings) -> tuple[list[Feature], list[Feature]]:
    """The features that the model may use, and those among them that are the same for nearly everybody."""
    unknown = sorted(set(settings.exclude) - {feature.name for feature in data.dictionary})
    if unknown:
        raise StudyError(
            f"There is no feature called {', '.join(unknown)}.",
            where="model.exclude",
            todo="Use names from the feature dictionary.",
        )
    offered = [feature for feature in data.dictionary if feature.name not in settings.exclude]
    empty = [feature for feature in offered if _hardly_varies(data.features[feature.name])]
    usable = [feature for feature in offered if feature not in empty]
    if not usable:
        raise DataError("No feature varies in development.", todo="Look at the feature dictionary's notices.")
    return usable, empty


def _hardly_varies(values: pd.Series) -> bool:
    """Whether fewer than ten discharges differ from the rest: nothing can be learnt from them, and nobody should learn of them."""
    return len(values) - int(values.value_counts(dropna=False).max()) < _LEAST_DIFFERENT


def empty_check(empty: list[Feature]) -> Check | None:
    """HFR111: features with too little to learn from."""
    if not empty:
        return None
    return Check(
        code="HFR111",
        severity="note",
        title="Features with too little to learn from",
        finding="The same for all but a few people in development, and so left out: {features}.",
        consequence="The model does not know them; other data that do record them would not change its answer.",
        todo="See whether the source holds them under another code, or leave them out of the study.",
        facts={"features": ", ".join(feature.words for feature in empty)},
    )
