"""Concept sets, codes and cohorts of the study's own as features."""

from tests.spec.feature_example import FeatureExample

TITLE = "Features of the study's own"
FAMILIES = ("own",)
CODES = "condition_start_date visit_occurrence_id condition_source_value"
TESTS = "measurement_concept_id measurement_date measurement_datetime value_as_number unit_concept_id"
DRUGS = "drug_concept_id drug_exposure_start_date drug_exposure_start_datetime"
NOTES = "observation_concept_id observation_source_concept_id observation_date value_as_number"
COHORT = "cohort_definition_id cohort_start_date"

AMYLOID = {
    "amyloid": {
        "words": "amyloidosis recorded",
        "table": "condition_occurrence",
        "codes": ["e85", "I43.1"],
        "window_days": 1825,
        "statistics": ["any", "count", "days_since"],
    }
}
BY_CONCEPT = {
    "amyloid": {
        "words": "amyloidosis recorded",
        "table": "condition_occurrence",
        "concepts": [434304],
        "descendants": False,
        "statistics": ["any", "count"],
    }
}
TROPONIN = {
    "troponin": {
        "words": "troponin",
        "table": "measurement",
        "concepts": [3033745],
        "descendants": False,
        "when": "both",
        "window_days": 30,
        "lower": 0,
        "upper": 5000,
        "unit": "ng/L",
        "unit_concepts": [8725],
        "precision": 1,
        "statistics": ["last_value", "count", "days_since"],
    }
}
INTRAVENOUS = {
    "frusemide": {
        "words": "frusemide given",
        "table": "drug_exposure",
        "concepts": [956874],
        "descendants": True,
        "when": "stay",
        "statistics": ["any", "count", "days_since"],
    }
}
STEP = {
    "steps": {
        "words": "Clinical Frailty Scale",
        "table": "observation",
        "concepts": [2000000001],
        "descendants": False,
        "lower": 1,
        "upper": 9,
        "precision": 1,
        "statistics": ["last_value", "any"],
    },
    "valve": {
        "words": "operation on a heart valve",
        "table": "procedure_occurrence",
        "codes": ["K25", "K 26"],
        "statistics": ["any", "days_since"],
    },
}
FRAIL = {
    "frail": {"words": "in the frailty cohort", "cohort": 1234, "statistics": ["any", "count", "days_since"]},
    "frail_now": {"words": "in the frailty cohort in this stay", "cohort": 1234, "when": "stay"},
}

EXAMPLES = [
    FeatureExample(
        "Codes are looked for by their beginning, with or without the dot and in any case, and count on each day once",
        settings={"own": AMYLOID},
        tables={
            "condition_occurrence": f"""{CODES}
            2022-06-05 - E85.4
            2022-06-05 - e858
            2023-01-05 - I43.1
            2023-02-05 - I43.0"""
        },
        expect={"own_amyloid_any": 1, "own_amyloid_count": 2, "own_amyloid_days_since": 151},
    ),
    FeatureExample(
        "Who has no such record has none on no day, and no day since",
        settings={"own": AMYLOID},
        expect={"own_amyloid_any": 0, "own_amyloid_count": 0, "own_amyloid_days_since": None},
    ),
    FeatureExample(
        "The last day of the window of a feature of the study's own is in, the day before it is not",
        settings={"own": AMYLOID},
        tables={"condition_occurrence": f"{CODES}\n2018-06-06 - E85.4\n2018-06-05 - E85.4"},
        expect={"own_amyloid_count": 1, "own_amyloid_days_since": 1825},
    ),
    FeatureExample(
        "A feature of the study's own knows the diagnoses of this stay only where coding is live and the stay is searched",
        settings={
            "own": {**AMYLOID, "now": {**AMYLOID["amyloid"], "words": "amyloidosis in the stay", "when": "stay"}}
        },
        tables={"condition_occurrence": f"{CODES}\n2023-06-06 1 E85.4"},
        expect={"own_amyloid_any": 0, "own_now_any": 0},
    ),
    FeatureExample(
        "Where coding is live, the days since are counted to the day of the prediction",
        settings={
            "coding_is_live": True,
            "own": {**AMYLOID, "now": {**AMYLOID["amyloid"], "words": "amyloidosis in the stay", "when": "stay"}},
        },
        tables={"condition_occurrence": f"{CODES}\n2023-06-06 1 E85.4"},
        expect={"own_amyloid_any": 0, "own_now_any": 1, "own_now_days_since": 9},
    ),
    FeatureExample(
        "A diagnosis of an earlier stay is found by its concept, standard or as the source coded it",
        settings={"own": BY_CONCEPT},
        tables={
            "condition_occurrence": """condition_concept_id condition_source_concept_id condition_start_date condition_source_value
            434304 0 2023-01-01 x
            0 434304 2023-02-01 y
            434305 0 2023-03-01 z"""
        },
        expect={"own_amyloid_any": 1, "own_amyloid_count": 2},
    ),
    FeatureExample(
        "A diagnosis that is coded after this discharge is not known to a feature of the study's own",
        settings={"own": AMYLOID, "coding_lag_days": 30},
        tables={"condition_occurrence": f"{CODES}\n2023-05-20 - E85.4\n2023-05-10 - E85.4"},
        expect={"own_amyloid_count": 1, "own_amyloid_days_since": 26},
    ),
    FeatureExample(
        "The last value is that of the latest time before discharge, in the unit that the study asks for and within its range",
        settings={"own": TROPONIN},
        tables={
            "measurement": f"""{TESTS}
            3033745 2023-06-10 2023-06-10T08:00:00 40 8725
            3033745 2023-06-12 2023-06-12T08:00:00 35 8725
            3033745 2023-06-13 2023-06-13T08:00:00 0.03 8840
            3033745 2023-06-14 2023-06-14T08:00:00 9999 8725
            3033745 2023-06-14 2023-06-14T09:00:00 - 8725
            3033745 2023-06-15 2023-06-15T17:00:00 30 8725
            3033745 2023-06-15 - 31 8725"""
        },
        expect={"own_troponin_last_value": 35, "own_troponin_count": 2, "own_troponin_days_since": 3},
    ),
    FeatureExample(
        "Two values of one moment count as halfway between them",
        settings={"own": TROPONIN},
        tables={
            "measurement": f"""{TESTS}
            3033745 2023-06-10 2023-06-10T08:00:00 40 8725
            3033745 2023-06-10 2023-06-10T08:00:00 20 8725
            3033745 2023-06-10 2023-06-10T08:00:00 24 8725"""
        },
        expect={"own_troponin_last_value": 30, "own_troponin_count": 1},
    ),
    FeatureExample(
        "A value without a time lies at the end of its day",
        settings={"own": TROPONIN},
        tables={
            "measurement": f"{TESTS}\n3033745 2023-05-06 - 50 8725\n3033745 2023-05-06 2023-05-06T22:00:00 60 8725\n"
            "3033745 2023-05-05 - 70 8725"
        },
        expect={"own_troponin_last_value": 50, "own_troponin_count": 1, "own_troponin_days_since": 40},
    ),
    FeatureExample(
        "A medicine is found by its ingredient through the hierarchy, and in the stay only where the study says so",
        settings={"own": INTRAVENOUS},
        tables={
            "concept_ancestor": "ancestor_concept_id descendant_concept_id\n956874 956874\n956874 40220357",
            "drug_exposure": f"""{DRUGS}
            40220357 2023-06-05 2023-06-05T15:00:00
            956874   2023-06-05 2023-06-05T20:00:00
            40220357 2023-06-07 -
            40220357 2023-06-04 2023-06-04T23:00:00
            40220357 2023-06-15 -
            40220357 2023-06-15 2023-06-15T18:00:00
            40220358 2023-06-08 -""",
        },
        expect={"own_frusemide_any": 1, "own_frusemide_count": 2, "own_frusemide_days_since": 8},
        apart="with a hierarchy",
    ),
    FeatureExample(
        "Without a hierarchy only the listed concept is found",
        settings={"own": INTRAVENOUS},
        tables={"drug_exposure": f"{DRUGS}\n40220357 2023-06-06 -\n956874 2023-06-05 2023-06-05T20:00:00"},
        expect={"own_frusemide_any": 1, "own_frusemide_count": 1, "own_frusemide_days_since": 10},
        apart="without a hierarchy",
    ),
    FeatureExample(
        "A day after admission a feature of the study's own knows the first day only",
        settings={"own": INTRAVENOUS},
        cohort={"prediction_time": "admission_24h"},
        tables={
            "drug_exposure": f"{DRUGS}\n956874 2023-06-05 2023-06-05T20:00:00\n956874 2023-06-06 2023-06-06T14:00:00\n956874 2023-06-06 -"
        },
        expect={"own_frusemide_count": 1, "own_frusemide_days_since": 1},
    ),
    FeatureExample(
        "An observation has a last value and is found by either of its concepts; a procedure is found by its code",
        settings={"own": STEP},
        tables={
            "observation": f"""{NOTES}
            2000000001 0 2023-01-05 5
            0 2000000001 2023-03-05 6
            2000000001 0 2023-04-05 -
            2000000001 0 2023-06-05 7""",
            "procedure_occurrence": "procedure_date procedure_source_value\n2022-06-05 K26.1\n2022-07-05 K27.1\n2022-06-04 k251",
        },
        expect={"own_steps_last_value": 6, "own_steps_any": 1, "own_valve_any": 1, "own_valve_days_since": 365},
    ),
    FeatureExample(
        "A record without a value in the range that the study gives does not count",
        settings={"own": STEP},
        tables={
            "observation": f"{NOTES}\n2000000001 0 2023-01-05 0\n2000000001 0 2023-01-06 -",
            "procedure_occurrence": "procedure_date procedure_source_value\n2022-06-04 K26.1",
        },
        expect={"own_steps_last_value": None, "own_steps_any": 0, "own_valve_any": 0, "own_valve_days_since": None},
    ),
    FeatureExample(
        "A cohort counts by the day on which a person entered it",
        settings={"own": FRAIL},
        tables={
            "cohort": f"{COHORT}\n1234 2023-05-05\n1234 2023-03-05\n1234 2022-06-04\n1235 2023-06-01\n1234 2023-06-07\n1234 2023-06-15"
        },
        expect={"own_frail_any": 1, "own_frail_count": 2, "own_frail_days_since": 31, "own_frail_now_any": 1},
    ),
    FeatureExample(
        "Who entered the cohort on the day of discharge or later was not known to be in it",
        settings={"own": FRAIL},
        tables={"cohort": f"{COHORT}\n1234 2023-06-15\n1234 2023-06-20"},
        expect={"own_frail_any": 0, "own_frail_days_since": None, "own_frail_now_any": 0},
    ),
    FeatureExample(
        "A result that was recorded after this discharge is not the last value of a feature of the study's own",
        settings={"own": TROPONIN},
        tables={
            "measurement": f"""{TESTS} recorded_at
            3033745 2023-06-10 2023-06-10T08:00:00 40 8725 2023-06-10T10:00:00
            3033745 2023-06-12 2023-06-12T08:00:00 35 8725 2023-06-16T10:00:00"""
        },
        expect={"own_troponin_last_value": 40},
    ),
]
