"""A reader who knows only the written rules recovers the truth from the tables."""

from __future__ import annotations

from math import exp, log
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from hfrisk.synthetic.outcome import draw_day, true_risk
from hfrisk.synthetic.recipe import load_recipe
from tests.synthetic.reader import known_before, read_index

_KEY = ["person_id", "index_id"]
_NONE_KNOWN = {
    "prior_emergency_admissions_365": 0,
    "ed_attendances_180": 0,
    "length_of_stay": 8,
    "hfrs": 0.0,
    "urea": 9.3,
    "sodium": 138.0,
    "haemoglobin": 122.0,
    "systolic_blood_pressure": 128.0,
    "nt_probnp": 4200.0,
    "copd": 0,
    "diabetes": 0,
    "atrial_fibrillation": 0,
    "living_alone": 0,
    "imd": 3,
    "age": 79,
}


@pytest.fixture(scope="module")
def found(region: Path) -> pd.DataFrame:
    return read_index(region).set_index(_KEY).sort_index()


def test_a_reader_finds_exactly_the_index_discharges_of_the_truth(truth: pd.DataFrame, found: pd.DataFrame) -> None:
    assert found.index.is_unique
    assert found.index.equals(truth.set_index(_KEY).sort_index().index)


def test_a_reader_finds_the_same_first_state_and_day(truth: pd.DataFrame, found: pd.DataFrame) -> None:
    expected = truth.set_index(_KEY).sort_index()
    assert (found["state"] == expected["state"]).all()
    assert (found["outcome_day"].fillna(-1) == expected["outcome_day"].fillna(-1)).all()
    for column in ("admission_date", "discharge_date"):
        assert (pd.to_datetime(found[column]) == pd.to_datetime(expected[column])).all()


def test_what_a_reader_knows_at_discharge_is_what_the_true_risk_is_made_of(region: Path, truth: pd.DataFrame) -> None:
    known = known_before(region)
    expected = truth.sort_values("index_id").reset_index(drop=True)
    assert len(known) == len(expected)
    for column in known.columns.drop("index_id"):
        seen = known[column].astype(float)
        measured = seen.notna()
        np.testing.assert_allclose(seen[measured], expected[f"true_{column}"][measured], atol=1e-6, err_msg=column)
        assert measured.mean() > (0.45 if column == "nt_probnp" else 0.95)


def test_the_true_risk_follows_from_its_inputs(truth: pd.DataFrame) -> None:
    inputs = {name.removeprefix("true_"): truth[name].to_numpy() for name in truth if name.startswith("true_")}
    risk = true_risk(inputs, load_recipe())
    np.testing.assert_allclose(truth["p_readmitted"], risk.readmitted, rtol=1e-12)
    np.testing.assert_allclose(truth["p_died"], risk.died, rtol=1e-12)
    np.testing.assert_allclose(truth[["p_readmitted", "p_died", "p_none"]].sum(axis=1), 1.0, atol=1e-12)


def test_a_worked_example_has_the_recipes_log_odds() -> None:
    recipe = load_recipe()
    someone = {name: np.array([value]) for name, value in _NONE_KNOWN.items()}
    risk = true_risk(someone, recipe)
    assert risk.readmitted[0] == pytest.approx(1 / (1 + exp(2.12)))
    assert risk.died[0] == pytest.approx(1 / (1 + exp(4.20)))
    worse = someone | {
        "prior_emergency_admissions_365": np.array([3]),
        "urea": np.array([18.6]),
        "hfrs": np.array([40.0]),
    }
    odds = -2.12 + 0.45 * log(4) + 0.30 * log(2) + 0.020 * 20
    assert true_risk(worse, recipe).readmitted[0] == pytest.approx(1 / (1 + exp(-odds)))
    none = someone | {"length_of_stay": np.array([0])}
    assert true_risk(none, recipe).readmitted[0] == pytest.approx(1 / (1 + exp(2.12 - 0.10 * log(0.5 / 8))))


def test_probabilities_that_would_exceed_one_are_scaled() -> None:
    extreme = {name: np.array([value]) for name, value in _NONE_KNOWN.items()}
    extreme |= {
        "urea": np.array([80.0]),
        "nt_probnp": np.array([70_000.0]),
        "systolic_blood_pressure": np.array([50.0]),
    }
    extreme |= {"sodium": np.array([100.0]), "haemoglobin": np.array([30.0]), "age": np.array([105])}
    extreme |= {"prior_emergency_admissions_365": np.array([12]), "hfrs": np.array([40.0])}
    risk = true_risk(extreme, load_recipe())
    assert risk.none[0] == pytest.approx(0.0, abs=1e-12)
    assert risk.readmitted[0] + risk.died[0] == pytest.approx(1.0)


def test_the_truth_is_calibrated(truth: pd.DataFrame) -> None:
    for state, column, width in (("readmitted", "p_readmitted", 0.13), ("died", "p_died", 0.25)):
        event = truth["state"] == state
        log_odds = np.log(truth[column] / (1 - truth[column])).to_numpy()[:, None]
        fit = LogisticRegression(C=np.inf).fit(log_odds, event)
        assert fit.coef_[0, 0] == pytest.approx(1.0, abs=width), state
        error = np.sqrt((truth[column] * (1 - truth[column])).sum())
        assert abs(event.sum() - truth[column].sum()) < 4 * error, state


def test_death_never_falls_on_the_day_of_discharge_and_no_two_admissions_share_a_date(truth: pd.DataFrame) -> None:
    died = truth.loc[truth["state"] == "died", "outcome_day"]
    back = truth.loc[truth["state"] == "readmitted"]
    assert died.min() == 1
    assert died.max() <= 29
    assert back["outcome_day"].min() == 0
    assert back["outcome_day"].max() == 29
    assert (back["outcome_day"] == 0).mean() == pytest.approx(0.035, abs=0.02)
    assert back.loc[back["true_length_of_stay"] == 0, "outcome_day"].min() >= 1
    days = draw_day(np.random.default_rng(1), np.array([0, 1, 2] * 500), np.zeros(1500, dtype=np.int64), load_recipe())
    assert days[0::3].min() >= 1
    assert (days[2::3] == -1).all()
