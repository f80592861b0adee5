"""HFR101 and HFR102: a planted leak is heard, a good model and good features are not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from hfrisk.assessment import AssessmentSettings, assess
from hfrisk.assessment.leakage import ALARMS, kind_of_risk, model_too_good, strong_features, too_strong_feature
from tests.assessment.conftest import Region, expit, feature

QUICK = AssessmentSettings(replicates=60, redraws=50, permutations=99, groups=("sex",))


def codes(results) -> set[str]:
    return {check.code for check in results.checks}


def test_a_model_that_knows_the_truth_raises_no_alarm(make_region) -> None:
    region, model = make_region(6000)
    assert codes(assess(model, region, QUICK)).isdisjoint({"HFR101", "HFR102"})


def test_a_planted_leak_raises_both_alarms_and_they_say_do_not_use(make_region) -> None:
    region, _model = make_region(6000)
    random = np.random.default_rng(1)
    leak = np.where(region.rows["event"] == 1, random.normal(2, 1, 6000), random.normal(0, 1, 6000))
    leaked = replace(
        region, features=region.features.assign(leak=leak), dictionary=(*region.dictionary, feature("leak"))
    )

    class Leaking:
        comparators = ("logistic",)
        subject = "lightgbm"

        def __init__(self) -> None:
            inside = leaked.part("development")
            self.cross_validated = inside.rows[["person_id", "index_id"]].assign(
                risk=self.predict(inside.features), risk_logistic=self.predict(inside.features)
            )

        def predict(self, features: pd.DataFrame) -> np.ndarray:
            return expit(-3.3 + 2 * features["leak"].to_numpy())

        def predict_comparator(self, name: str, features: pd.DataFrame) -> np.ndarray:
            return self.predict(features)

    checks = {check.code: check for check in assess(Leaking(), leaked, QUICK).checks}
    assert checks["HFR101"].severity == checks["HFR102"].severity == "error"
    assert "Do not use" in checks["HFR101"].consequence
    assert "leak 0.9" in checks["HFR102"].text()


def test_a_feature_that_is_recorded_only_for_those_who_came_back_is_heard(make_region) -> None:
    region, _ = make_region(3000)
    event = region.rows["event"].to_numpy()
    when = np.where(event == 1, 1.0, np.nan)
    strength = strong_features(event, pd.DataFrame({"days_until": when}), region.rows["person_id"])
    assert strength["by"].tolist() == ["recorded"]
    check = too_strong_feature(strength, (feature("days_until"),), 0.7)[0]
    assert "days until (whether it is recorded) 1.00" in check.text()


def test_a_feature_counts_in_whichever_direction_it_is_strong() -> None:
    random = np.random.default_rng(2)
    event = np.tile([0, 0, 1], 400)
    values = random.normal(0, 1, 1200) - 2 * event
    strength = strong_features(event, pd.DataFrame({"falls": values, "rises": -values}), np.arange(1200))
    assert strength["auroc"].tolist() == pytest.approx([strength["auroc"][0]] * 2)
    assert strength["lower"].min() > 0.85


def test_a_handful_of_recorded_values_raises_no_alarm() -> None:
    event = np.tile([0, 0, 1], 400)
    values = np.full(1200, np.nan)
    values[:24] = event[:24]
    strength = strong_features(event, pd.DataFrame({"rare": values}), np.arange(1200))
    assert "value" not in strength["by"].tolist()


def test_repeated_discharges_of_few_people_are_no_proof_of_a_leak() -> None:
    random = np.random.default_rng(3)
    event, values = np.array([0, 1] * 12), random.normal(0, 1, 24) + 0.9 * np.array([0, 1] * 12)
    few = strong_features(
        np.repeat(event, 40), pd.DataFrame({"x": np.repeat(values, 40)}), np.repeat(np.arange(24), 40)
    )
    many = strong_features(np.repeat(event, 40), pd.DataFrame({"x": np.repeat(values, 40)}), np.arange(960))
    assert few["lower"].iloc[0] < many["lower"].iloc[0] - 0.1


def test_the_alarm_listens_to_the_lower_end_of_the_interval() -> None:
    row = {"model": "lightgbm", "split": "test", "group": "all", "level": "all", "measure": "auroc"}
    frame = pd.DataFrame([row | {"estimate": 0.80, "lower": 0.69, "upper": 0.91}])
    assert model_too_good(frame, 0.70) == []
    assert model_too_good(frame.assign(lower=0.71), 0.70)[0].code == "HFR101"
    assert model_too_good(frame.assign(lower=0.71, group="sex"), 0.70) == []
    assert model_too_good(frame.assign(lower=np.nan), 0.70) == []


@pytest.mark.parametrize(
    ("events_of", "risk", "alarm"),
    [({"readmitted"}, "readmission", 0.70), ({"readmitted", "died"}, "composite", 0.75), ({"died"}, "death", 0.85)],
)
def test_the_alarm_depends_on_which_risk_is_modelled(events_of, risk, alarm) -> None:
    state = np.array(["readmitted", "died", "none", "none"], dtype=object)
    event = np.isin(state, list(events_of)).astype(int)
    assert kind_of_risk(state, event) == risk
    assert ALARMS[risk] == alarm


def test_a_study_may_declare_a_lower_alarm(make_region) -> None:
    region, model = make_region(6000)
    assert isinstance(region, Region)
    assert "HFR101" in codes(assess(model, region, QUICK.model_copy(update={"leakage_alarm": 0.55})))


def test_the_study_s_risk_sets_the_alarm_when_it_is_given(make_region) -> None:
    region, model = make_region(6000)
    # Discriminates at about 0.73: a leak for readmission, not for readmission or death.
    chance = np.random.default_rng(4).random(6000)
    sharper = expit(-1.5 + 1.0 * region.features["first"].to_numpy())
    event = (chance < sharper).astype(int)
    made = replace(region, rows=region.rows.assign(event=event, state=np.where(event == 1, "readmitted", "none")))
    settings = QUICK.model_copy(update={"replicates": 100})
    found = {
        risk: codes(assess(model, made, settings, risk=risk)) for risk in (None, "cumulative_incidence", "composite")
    }
    assert "HFR101" in found[None] & found["cumulative_incidence"]
    assert "HFR101" not in found["composite"]
    with pytest.raises(ValueError, match="no such risk"):
        assess(model, made, settings, risk="death")
