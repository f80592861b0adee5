"""What the cohort says aloud about stays, deaths and follow-up."""

from __future__ import annotations

from datetime import date

import pytest

from hfrisk.cohort import Cohort
from tests.cohort.made import cohort_of

STAY = "1 10 9201 2024-01-01 2024-01-05"


def _counts(cohort: Cohort) -> dict[str, dict[str, int]]:
    return {check.code: dict(check.counts) for check in cohort.checks}


def test_a_stay_that_ends_before_it_begins_is_told() -> None:
    assert _counts(cohort_of(STAY + "\n2 10 9201 2024-01-20 2024-01-10", hf="1"))["HFR020"] == {"stays": 1}


def test_a_stay_still_open_is_told() -> None:
    assert _counts(cohort_of(STAY + "\n2 10 9201 2024-01-20 -"))["HFR027"] == {"stays": 1}


def test_a_readmission_after_the_recorded_death_is_told() -> None:
    assert "HFR024" in _counts(cohort_of(STAY + "\n2 10 9201 2024-01-15 2024-01-16", hf="1", deaths="10 2024-01-10"))


@pytest.mark.parametrize(("end", "told"), [(date(2024, 3, 1), True), (date(2024, 1, 31), False)])
def test_an_end_of_data_declared_long_after_the_last_record_is_told(end: date, told: bool) -> None:
    assert ("HFR028" in _counts(cohort_of(STAY, data_end=end))) is told


def test_the_end_of_the_data_is_the_latest_discharge_that_is_not_in_the_future() -> None:
    visits = STAY + "\n2 11 9201 2024-02-01 2024-02-05\n3 12 9201 2024-02-01 2199-01-01"
    cohort = cohort_of(visits, data_end=None)
    assert cohort.data_end == date(2024, 2, 5)
    assert "HFR025" in _counts(cohort)


def test_in_a_shifted_calendar_the_latest_discharge_of_all_is_the_end() -> None:
    cohort = cohort_of("1 10 9201 2110-01-01 2110-01-05\n2 11 9201 2201-02-01 2201-02-05", data_end=None)
    assert (cohort.data_start, cohort.data_end) == (date(2110, 1, 1), date(2201, 2, 5))


def test_a_stray_early_date_is_not_the_beginning_of_the_data() -> None:
    many = "\n".join(
        f"{100 * m + i} {100 * m + i} 9201 2024-{m:02d}-02 2024-{m:02d}-05" for m in (1, 2, 3) for i in range(40)
    )
    cohort = cohort_of("1 1 9201 1900-01-01 1900-01-02\n" + many)
    assert cohort.data_start == date(2024, 1, 2)
    assert cohort_of("1 1 9201 1900-01-01 1900-01-02\n" + many, data_start=date(1890, 1, 1)).data_start == date(
        1890, 1, 1
    )


def test_how_everything_was_told_is_counted() -> None:
    visits = """
    visit person concept start end method to
    1 10 9201 2024-01-01 2024-01-05 21 51
    2 10 9201 2024-01-05 2024-01-08 2B 19
    3 11 262  2024-01-01 2024-01-05 -  19
    4 12 9201 2024-01-01 2024-01-05 11 19
    5 13 9201 2024-01-01 2024-01-05 -  19"""
    told = cohort_of(visits, unplanned=["admission_method", "ae_segment"]).strategies
    assert told == {
        "heart_failure": {"condition_status": 4},
        "unplanned": {"admission_method": 1, "ae_segment": 1, "planned": 2},
        "spells": {"stays": 5, "overlapping": 0, "transfer": 1, "stand_in": 0},
    }


def test_self_discharge_and_palliative_care_are_flagged_and_kept() -> None:
    visits = (
        "visit person concept start end left_by\n1 10 9201 2024-01-01 2024-01-05 6\n2 11 9201 2024-01-01 2024-01-05 1"
    )
    table = cohort_of(visits, hf="1 2", diagnoses="2 Z51.5 32909").table.execute().set_index("index_id")
    assert table["self_discharged"].to_dict() == {1: True, 2: False}
    assert table["palliative"].to_dict() == {1: False, 2: True}


def test_the_first_planned_admission_and_what_the_readmission_was_for_are_kept() -> None:
    visits = """
    1 10 262  2024-01-01 2024-01-05
    2 10 9201 2024-01-09 2024-01-09
    3 10 262  2024-01-20 2024-01-22
    4 11 262  2024-01-01 2024-01-05
    5 11 262  2024-01-20 2024-01-22"""
    table = cohort_of(visits, hf="1 3 4", unplanned="ae_segment").table.execute().set_index("index_id")
    assert table.loc[1, "first_planned_day"] == 4
    assert table["readmission_for_heart_failure"].loc[[1, 4]].tolist() == [True, False]
    assert table.loc[1, "readmission_told_by"] == "ae_segment"
