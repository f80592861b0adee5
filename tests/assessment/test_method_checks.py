"""HFR130 to HFR137: what the temporal test shows is said in words, and how much it matters."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from hfrisk.assessment import AssessmentSettings, Results, assess
from hfrisk.assessment.findings import factor_in_words, method_checks
from hfrisk.checks import Check

QUICK = AssessmentSettings(replicates=100, redraws=50, permutations=99, groups=("sex",), slope_width=0.5)


@pytest.fixture(scope="module")
def judged(make_region) -> Results:
    region, model = make_region(3000)
    return assess(model, region, QUICK)


def checks(make_region, discharges: int = 8000, settings: AssessmentSettings = QUICK, **how: float) -> dict[str, Check]:
    region, model = make_region(discharges, **how)
    return {check.code: check for check in assess(model, region, settings).checks}


def test_a_true_model_raises_only_that_the_simple_one_does_as_well(make_region) -> None:
    assert set(checks(make_region)) <= {"HFR133"}


def test_a_model_that_over_predicts_twofold_must_not_be_used_and_the_words_say_so(make_region) -> None:
    found = checks(make_region, shift=0.95)["HFR130"]
    assert found.severity == "error"
    assert "over-predicts about twofold" in found.text()
    assert "must not be used" in found.consequence
    assert found.counts["discharges"] > 2000
    assert found.counts["events"] > 300


def test_a_model_that_under_predicts_twofold_must_not_be_used(make_region) -> None:
    found = checks(make_region, shift=-0.85)["HFR130"]
    assert found.severity == "error"
    assert "under-predicts about twofold" in found.text()


def test_a_model_that_over_predicts_by_a_third_needs_correcting(make_region) -> None:
    found = checks(make_region, shift=0.38)["HFR130"]
    assert found.severity == "warning"
    assert "by about a third" in found.text()


def test_a_small_test_that_is_far_off_by_chance_is_a_warning_and_not_a_verdict(judged) -> None:
    def found(estimate: float, lower: float, upper: float) -> Check | None:
        chosen = (judged.performance["measure"] == "oe_ratio") & (judged.performance["group"] == "all")
        performance = judged.performance.copy()
        performance.loc[chosen, ["estimate", "lower", "upper"]] = estimate, lower, upper
        made = method_checks(
            performance, judged.comparison, QUICK, model="lightgbm", comparators=["logistic"], needed=100
        )
        return {check.code: check for check in made}.get("HFR130")

    assert found(0.60, 0.30, 1.05).severity == "warning"
    assert found(0.60, 0.50, 0.72).severity == "error"
    assert found(1.60, 1.20, 2.10).severity == "error"
    assert found(1.60, 0.90, 2.50).severity == "warning"
    assert found(1.30, 1.20, 1.40).severity == "warning"
    assert found(0.81, 0.70, 0.90) is None


@pytest.mark.parametrize(
    ("ratio", "words"),
    [
        (0.80, "by about a quarter"),
        (0.91, "by about a tenth"),
        (0.75, "by about a third"),
        (1.5, "by about a half"),
        (0.48, "about twofold"),
        (0.35, "about threefold"),
        (0.6, "about twofold"),
        (2.0, "about twofold"),
        (0.26, "about fourfold"),
        (9.0, "more than fourfold"),
        (0.0, "more than fourfold"),
    ],
)
def test_how_far_off_is_said_in_words(ratio, words) -> None:
    assert factor_in_words(ratio) == words


def test_overfitted_risks_are_said_to_be_too_extreme(make_region) -> None:
    # Twice as spread in log-odds around the same level.
    found = checks(make_region, shift=1.5, scale=2.0)["HFR131"]
    assert found.severity == "warning"
    assert found.title == "Risks are too extreme"
    assert float(found.facts["calibration_slope"]) == pytest.approx(0.5, abs=0.12)


def test_risks_without_spread_are_said_to_be_too_close_together(make_region) -> None:
    assert checks(make_region, shift=-0.75, scale=0.5)["HFR131"].title == "Risks are too close together"


def test_a_test_too_small_for_a_precise_slope_says_how_many_are_needed(make_region) -> None:
    found = checks(make_region, settings=QUICK.model_copy(update={"slope_width": 0.3}))["HFR132"]
    assert found.severity == "note"
    assert 3_000 < int(str(found.facts["needed"]).replace(",", "")) < 6_000
    assert found.facts["half_width"] == "0.15"


def test_a_test_with_less_than_a_quarter_of_what_a_slope_needs_is_a_warning(make_region) -> None:
    found = checks(make_region, settings=QUICK.model_copy(update={"slope_width": 0.15}))["HFR132"]
    assert found.severity == "warning"


def test_a_test_without_200_events_says_that_there_is_no_slope(make_region) -> None:
    found = checks(make_region, discharges=1500)["HFR132"]
    assert found.severity == "warning"
    assert "fewer than 200 events" in found.text()


def test_a_model_clearly_better_than_the_simple_one_gets_no_note(make_region) -> None:
    assert "HFR133" not in checks(make_region, discharges=30_000, settings=QUICK.model_copy(update={"margin": 0.001}))


def test_a_model_no_better_than_the_simple_one_by_the_margin_gets_a_note(make_region) -> None:
    found = checks(make_region, settings=QUICK.model_copy(update={"margin": 0.05}))["HFR133"]
    assert found.severity == "note"
    assert "0.05" in found.text()


def test_a_score_that_ranks_as_well_is_named_and_one_that_is_beaten_is_not(judged) -> None:
    def found(**gaps: tuple[float, float, float]) -> Check | None:
        (row,) = judged.comparison[
            (judged.comparison["split"] == "test") & (judged.comparison["measure"] == "auroc")
        ].to_dict("records")
        rows = [
            {**row, "model_b": name, "difference": middle, "lower": lower, "upper": upper}
            for name, (middle, lower, upper) in gaps.items()
        ]
        made = method_checks(
            judged.performance, pd.DataFrame(rows), QUICK, model="lightgbm", comparators=list(gaps), needed=100
        )
        return {check.code: check for check in made}.get("HFR137")

    assert found(lace=(0.04, 0.01, 0.07), null=(0.1, 0.05, 0.15)) is None
    equal = found(lace=(0.02, -0.01, 0.05), hospital=(0.04, 0.01, 0.07))
    assert equal.severity == "warning"
    assert "LACE index (-0.010 to +0.050)" in equal.text()
    assert "HOSPITAL" not in equal.text()
    assert found(lace=(-0.03, -0.05, -0.01)).title == "Worse than a clinical score"
    assert found(null=(0.0, -0.01, 0.01)) is None


def test_a_model_that_ranks_at_random_is_no_better_than_chance(make_region) -> None:
    region, model = make_region(4000)
    shuffled = replace(
        region, rows=region.rows.assign(event=np.random.default_rng(1).permutation(region.rows["event"]))
    )
    found = {check.code: check for check in assess(model, shuffled, QUICK).checks}["HFR134"]
    assert found.severity == "error"
    assert "must not be used" in found.consequence


def test_a_test_of_one_class_could_not_be_judged_and_is_not_a_nought(make_region) -> None:
    region, model = make_region(2000)
    in_test = region.rows["split"] == "test"
    alike = replace(region, rows=region.rows.assign(event=region.rows["event"].where(~in_test, 0)))
    results = assess(model, alike, QUICK)
    assert {check.code for check in results.checks} >= {"HFR135"}
    test = results.performance[results.performance["split"] == "test"]
    assert test["estimate"].isna().all()
    assert (test["reason"] != "").all()


def test_a_test_of_nobody_is_said_to_be_missing(make_region) -> None:
    region, model = make_region(1500)
    nobody = replace(region, rows=region.rows.assign(split=region.rows["split"].replace("test", "gap")))
    results = assess(model, nobody, QUICK)
    found = {check.code: check for check in results.checks}["HFR135"]
    assert "no discharges" in found.text()
    assert results.performance["split"].eq("test").any()


def test_groups_that_nobody_recorded_are_named(make_region) -> None:
    region, model = make_region(1500)
    blank = replace(region, groups=region.groups.drop(columns="imd_quintile").assign(ethnicity="Not recorded"))
    settings = QUICK.model_copy(update={"groups": ("sex", "ethnicity", "imd_quintile")})
    found = {check.code: check for check in assess(model, blank, settings).checks}["HFR136"]
    assert found.facts["names"] == "ethnicity, imd quintile"


def test_no_check_holds_a_value_of_a_person_and_all_its_holes_are_filled(make_region) -> None:
    region, model = make_region(2500, shift=1.0, scale=1.8)
    for check in assess(model, region, QUICK.model_copy(update={"leakage_alarm": 0.51})).checks:
        text = check.text()
        assert "{" not in text
        assert "nan" not in text
        assert set(check.counts) <= {"discharges", "events"}


@pytest.mark.parametrize(("upper", "severity"), [(-0.006, "warning"), (0.004, "note")])
def test_a_model_that_is_clearly_worse_than_the_simple_one_is_called_worse(upper: float, severity: str) -> None:
    from types import SimpleNamespace

    from hfrisk.assessment.findings import _no_better

    (check,) = _no_better(SimpleNamespace(difference=-0.02, lower=-0.034, upper=upper), 0.01)
    assert check.severity == severity
    assert ("Worse" in check.title) == (severity == "warning")
