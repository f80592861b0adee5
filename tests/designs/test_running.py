"""The designs together: the same every time, only what is asked for, and the learning curve's people."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from hfrisk.assessment import AssessmentSettings
from hfrisk.designs import Designs, run_designs
from hfrisk.designs.results import COLUMNS
from hfrisk.modelling import Model, ModellingData
from tests.designs.conftest import LEARNER, SETTINGS


def test_threads_change_no_digit(model: Model, region: ModellingData, found: Designs) -> None:
    alone = SETTINGS.model_copy(update={"threads": 1})
    learner = LEARNER.model_copy(update={"threads": 1})
    again = run_designs(model, region, learner, alone, AssessmentSettings())
    for name in COLUMNS:
        pd.testing.assert_frame_equal(getattr(found, name), getattr(again, name), check_exact=True)
    assert found.checks == again.checks


def test_what_is_switched_off_is_empty_and_costs_nothing(model: Model, region: ModellingData) -> None:
    off = SETTINGS.model_copy(update={"bootstraps": 0, "leave_one_out": False, "learning_curve": False, "drift": False})
    nothing = run_designs(model, region, LEARNER, off, AssessmentSettings())
    assert all(len(getattr(nothing, name)) == 0 for name in COLUMNS)
    assert nothing.checks == []


def test_every_table_has_its_columns_and_a_reason_for_every_hole(found: Designs) -> None:
    for name, columns in COLUMNS.items():
        frame = getattr(found, name)
        assert list(frame.columns) == columns.split()
        assert len(frame), name
        if "reason" in frame:
            assert (frame.loc[frame["estimate"].isna(), "reason"] != "").all()


def test_the_curve_grows_on_people_who_are_never_among_those_held_out(
    model: Model, region: ModellingData, found: Designs
) -> None:
    data = region.part("development")
    outside = data.rows["fold"] != 0
    whole = found.learning_curve[found.learning_curve["share"] == 1.0].iloc[0]
    assert whole["n"] == outside.sum()
    assert whole["events"] == data.rows.loc[outside, "event"].sum()
    half = found.learning_curve[found.learning_curve["share"] == 0.5].iloc[0]
    assert half["n"] == pytest.approx(outside.sum() / 2, rel=0.1)
    known = found.learning_curve.dropna(subset=["estimate"])
    assert ((known["lower"] < known["estimate"]) & (known["estimate"] < known["upper"])).all()


def test_too_few_people_to_learn_from_leave_a_reason(model: Model, region: ModellingData) -> None:
    few = SETTINGS.model_copy(update={"bootstraps": 0, "leave_one_out": False, "drift": False, "shares": (0.1,)})
    curve = run_designs(model, region, LEARNER, few, AssessmentSettings()).learning_curve
    assert curve["estimate"].isna().all()
    assert (curve["reason"] == "too little to learn from at this share").all()


def test_a_search_made_again_inside_gives_other_models(model: Model, region: ModellingData, found: Designs) -> None:
    again = SETTINGS.model_copy(
        update={"bootstraps": 1, "retune_trials": 1, "leave_one_out": False, "learning_curve": False, "drift": False}
    )
    fixed = again.model_copy(update={"retune_trials": 0})
    errors = [
        run_designs(model, region, LEARNER, each, AssessmentSettings()).instability_summary["estimate"].iloc[0]
        for each in (again, fixed)
    ]
    assert errors[0] != errors[1]
    assert np.isfinite(errors).all()
