"""A planted inequality is found, sized and worded; where nothing is wrong nothing is said. `benchmarks/fairness.py` does twenty seeds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from hfrisk.assessment import AssessmentSettings
from hfrisk.checks import Check
from hfrisk.fairness import FairnessSettings, Mitigation, mitigate
from hfrisk.fairness.against_others import ratio_to_others
from hfrisk.modelling import ModelSettings
from tests.fairness.planted_frames import DEPRIVED, discharges, plain_model

SETTINGS = FairnessSettings(
    remedies=(),
    look_at=("imd_quintile",),
    severity=("nt_probnp", "urea"),
    proxies=("attendances", "nt_probnp"),
)
WHO = "people in deprivation fifth 1 (most deprived)"


def looked_at(seed: int, *, n: int = 10_000, knows: bool = True, **planted: float) -> Mitigation:
    data = discharges(n, seed, **planted)
    model: Any = plain_model(data, knows_deprivation=knows)
    return mitigate(model, data, ModelSettings(), SETTINGS, AssessmentSettings())


def only(found: Mitigation, code: str) -> Check:
    assert [check.code for check in found.checks] == [code]
    return found.checks[0]


def test_where_nothing_is_wrong_hardly_anything_is_said() -> None:
    # three checks at one in twenty each, three seeds: four alarms or more would come up in less than one of a thousand
    alarms = [check.code for seed in (1, 2, 3) for check in looked_at(seed, n=6_000).checks]
    assert len(alarms) <= 3


@pytest.mark.parametrize("knows", [True, False])
def test_readmissions_that_are_not_recorded_are_found_and_sized(knows: bool) -> None:
    found = looked_at(11, knows=knows, lost=0.45)
    check = next(check for check in found.checks if check.code == "HFR177")
    assert check.facts["who"] == WHO
    row = found.label_bias.query("sign == 'lost' and level == @DEPRIVED").iloc[0]
    assert row["lower"] <= 0.45 <= row["upper"]
    assert row["estimate"] == pytest.approx(0.45, abs=0.15)
    text = check.text()
    assert "may be missing" in text
    assert f"({int(row['events']):,} deaths)" in text
    assert "no proof" in check.consequence
    # their illness shows in the signs too, at the risk that the records give them
    if knows:
        assert found.label_bias.query("sign == 'readmitted' and level == @DEPRIVED")["estimate"].iloc[0] < 0.75


def test_risks_that_shift_for_one_group_are_found_and_that_development_did_not_show_it() -> None:
    check = only(looked_at(12, shift=0.7), "HFR178")
    assert check.facts["who"] == WHO
    # what 0.7 on the log-odds does to a readmission rate of a quarter
    assert float(check.facts["lower"]) < 1.5 < float(check.facts["upper"])
    assert "Development did not show it" in check.text()
    assert "too little" in check.consequence


def test_a_feature_that_is_recorded_less_is_found_and_sized() -> None:
    found = looked_at(13, thinned=0.6)
    check = next(check for check in found.checks if check.code == "HFR179")
    assert (check.facts["who"], check.facts["feature"]) == (WHO, "attendances")
    row = found.biased_proxies.query("feature == 'attendances' and measure == 'recorded' and level == @DEPRIVED").iloc[
        0
    ]
    assert row["lower"] <= 0.4 <= row["upper"]
    assert "40%" in check.text() or abs(row["estimate"] - 0.4) < 0.05


def test_a_feature_that_a_group_really_has_less_of_raises_no_alarm() -> None:
    data = discharges(10_000, 14)
    deprived = (data.groups["imd_quintile"] == DEPRIVED).to_numpy()
    keep = ~deprived | (data.features["attendances"].to_numpy() <= 1)
    chosen = np.flatnonzero(keep)
    fewer = type(data)(
        *(frame.iloc[chosen].reset_index(drop=True) for frame in (data.rows, data.features, data.groups)),
        dictionary=data.dictionary,
    )
    found = mitigate(plain_model(fewer), fewer, ModelSettings(), SETTINGS, AssessmentSettings())  # type: ignore[arg-type]
    row = found.biased_proxies.query("feature == 'attendances' and measure == 'recorded' and level == @DEPRIVED").iloc[
        0
    ]
    assert row["upper"] < 0.5
    assert "HFR179" not in [check.code for check in found.checks]


def test_the_ratio_to_the_others_is_that_of_a_plain_regression_and_its_error_that_of_the_bootstrap() -> None:
    random = np.random.default_rng(3)
    n = 1_500
    x, chosen = random.normal(size=n), random.random(n) < 0.3
    person = random.integers(0, 1_000, n)
    y = (random.random(n) < 1 / (1 + np.exp(1.2 - 0.6 * x - 0.3 * chosen))).astype(float)

    def plain(at: np.ndarray) -> float:
        others = at[~chosen[at]]
        fit = sm.Logit(y[others], sm.add_constant(x[others])).fit(disp=0)
        mine = at[chosen[at]]
        return float(np.log(y[mine].sum() / fit.predict(sm.add_constant(x[mine], has_constant="add")).sum()))

    people = np.unique(person, return_inverse=True)[1]
    found = ratio_to_others(y, [x], chosen, people)
    assert found is not None
    assert found.log == pytest.approx(plain(np.arange(n)), abs=1e-6)
    rows = [np.flatnonzero(people == k) for k in range(people.max() + 1)]
    drawn = [plain(np.concatenate([rows[k] for k in random.integers(0, len(rows), len(rows))])) for _ in range(150)]
    assert found.error == pytest.approx(np.std(drawn), rel=0.15)


def test_too_few_deaths_are_a_marked_absence() -> None:
    found = looked_at(5, n=900)
    lost = found.label_bias.query("sign == 'lost'")
    assert lost["estimate"].isna().any()
    assert (lost["reason"].str.startswith("not computed") == lost["estimate"].isna()).all()


def test_a_group_that_the_data_lack_is_passed_over() -> None:
    data = discharges(3_000, 6)
    wanted = SETTINGS.model_copy(update={"look_at": ("ethnicity", "sex"), "adjust": ("age", "nothing_here")})
    found = mitigate(plain_model(data), data, ModelSettings(), wanted, AssessmentSettings())  # type: ignore[arg-type]
    assert set(found.label_bias["group"]) == {"sex"}
    assert isinstance(found.shifted_groups, pd.DataFrame)


def test_everybody_has_no_others_to_be_set_against() -> None:
    draw = np.random.default_rng(6)
    values, column, person = (draw.random(400) < 0.3).astype(float), draw.normal(size=400), np.arange(400)
    assert ratio_to_others(values, [column], np.ones(400, dtype=bool), person) is None
