"""A small made-up development set with trusts, and a model of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hfrisk.assessment import AssessmentSettings
from hfrisk.designs import Designs, DesignSettings, run_designs
from hfrisk.modelling import Model, ModellingData, ModelSettings, develop
from tests.modelling.conftest import make_frames

LEARNER = ModelSettings(trials=3, startup_trials=2, repeats=1, max_rounds=60, early_stopping_rounds=15)
SETTINGS = DesignSettings(bootstraps=4, shares=(0.5, 1.0))


@pytest.fixture(scope="session")
def region() -> ModellingData:
    frames = make_frames(3200)
    trust = np.array(["A", "B", "C", "Tiny", "Not recorded"])
    chosen = np.random.default_rng(5).choice(5, len(frames.rows), p=[0.4, 0.3, 0.25, 0.01, 0.04])
    return replace(frames, groups=frames.groups.assign(site_group=trust[chosen])).partition()


@pytest.fixture(scope="session")
def model(region: ModellingData, tmp_path_factory: pytest.TempPathFactory) -> Model:
    return develop(region, LEARNER, folder=Path(tmp_path_factory.mktemp("designs")))


@pytest.fixture(scope="session")
def found(model: Model, region: ModellingData) -> Designs:
    return run_designs(model, region, LEARNER, SETTINGS, AssessmentSettings())
