"""What leaves of the search: values at the figures that the events support, nothing by fold that could give counts away."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import pandas as pd
import pytest

from hfrisk.disclosure.bundle import release_bundle, release_tuning
from hfrisk.disclosure.policy import Policy
from hfrisk.modelling import ModelSettings, develop
from tests.disclosure.made_up import DICTIONARY, STUDY, Run


def tuned(run: Run, objective: str, **summary: Any) -> dict[str, Any]:
    words = {"objective": objective, "objective_value": 0.64321, **summary}
    trials = pd.DataFrame(
        {
            "trial": [0],
            "state": ["complete"],
            "value": [0.64321],
            "best_so_far": [0.64321],
            "rounds": [12.5],
            "fold_0": [0.61237],
        }
    )
    shares = pd.DataFrame({"setting": ["num_leaves"], "importance": [0.61237]})
    model = dataclasses.replace(run.model, summary={**run.model.summary, **words}, trials=trials, importances=shares)
    return release_tuning(model, Policy(), 0.2)


def test_the_history_and_what_mattered_are_released_at_three_figures(run: Run) -> None:
    told = tuned(run, "log_loss")
    assert told["trials"] == [
        {"trial": 0, "state": "complete", "value": 0.643, "best_so_far": 0.643, "rounds": 12.5, "fold_0": 0.612}
    ]
    assert told["importances"] == {"num_leaves": 0.612}
    assert told["summary"]["objective_value"] == 0.643


@pytest.mark.parametrize("objective", ["auroc", "auprc", "brier"])
def test_no_measure_but_the_log_loss_is_told_by_fold(run: Run, objective: str) -> None:
    assert "fold_0" not in tuned(run, objective)["trials"][0]


def test_few_events_support_two_figures(run: Run) -> None:
    told = tuned(run, "auroc", n_development=4000, events=60)
    assert (told["trials"][0]["value"], told["trials"][0]["best_so_far"]) == (0.64, 0.64)
    assert told["summary"]["objective_value"] == 0.64


def test_a_constrained_model_leaves_with_its_constraints(run: Run, tmp_path_factory: pytest.TempPathFactory) -> None:
    # one small model more, really constrained, so that its text really passes
    name = run.model.inputs[0]
    dictionary = tuple(dataclasses.replace(f, monotone="increasing" if f.name == name else "none") for f in DICTIONARY)
    settings = ModelSettings(trials=1, repeats=1, max_rounds=20, early_stopping_rounds=10, threads=1, monotone="on")
    data = dataclasses.replace(run.data, dictionary=dictionary)
    model = develop(data, settings, folder=tmp_path_factory.mktemp("constrained"))
    cohort = {"window": [0, 29], "risk": "cumulative_incidence"}
    bundle, scrubbed = release_bundle(model, dictionary, Policy(), study=STUDY, cohort=cohort, versions={})
    told = {each["name"]: each["monotone"] for each in bundle.contract["inputs"]}
    assert told == {each: "increasing" if each == name else "none" for each in model.inputs}
    assert re.search(r"^monotone_constraints=1 0", scrubbed.text, re.MULTILINE)
    assert release_tuning(model, Policy(), 0.2)["summary"]["monotone_features"] == {name: "increasing"}
