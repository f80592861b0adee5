"""Settings of the assessment: refused when they make no sense, documented when they do."""

from __future__ import annotations

import subprocess
import sys

import pytest
from pydantic import ValidationError

from hfrisk.assessment import AssessmentSettings


def test_every_setting_is_described() -> None:
    assert all(field.description for field in AssessmentSettings.model_fields.values())


def test_decision_thresholds_are_whole_hundredths_over_the_range_with_the_decision_threshold_among_them() -> None:
    thresholds = AssessmentSettings(threshold=0.45, net_benefit_step=0.05).net_benefit_thresholds
    assert thresholds == (0.05, 0.10, 0.15, 0.20, 0.25, 0.30, 0.35, 0.40, 0.45)
    assert len(AssessmentSettings().net_benefit_thresholds) == 36


@pytest.mark.parametrize(
    "wrong",
    [
        {"threshold": 0.205},
        {"bands": (0.2, 0.1)},
        {"bands": (0.0, 0.1)},
        {"capacities": (0.05, 1.5)},
        {"groups": ("sex", "sex")},
        {"net_benefit_from": 0.5, "net_benefit_to": 0.4},
        {"replicates": 10},
        {"leakage_alarm": 0.4},
        {"unknown": 1},
    ],
)
def test_settings_that_make_no_sense_are_refused(wrong) -> None:
    with pytest.raises(ValidationError):
        AssessmentSettings(**wrong)


def test_reading_the_settings_loads_no_statistics() -> None:
    program = (
        "import sys; import hfrisk.assessment.settings; "
        "print([name for name in ('numpy', 'pandas', 'scipy', 'sklearn', 'fairlearn') if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
