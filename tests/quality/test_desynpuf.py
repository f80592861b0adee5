"""What the gate says of CMS's public use file, in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from hfrisk.cohort import CohortSettings
from tests.quality.looking import Seen, look


@pytest.fixture(scope="module")
def found(desynpuf: Path) -> Seen:
    study = {
        "heart_failure": {"preset": "icd9_428", "position": "any"},
        "diagnosis_vocabulary": "icd9_cm",
        "unplanned": "assume_unplanned",
    }
    return look(desynpuf, CohortSettings.model_validate(study))


def test_records_thin_out_through_2010(found: Seen) -> None:
    text = found.of("HFR049").text()
    assert text.startswith("Records thin out through 2010: the last 12 months hold 54% of the inpatient stays")
    assert "the event rate of the last 12 months is 40%" in text


def test_look_back_is_short_in_2008(found: Seen) -> None:
    assert (
        found.of("HFR053")
        .text()
        .startswith("Look-back is short in 2008: 5,286 index discharges (41%) have less than 365 days")
    )


def test_dates_only_month_start_deaths_and_absent_tables_are_told_by_the_rooms_before(found: Seen) -> None:
    before = {check.code: check.text() for check in found.cohort.checks}
    assert "no times" in before["HFR022"]
    assert "first day of a month" in before["HFR023"]
    assert "measurement (blood tests and vital signs), drug_exposure (medicines)" in before["HFR001"]


def test_nothing_else_is_a_warning(found: Seen) -> None:
    # transfers are not recorded in claims; nearly every hospital is small; diagnoses are read by their ICD-9 code
    warnings = {check.code for check in found.checks if check.severity != "note"}
    assert warnings == {"HFR049", "HFR053", "HFR057"}
    assert {check.code for check in found.checks} - warnings == {"HFR043", "HFR054", "HFR058"}
