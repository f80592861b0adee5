"""What the clinical reference (section 9) asks of the generator, at 200,000 index discharges: the truth is true."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from hfrisk.synthetic import RegionSettings
from hfrisk.synthetic.draws import day_number
from hfrisk.synthetic.lives import live_with_heart_failure
from hfrisk.synthetic.people import draw_patients, draw_trusts
from hfrisk.synthetic.recipe import load_recipe
from hfrisk.synthetic.timeline import Timeline
from hfrisk.synthetic.world import World


@pytest.fixture(scope="module")
def truth() -> pd.DataFrame:
    """200,000 index discharges lived through, of which no table is written."""
    settings, recipe = RegionSettings(), load_recipe()
    trusts = draw_trusts(np.random.default_rng([1, 0]), settings, recipe)
    parts: list[pd.DataFrame] = []
    while sum(len(part) for part in parts) < 200_000:
        rng = np.random.default_rng([1, 1 + len(parts)])
        people = draw_patients(rng, 12_000, trusts, settings, recipe)
        timeline = Timeline(len(people), recipe.codes)
        world = World(rng, settings, recipe, trusts, people, timeline, True, day_number(settings.data_end))
        parts.append(live_with_heart_failure(world)[["p_readmitted", "p_died", "p_none", "state"]])
    return pd.concat(parts, ignore_index=True)


def _expected_auroc(p: np.ndarray) -> float:
    """AUROC of the true risks that is expected when each event is drawn with its risk."""
    p = np.sort(p)
    without = np.cumsum(1 - p) - (1 - p)  # non-events with a smaller risk
    return float((p * without).sum() / (p.sum() * (1 - p).sum() - (p * (1 - p)).sum()))


def test_a_fifth_are_readmitted_and_two_percent_more_die_first(truth: pd.DataFrame) -> None:
    assert (truth["state"] == "readmitted").mean() == pytest.approx(0.20, abs=0.005)
    assert (truth["state"] != "none").mean() == pytest.approx(0.225, abs=0.006)


def test_discrimination_is_what_the_true_risks_imply(truth: pd.DataFrame) -> None:
    event = truth["state"] == "readmitted"
    expected = _expected_auroc(truth["p_readmitted"].to_numpy())
    assert roc_auc_score(event, truth["p_readmitted"]) == pytest.approx(expected, abs=0.005)
    assert expected == pytest.approx(0.632, abs=0.01)


def test_the_true_risks_are_calibrated(truth: pd.DataFrame) -> None:
    event = (truth["state"] == "readmitted").to_numpy().astype(float)
    risk = truth["p_readmitted"].to_numpy()
    score = np.log(risk / (1 - risk))
    design = np.column_stack([np.ones_like(score), score, score**2, score**3])
    intercept, slope = _logistic(design[:, :2], event)
    assert slope == pytest.approx(1.0, abs=0.03)
    assert _logistic(design[:, :1], event, offset=score)[0] == pytest.approx(0.0, abs=0.03)
    curve = 1 / (1 + np.exp(-design @ _logistic(design, event)))
    assert np.abs(curve - risk).mean() < 0.005
    assert intercept == pytest.approx(0.0, abs=0.05)


def _logistic(x: np.ndarray, y: np.ndarray, offset: np.ndarray | float = 0.0) -> np.ndarray:
    """Maximum likelihood by Newton's steps."""
    beta = np.zeros(x.shape[1])
    for _ in range(25):
        p = 1 / (1 + np.exp(-(x @ beta + offset)))
        beta = beta + np.linalg.solve(x.T @ (x * (p * (1 - p))[:, None]), x.T @ (y - p))
    return beta
