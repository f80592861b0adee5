"""A stored model beside what is fitted here: untouched, recalibrated where that can be, and not blamed for what is not its own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit, logit

from hfrisk.modelling import Model, ModellingData, ModelSettings, StoredModel, develop

SETTINGS = ModelSettings(learner="stored", stored="a folder", points={"enabled": False}, competing={"enabled": False})  # type: ignore[arg-type]


def tried(undisturbed: Model, data: ModellingData, folder: Path, calibration: dict[str, object]) -> Model:
    stored = StoredModel(undisturbed.booster_text, undisturbed.inputs, calibration)
    return develop(data, SETTINGS, folder=folder, stored=stored)


def test_it_is_untouched_and_its_recalibration_moves_it(
    undisturbed: Model, data: ModellingData, tmp_path: Path
) -> None:
    calibration = {"method": "platt", "intercept": 1.0, "slope": 0.5}
    model = tried(undisturbed, data, tmp_path, calibration)
    test = data.part("test").features
    expected = expit(1.0 + 0.5 * undisturbed.margin(test))
    np.testing.assert_allclose(model.predict(test), expected, atol=1e-12)
    fitted = model.recalibration
    again = expit(fitted["intercept"] + fitted["slope"] * logit(expected))
    np.testing.assert_allclose(model.predict_comparator("recalibrated", test), again, atol=1e-12)
    inside = data.part("development").rows["event"]
    assert model.cross_validated["risk_recalibrated"].mean() == pytest.approx(inside.mean(), abs=0.01)
    assert abs(model.cross_validated["risk"].mean() - inside.mean()) > 0.05
    assert {check.code for check in model.checks}.isdisjoint({"HFR110", "HFR111", "HFR112"})


def test_a_risk_of_exactly_nought_cannot_be_recalibrated(
    undisturbed: Model, data: ModellingData, tmp_path: Path
) -> None:
    middle = float(np.median(undisturbed.margin(data.part("development").features)))
    steps = {"method": "isotonic", "x": [middle - 0.01, middle + 0.01], "y": [0.0, 0.4]}
    model = tried(undisturbed, data, tmp_path, steps)
    assert model.recalibration == {}
    assert "recalibrated" not in model.comparators
    assert "risk_recalibrated" not in model.cross_validated
    assert (model.cross_validated["risk"] == 0).any()
