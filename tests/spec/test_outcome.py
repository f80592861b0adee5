"""The first unplanned spell in the window is the readmission; a death without one is a state of its own."""

from __future__ import annotations

from pathlib import Path

from tests.spec.timeline import follow, outcomes

TWO = "1 10 9201 2024-01-01 2024-01-05\n2 10 9201 2024-01-15 2024-01-16"


def test_a_planned_admission_never_ends_follow_up(tmp_path: Path) -> None:
    visits = """
    1 10 262  2024-01-01 2024-01-05
    2 10 9201 2024-01-10 2024-01-10
    3 10 262  2024-01-20 2024-01-22
    """
    assert outcomes(follow(tmp_path, visits, hf="1", unplanned="ae_segment")) == "1 readmitted 15"


def test_an_a_and_e_visit_the_day_before_makes_an_admission_unplanned(tmp_path: Path) -> None:
    visits = """
    1 10 262  2024-01-01 2024-01-05
    2 10 9203 2024-01-14 2024-01-14
    3 10 9201 2024-01-15 2024-01-16
    4 11 262  2024-01-01 2024-01-05
    5 11 9203 2024-01-13 2024-01-13
    6 11 9201 2024-01-15 2024-01-16
    """
    assert outcomes(follow(tmp_path, visits, hf="1 4", unplanned="ae_segment")) == "1 readmitted 10\n4 none -"


def test_a_planned_index_is_left_out(tmp_path: Path) -> None:
    visits = "1 10 262 2024-01-01 2024-01-05\n2 11 9201 2024-01-01 2024-01-05"
    assert outcomes(follow(tmp_path, visits, unplanned="ae_segment")) == "1 none -"


def test_death_in_the_window_is_a_state_and_not_an_event(tmp_path: Path) -> None:
    cohort = follow(tmp_path, "1 10 9201 2024-01-01 2024-01-05", deaths="10 2024-01-09")
    assert outcomes(cohort) == "1 died 4"
    assert cohort.events == 0


def test_death_is_an_event_of_the_composite(tmp_path: Path) -> None:
    cohort = follow(tmp_path, "1 10 9201 2024-01-01 2024-01-05", deaths="10 2024-01-09", risk="composite")
    assert (outcomes(cohort), cohort.events) == ("1 died 4", 1)


def test_death_after_the_window_is_nothing(tmp_path: Path) -> None:
    assert outcomes(follow(tmp_path, "1 10 9201 2024-01-01 2024-01-05", deaths="10 2024-02-04")) == "1 none -"


def test_whoever_was_admitted_was_alive_whatever_the_recorded_death_says(tmp_path: Path) -> None:
    cohort = follow(tmp_path, TWO, hf="1", deaths="10 2024-01-10")
    assert outcomes(cohort) == "1 readmitted 10"
    assert "HFR024" in {check.code for check in cohort.checks}


def test_who_dies_on_or_before_discharge_is_no_index(tmp_path: Path) -> None:
    visits = "1 10 9201 2024-01-01 2024-01-05\n2 11 9201 2024-01-01 2024-01-05"
    cohort = follow(tmp_path, visits, deaths="10 2024-01-05")
    assert outcomes(cohort) == "2 none -"
    assert cohort.attrition.set_index("rule").loc["alive", "excluded_only_here"] == 1


def test_every_index_discharge_of_a_person_counts_unless_the_study_asks_for_the_first(tmp_path: Path) -> None:
    assert outcomes(follow(tmp_path, TWO)) == "1 readmitted 10\n2 none -"
    assert outcomes(follow(tmp_path, TWO, index="first")) == "1 readmitted 10"


def test_a_child_is_left_out(tmp_path: Path) -> None:
    assert follow(tmp_path, "1 10 9201 2024-01-01 2024-01-05", minimum_age=18).index_discharges == 1
    assert (
        follow(
            tmp_path, "1 10 9201 1957-01-01 1957-01-05\n2 11 9201 2024-01-01 2024-01-05", minimum_age=18
        ).index_discharges
        == 1
    )


def test_of_two_records_of_one_admission_either_may_say_that_it_came_through_a_and_e(tmp_path: Path) -> None:
    visits = "1 10 9201 2024-01-05 2024-01-10\n2 10 262 2024-01-05 2024-01-10"
    assert outcomes(follow(tmp_path, visits, hf="1", unplanned="ae_segment")) == "1 none -"


def test_an_a_and_e_visit_without_an_end_ended_on_the_day_it_began(tmp_path: Path) -> None:
    visits = "1 10 262 2024-01-01 2024-01-05\n2 10 9203 2024-01-20 -\n3 10 9201 2024-01-20 2024-01-21"
    assert outcomes(follow(tmp_path, visits, hf="1", unplanned="ae_segment")) == "1 readmitted 15"


def test_an_a_and_e_visit_after_a_planned_day_case_does_not_make_it_unplanned(tmp_path: Path) -> None:
    visits = """
    1 10 262  2024-01-01T10:00:00 2024-01-05T10:00:00
    2 10 9201 2024-01-15T08:00:00 2024-01-15T12:00:00
    3 10 9203 2024-01-15T18:00:00 2024-01-15T20:00:00
    """
    assert outcomes(follow(tmp_path, visits, hf="1", unplanned="ae_segment")) == "1 none -"


def test_one_a_and_e_visit_leads_to_one_admission(tmp_path: Path) -> None:
    visits = """
    1 10 9203 2024-01-10T02:00:00 2024-01-10T06:00:00
    2 10 9201 2024-01-10T06:00:00 2024-01-10T20:00:00
    3 10 9201 2024-01-11T08:00:00 2024-01-12T12:00:00
    """
    assert outcomes(follow(tmp_path, visits, hf="2", unplanned="ae_segment")) == "2 none -"


def test_a_censored_discharge_is_neither_an_event_nor_a_non_event(tmp_path: Path) -> None:
    visits = "1 10 9201 2024-01-05 2024-01-10\n2 11 9201 2024-01-05 2024-01-10\n3 11 9201 2024-02-05 2024-02-06"
    cohort = follow(tmp_path, visits, hf="1 2", data_end="2024-01-20")
    assert outcomes(cohort) == "1 censored -\n2 censored -"
    assert cohort.table.execute()["event"].isna().all()


def test_a_death_after_the_end_of_the_data_is_not_looked_at(tmp_path: Path) -> None:
    cohort = follow(tmp_path, "1 10 9201 2024-01-05 2024-01-10", deaths="10 2024-01-25", data_end="2024-01-20")
    assert outcomes(cohort) == "1 censored -"
