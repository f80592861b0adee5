"""Stays that overlap are one spell; stays that meet on one day are one only where the study says so."""

from __future__ import annotations

from pathlib import Path

from tests.spec.timeline import follow, outcomes

MERGE_NOTHING = {"merge_overlapping": False, "merge_same_day": False}
MERGE_ALL = {"merge_overlapping": True, "merge_same_day": True}


def test_overlapping_stays_are_one_spell_that_ends_with_the_later_one(tmp_path: Path) -> None:
    visits = "1 10 9201 2024-01-01 2024-01-10\n2 10 9201 2024-01-05 2024-01-07\n3 10 9201 2024-01-20 2024-01-21"
    cohort = follow(tmp_path, visits, hf="2")
    assert outcomes(cohort) == "1 readmitted 10"
    row = cohort.table.execute().iloc[0]
    assert (row["length_of_stay"], str(row["discharge_date"])[:10]) == (9, "2024-01-10")


def test_a_stay_inside_a_long_one_does_not_end_it(tmp_path: Path) -> None:
    visits = "1 10 9201 2024-01-01 2024-01-20\n2 10 9201 2024-01-02 2024-01-03\n3 10 9201 2024-01-10 2024-01-12"
    assert outcomes(follow(tmp_path, visits, hf="1")) == "1 none -"


def test_home_in_the_morning_and_back_at_night_is_a_readmission_on_day_0(tmp_path: Path) -> None:
    visits = "1 10 9201 2024-01-01T08:00:00 2024-01-05T10:00:00\n2 10 9201 2024-01-05T22:00:00 2024-01-09T10:00:00"
    assert outcomes(follow(tmp_path, visits, hf="1")) == "1 readmitted 0"
    assert outcomes(follow(tmp_path, visits, hf="1", spells=MERGE_ALL)) == "1 none -"


def test_times_that_overlap_on_one_day_make_one_spell(tmp_path: Path) -> None:
    visits = "1 10 9201 2024-01-01T08:00:00 2024-01-05T10:00:00\n2 10 9201 2024-01-05T09:00:00 2024-01-09T10:00:00"
    assert outcomes(follow(tmp_path, visits, hf="1")) == "1 none -"


def test_a_time_of_midnight_is_a_date_without_a_time(tmp_path: Path) -> None:
    visits = "1 10 9201 2024-01-01T00:00:00 2024-01-05T10:00:00\n2 10 9201 2024-01-05T00:00:00 2024-01-09T00:00:00"
    assert outcomes(follow(tmp_path, visits, hf="1")) == "1 readmitted 0"


def test_exact_duplicates_are_two_stays_only_when_nothing_is_merged(tmp_path: Path) -> None:
    visits = "1 10 9201 2024-01-01 2024-01-05\n2 10 9201 2024-01-01 2024-01-05"
    assert outcomes(follow(tmp_path, visits)) == "1 none -"
    assert outcomes(follow(tmp_path, visits, spells=MERGE_NOTHING)) == "1 none -\n2 none -"


def test_the_key_of_a_spell_is_its_first_visit_and_ids_may_be_negative(tmp_path: Path) -> None:
    visits = "-7 -10 9201 2024-01-01 2024-01-05\n-9 -10 9201 2024-01-03 2024-01-08"
    cohort = follow(tmp_path, visits, hf="-9")
    assert outcomes(cohort) == "-7 none -"


def test_a_chain_of_seven_overlapping_stays_is_one_spell(tmp_path: Path) -> None:
    visits = "\n".join(f"{i} 10 9201 2024-01-{1 + 2 * i:02d} 2024-01-{4 + 2 * i:02d}" for i in range(1, 8))
    cohort = follow(tmp_path, visits, hf="4")
    assert outcomes(cohort) == "1 none -"
    assert cohort.attrition.iloc[0]["admissions"] == 1


def test_a_stay_that_ends_before_it_begins_is_left_out_and_told(tmp_path: Path) -> None:
    visits = "1 10 9201 2024-01-01 2024-01-05\n2 10 9201 2024-01-20 2024-01-10"
    cohort = follow(tmp_path, visits, hf="1")
    assert outcomes(cohort) == "1 none -"
    assert {check.code: check.counts for check in cohort.checks}["HFR020"] == {"stays": 1}


def test_a_stay_still_open_is_a_readmission_but_no_index(tmp_path: Path) -> None:
    visits = "1 10 9201 2024-01-01 2024-01-05\n2 10 9201 2024-01-20 -"
    cohort = follow(tmp_path, visits)
    assert outcomes(cohort) == "1 readmitted 15"
    assert {check.code: check.counts for check in cohort.checks}["HFR027"] == {"stays": 1}


def test_a_stay_that_ends_after_the_end_of_the_data_is_still_open(tmp_path: Path) -> None:
    visits = "1 10 9201 2024-01-01 2024-01-05\n2 10 9201 2024-01-20 2034-01-22\n3 10 9201 2024-03-20 2024-03-22"
    cohort = follow(tmp_path, visits, hf="1 2", data_end="2024-02-28")
    assert outcomes(cohort) == "1 readmitted 15"


def test_ids_decide_nothing_but_the_key(tmp_path: Path) -> None:
    """A short stay and a longer one that both began on one day, dates only, are two spells whichever id is smaller."""
    one = follow(tmp_path / "one", "1 10 9201 2024-01-05 2024-01-05\n2 10 9201 2024-01-05 2024-01-09", hf="1")
    two = follow(tmp_path / "two", "2 10 9201 2024-01-05 2024-01-05\n1 10 9201 2024-01-05 2024-01-09", hf="2")
    assert outcomes(one) == "1 readmitted 0"
    assert outcomes(two) == "2 readmitted 0"


def test_an_overlap_is_seen_past_a_stay_without_times_in_between(tmp_path: Path) -> None:
    visits = """
    1 10 9201 2024-01-01T08:00:00 2024-01-05T10:00:00
    2 10 9201 2024-01-05 2024-01-05
    3 10 9201 2024-01-05T09:00:00 2024-01-09T10:00:00
    """
    cohort = follow(tmp_path, visits, hf="1")
    assert str(cohort.table.execute().iloc[0]["discharge_date"])[:10] == "2024-01-09"
    assert cohort.attrition.iloc[0]["admissions"] == 1
