"""Every feature is known at discharge; what is recorded later, or coded later, changes none."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from tests.features.example import row, table

EARLIER = """
2 10 262  2023-05-20 - 2023-05-25 -
3 10 9201 2023-01-10 - 2023-01-12 -
4 10 262  2022-06-05 - 2022-06-06 -
5 10 262  2022-06-04 - 2022-06-05 -
"""


def test_age_is_in_whole_years_at_admission(tmp_path: Path) -> None:
    # born on 6 June 1940, admitted on 5 June 2023
    assert row(tmp_path)["age"] == 82


def test_earlier_spells_are_counted_by_the_day_they_began(tmp_path: Path) -> None:
    found = row(tmp_path, visits=EARLIER)
    assert (found["admissions_30d"], found["admissions_90d"], found["admissions_365d"]) == (1, 1, 3)
    assert (found["bed_days_30d"], found["bed_days_365d"]) == (5, 5 + 2 + 1)
    assert found["emergency_admissions_365d"] == 2
    assert found["days_since_discharge"] == 11


def test_who_was_never_in_hospital_has_no_days_since_and_no_admissions(tmp_path: Path) -> None:
    found = row(tmp_path)
    assert pd.isna(found["days_since_discharge"])
    assert found["admissions_365d"] == 0


def test_the_attendance_that_led_to_the_admission_does_not_count(tmp_path: Path) -> None:
    visits = """
    2 10 9203 2023-06-05 - 2023-06-05 -
    3 10 9203 2023-06-04 - 2023-06-04 -
    4 10 9203 2023-06-01 - 2023-06-01 -
    5 10 9203 2022-12-07 - 2022-12-07 -
    6 10 9203 2022-12-06 - 2022-12-06 -
    """
    assert row(tmp_path, visits=visits)["ae_attendances_180d"] == 2


def test_codes_of_the_index_stay_are_not_known_unless_coding_is_live(tmp_path: Path) -> None:
    conditions = "10 2023-06-05 32909 1 J44.9"
    assert row(tmp_path, conditions=conditions)["copd"] == 0
    assert row(tmp_path, conditions=conditions, coding_is_live=True)["copd"] == 1


def test_a_condition_recorded_before_the_stay_is_known(tmp_path: Path) -> None:
    found = row(
        tmp_path,
        conditions="10 2022-03-01 32909 - j44 9\n10 2023-01-01 32909 - E11.2\n10 2017-01-01 32909 - I48.X".replace(
            "j44 9", "j449"
        ),
    )
    assert (found["copd"], found["diabetes"], found["atrial_fibrillation"], found["diagnoses_365d"]) == (1, 1, 0, 1)


def test_an_onset_dated_back_by_a_later_admission_is_not_history(tmp_path: Path) -> None:
    found = row(
        tmp_path,
        visits="2 10 262 2023-07-01 - 2023-07-03 -\n3 10 9202 2023-02-01 - 2023-02-01 -",
        conditions="10 2023-03-01 32909 2 J44.9\n10 2023-03-01 32909 2 F00.1\n10 2022-12-01 32909 3 E11.9",
    )
    assert (found["copd"], found["frailty_score"], found["diabetes"], found["diagnoses_365d"]) == (0, 0, 1, 1)


def test_heart_failure_before_means_before_this_stay_even_where_coding_is_live(tmp_path: Path) -> None:
    assert row(tmp_path, coding_is_live=True)["heart_failure_before"] == 0
    assert row(tmp_path, conditions="10 2022-03-01 32909 - I50.9", coding_is_live=True)["heart_failure_before"] == 1


def test_the_frailty_score_counts_each_category_once_and_two_years_back(tmp_path: Path) -> None:
    # the published oracle: F00, N39, F05, W19 and E86 make 19.0
    codes = ["F00.1", "F00.9", "N39.0", "F05.1", "F05.9", "W19.0", "E86"]
    conditions = "\n".join(f"10 2022-08-01 32909 - {code}" for code in codes) + "\n10 2021-06-04 32909 - G81.9"
    assert row(tmp_path, conditions=conditions)["frailty_score"] == 19.0


def test_living_alone_is_read_from_z60_2(tmp_path: Path) -> None:
    assert row(tmp_path, conditions="10 2022-08-01 32909 - Z60.2")["living_alone"] == 1
    assert row(tmp_path)["living_alone"] == 0


def test_icd_9_codes_are_read_in_an_icd_9_study_only(tmp_path: Path) -> None:
    assert row(tmp_path, conditions="10 2022-08-01 32909 - 496", vocabulary="icd9_cm")["copd"] == 1
    assert row(tmp_path, conditions="10 2022-08-01 32909 - 496")["copd"] == 0


OBSERVATION = "person_id observation_concept_id observation_source_concept_id observation_date value_as_number"
MEASUREMENT = "person_id measurement_concept_id measurement_date measurement_datetime value_as_number unit_concept_id"


def measured(tmp_path: Path, lines: str) -> pd.Series:
    return row(tmp_path, tables={"measurement": f"{MEASUREMENT}\n{lines}"})


def test_last_lowest_highest_and_count_of_a_blood_test(tmp_path: Path) -> None:
    found = measured(
        tmp_path,
        """10 3019550 2023-06-05 2023-06-05T15:00:00 131 8753
           10 3019550 2023-06-07 2023-06-07T09:00:00 128 8753
           10 3019550 2023-06-14 2023-06-14T09:00:00 136 8753""",
    )
    assert (found["sodium_last"], found["sodium_lowest"], found["sodium_highest"], found["sodium_count"]) == (
        136,
        128,
        136,
        3,
    )


def test_a_test_of_the_day_of_discharge_counts_only_with_a_time_before_it(tmp_path: Path) -> None:
    base = "10 3019550 2023-06-07 2023-06-07T09:00:00 128 8753\n"
    assert measured(tmp_path, base + "10 3019550 2023-06-15 2023-06-15T09:00:00 140 8753")["sodium_last"] == 140
    assert measured(tmp_path, base + "10 3019550 2023-06-15 2023-06-15T17:00:00 140 8753")["sodium_last"] == 128
    assert measured(tmp_path, base + "10 3019550 2023-06-15 - 140 8753")["sodium_last"] == 128
    assert measured(tmp_path, base + "10 3019550 2023-06-15 2023-06-15T00:00:00 140 8753")["sodium_last"] == 128


def test_units_of_one_truth_give_one_value(tmp_path: Path) -> None:
    moles = measured(tmp_path, "10 3020564 2023-06-07 2023-06-07T09:00:00 110 8749")
    mass = measured(tmp_path, "10 3016723 2023-06-07 2023-06-07T09:00:00 1.244 8840")
    assert moles["creatinine_last"] == mass["creatinine_last"] == 110
    assert measured(tmp_path, "10 3000963 2023-06-07 2023-06-07T09:00:00 11.2 8713")["haemoglobin_last"] == 112


def test_an_impossible_value_is_missing_and_missing_is_missing(tmp_path: Path) -> None:
    found = measured(
        tmp_path,
        "10 3019550 2023-06-07 2023-06-07T09:00:00 9999 8753\n10 3023103 2023-06-07 2023-06-07T09:00:00 4.2 8753",
    )
    assert "sodium_last" not in found.index
    assert found["potassium_last"] == pytest.approx(4.2)


def test_two_values_of_one_moment_do_not_depend_on_their_order(tmp_path: Path) -> None:
    lines = ["10 3019550 2023-06-07 2023-06-07T09:00:00 130 8753", "10 3019550 2023-06-07 2023-06-07T09:00:00 134 8753"]
    assert (
        measured(tmp_path, "\n".join(lines))["sodium_last"]
        == measured(tmp_path, "\n".join(reversed(lines)))["sodium_last"]
        == 132
    )


def test_medicines_of_the_last_72_hours_and_the_four_pillars(tmp_path: Path) -> None:
    head = "person_id drug_concept_id drug_exposure_start_date drug_exposure_start_datetime drug_exposure_end_date"
    lines = """
    10 1338005 2023-06-14 2023-06-14T08:00:00 2023-06-14
    10 970250  2023-06-13 2023-06-13T08:00:00 2023-06-13
    10 956874  2023-06-08 2023-06-08T08:00:00 2023-06-08
    10 1334456 2023-06-16 2023-06-16T08:00:00 2023-06-16
    """
    found = row(tmp_path, tables={"drug_exposure": head + lines})
    assert (found["beta_blocker"], found["mra"], found["loop_diuretic"], found["ras_inhibitor"], found["pillars"]) == (
        1,
        1,
        0,
        0,
        2,
    )


def test_deprivation_is_the_latest_known_and_missing_is_a_group(tmp_path: Path) -> None:
    head = OBSERVATION
    found = row(
        tmp_path,
        tables={
            "observation": f"{head}\n10 0 35812882 2019-01-01 4\n10 0 35812882 2022-01-01 2\n10 0 35812882 2023-07-01 5"
        },
    )
    assert (found["imd_quintile"], found["group_imd_quintile"]) == (2, "2")
    assert row(tmp_path / "none")["group_imd_quintile"] == "Not recorded"


@pytest.mark.parametrize(
    ("code", "group"),
    [
        ("A", "White"),
        ("n", "Black or Black British"),
        ("Z", "Not stated"),
        ("-", "Not recorded"),
        ("99", "Not recorded"),
    ],
)
def test_ethnicity_in_five_groups_with_not_stated_apart(tmp_path: Path, code: str, group: str) -> None:
    from tests.features.example import PERSON

    assert row(tmp_path, person=PERSON.removesuffix("A") + code)["group_ethnicity"] == group


def test_no_record_after_discharge_changes_any_feature(tmp_path: Path) -> None:
    base = {
        "measurement": f"{MEASUREMENT}\n10 3019550 2023-06-07 2023-06-07T09:00:00 128 8753",
        "drug_exposure": "person_id drug_concept_id drug_exposure_start_date\n10 1338005 2023-06-14",
        "observation": f"{OBSERVATION}\n10 0 35812882 2022-01-01 2",
        "death": "person_id death_date\n99 2023-01-01",
    }
    later = {
        "measurement": "\n10 3019550 2023-06-16 2023-06-16T09:00:00 150 8753",
        "drug_exposure": "\n10 970250 2023-06-16",
        "observation": "\n10 0 35812882 2023-06-17 5",
        "death": "\n10 2023-06-20",
    }
    before = row(tmp_path / "before", tables=base)
    after = row(
        tmp_path / "after",
        tables={name: text + later[name] for name, text in base.items()},
        visits="7 10 262 2023-06-18 - 2023-06-19 -\n8 10 9203 2023-06-17 - 2023-06-17 -",
        conditions="10 2023-06-18 32903 7 J44.9\n10 2023-06-16 32909 - E11.9",
    )
    pd.testing.assert_series_equal(before, after)


def test_every_column_has_a_dictionary_entry_and_every_value_lies_on_its_grid(tmp_path: Path) -> None:
    made = table(
        tmp_path,
        visits=EARLIER,
        tables={"measurement": f"{MEASUREMENT}\n10 3020779 2023-06-07 2023-06-07T09:00:00 9.3456 8753"},
    )
    frame = made.table.execute()
    names = [entry.name for entry in made.catalogue]
    assert list(frame.columns) == ["person_id", "index_id", *names, *[f"group_{name}" for name in made.groups]]
    assert len(set(names)) == len(names)
    assert all(frame[name].dtype == "float64" for name in names)
    assert frame["urea_last"].iloc[0] == 9.3
    for entry in made.dictionary:
        steps = frame[entry.name].dropna() / entry.precision
        assert (abs(steps - steps.round()) < 1e-6).all(), entry.name


def test_absent_tables_are_a_notice_and_not_an_error(tmp_path: Path) -> None:
    made = table(tmp_path)
    assert not any(entry.family in {"laboratory", "medicines"} for entry in made.dictionary)
