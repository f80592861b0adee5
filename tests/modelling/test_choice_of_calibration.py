"""The simplest calibration as good as the best one, by losses that no row's own calibrator made."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from hfrisk.modelling import ModelSettings, apply_calibrator, develop, fit_calibrator
from hfrisk.modelling.calibration import BUILT_IN, Choice, choose_method
from hfrisk.modelling.folds import person_folds


def people(n: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.random.Generator]:
    """Log-odds and person of each discharge: two discharges a person on average."""
    random = np.random.default_rng(seed)
    return random.normal(-1.3, 1.0, n), random.integers(0, n // 2, n), random


def chosen(margin: np.ndarray, truth: np.ndarray, person: np.ndarray, random: np.random.Generator) -> Choice:
    event = (random.random(len(truth)) < truth).astype(float)
    fold = person_folds(pd.Series(person), pd.Series(event), 5, seed=1)
    return choose_method("auto", margin, event, fold, person)


def test_well_calibrated_log_odds_are_left_alone() -> None:
    margin, person, random = people(6000, seed=1)
    assert chosen(margin, expit(margin), person, random).method == "none"


def test_log_odds_that_are_too_far_apart_are_given_two_numbers() -> None:
    truth, person, random = people(6000, seed=2)
    assert chosen(2 * truth, expit(truth), person, random).method == "platt"


def test_a_bent_curve_is_given_three_numbers() -> None:
    margin, person, random = people(20_000, seed=3)
    score = expit(margin)
    assert chosen(margin, expit(-2.2 * np.log(1 - score) - 1.5), person, random).method == "beta"


def test_steps_are_given_a_table() -> None:
    margin, person, random = people(20_000, seed=4)
    truth = np.select([margin < -2, margin < -0.5], [0.04, 0.3], 0.35)
    assert chosen(margin, truth, person, random).method in {"isotonic", "venn_abers"}


def test_losses_and_standard_errors_are_those_of_the_plain_loops() -> None:
    margin, person, random = people(1500, seed=5)
    event = (random.random(1500) < expit(1.4 * margin + 0.3)).astype(float)
    fold = person_folds(pd.Series(person), pd.Series(event), 4, seed=2)
    choice = choose_method("auto", margin, event, fold, person)
    assert list(choice.losses) == list(BUILT_IN)
    loss = {}
    for method in BUILT_IN:
        risk = np.empty(1500)
        for k in range(4):
            others = fit_calibrator(method, margin[fold != k], event[fold != k])
            risk[fold == k] = apply_calibrator(others, margin[fold == k])
        loss[method] = np.array([-np.log(p) if e else -np.log(1 - p) for p, e in zip(risk, event, strict=True)])
    best = min(loss, key=lambda method: loss[method].mean())
    for method, row in choice.losses.items():
        behind = loss[method] - loss[best]
        frame = pd.DataFrame({"person": person, "apart": behind - behind.mean()})
        sums = frame.groupby("person")["apart"].sum()
        expected = np.sqrt(len(sums) / (len(sums) - 1) * (sums**2).sum()) / 1500
        assert row["log_loss"] == pytest.approx(loss[method].mean(), abs=1e-12)
        assert row["behind_best"] == pytest.approx(behind.mean(), abs=1e-12)
        assert row["standard_error"] == pytest.approx(expected, abs=1e-12)
    within = [m for m, row in choice.losses.items() if row["behind_best"] <= row["standard_error"]]
    assert choice.method == within[0]


def test_a_named_method_is_kept_without_a_contest() -> None:
    assert choose_method("beta", [0.0], [1], [0], [0]) == Choice("beta", {})


def test_the_choice_and_its_losses_are_told_with_the_model(data, small: ModelSettings, tmp_path) -> None:
    model = develop(data, small.model_copy(update={"calibration": "auto"}), folder=tmp_path)
    assert model.summary["calibration"] == model.calibration["method"]
    assert model.summary["logistic_calibration"] == model.logistic["calibration"]["method"]
    assert set(model.summary["calibration_losses"]) == set(BUILT_IN)
    assert set(model.summary["calibration_losses"]["platt"]) == {"log_loss", "behind_best", "standard_error"}
