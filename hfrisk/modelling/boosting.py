"""LightGBM, made repeatable: one binned data set, its folds, and fits that give the same text every time.

Each fit runs on one thread, and several folds are fitted side by side. LightGBM's own threads add up losses in an
order that depends on their number (differences in the 15th digit), wait for each other after every tree level, and
gain little on tens of thousands of rows; folds share nothing, so that results do not depend on how many run at once.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from threading import Event
from typing import Any

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

from hfrisk.modelling.folds import Division, as_division
from hfrisk.modelling.objectives import objective
from hfrisk.modelling.settings import ModelSettings

__all__ = ["BinnedFolds", "booster_contributions", "booster_margin"]

Floats = NDArray[np.float64]


_FIRST_TREE_DECIMALS = 2
_LATER_FIGURES = 2


class _AbandonedError(Exception):
    """Nobody waits for this fit any more."""


def _until(stop: Event) -> Callable[[Any], None]:
    def after_each_tree(_: Any) -> None:
        if stop.is_set():
            raise _AbandonedError

    return after_each_tree


class BinnedFolds:
    """Development rows, binned once, and their division into folds.

    Binning looks at values of features only, never at outcomes, and is shared by all folds and trials: a trial
    costs its trees and nothing else.

    Parameters
    ----------
    features
        Rows by inputs; NaN where not recorded.
    event
        0 or 1.
    folds
        One array of fold numbers of people, or one division, a repeat; the first is the one stored with the data.
    inputs
        Names of the columns.
    settings
        Bins, rounds, seed, objective, and how many folds are fitted side by side.
    monotone
        For each input 1 (risk may only rise with it), -1 (only fall) or 0, for models that are constrained. None: nothing to constrain.
    weight
        Weight of each row; all one by default.
    """

    def __init__(
        self,
        features: Floats,
        event: NDArray[Any],
        folds: Sequence[NDArray[np.int64] | Division],
        inputs: Sequence[str],
        settings: ModelSettings,
        monotone: Sequence[int] | None = None,
        weight: Floats | None = None,
    ) -> None:
        self.features = np.ascontiguousarray(features, dtype=np.float64)
        self.event = np.asarray(event, dtype=np.float64)
        self.divisions = [as_division(fold) for fold in folds]
        self.inputs = list(inputs)
        self.monotone = list(monotone) if monotone is not None else [0] * len(self.inputs)
        self._settings = settings
        binning = {
            "max_bin": settings.max_bin,
            "min_data_in_bin": settings.min_data_in_bin,
            "feature_pre_filter": False,
            "data_random_seed": settings.seed % 2**31,
            "num_threads": 1,
            "verbosity": -1,
        }
        self._whole = lgb.Dataset(
            self.features,
            self.event,
            weight=weight,
            feature_name=self.inputs,
            params=binning,
            free_raw_data=False,
        ).construct()
        self._parts = [
            (self._rows(division.learn[k]), self._rows(division.fold == k))
            for division in self.divisions
            for k in range(division.count)
        ]

    @property
    def folds(self) -> list[NDArray[np.int64]]:
        """The fold that holds each row out, one array a repeat; -1 where none does."""
        return [division.fold for division in self.divisions]

    @property
    def ratio(self) -> float:
        """Rows that are judged for each that is learnt from."""
        return self.divisions[0].ratio

    @property
    def count(self) -> int:
        """Folds in all repeats together."""
        return len(self._parts)

    @property
    def per_repeat(self) -> int:
        """Folds in one repeat."""
        return self.divisions[0].count

    def judge(self, params: Mapping[str, Any]) -> Generator[tuple[float, int]]:
        """For each fold in turn, the best value of the objective on its held-out rows and the number of trees that gave it.

        As many are fitted at a time as the settings say; those of a caller who stops early end at their next tree.
        """
        stop = Event()
        with ThreadPoolExecutor(self._settings.threads) as pool:
            fits = [pool.submit(self._judge_fold, params, at, stop) for at in range(self.count)]
            try:
                for fit in fits:
                    yield fit.result()
            finally:
                stop.set()
                for fit in fits:
                    fit.cancel()

    def out_of_fold(self, params: Mapping[str, Any], rounds: int) -> Floats:
        """Log-odds of every row from the model of the fold that holds it out (first repeat), all with the same number of trees.

        The folds do not stop where it suits the rows that they are judged on. NaN for a row that no fold holds out.
        """
        margin = np.full(len(self.event), np.nan)

        def fill(k: int) -> None:
            held_out = self.folds[0] == k
            margin[held_out] = booster_margin(self._fit(params, self._parts[k][0], rounds), self.features[held_out])

        with ThreadPoolExecutor(self._settings.threads) as pool:
            list(pool.map(fill, range(self.per_repeat)))
        return margin

    def fit(self, params: Mapping[str, Any], rounds: int) -> str:
        """The model of all rows, as LightGBM text.

        Leaves are rounded: the first tree's to two decimals of the log-odds, the others' to two figures. In full they are simple
        functions of whole counts of people, which can be solved for; rounded, many counts fit each. Risks move by less than 0.002.
        """
        booster = lgb.Booster(model_str=self._fit(params, self._whole, rounds))
        for tree in booster.dump_model()["tree_info"]:
            at = tree["tree_index"]
            for leaf in range(tree["num_leaves"]):
                value = booster.get_leaf_output(at, leaf)
                coarse = round(value, _FIRST_TREE_DECIMALS) if at == 0 else float(f"{value:.{_LATER_FIGURES - 1}e}")
                booster.set_leaf_output(at, leaf, coarse)
        return str(booster.model_to_string(num_iteration=-1))

    def _judge_fold(self, params: Mapping[str, Any], at: int, stop: Event) -> tuple[float, int]:
        train, held_out = self._parts[at]
        judge = objective(self._settings.objective)

        def measured(risk: Floats, data: lgb.Dataset) -> tuple[str, float, bool]:
            return judge.name, judge.measure(np.asarray(data.get_label()), risk), judge.better == "higher"

        booster = lgb.train(
            self._params(params, metric=judge.lightgbm or "None"),
            train,
            num_boost_round=self._settings.max_rounds,
            valid_sets=[held_out],
            valid_names=["held_out"],
            feval=None if judge.lightgbm else measured,
            callbacks=[lgb.early_stopping(self._settings.early_stopping_rounds, verbose=False), _until(stop)],
            keep_training_booster=True,
        )
        return float(booster.best_score["held_out"][judge.lightgbm or judge.name]), int(booster.best_iteration)

    def constrained(self, params: Mapping[str, Any]) -> bool:
        """Whether a model with these settings obeys the monotone constraints."""
        return any(self.monotone) and params.get("monotone", self._settings.monotone) == "on"

    def _fit(self, params: Mapping[str, Any], data: lgb.Dataset, rounds: int) -> str:
        booster = lgb.train(self._params(params), data, num_boost_round=rounds, keep_training_booster=True)
        return str(booster.model_to_string(num_iteration=-1))

    def _params(self, params: Mapping[str, Any], **more: Any) -> dict[str, Any]:
        seed = self._settings.seed % 2**31
        if self.constrained(params):
            # The plain method forbids far more than it must and costs more of the fit.
            more |= {"monotone_constraints": self.monotone, "monotone_constraints_method": "intermediate"}
        return {
            "objective": "binary",
            "boosting": "gbdt",
            "boost_from_average": True,
            "bagging_freq": 1,
            **{name: value for name, value in params.items() if name != "monotone"},
            "deterministic": True,
            # With one thread, histograms by column are a fifth to a third faster than by row, and the same.
            "force_col_wise": True,
            "seed": seed,
            "num_threads": 1,
            "verbosity": -1,
            **more,
        }

    def _rows(self, chosen: NDArray[np.bool_]) -> lgb.Dataset:
        return self._whole.subset(np.flatnonzero(chosen).tolist()).construct()


def booster_margin(text: str, features: Floats) -> Floats:
    """Raw log-odds of a LightGBM text."""
    return np.asarray(_booster(text).predict(features, raw_score=True, num_threads=1), dtype=np.float64)


def booster_contributions(text: str, features: Floats) -> Floats:
    """TreeSHAP contributions in log-odds, one column an input, and the base value last."""
    return np.asarray(_booster(text).predict(features, pred_contrib=True, num_threads=2), dtype=np.float64)


@lru_cache(maxsize=16)
def _booster(text: str) -> lgb.Booster:
    return lgb.Booster(model_str=text)
