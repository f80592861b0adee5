"""Clinical scores beside the model: from points to risks in development, and what becomes of those without a score."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

from hfrisk.errors import DataError
from hfrisk.modelling import Model, ModellingData, ModelSettings, develop
from hfrisk.modelling.scores import fit_scores, score_risks, score_risks_out_of_fold, scores_that_can_be_compared

N = 4000


def invented(seed: int = 3) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """LACE for nine in ten, PARR-30 for everyone, HOSPITAL for one in ten."""
    random = np.random.default_rng(seed)
    lace = random.integers(0, 20, N).astype(float)
    risk = expit(-2.5 + 0.1 * lace)
    event = (random.random(N) < risk).astype("int8")
    scores = pd.DataFrame(
        {
            "score_lace": np.where(random.random(N) < 0.9, lace, np.nan),
            "score_hospital": np.where(random.random(N) < 0.1, random.integers(0, 13, N), np.nan),
            "score_parr30": np.round(expit(logit(risk) + random.normal(0, 0.3, N)), 3),
            "score_le": 4.0,
        }
    )
    return scores, event, np.arange(N) % 5


@pytest.fixture(scope="module")
def with_scores(data: ModellingData) -> ModellingData:
    """The made-up development data with a LACE that follows the truth a little, and is missing in one of ten."""
    random = np.random.default_rng(8)
    points = np.clip(np.round(5 + 2 * data.features["prior_admissions"] + random.normal(0, 3, len(data.rows))), 0, 19)
    missing = random.random(len(points)) < 0.1
    return replace(data, scores=pd.DataFrame({"score_lace": points.mask(missing)}))


@pytest.fixture(scope="module")
def model(with_scores: ModellingData, small: ModelSettings, tmp_path_factory: pytest.TempPathFactory) -> Model:
    return develop(with_scores, small, folder=Path(tmp_path_factory.mktemp("scores")))


def test_a_score_that_most_have_can_be_compared_and_one_that_is_the_same_for_all_cannot() -> None:
    scores, _, _ = invented()
    assert scores_that_can_be_compared(scores, 0.5) == ["lace", "parr30"]
    assert scores_that_can_be_compared(scores, 0.05) == ["lace", "hospital", "parr30"]
    assert scores_that_can_be_compared(pd.DataFrame(), 0.5) == []


def test_points_become_risks_by_an_unpenalised_logistic_regression() -> None:
    scores, event, _ = invented()
    fitted = json.loads(json.dumps(fit_scores(scores, event, ["lace", "parr30"])))
    for name, linear in (("lace", scores["score_lace"]), ("parr30", logit(scores["score_parr30"]))):
        known = linear.notna().to_numpy()
        x = linear[known].to_numpy()[:, None]
        peer = LogisticRegression(C=np.inf, tol=1e-12, max_iter=1000).fit(x, event[known])
        np.testing.assert_allclose(score_risks(fitted[name], scores)[known], peer.predict_proba(x)[:, 1], atol=1e-6)


def test_those_without_a_score_have_the_rate_of_those_without_it() -> None:
    scores, event, _ = invented()
    missing = scores["score_lace"].isna().to_numpy()
    event = np.where(missing, np.arange(N) % 2, event)
    risk = score_risks(fit_scores(scores, event, ["lace"])["lace"], scores)
    assert len(set(risk[missing])) == 1
    assert risk[missing][0] == pytest.approx(event[missing].mean(), abs=0.003)
    assert risk[~missing].mean() == pytest.approx(event[~missing].mean(), abs=1e-9)


def test_a_handful_without_a_score_have_the_rate_of_everyone() -> None:
    scores, event, _ = invented()
    scores["score_parr30"] = scores["score_parr30"].mask(np.arange(N) < 12)
    fitted = fit_scores(scores, np.where(np.arange(N) < 12, 1, event), ["parr30"])["parr30"]
    assert fitted["without"] == pytest.approx(event.mean(), abs=0.005)


def test_no_row_is_scored_by_a_recalibration_that_saw_its_fold() -> None:
    scores, event, fold = invented()
    before = score_risks_out_of_fold(scores, event, fold, ["lace", "parr30"])
    after = score_risks_out_of_fold(scores, np.where(fold == 2, 1 - event, event), fold, ["lace", "parr30"])
    pd.testing.assert_frame_equal(before[fold == 2], after[fold == 2], check_exact=True)
    assert not np.allclose(before[fold != 2], after[fold != 2])


def test_the_scores_stand_beside_the_model_in_both_splits(model: Model, with_scores: ModellingData) -> None:
    assert model.comparators == ["logistic", "lace", "null"]
    risks = model.cross_validated["risk_lace"]
    assert len(set(risks.round(9))) > 20, "points of five recalibrations"
    assert risks.between(0.01, 0.9).all()
    test = with_scores.part("test")
    lace = model.predict_comparator("lace", test.for_comparators)
    points = test.scores["score_lace"].to_numpy()
    known = np.isfinite(points)
    assert (np.diff(lace[known][np.argsort(points[known], kind="stable")]) >= 0).all()
    null = model.predict_comparator("null", test.for_comparators)
    assert set(null) == {with_scores.part("development").rows["event"].mean()}
    with pytest.raises(DataError, match="not there") as caught:
        model.predict_comparator("lace", test.features)
    assert caught.value.where == "score_lace"


def test_the_scores_change_nothing_of_the_model(model: Model, undisturbed: Model) -> None:
    assert model.booster_text == undisturbed.booster_text
    assert model.logistic == undisturbed.logistic


def test_a_score_that_is_a_feature_too_is_there_once(with_scores: ModellingData) -> None:
    both = replace(with_scores, features=with_scores.features.assign(score_lace=with_scores.scores["score_lace"]))
    assert list(both.for_comparators.columns).count("score_lace") == 1


def test_scores_that_cannot_be_compared_are_named(
    with_scores: ModellingData, small: ModelSettings, tmp_path: Path
) -> None:
    rare = with_scores.scores.assign(score_hospital=np.nan)
    few = develop(replace(with_scores, scores=rare), small, folder=tmp_path)
    (check,) = [check for check in few.checks if check.code == "HFR113"]
    assert "HOSPITAL score" in check.text()
    assert "50 of every 100" in check.text()
    assert "LACE" not in check.text()
