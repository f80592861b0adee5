"""Clinical scores: what they are put together from, and what a missing input does."""

from tests.spec.feature_example import FeatureExample

TITLE = "Clinical scores"
FAMILIES = ("demography", "stay", "prior_care", "comorbidity", "laboratory", "medicines", "scores")
MEASURED = "measurement_concept_id measurement_date measurement_datetime value_as_number unit_concept_id"
CODED = "person_id condition_start_date condition_status_concept_id visit_occurrence_id condition_source_value"
VISITS = "visit_occurrence_id person_id visit_concept_id start end"
STATED = "observation_concept_id observation_date observation_datetime value_as_number value_as_concept_id observation_source_value"
FIVE_DAYS = "1 10 262 2023-06-05T14:00:00 2023-06-10T16:30:00"
SIX_DAYS = f"{VISITS} admission_method\n1 10 262 2023-06-05T14:00:00 2023-06-11T16:30:00 21"
BY_METHOD = {"unplanned": ["admission_method"], "require_unplanned_index": False}
NORMAL = {"scores_missing": "normal"}


def attendances(*days: str) -> str:
    return "\n".join([VISITS, *[f"{number} 10 9203 {day} {day}" for number, day in enumerate(days, 2)]])


def codes(*lines: str) -> str:
    return "\n".join([CODED, *[f"10 {line.split()[0]} 32909 - {line.split()[1]}" for line in lines]])


def stated(*lines: str) -> dict[str, str]:
    return {"observation": "\n".join([STATED, *lines])}


def last(*lines: str) -> dict[str, str]:
    return {"measurement": "\n".join([MEASURED, *lines])}


EXAMPLES = [
    FeatureExample(
        "LACE adds up length of stay, urgency, Charlson index and attendances: five days (4), an emergency (3), heart failure and an "
        "infarction (3) and two attendances (2) make 12; LE is 6 of them",
        stay=FIVE_DAYS,
        tables={
            "visit_occurrence": attendances("2023-03-01", "2023-05-01"),
            "condition_occurrence": codes("2022-01-01 I21.4"),
        },
        expect={
            "lace_l": 4,
            "lace_a": 3,
            "lace_charlson": 3,
            "lace_c": 3,
            "lace_e": 2,
            "score_lace": 12,
            "score_le": 6,
            "lace_observed": 4,
        },
    ),
    FeatureExample(
        "The highest LACE is 19: fourteen days, an emergency, a Charlson index of four and four attendances",
        stay="1 10 262 2023-06-05T14:00:00 2023-06-19T16:30:00",
        tables={
            "visit_occurrence": attendances("2023-02-01", "2023-03-01", "2023-04-01", "2023-05-01", "2023-05-02"),
            "condition_occurrence": codes("2022-01-01 J44.9"),
        },
        expect={"lace_l": 7, "lace_charlson": 4, "lace_c": 5, "lace_e": 4, "score_lace": 19, "score_le": 11},
    ),
    FeatureExample(
        "Home on the day of admission is a stay of less than one day",
        stay="1 10 262 2023-06-05T08:00:00 2023-06-05T16:30:00",
        tables={"visit_occurrence": attendances("2023-05-02")},
        expect={"lace_l": 0, "lace_e": 1, "score_le": 1},
    ),
    FeatureExample(
        "The heart failure of the stay counts in the Charlson index, however late it is coded",
        expect={"lace_charlson": 2, "lace_c": 2},
    ),
    FeatureExample(
        "Of two stages of one disease the graver one counts alone",
        tables={
            "condition_occurrence": codes(
                "2022-01-01 E11.9", "2022-01-01 E11.2", "2022-01-01 C50.9", "2022-01-01 C78.0"
            )
        },
        expect={"lace_charlson": 2 + 2 + 6},
    ),
    FeatureExample(
        "The Charlson index has the weights of Schneeweiss, those of LACE: heart failure 2, infarction 1, dementia 3, diabetes 1",
        tables={"condition_occurrence": codes("2022-01-01 I21.4", "2022-01-01 F03", "2022-01-01 E11.9")},
        expect={"lace_charlson": 7},
    ),
    FeatureExample(
        "By the weights of Charlson 1987, heart failure, infarction, dementia and diabetes count one each",
        tables={"condition_occurrence": codes("2022-01-01 I21.4", "2022-01-01 F03", "2022-01-01 E11.9")},
        settings={"charlson_variant": "original"},
        expect={"lace_charlson": 4, "lace_c": 5},
    ),
    FeatureExample(
        "By the weights of Quan 2011, heart failure and dementia count two each, infarction and simple diabetes nothing",
        tables={"condition_occurrence": codes("2022-01-01 I21.4", "2022-01-01 F03", "2022-01-01 E11.9")},
        settings={"charlson_variant": "quan2011"},
        expect={"lace_charlson": 4},
    ),
    FeatureExample(
        "A planned admission has no points for urgency in LACE and HOSPITAL",
        stay=f"{VISITS} admission_method\n1 10 9201 2023-06-05T14:00:00 2023-06-11T16:30:00 11",
        cohort=BY_METHOD,
        expect={"lace_a": 0, "hospital_index_type": 0, "parr30_emergency_admission": 0},
    ),
    FeatureExample(
        "Haemoglobin below 120 g/L and sodium below 135 mmol/L, the last ones before discharge, have a point each in HOSPITAL",
        tables=last("3000963 2023-06-06 - 140 8636", "3000963 2023-06-10 - 119 8636", "3019550 2023-06-10 - 134 8753"),
        expect={"hospital_haemoglobin": 1, "hospital_sodium": 1},
    ),
    FeatureExample(
        "Haemoglobin of 120 g/L and sodium of 135 mmol/L have none",
        tables=last("3000963 2023-06-06 - 110 8636", "3000963 2023-06-10 - 120 8636", "3019550 2023-06-10 - 135 8753"),
        expect={"hospital_haemoglobin": 0, "hospital_sodium": 0},
    ),
    FeatureExample(
        "Haemoglobin 110 g/L, sodium 132 mmol/L, an emergency, three admissions in the year before and six days make 7 in HOSPITAL",
        stay=SIX_DAYS,
        cohort=BY_METHOD,
        settings=NORMAL,
        tables={
            **last("3000963 2023-06-10 - 110 8636", "3019550 2023-06-10 - 132 8753"),
            "visit_occurrence": f"{VISITS} admission_method\n2 10 9201 2022-09-01 2022-09-03 11\n3 10 262 2022-11-01 2022-11-09 21\n"
            "4 10 262 2023-02-01 2023-02-09 21",
        },
        expect={"hospital_admissions": 2, "hospital_length": 2, "score_hospital": 7},
    ),
    FeatureExample(
        "Where a study takes missing tests as normal, they cost no points in HOSPITAL; what was observed is still told",
        stay=SIX_DAYS,
        cohort=BY_METHOD,
        settings=NORMAL,
        tables=last("3019550 2023-06-10 - 132 8753"),
        expect={"hospital_haemoglobin": None, "score_hospital": 1 + 1 + 2},
    ),
    FeatureExample(
        "One admission in the year before has no points in the HOSPITAL score of 2016",
        stay=SIX_DAYS,
        cohort=BY_METHOD,
        tables={"visit_occurrence": f"{VISITS} admission_method\n2 10 9201 2022-09-01 2022-09-03 11"},
        expect={"hospital_admissions": 0},
    ),
    FeatureExample(
        "One admission in the year before has two points in the HOSPITAL score of 2013",
        stay=SIX_DAYS,
        cohort=BY_METHOD,
        settings={"hospital_variant": "2013"},
        tables={"visit_occurrence": f"{VISITS} admission_method\n2 10 9201 2022-09-01 2022-09-03 11"},
        expect={"hospital_admissions": 2},
    ),
    FeatureExample(
        "PARR-30 looks two years back for conditions: chronic lung disease of 730 days ago counts, kidney disease of 731 days ago does not",
        tables={"condition_occurrence": codes("2021-06-05 J44.9", "2021-06-04 N18.3")},
        expect={"parr30_conditions": 0.0950 + 0.2243},
    ),
    FeatureExample(
        "PARR-30 counts each emergency admission of the year before, and once more that there was one in the month before",
        stay=SIX_DAYS,
        cohort=BY_METHOD,
        tables={
            "visit_occurrence": f"{VISITS} admission_method\n2 10 9201 2023-05-20 2023-05-21 21\n3 10 262 2022-11-01 2022-11-09 21\n"
            "4 10 262 2023-02-01 2023-02-09 11",
        },
        expect={
            "parr30_emergency_admissions_365d": 2 * 0.1215,
            "parr30_emergency_admissions_30d": 0.5258,
            "parr30_emergency_admission": 0.5565,
        },
    ),
    FeatureExample(
        "GWTG-HF takes the first values of the stay, whatever came later: age 50, pressure 100, urea 3.6, sodium 135, pulse 100 and "
        "chronic lung disease make 45",
        person="10 8507 1973 1 6 A",
        tables={
            **last(
                "4152194 2023-06-05 2023-06-05T15:00:00 100 -",
                "4152194 2023-06-07 2023-06-07T15:00:00 160 -",
                "4301868 2023-06-05 2023-06-05T15:00:00 100 -",
                "4301868 2023-06-07 2023-06-07T15:00:00 70 -",
                "3020779 2023-06-05 2023-06-05T15:00:00 3.6 8753",
                "3019550 2023-06-05 2023-06-05T15:00:00 135 8753",
                "3019550 2023-06-09 2023-06-09T15:00:00 141 8753",
            ),
            "condition_occurrence": codes("2022-01-01 J44.9"),
        },
        expect={
            "gwtg_hf_systolic": 19,
            "gwtg_hf_urea": 2,
            "gwtg_hf_sodium": 2,
            "gwtg_hf_age": 11,
            "gwtg_hf_heart_rate": 6,
            "gwtg_hf_copd": 2,
            "gwtg_hf_race": 3,
            "score_gwtg_hf": 45,
            "gwtg_hf_observed": 6,
        },
    ),
    FeatureExample(
        "A score has no total where one of its inputs was not observed, as here sodium in GWTG-HF",
        tables=last(
            "4152194 2023-06-05 2023-06-05T15:00:00 100 -",
            "4301868 2023-06-05 2023-06-05T15:00:00 100 -",
            "3020779 2023-06-05 2023-06-05T15:00:00 3.6 8753",
        ),
        expect={"gwtg_hf_sodium": None, "gwtg_hf_observed": 5, "score_gwtg_hf": None},
    ),
    FeatureExample(
        "The race term of GWTG-HF is the same for everybody, unless the study asks for it as published",
        person="10 8507 1973 1 6 N",
        expect={"gwtg_hf_race": 3},
    ),
    FeatureExample(
        "Heart failure that was first recorded 548 days before admission, 18 months, has two points in MAGGIC",
        tables={"condition_occurrence": codes("2021-12-04 I50.9")},
        expect={"maggic_duration": 2},
    ),
    FeatureExample(
        "Heart failure that was first recorded 547 days before admission has none",
        tables={"condition_occurrence": codes("2021-12-05 I50.9")},
        expect={"maggic_duration": 0},
    ),
    FeatureExample(
        "NYHA class is the one that was stated last before discharge",
        tables=stated(
            "0 2023-05-01 - - - 420913000",
            "0 2023-06-10 - - - 421704003",
            "0 2023-06-15 2023-06-15T17:00:00 - - 422293003",
        ),
        expect={"nyha_class": 2, "maggic_nyha": 2},
    ),
    FeatureExample(
        "Of two NYHA classes stated on one day the graver one counts",
        tables=stated("0 2023-06-10 - - - 420300004", "0 2023-06-10 - - - 420913000"),
        expect={"nyha_class": 3, "maggic_nyha": 6},
    ),
    FeatureExample(
        "A NYHA class of the day of discharge without a time is not known at discharge, and one of a year and a day before is too old",
        tables=stated("0 2022-06-04 - - - 420913000", "0 2023-06-15 - - - 421704003"),
        expect={"nyha_class": None},
    ),
    FeatureExample(
        "A NYHA class that is the answer to the question for it may be a number from 1 to 4",
        tables=stated("36305765 2023-06-09 - 4 - -", "36305765 2023-06-10 - 5 - -"),
        expect={"nyha_class": 4, "maggic_nyha": 8},
    ),
    FeatureExample(
        "A NYHA class may be a number among the measurements",
        tables=last("36305765 2023-06-09 - 3 -"),
        expect={"nyha_class": 3},
    ),
    FeatureExample(
        "Smoking is what was stated last: one who has given up is no smoker",
        tables=stated("43054909 2019-06-01 - - 4298794 -", "43054909 2023-01-01 - - 4310250 -"),
        expect={"current_smoker": 0, "maggic_smoker": 0},
    ),
    FeatureExample(
        "A smoker is one of whom it is stated as a finding or as an answer, however long ago",
        tables=stated("4298794 2019-06-01 - - - -"),
        expect={"current_smoker": 1, "maggic_smoker": 1},
    ),
    FeatureExample(
        "Smoker, answered with no, states nothing, and neither does a question without an answer",
        tables=stated("4298794 2023-01-01 - - 4188540 -", "43054909 2023-01-01 - - - -", "0 2023-01-02 - - - 8517006"),
        expect={"current_smoker": 0},
    ),
    FeatureExample(
        "An ARNI counts as ACE inhibitor or ARB in MAGGIC, where each treatment that is missing has points",
        tables={"drug_exposure": "drug_concept_id drug_exposure_start_date\n778939 2023-06-14"},
        expect={"maggic_ras_inhibitor": 0, "maggic_beta_blocker": 3},
    ),
    FeatureExample(
        "A procedure of the stay has a point and an oncology ward two in HOSPITAL, which then has a total",
        stay=f"{VISITS} main_specialty\n1 10 262 2023-06-05T14:00:00 2023-06-11T16:30:00 370",
        tables={
            **last("3000963 2023-06-10 - 110 8636", "3019550 2023-06-10 - 132 8753"),
            "procedure_occurrence": "procedure_date visit_occurrence_id procedure_source_value\n2023-06-07 1 K49.1",
        },
        expect={
            "hospital_oncology": 2,
            "hospital_procedure": 1,
            "score_hospital": 1 + 2 + 1 + 1 + 1 + 0 + 2,
            "hospital_observed": 7,
        },
    ),
    FeatureExample(
        "Without a haemoglobin, its points and the HOSPITAL score are missing",
        stay=f"{VISITS} main_specialty\n1 10 262 2023-06-05T14:00:00 2023-06-11T16:30:00 300",
        tables=last("3019550 2023-06-10 - 132 8753"),
        expect={"hospital_haemoglobin": None, "hospital_oncology": 0, "hospital_procedure": 0, "score_hospital": None},
    ),
    FeatureExample(
        "MAGGIC where everything is recorded: ejection fraction 28 % (5), 82 years (10), pressure 118 (4), body-mass index 22 (3), "
        "creatinine 140 (3), NYHA III (6), a man (1) who smokes (1), diabetes (3), chronic lung disease (2), heart failure for three "
        "years (2), no beta-blocker (3), an ARNI (0): 43 points, and the published risks of death",
        tables={
            **last(
                "3027172 2023-06-08 - 28 -",
                "4152194 2023-06-06 - 150 -",
                "4152194 2023-06-12 - 118 -",
                "4245997 2023-06-06 - 22 -",
                "3020564 2023-06-12 - 140 8749",
            ),
            **stated("0 2023-06-10 - - - 420913000", "4298794 2020-06-10 - - - -"),
            "condition_occurrence": codes("2020-06-01 I50.9", "2020-06-01 E11.9", "2020-06-01 J44.9"),
            "drug_exposure": "drug_concept_id drug_exposure_start_date\n778939 2023-06-14",
        },
        expect={"score_maggic": 43, "maggic_risk_1y": 0.625, "maggic_risk_3y": 0.908, "maggic_observed": 13},
    ),
    FeatureExample(
        "Without an ejection fraction nothing that depends on it has points, and MAGGIC has no total",
        tables=stated("0 2023-06-10 - - - 420913000"),
        expect={
            "maggic_lvef": None,
            "maggic_age": None,
            "maggic_systolic": None,
            "score_maggic": None,
            "maggic_risk_1y": None,
        },
    ),
    FeatureExample(
        "Where the race term is used as published, a Black patient has none of its points",
        person="10 8507 1973 1 6 N",
        settings={"gwtg_race_term": "as_published"},
        expect={"gwtg_hf_race": 0},
    ),
    FeatureExample(
        "Where the race term is used as published, an ethnicity that is not stated is missing",
        person="10 8507 1973 1 6 Z",
        settings={"gwtg_race_term": "as_published"},
        expect={"gwtg_hf_race": None},
    ),
]
