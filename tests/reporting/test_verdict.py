"""The verdict follows from the checks and from how the model did in later discharges."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from hfrisk.disclosure import Released
from hfrisk.reporting import ReportingSettings
from hfrisk.reporting.evidence import Evidence
from hfrisk.reporting.verdict import Verdict, reach
from tests.reporting import reporting_samples as samples

FIT, RECALIBRATE, STOP = "Fit for silent testing", "Needs recalibration before use", "Do not use"


def verdict(released: Released, **settings: float) -> Verdict:
    return reach(Evidence(released), ReportingSettings.model_validate(settings))


@pytest.fixture(scope="module")
def base() -> Released:
    """Right on average, better than chance, and right for every group."""
    region = samples.region()
    frame = region.performance.copy()
    groups = (frame["measure"] == "oe_ratio") & (frame["group"] != "all") & frame["estimate"].notna()
    frame.loc[groups, ["estimate", "lower", "upper"]] = [1.0, 0.9, 1.1]
    return samples.changed(region, performance=frame)


@pytest.mark.parametrize(
    ("measure", "number", "expected"),
    [
        ("oe_ratio", (1.0, 0.95, 1.05), FIT),
        ("oe_ratio", (0.9, 0.84, 0.96), FIT),  # off, but by less than a reader could act on
        ("oe_ratio", (0.8, 0.72, 0.88), RECALIBRATE),
        ("oe_ratio", (1.3, 1.2, 1.4), RECALIBRATE),
        ("oe_ratio", (0.47, 0.35, 0.60), STOP),
        ("oe_ratio", (1.8, 1.6, 2.0), STOP),
        ("oe_ratio", (1.0, 0.6, 1.5), STOP),  # too small a test to rule out a gross fault
        ("oe_ratio", (math.nan, math.nan, math.nan), STOP),
        ("auroc", (0.64, 0.61, 0.67), FIT),
        ("auroc", (0.53, 0.49, 0.57), STOP),
        ("auroc", (0.64, math.nan, math.nan), STOP),
        ("calibration_slope", (0.97, 0.8, 1.2), FIT),
        ("calibration_slope", (0.6, 0.5, 0.7), RECALIBRATE),
        ("calibration_slope", (0.6, 0.1, 1.1), FIT),  # no difference that is one
        ("calibration_slope", (1.5, 1.2, 1.8), RECALIBRATE),
        ("calibration_slope", (math.nan, math.nan, math.nan), FIT),  # a warning of the checks, not a verdict
    ],
)
def test_performance_in_later_discharges_decides(
    base: Released, measure: str, number: tuple[float, float, float], expected: str
) -> None:
    assert verdict(samples.with_number(base, measure, *number)).words == expected


@pytest.mark.parametrize(("severity", "expected"), [("error", STOP), ("warning", FIT), ("note", FIT)])
def test_only_a_grave_check_stops_a_good_model(base: Released, severity: str, expected: str) -> None:
    check = ("HFR101", severity, "Better than this outcome allows: probably a leak", "f", "c", "t")
    frame = pd.DataFrame([check], columns=list(base.checks.columns))
    found = verdict(samples.changed(base, checks=frame))
    assert found.words == expected
    assert (severity == "error") == ("Better than this outcome allows: probably a leak (HFR101)." in found.reasons)


def test_a_grave_check_that_the_numbers_here_would_let_pass_still_stops(base: Released) -> None:
    frame = pd.DataFrame([("HFR130", "error", "Risks are too high", "f", "c", "t")], columns=list(base.checks.columns))
    assert verdict(samples.changed(base, checks=frame)).words == STOP


def test_a_twofold_over_prediction_is_said_in_words_and_forbidden() -> None:
    found = verdict(samples.desynpuf())
    assert found.words == STOP
    assert found.reasons[0].startswith("It predicts **about twice as many as** came back among later discharges")
    assert "It must not be used." in found.reasons[0]
    assert "coin toss" in found.reasons[1]
    assert len(found.reasons) == 3


def test_without_later_discharges_nothing_may_be_used(base: Released) -> None:
    frame = base.performance
    found = verdict(samples.changed(base, performance=frame[frame["split"] != "test"]))
    assert found.words == STOP
    assert "has not been tried on later discharges" in found.reasons[0]


def test_a_group_for_whom_it_is_surely_far_out_asks_for_recalibration(base: Released) -> None:
    far = samples.with_number(base, "oe_ratio", 1.5, 1.3, 1.7, group="imd_quintile", level="1 (most deprived)")
    found = verdict(far)
    assert found.words == RECALIBRATE
    assert "people in the most deprived fifth" in found.reasons[0]
    near = samples.with_number(base, "oe_ratio", 1.3, 1.1, 1.5, group="imd_quintile", level="1 (most deprived)")
    assert verdict(near).words == FIT


def test_one_far_interval_of_thirty_is_no_ground_unless_its_characteristic_differs(base: Released) -> None:
    far = samples.with_number(base, "oe_ratio", 1.5, 1.3, 1.7, group="imd_quintile", level="1 (most deprived)")
    alike = samples.changed(far, fairness_tests=samples.tests_table(imd_quintile=0.3))
    assert verdict(alike).words == FIT
    # where no test was released, the interval is widened for the number of groups looked at
    untested = samples.changed(far, fairness_tests=far.fairness_tests.iloc[:0])
    assert verdict(untested).words == FIT
    further = samples.with_number(
        untested, "oe_ratio", 1.6, 1.45, 1.77, group="imd_quintile", level="1 (most deprived)"
    )
    assert verdict(further).words == RECALIBRATE


def test_a_model_declared_unusable_stays_so(base: Released) -> None:
    assert verdict(samples.changed(base, study={**base.study, "status": "not to be used"})).words == STOP


def test_a_site_may_be_stricter(base: Released) -> None:
    off = samples.with_number(base, "oe_ratio", 0.9, 0.84, 0.96)
    assert verdict(off, recalibrate_beyond=1.05).words == RECALIBRATE


def test_a_good_model_is_given_its_reasons_and_its_next_steps(base: Released) -> None:
    found = verdict(base)
    assert "better than chance" in found.reasons[0]
    assert any("silently" in step for step in found.next_steps)
    assert not any("silently" in step for step in verdict(samples.desynpuf()).next_steps)


def test_warnings_are_kept_in_mind_beside_a_good_verdict(base: Released) -> None:
    check = ("HFR110", "warning", "Fewer discharges than the sample size criteria ask", "f", "c", "t")
    frame = pd.DataFrame([check], columns=list(base.checks.columns))
    found = verdict(samples.changed(base, checks=frame))
    assert found.words == FIT
    assert found.reasons[-1] == "To keep in mind: fewer discharges than the sample size criteria ask."
