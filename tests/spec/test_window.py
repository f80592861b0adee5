"""Days are counted from the date of discharge to the date of admission, both ends of the window included."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.spec.timeline import follow, outcomes

STAYS = """
1 10 9201 2023-12-28 2024-01-01
2 10 9201 {start} 2024-03-01
"""


@pytest.mark.parametrize(
    ("start", "window", "expected"),
    [
        ("2024-01-30", "0-29", "readmitted 29"),
        ("2024-01-31", "0-29", "none -"),
        ("2024-01-31", "0-30", "readmitted 30"),
        ("2024-01-31", "1-30", "readmitted 30"),
        ("2024-02-01", "1-30", "none -"),
        ("2024-01-01", "0-29", "readmitted 0"),
        ("2024-01-01", "1-30", "none -"),
    ],
)
def test_discharged_on_the_first_of_january(tmp_path: Path, start: str, window: str, expected: str) -> None:
    cohort = follow(tmp_path, STAYS.format(start=start), hf="1", window=window)
    assert outcomes(cohort) == f"1 {expected}"


def test_no_person_s_own_last_record_decides_whether_follow_up_is_complete(tmp_path: Path) -> None:
    visits = "1 10 9201 2024-01-01 2024-01-05\n2 11 9201 2024-02-01 2024-02-05"
    cohort = follow(tmp_path, visits, data_end="2024-02-29", complete_follow_up=True)
    assert outcomes(cohort) == "1 none -"
    rows = cohort.attrition.set_index("rule")
    assert rows.loc["followed_up", "excluded"] == 1
    assert rows.loc["followed_up", "excluded_only_here"] == 1


def test_a_discharge_too_near_the_end_of_the_data_is_censored_when_the_rule_is_off(tmp_path: Path) -> None:
    visits = "1 10 9201 2024-02-01 2024-02-10"
    assert outcomes(follow(tmp_path, visits, data_end="2024-03-09")) == "1 censored -"
    assert outcomes(follow(tmp_path, visits, data_end="2024-03-10")) == "1 none -"


def test_the_end_of_the_data_is_the_latest_discharge_when_it_is_not_declared(tmp_path: Path) -> None:
    from hfrisk.cdm import SourceSettings, connect
    from hfrisk.cohort import CohortSettings, build_cohort

    follow(
        tmp_path, "1 10 9201 2024-01-01 2024-01-05\n2 11 9201 2024-02-01 2024-02-05\n3 12 9201 2024-02-01 2199-01-01"
    )
    cdm = connect(SourceSettings(path=tmp_path / "omop"))
    settings = CohortSettings(minimum_age=None, unplanned="assume_unplanned", complete_follow_up=False)
    assert build_cohort(cdm, settings).data_end.isoformat() == "2024-02-05"


def test_an_end_of_data_declared_long_after_the_last_record_is_told(tmp_path: Path) -> None:
    visits = "1 10 9201 2024-01-01 2024-01-05"
    assert "HFR028" in {check.code for check in follow(tmp_path, visits, data_end="2024-03-01").checks}
    assert "HFR028" not in {check.code for check in follow(tmp_path, visits, data_end="2024-01-31").checks}
