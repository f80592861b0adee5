"""When the risk is asked for, and for whom it would be asked before any diagnosis is coded."""

from __future__ import annotations

import pandas as pd
import pytest

from tests.cohort.made import cohort_of, first

STAY = "1 10 9201 2024-01-05T10:00:00 2024-01-10T16:00:00"
SIGNS = {"any_of": ["iv_loop_and_natriuretic_peptide"]}


def _drug(person: str, when: str, route: str = "4171047") -> dict[str, str]:
    day, _, time = when.partition("T")
    return {
        "person_id": person, "drug_concept_id": "956874", "route_concept_id": route, "drug_exposure_start_date": day,
        "drug_exposure_start_datetime": f"{day} {time}" if time else "",
    }  # fmt: skip


def _peptide(person: str, day: str, value: str = "2500") -> dict[str, str]:
    return {"person_id": person, "measurement_concept_id": "3029187", "measurement_date": day, "value_as_number": value}


def _frame(*rows: dict[str, str]) -> pd.DataFrame:
    return pd.DataFrame(list(rows)).replace("", None)


@pytest.mark.parametrize(
    ("prediction_time", "expected"),
    [("discharge", "2024-01-10 16:00"), ("coded", "2024-01-10 16:00"), ("admission_24h", "2024-01-06 10:00")],
)
def test_what_is_recorded_from_that_moment_on_is_not_known(prediction_time: str, expected: str) -> None:
    cohort = cohort_of(STAY, prediction_time=prediction_time)
    assert f"{first(cohort)['predicted_at']:%Y-%m-%d %H:%M}" == expected


def test_who_goes_home_within_a_day_is_asked_about_on_going_home() -> None:
    cohort = cohort_of("1 10 9201 2024-01-05T10:00:00 2024-01-05T18:00:00", prediction_time="admission_24h")
    assert f"{first(cohort)['predicted_at']:%H:%M}" == "18:00"


def test_an_intravenous_loop_diuretic_with_a_raised_natriuretic_peptide_makes_eligible() -> None:
    visits = "\n".join(f"{i} {i} 9201 2024-01-05 2024-01-10" for i in range(1, 6))
    drugs = _frame(
        _drug("1", "2024-01-06"), _drug("2", "2024-01-06"), _drug("3", "2024-01-06", "4132161"), _drug("4", "2023-12-06"),
        _drug("5", "2024-01-06"),
    )  # fmt: skip
    tests = _frame(*[_peptide(p, "2024-01-06") for p in "1345"], _peptide("2", "2024-01-06", "120"))
    cohort = cohort_of(visits, more={"drug_exposure": drugs, "measurement": tests}, eligibility=SIGNS)
    found = cohort.table.execute().set_index("index_id")["eligible"]
    assert found.to_dict() == {1: True, 2: False, 3: False, 4: False, 5: True}


def test_signs_after_the_prediction_do_not_count() -> None:
    more = {
        "drug_exposure": _frame(_drug("10", "2024-01-07T08:00:00")),
        "measurement": _frame(_peptide("10", "2024-01-07")),
    }
    assert first(cohort_of(STAY, more=more, eligibility=SIGNS))["eligible"]
    assert not first(cohort_of(STAY, more=more, eligibility=SIGNS, prediction_time="admission_24h"))["eligible"]


def test_heart_failure_recorded_before_the_admission_makes_eligible_and_that_of_the_stay_does_not() -> None:
    visits = "1 10 9201 2024-01-05 2024-01-10\n2 10 9201 2024-03-05 2024-03-10"
    cohort = cohort_of(visits, eligibility={"any_of": ["previous_heart_failure"]})
    assert cohort.table.execute().set_index("index_id")["eligible"].to_dict() == {1: False, 2: True}


def test_the_heart_failure_team_and_the_problem_list() -> None:
    visits = "1 10 9201 2024-01-05 2024-01-10\n2 11 9201 2024-01-05 2024-01-10\n3 12 9201 2024-01-05 2024-01-10"
    seen = _frame({"person_id": "10", "observation_concept_id": "77", "observation_date": "2024-01-06"})
    listed = pd.DataFrame(
        {
            "person_id": ["10", "11", "12", "12"],
            "condition_concept_id": "0",
            "condition_start_date": ["2024-01-05", "2024-01-05", "2024-01-05", "2020-01-01"],
            "condition_status_concept_id": ["32903", "32903", "32903", None],
            "condition_type_concept_id": [None, None, None, "32840"],
            "visit_occurrence_id": ["1", "2", "3", None],
            "condition_source_value": "I50.0",
        }
    )
    rule = {"any_of": ["team_list", "problem_list"], "team_list_observations": [77]}
    cohort = cohort_of(visits, more={"observation": seen, "condition_occurrence": listed}, eligibility=rule)
    assert cohort.table.execute().set_index("index_id")["eligible"].to_dict() == {1: True, 2: False, 3: True}


def test_sensitivity_and_predictive_value_are_counted_against_the_coded_discharges() -> None:
    """Eight discharges: five coded for heart failure of whom three are eligible, three of other patients of whom one is."""
    visits = "\n".join(f"{i} {i} 9201 2024-01-05 2024-01-10" for i in range(1, 9))
    seen = _frame(
        *[
            {"person_id": p, "observation_concept_id": "77", "observation_date": "2024-01-06"}
            for p in ("1", "2", "3", "8")
        ]
    )
    rule = {"any_of": ["team_list"], "team_list_observations": [77]}
    row = cohort_of(visits, hf="1 2 3 4 5", more={"observation": seen}, eligibility=rule).eligibility.iloc[0]
    assert (row["coded"], row["eligible"], row["both"]) == (5, 4, 3)
    assert (row["sensitivity"], row["ppv"]) == (0.6, 0.75)
    # Clopper and Pearson for 3 of 5: 0.1466 to 0.9473
    assert (round(row["sensitivity_low"], 4), round(row["sensitivity_high"], 4)) == (0.1466, 0.9473)


def test_where_nobody_is_eligible_the_predictive_value_is_absent() -> None:
    row = cohort_of(STAY, eligibility={"any_of": []}).eligibility.iloc[0]
    assert row["sensitivity"] == 0
    assert pd.isna(row["ppv"])
