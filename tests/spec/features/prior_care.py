"""Use of hospital before the stay."""

from tests.spec.feature_example import FeatureExample

TITLE = "Use of hospital before"
FAMILIES = ("prior_care",)
VISITS = "visit_occurrence_id visit_concept_id start end"
CODES = "condition_start_date condition_status_concept_id visit_occurrence_id condition_source_value"
TOLD = {"unplanned": ["admission_method", "ae_segment"]}
WINDOWS = (30, 90, 180, 365, 730)


def over(what: str, *counts: float | None) -> dict[str, float | None]:
    return {f"{what}_{days}d": count for days, count in zip(WINDOWS, counts, strict=True)}


EXAMPLES = [
    FeatureExample(
        "Earlier spells count in each window that holds the day on which they began; both ends of a window are in",
        tables={
            "visit_occurrence": f"""{VISITS}
            2 9201 2023-05-06 2023-05-07
            3 9201 2023-05-01 2023-05-02
            4 9201 2023-03-07 2023-03-08
            5 9201 2023-02-01 2023-02-02
            6 9201 2022-12-07 2022-12-08
            7 9201 2022-06-05 2022-06-06
            8 9201 2021-06-05 2021-06-06
            9 9201 2021-06-01 2021-06-02"""
        },
        expect={**over("admissions", 1, 3, 5, 6, 7), **over("bed_days", 1, 3, 5, 6, 7), "days_since_discharge": 29},
    ),
    FeatureExample(
        "Who was never in hospital before has no earlier spell, and no day since the last discharge",
        expect={
            **over("admissions", 0, 0, 0, 0, 0),
            **over("bed_days", 0, 0, 0, 0, 0),
            "days_since_discharge": None,
            "heart_failure_spells_730d": 0,
            "heart_failure_spells_ever": 0,
            "days_since_first_heart_failure": None,
        },
    ),
    FeatureExample(
        "A night in hospital counts in the window in which it lies, whenever its spell began",
        tables={"visit_occurrence": f"{VISITS}\n2 9201 2023-04-26 2023-05-16"},
        expect={"bed_days_30d": 10, "bed_days_90d": 20, "admissions_30d": 0, "admissions_90d": 1},
    ),
    FeatureExample(
        "A spell of more than two years counts its nights of the last two years",
        tables={"visit_occurrence": f"{VISITS}\n2 9201 2020-01-01 2023-05-26"},
        expect={"bed_days_30d": 20, "bed_days_730d": 720, "admissions_730d": 0},
    ),
    FeatureExample(
        "A spell that goes on after this admission counts its nights before it only, and then no day has passed since discharge",
        tables={"visit_occurrence": f"{VISITS}\n2 9201 2023-05-31 2023-07-20"},
        cohort={"spells": {"rule": "none", "merge_overlapping": False}},
        expect={"bed_days_30d": 5, "admissions_30d": 1, "days_since_discharge": 0},
    ),
    FeatureExample(
        "Home in the morning and back in the afternoon: the spell of the same day is in no window, and no day has passed since discharge",
        tables={"visit_occurrence": f"{VISITS}\n2 9201 2023-06-05T06:00:00 2023-06-05T10:00:00"},
        expect={"admissions_30d": 0, "bed_days_30d": 0, "days_since_discharge": 0},
    ),
    FeatureExample(
        "Nothing after this admission counts, neither another spell nor an attendance",
        tables={"visit_occurrence": f"{VISITS}\n2 9201 2023-06-20 2023-06-22\n3 9203 2023-06-18 2023-06-18"},
        expect={"admissions_730d": 0, "bed_days_730d": 0, "ae_attendances_730d": 0, "days_since_discharge": None},
    ),
    FeatureExample(
        "A day case is a planned spell without nights, also where one record holds a course of months",
        tables={
            "visit_occurrence": """visit_occurrence_id visit_concept_id start end patient_class admission_method
            2 9201 2023-05-20 2023-05-20 2 11
            3 9201 2023-03-01 2023-05-28 3 13
            4 262  2023-04-10 2023-04-12 1 21"""
        },
        cohort=TOLD,
        expect={
            **over("admissions", 1, 2, 3, 3, 3),
            **over("emergency_admissions", 0, 1, 1, 1, 1),
            **over("elective_admissions", 1, 1, 2, 2, 2),
            **over("bed_days", 0, 2, 2, 2, 2),
            "days_since_discharge": 8,
        },
    ),
    FeatureExample(
        "An emergency is told by the admission method, or by A&E where there is none; what nothing tells is planned",
        tables={
            "visit_occurrence": """visit_occurrence_id visit_concept_id start end admission_method
            2 9201 2023-05-20 2023-05-22 22
            3 262  2023-04-10 2023-04-12 -
            4 9201 2023-02-10 2023-02-12 -
            5 262  2022-11-10 2022-11-12 11"""
        },
        cohort=TOLD,
        expect={
            **over("emergency_admissions", 1, 2, 2, 2, 2),
            **over("elective_admissions", 0, 0, 1, 2, 2),
        },
    ),
    FeatureExample(
        "An earlier stay that was recorded only after this discharge was not known",
        tables={
            "visit_occurrence": """visit_occurrence_id visit_concept_id start end recorded_at
            2 9201 2023-05-20 2023-05-22 2023-06-15T18:00:00
            3 9201 2023-04-20 2023-04-22 2023-06-15T12:00:00
            4 9203 2023-05-02 2023-05-02 2023-06-16T08:00:00
            5 9202 2023-05-01 2023-05-01 2023-06-16T08:00:00"""
        },
        expect={
            "admissions_90d": 1,
            "bed_days_90d": 2,
            "days_since_discharge": 44,
            "ae_attendances_90d": 0,
            "outpatient_contacts_90d": 0,
        },
    ),
    FeatureExample(
        "A&E attendances before the admission count, but not the one that led to it: it ended on that day or the day before",
        tables={
            "visit_occurrence": f"""{VISITS}
            2 9203 2023-06-05T09:00:00 2023-06-05T13:30:00
            3 9203 2023-06-04T22:00:00 2023-06-05T01:00:00
            4 9203 2023-06-04 2023-06-04
            5 9203 2023-06-03 2023-06-03
            6 9203 2023-03-07 2023-03-07
            7 9203 2022-12-06 2022-12-06
            8 262  2021-06-05 2021-06-07
            9 9203 2021-06-04 2021-06-04"""
        },
        expect=over("ae_attendances", 1, 2, 2, 3, 4),
    ),
    FeatureExample(
        "An attendance without an end ended on the day it began",
        tables={"visit_occurrence": f"{VISITS}\n2 9203 2023-06-04 -\n3 9203 2023-06-02 -\n4 9203 2023-06-01 2023-06-04"},
        expect={"ae_attendances_30d": 1},
    ),
    FeatureExample(
        "Of attendances nobody is asked twice: two on one day are two",
        tables={"visit_occurrence": f"{VISITS}\n2 9203 2023-06-01 2023-06-01\n3 9203 2023-06-01 2023-06-01"},
        expect={"ae_attendances_30d": 2},
    ),
    FeatureExample(
        "Outpatient appointments: 5 and 6 were kept, 3 and 7 missed, 2 and 4 called off, 0 lies in the future",
        tables={
            "visit_occurrence": f"""{VISITS} attended
            2 9202 2023-05-06 2023-05-06 5
            3 9202 2023-05-07 2023-05-07 6
            4 9202 2023-05-08 2023-05-08 3
            5 9202 2023-05-09 2023-05-09 7
            6 9202 2023-05-10 2023-05-10 2
            7 9202 2023-05-11 2023-05-11 4
            8 9202 2023-05-12 2023-05-12 0
            9 9202 2022-06-05 2022-06-05 5
            10 9202 2022-06-04 2022-06-04 3"""
        },
        expect={**over("outpatient_contacts", 2, 2, 2, 3, 3), **over("outpatient_missed", 2, 2, 2, 2, 3)},
    ),
    FeatureExample(
        "An appointment that does not say whether the patient came was kept; one with a code that nobody knows is neither",
        tables={
            "visit_occurrence": f"""{VISITS} attended
            2 9202 2023-05-20 2023-05-20 -
            3 9202 2023-05-21 2023-05-21 X
            4 9202 2023-05-22 2023-05-22 3"""
        },
        expect={"outpatient_contacts_30d": 1, "outpatient_missed_30d": 1},
    ),
    FeatureExample(
        "An appointment on the day of admission, or in the stay, was not before it",
        tables={
            "visit_occurrence": f"""{VISITS} attended
            2 9202 2023-06-05T09:00:00 2023-06-05T09:30:00 5
            3 9202 2023-06-08T09:00:00 2023-06-08T09:30:00 3"""
        },
        expect={"outpatient_contacts_730d": 0, "outpatient_missed_730d": 0},
    ),
    FeatureExample(
        "Earlier spells for heart failure are those of the study's definition, two years back and as far as the data reach",
        tables={
            "visit_occurrence": f"""{VISITS}
            2 9201 2023-01-10 2023-01-20
            3 9201 2022-10-10 2022-10-20
            4 9201 2021-06-05 2021-06-15
            5 9201 2021-06-04 2021-06-05
            6 9201 2019-03-01 2019-03-09""",
            "condition_occurrence": f"""{CODES}
            2023-01-10 32903 2 I50.0
            2022-10-10 32909 3 I50.0
            2021-06-05 32903 4 I50.9
            2021-06-04 32903 5 I11.0
            2019-03-01 32903 6 I50.1""",
        },
        expect={
            "heart_failure_spells_730d": 2,
            "heart_failure_spells_ever": 4,
            "days_since_first_heart_failure": 1557,
        },
    ),
    FeatureExample(
        "Heart failure is first recorded with its first diagnosis, in any position and outside hospital too",
        tables={
            "visit_occurrence": f"{VISITS}\n2 9201 2023-01-10 2023-01-20",
            "condition_occurrence": f"""{CODES}
            2023-01-10 32903 2 I50.0
            2022-06-05 0 - I50.9
            2022-01-01 32909 - J44.9""",
        },
        expect={"days_since_first_heart_failure": 365, "heart_failure_spells_ever": 1},
    ),
    FeatureExample(
        "Heart failure is first recorded by its standard concept where there is no code of the study's vocabulary",
        tables={
            "condition_occurrence": "condition_concept_id condition_start_date condition_source_value\n"
            "444031 2022-06-05 84114007\n315295 2021-06-05 82523003"
        },
        expect={"days_since_first_heart_failure": 365},
    ),
    FeatureExample(
        "The diagnosis of this stay is not heart failure before it, even where coding is live",
        settings={"coding_is_live": True},
        expect={"days_since_first_heart_failure": None, "heart_failure_spells_ever": 0},
    ),
    FeatureExample(
        "That a spell was one for heart failure is known when it has been coded",
        tables={
            "visit_occurrence": f"{VISITS}\n2 9201 2023-05-20 2023-05-31",
            "condition_occurrence": f"{CODES}\n2023-05-20 32903 2 I50.0",
        },
        settings={"coding_lag_days": 20},
        expect={"heart_failure_spells_730d": 0, "days_since_first_heart_failure": None, "admissions_30d": 1},
    ),
    FeatureExample(
        "With a shorter delay it is known",
        tables={
            "visit_occurrence": f"{VISITS}\n2 9201 2023-05-20 2023-05-31",
            "condition_occurrence": f"{CODES}\n2023-05-20 32903 2 I50.0",
        },
        settings={"coding_lag_days": 10},
        expect={"heart_failure_spells_730d": 1, "days_since_first_heart_failure": 16},
    ),
    FeatureExample(
        "A day after admission less has been coded than at discharge",
        tables={
            "visit_occurrence": f"{VISITS}\n2 9201 2023-05-20 2023-05-31\n3 9203 2023-05-10 2023-05-10",
            "condition_occurrence": f"{CODES}\n2023-05-20 32903 2 I50.0",
        },
        settings={"coding_lag_days": 10},
        cohort={"prediction_time": "admission_24h"},
        expect={
            "heart_failure_spells_730d": 0,
            "days_since_first_heart_failure": None,
            "admissions_30d": 1,
            "bed_days_30d": 11,
            "ae_attendances_30d": 1,
        },
    ),
    FeatureExample(
        "A diagnosis of an earlier spell that was recorded after this discharge does not make it one for heart failure",
        tables={
            "visit_occurrence": f"{VISITS}\n2 9201 2023-01-10 2023-01-20\n3 9201 2022-10-10 2022-10-20",
            "condition_occurrence": f"""{CODES} recorded_at
            2023-01-10 32903 2 I50.0 2023-06-15T17:00:00
            2022-10-10 32903 3 I50.0 2023-06-15T12:00:00""",
        },
        expect={
            "heart_failure_spells_730d": 1,
            "heart_failure_spells_ever": 1,
            "days_since_first_heart_failure": 238,
        },
    ),
    FeatureExample(
        "The data reach back from the day of admission to the first day of the data",
        expect={"look_back_days": 1981},
    ),
    FeatureExample(
        "Near the beginning of the data a count holds what was seen",
        stay="1 10 262 2018-04-01T14:00:00 2018-04-15T16:30:00",
        tables={
            "visit_occurrence": f"{VISITS}\n2 9201 2018-01-02 2018-01-04\n3 9203 2018-01-02 2018-01-02\n4 9202 2018-01-02 2018-01-02"
        },
        expect={**over("admissions", 0, 1, 1, 1, 1), "ae_attendances_180d": 1, "look_back_days": 90},
    ),
    FeatureExample(
        "Unless the study says that a window which the data do not wholly hold is not recorded",
        stay="1 10 262 2018-04-01T14:00:00 2018-04-15T16:30:00",
        tables={
            "visit_occurrence": f"{VISITS}\n2 9201 2018-01-02 2018-01-04\n3 9203 2018-01-02 2018-01-02\n4 9202 2018-01-02 2018-01-02"
        },
        settings={"short_look_back": "missing"},
        expect={
            **over("admissions", 0, 1, None, None, None),
            **over("bed_days", 0, 2, None, None, None),
            **over("ae_attendances", 0, 1, None, None, None),
            **over("outpatient_contacts", 0, 1, None, None, None),
            "heart_failure_spells_730d": None,
            "heart_failure_spells_ever": 0,
            "days_since_discharge": 87,
            "look_back_days": 90,
        },
    ),
]
