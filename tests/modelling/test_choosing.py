"""Budgets of hours, the choice of the simplest good model, monotone constraints, importances."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import optuna
import pandas as pd
import pytest
from optuna.distributions import FloatDistribution, IntDistribution
from optuna.trial import FrozenTrial, TrialState

from hfrisk.modelling import Model, ModellingData, ModelSettings, develop, search
from hfrisk.modelling.choosing import importances, simplest_good
from hfrisk.modelling.claims import Budget, worked
from hfrisk.modelling.objectives import objective
from hfrisk.modelling.space import first_trial, search_space

NOON = datetime(2026, 1, 1, 12)
WAYS = {"prior_admissions": "increasing", "urea": "increasing", "sodium": "decreasing"}


def trial(values: list[float], leaves: int, rounds: int, state: TrialState = TrialState.COMPLETE) -> FrozenTrial:
    return optuna.create_trial(
        params={"num_leaves": leaves, "max_depth": 6},
        distributions={"num_leaves": IntDistribution(2, 31), "max_depth": IntDistribution(2, 6)},
        value=float(np.mean(values)) if state == TrialState.COMPLETE else None,
        intermediate_values={} if state == TrialState.COMPLETE else {3: float(np.mean(values))},
        state=state,
        user_attrs={"values": values, "rounds": [rounds] * len(values)},
    )


def test_the_simplest_trial_within_one_paired_standard_error_is_chosen() -> None:
    best = [0.480, 0.470, 0.500, 0.490, 0.460]
    trials = [
        trial(best, 20, 100),
        # in every fold a little worse: the folds agree, and the paired error is small
        trial([value + 0.002 for value in best], 2, 10),
        # worse in some folds and better in others: mean 0.0004, sd 0.00241, error 0.00241 sqrt(1/5 + 1/4) = 0.00162
        trial([0.483, 0.468, 0.503, 0.489, 0.459], 4, 50),
        trial([0.482, 0.468, 0.502, 0.488, 0.461], 4, 60),
        trial(best[:3], 2, 5, TrialState.PRUNED),
    ]
    assert simplest_good(trials, 0, objective("log_loss"), ratio=1 / 4) == 2
    # the plain standard error of the best (0.007) would have let the consistently worse one in


def test_for_a_measure_of_which_more_is_better_worse_means_less() -> None:
    best = [0.68, 0.66, 0.70]
    trials = [
        trial(best, 8, 100),
        trial([value - 0.01 for value in best], 2, 10),
        trial([0.685, 0.655, 0.699], 3, 10),
    ]
    assert simplest_good(trials, 0, objective("auroc"), ratio=1 / 2) == 2


def test_leaves_that_the_depth_does_not_allow_do_not_count() -> None:
    values = [0.48, 0.47, 0.50]
    shallow, narrow = trial(values, 31, 100), trial(values, 8, 100)
    shallow.params["max_depth"] = 2
    assert simplest_good([narrow, shallow], 0, objective("log_loss"), ratio=1 / 2) == 1


def at_work(start: float, end: float | None, state: TrialState = TrialState.COMPLETE) -> FrozenTrial:
    done = trial([0.5], 4, 10)
    done.state = state
    done.datetime_start = NOON + timedelta(hours=start)
    done.datetime_complete = None if end is None else NOON + timedelta(hours=end)
    return done


def test_hours_are_those_in_which_somebody_was_at_work() -> None:
    # two at once from 0 to 2, idle until 10, one from 10 to 11, one still running since 11.5
    trials = [at_work(0, 1.5), at_work(0.5, 2), at_work(10, 11), at_work(11.5, None, TrialState.RUNNING)]
    assert worked(trials, now=NOON + timedelta(hours=12)) == timedelta(hours=3.5)


def test_a_budget_ends_with_the_trials_or_the_hours_whichever_comes_first() -> None:
    trials = [at_work(0, 1), at_work(1, 2), at_work(2, 3, TrialState.FAIL)]
    assert not Budget(3).spent(trials)
    assert Budget(2).spent(trials)
    assert Budget(9, hours=2).spent(trials)
    assert not Budget(9, hours=2.1).spent(trials)
    assert not Budget(9, hours=0.001).spent([]), "at least one trial is run"


def test_a_search_stops_at_its_hours_and_goes_on_with_more(
    data: ModellingData, small: ModelSettings, tmp_path: Path
) -> None:
    settings = small.model_copy(update={"trials": 4, "hours": 1e-6})
    assert len(search(data, settings, folder=tmp_path).trials) == 1
    assert len(search(data, settings, folder=tmp_path).trials) == 1
    assert len(search(data, settings.model_copy(update={"hours": None}), folder=tmp_path).trials) == 4


@pytest.fixture(scope="module")
def directed(data: ModellingData) -> ModellingData:
    dictionary = tuple(replace(f, monotone=WAYS.get(f.name, "none")) for f in data.dictionary)
    return replace(data, dictionary=dictionary)


@pytest.fixture(scope="module")
def constrained(directed: ModellingData, small: ModelSettings, tmp_path_factory: pytest.TempPathFactory) -> Model:
    # many leaves and no smoothing, so that without constraints the curves would be ragged
    settings = small.model_copy(
        update={
            "monotone": "on",
            "trials": 1,
            "num_leaves": (20, 20),
            "max_depth": (5, 5),
            "min_data_in_leaf": (20, 20),
            "path_smooth": (0.1, 0.1),
            "lambda_l2": (0.1, 0.1),
            "feature_fraction": (1.0, 1.0),
            "early_stopping_rounds": 200,
            "max_rounds": 80,
        }
    )
    return develop(directed, settings, folder=tmp_path_factory.mktemp("constrained"))


def steps(model: Model, data: ModellingData, name: str) -> np.ndarray:
    """Changes of the log-odds of a hundred people as one feature rises."""
    people = data.features[model.inputs].head(100)
    values = np.sort(data.features[name].dropna().unique())
    rising = [model.margin(people.assign(**{name: value})) for value in values]
    return np.diff(np.stack(rising), axis=0)


def test_risk_only_rises_or_falls_with_what_is_constrained(constrained: Model, directed: ModellingData) -> None:
    for name, way in WAYS.items():
        change = steps(constrained, directed, name)
        assert (change >= 0).all() if way == "increasing" else (change <= 0).all(), name
        assert (change != 0).any(), f"{name} is used"
    free = steps(constrained, directed, "age")
    assert (free > 0).any()
    assert (free < 0).any(), "what is not constrained goes both ways"


def test_constraints_are_in_the_summary_and_in_the_model(constrained: Model) -> None:
    assert constrained.summary["monotone"] == "on"
    assert constrained.summary["same_twice"] is True
    assert constrained.summary["monotone_features"] == WAYS
    assert "monotone_constraints=0 1 1 -1" in constrained.booster_text


def test_off_is_off_and_search_tries_both(directed: ModellingData, small: ModelSettings, tmp_path: Path) -> None:
    off = search(directed, small, folder=tmp_path / "off")
    assert "monotone" not in off.params
    found = search(
        directed,
        small.model_copy(update={"monotone": "search", "trials": 8, "startup_trials": 8}),
        folder=tmp_path / "both",
    )
    assert set(found.trials["monotone"]) == {"off", "on"}
    assert found.params["monotone"] == found.trials["monotone"].iloc[found.chosen]


def test_where_nothing_can_be_constrained_nothing_is_searched() -> None:
    settings = ModelSettings(monotone="search")
    assert "monotone" in search_space(settings, 5000)
    assert "monotone" not in search_space(settings, 5000, constraints=False)
    assert first_trial(search_space(settings, 5000))["monotone"] == "off"


def test_on_and_off_may_be_written_as_yaml_reads_them() -> None:
    assert ModelSettings.model_validate({"monotone": True}).monotone == "on"
    assert ModelSettings.model_validate({"monotone": False}).monotone == "off"


def test_no_leaf_is_ever_smaller_than_the_disclosure_threshold() -> None:
    leaf = search_space(ModelSettings(), 300, least_leaf=40)["min_data_in_leaf"]
    assert (leaf.low, leaf.high) == (40, 40)
    leaf = search_space(ModelSettings(min_data_in_leaf=(20, 600)), 100_000, least_leaf=30)["min_data_in_leaf"]
    assert (leaf.low, leaf.high) == (30, 600)


def made_up_trials(count: int) -> list[FrozenTrial]:
    """The value depends on the learning rate and hardly on the penalty."""
    random = np.random.default_rng(4)
    kinds = {"learning_rate": FloatDistribution(0.01, 0.1), "lambda_l2": FloatDistribution(0.1, 10)}
    made = []
    for _ in range(count):
        params = {"learning_rate": random.uniform(0.01, 0.1), "lambda_l2": random.uniform(0.1, 10)}
        value = (params["learning_rate"] - 0.05) ** 2 + 1e-6 * params["lambda_l2"]
        made.append(optuna.create_trial(params=params, distributions=kinds, value=value))
    return made


def test_importances_tell_what_mattered_and_are_the_same_twice() -> None:
    trials = made_up_trials(40)
    space = dict(trials[0].distributions)
    found = importances(trials, space, "minimize", seed=1)
    assert found["setting"].tolist() == ["learning_rate", "lambda_l2"]
    assert found["importance"].iloc[0] > 0.8
    assert found["importance"].sum() == pytest.approx(1)
    pd.testing.assert_frame_equal(found, importances(trials, space, "minimize", seed=1), check_exact=True)


def test_importances_are_absent_where_too_little_was_tried() -> None:
    trials = made_up_trials(9)
    assert importances(trials, dict(trials[0].distributions), "minimize", seed=1).empty
