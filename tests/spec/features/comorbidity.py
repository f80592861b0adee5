"""Long-term conditions, and the indices that are made of them."""

from tests.spec.feature_example import FeatureExample

TITLE = "Long-term conditions, Charlson and Elixhauser"
FAMILIES = ("comorbidity",)
HEAD = "condition_start_date condition_source_value visit_occurrence_id condition_concept_id"
SEEN = "observation_date observation_source_value visit_occurrence_id observation_concept_id"
CONCEPTS = {"conditions_from": "omop_concepts"}
# E11.2, I11.0 and F00.1 lead to standard concepts; that of N18.3 is no longer valid, and I20-I25 is the name of a block
VOCABULARY = {
    "concept": "concept_id vocabulary_id concept_code\n"
    "901 ICD10 E11.2\n902 ICD10 I11.0\n903 ICD10 F00.1\n904 ICD10 N18.3\n905 ICD10 I20-I25\n906 ICD10CM J44.9",
    "concept_relationship": "concept_id_1 concept_id_2 relationship_id invalid_reason\n"
    "901 443731 Maps_to -\n902 444101 Maps_to -\n903 378419 Maps_to -\n904 443601 Maps_to D\n905 4185932 Maps_to -\n906 255573 Maps_to -",
}
GROUPS = {
    "concept_ancestor": "ancestor_concept_id descendant_concept_id\n201820 201820\n"
    "201820 201826\n201820 443731\n443767 443731\n316139 444101"
}


def known(*codes: str, on: str = "2023-01-10", visit: str = "-") -> dict[str, str]:
    """Diagnoses on one day."""
    return {"condition_occurrence": "\n".join([HEAD, *(f"{on} {code} {visit} 0" for code in codes)])}


def concepts(*ids: int, on: str = "2023-01-10") -> dict[str, str]:
    """Diagnoses of which only the standard concept is told."""
    return {"condition_occurrence": "\n".join([HEAD, *(f"{on} - - {concept}" for concept in ids)])}


EXAMPLES = [
    FeatureExample(
        "Nobody's conditions are missing: where none was recorded, there is none, and only age gives points",
        expect={
            "copd": 0,
            "charlson_1987": 0,
            "charlson_quan_2011": 0,
            "charlson_1987_age": 4,
            "elixhauser_count": 0,
            "diagnoses_365d": 0,
        },
    ),
    FeatureExample(
        "Heart failure, kidney disease, chronic lung disease and a metastatic cancer: the cancer that has spread takes the place of the "
        "one that has not",
        tables=known("I50.0", "N18.3", "J44.9", "C78.0", "C50.9"),
        expect={
            "charlson_1987": 10,
            "charlson_quan_2011": 10,
            "charlson_1987_age": 14,
            "charlson_canc": 1,
            "charlson_metacanc": 1,
            "cancer": 1,
        },
    ),
    FeatureExample(
        "An infarction, a dementia and a diabetes tell the three sets of Charlson weights apart",
        tables=known("I21", "F03", "E11.9"),
        expect={"charlson_1987": 3, "charlson_quan_2011": 2, "charlson_shmi": 22},
    ),
    FeatureExample(
        "AIDS weighs 6, 4 and 2",
        tables=known("B20"),
        expect={"charlson_aids": 1, "charlson_1987": 6, "charlson_quan_2011": 4, "charlson_shmi": 2},
    ),
    FeatureExample(
        "Diabetes with complications takes the place of that without, and weighs less than nothing in the SHMI",
        tables=known("E11.9", "E11.2"),
        expect={
            "charlson_diab": 1,
            "charlson_diabwc": 1,
            "charlson_1987": 2,
            "charlson_quan_2011": 1,
            "charlson_shmi": -1,
            "diabetes": 1,
        },
    ),
    FeatureExample(
        "Severe liver disease takes the place of mild",
        tables=known("K70.3", "K76.6"),
        expect={
            "charlson_mld": 1,
            "charlson_msld": 1,
            "charlson_1987": 3,
            "charlson_quan_2011": 4,
            "charlson_shmi": 18,
            "liver_disease": 1,
        },
    ),
    FeatureExample(
        "The SHMI has a list of its own: cardiomyopathy is not its heart failure, and skin cancer is a cancer",
        tables=known("I42.0", "C44.3"),
        expect={"charlson_chf": 1, "charlson_canc": 0, "charlson_1987": 1, "charlson_shmi": 8, "cancer": 0},
    ),
    FeatureExample(
        "Diabetes with several complications (E10.7) is a code of the UK edition, and counts",
        tables=known("E10.7"),
        expect={"charlson_diabwc": 1, "charlson_diab": 0, "elixhauser_diabc": 1},
    ),
    FeatureExample(
        "A code counts however it is written: with or without its dot, in small letters, with a dagger or a filling X",
        tables=known("e11.2", "I64X", "K703", "G30.1+", "F00.1*"),
        expect={
            "charlson_diabwc": 1,
            "charlson_cevd": 1,
            "charlson_mld": 1,
            "charlson_dementia": 1,
            "diagnoses_365d": 5,
        },
    ),
    FeatureExample(
        "Hypertensive heart failure is heart failure and hypertension, and alcoholic cardiomyopathy is heart failure and alcohol",
        tables=known("I11.0", "I42.6"),
        expect={
            "elixhauser_chf": 1,
            "elixhauser_hypc": 1,
            "elixhauser_alcohol": 1,
            "elixhauser_count": 3,
            "elixhauser_van_walraven": 7,
            "charlson_1987": 1,
        },
    ),
    FeatureExample(
        "Psychotic depression is a psychosis and a depression",
        tables=known("F31.5"),
        expect={"elixhauser_psycho": 1, "elixhauser_depre": 1, "elixhauser_van_walraven": -3, "elixhauser_count": 2},
    ),
    FeatureExample(
        "An Elixhauser score below zero stays below zero",
        tables=known("E66.9", "F11.2"),
        expect={"elixhauser_obes": 1, "elixhauser_drug": 1, "elixhauser_van_walraven": -11, "elixhauser_count": 2},
    ),
    FeatureExample(
        "In the Elixhauser score and count the severer form takes the place of the milder, and both are shown",
        tables=known("I10", "I12.0", "E11.9", "E11.2", "C50.9", "C78.0"),
        expect={
            "elixhauser_hypunc": 1,
            "elixhauser_hypc": 1,
            "elixhauser_diabunc": 1,
            "elixhauser_diabc": 1,
            "elixhauser_solidtum": 1,
            "elixhauser_metacanc": 1,
            "elixhauser_rf": 1,
            "elixhauser_van_walraven": 17,
            "elixhauser_count": 4,
        },
    ),
    FeatureExample(
        "A diagnosis of 1,825 days before admission is still known",
        tables=known("J44.9", on="2018-06-06"),
        expect={"copd": 1, "charlson_copd": 1},
    ),
    FeatureExample(
        "One of 1,826 days is not",
        tables=known("J44.9", on="2018-06-05"),
        expect={"copd": 0, "charlson_copd": 0},
    ),
    FeatureExample(
        "A study may let the indices look back less far than the conditions",
        tables=known("J44.9", on="2022-06-04"),
        settings={"comorbidity_index_lookback_days": 365},
        expect={"copd": 1, "charlson_copd": 0, "elixhauser_cpd": 0, "diagnoses_365d": 0},
    ),
    FeatureExample(
        "The last day of that look-back counts",
        tables=known("J44.9", on="2022-06-05"),
        settings={"comorbidity_index_lookback_days": 365},
        expect={"copd": 1, "charlson_copd": 1, "elixhauser_cpd": 1, "diagnoses_365d": 1},
    ),
    FeatureExample(
        "The diagnoses of the stay itself are not known at discharge",
        tables=known("J44.9", on="2023-06-06", visit="1"),
        expect={"copd": 0, "charlson_quan_2011": 0, "charlson_chf": 0},
    ),
    FeatureExample(
        "Where coding is live they are, and everybody has heart failure",
        tables=known("J44.9", on="2023-06-06", visit="1"),
        settings={"coding_is_live": True},
        expect={"copd": 1, "charlson_quan_2011": 3, "charlson_chf": 1, "heart_failure_before": 0, "diagnoses_365d": 0},
    ),
    FeatureExample(
        "Even then a diagnosis of the stay counts only if it is dated no later than the discharge, and was recorded before it",
        tables={
            "condition_occurrence": "condition_start_date condition_start_datetime visit_occurrence_id condition_source_value recorded_at\n"
            # of the day of discharge, and of its very moment
            "2023-06-15 - 1 J44.9 -\n"
            "2023-06-15 2023-06-15T16:30:00 1 E11.9 2023-06-15T16:29:00\n"
            # a minute after it, a day after it, recorded at it
            "2023-06-15 2023-06-15T16:31:00 1 F03 -\n"
            "2023-06-16 - 1 C50.9 -\n"
            "2023-06-06 - 1 B20 2023-06-15T16:30:00"
        },
        settings={"coding_is_live": True},
        expect={"copd": 1, "diabetes": 1, "charlson_dementia": 0, "charlson_canc": 0, "charlson_aids": 0},
    ),
    FeatureExample(
        "Even then a diagnosis of the day of admission that belongs to no stay is not history",
        tables=known("J44.9", on="2023-06-05"),
        settings={"coding_is_live": True},
        expect={"copd": 0},
    ),
    FeatureExample(
        "Heart failure before the stay is one that was recorded before it",
        tables=known("I50.9"),
        expect={"heart_failure_before": 1, "charlson_chf": 1, "charlson_quan_2011": 2},
    ),
    FeatureExample(
        "A diagnosis that a later admission dates back does not become history",
        tables={
            **known("J44.9", on="2023-01-10", visit="2"),
            "visit_occurrence": "visit_occurrence_id visit_concept_id start end\n2 9201 2023-07-01 2023-07-05",
        },
        expect={"copd": 0, "charlson_copd": 0},
    ),
    FeatureExample(
        "The stay before ended too lately to be coded, where coding takes a month",
        tables={
            **known("J44.9", on="2023-05-10", visit="2"),
            "visit_occurrence": "visit_occurrence_id visit_concept_id start end\n2 9201 2023-05-10 2023-05-20",
        },
        settings={"coding_lag_days": 31},
        expect={"copd": 0, "charlson_copd": 0},
    ),
    FeatureExample(
        "Different diagnoses of the year before are different by three characters",
        tables={
            "condition_occurrence": f"{HEAD}\n2023-01-10 J44.9 - 0\n2023-01-10 J44.1 - 0\n2022-06-05 E11.9 - 0\n2022-06-04 N18.3 - 0"
        },
        expect={"diagnoses_365d": 2, "kidney_disease": 1},
    ),
    FeatureExample(
        "Without a date of birth the index with points for age is not known, and the others are",
        person="10 8507 - - - A",
        tables=known("J44.9"),
        expect={"charlson_1987": 1, "charlson_1987_age": None},
    ),
    FeatureExample(
        "Points for age begin at fifty",
        person="10 8507 1973 6 6 A",
        expect={"charlson_1987_age": 0},
    ),
    FeatureExample(
        "On the fiftieth birthday there is one",
        person="10 8507 1973 6 5 A",
        expect={"charlson_1987_age": 1},
    ),
    FeatureExample(
        "A code that stands among the observations is a diagnosis like any other: dialysis",
        tables={"observation": f"{SEEN}\n2023-01-10 Z60.2 - 0\n2023-01-10 z992 - 0"},
        expect={"charlson_rend": 1, "diagnoses_365d": 2},
    ),
    FeatureExample(
        "An observation that has not the shape of a code is none, nor is one that came later",
        tables={
            "observation": f"{SEEN}\n2023-01-10 Smoker - 0\n2023-01-10 84114007 - 0\n2023-01-10 Z9 - 0\n2023-06-16 Z99.2 - 0"
        },
        expect={"charlson_rend": 0, "diagnoses_365d": 0},
    ),
    FeatureExample(
        "A code among the observations of the stay is known when its diagnoses are",
        tables={"observation": f"{SEEN}\n2023-06-06 Z99.2 1 0"},
        expect={"charlson_rend": 0},
    ),
    FeatureExample(
        "Unless the study reads diagnoses from their own table only",
        tables={"observation": f"{SEEN}\n2023-01-10 Z60.2 - 0"},
        settings={"codes_in_observations": False},
        expect={"diagnoses_365d": 0},
    ),
    FeatureExample(
        "Charlson and Elixhauser from ICD-9-CM by Quan's enhanced lists",
        vocabulary="icd9_cm",
        tables=known("25040", "250.00", "4254", "42789", "1970", "1749"),
        expect={
            "charlson_chf": 1,
            "charlson_diabwc": 1,
            "charlson_1987": 9,
            "charlson_quan_2011": 9,
            "elixhauser_van_walraven": 24,
            "elixhauser_count": 4,
            "atrial_fibrillation": 0,
        },
    ),
    FeatureExample(
        "In ICD-9-CM a bare number among the observations is no diagnosis; a V code is",
        vocabulary="icd9_cm",
        tables={"observation": f"{SEEN}\n2023-01-10 496 - 0\n2023-01-10 V45.11 - 0"},
        expect={"copd": 0, "charlson_rend": 1, "diagnoses_365d": 1},
    ),
    FeatureExample(
        "Codes of ICD-10-CM are longer and belong to the same lists",
        vocabulary="icd10_cm",
        tables=known("E11.22", "I13.2", "I50.22", "N18.30"),
        expect={
            "charlson_chf": 1,
            "charlson_diabwc": 1,
            "charlson_rend": 1,
            "elixhauser_hypc": 1,
            "charlson_1987": 5,
            "charlson_quan_2011": 4,
        },
    ),
    FeatureExample(
        "Where a study reads concepts, a condition is the standard concept to which a listed code maps",
        apart="vocabulary",
        settings=CONCEPTS,
        tables={**VOCABULARY, **concepts(443731, 444101)},
        expect={
            "diabetes": 1,
            "charlson_diabwc": 1,
            "charlson_chf": 1,
            "elixhauser_hypc": 1,
            "charlson_quan_2011": 3,
            "charlson_shmi": -1,
            "diagnoses_365d": 2,
        },
    ),
    FeatureExample(
        "A map that is no longer valid, the name of a block and codes of another edition tell nothing",
        apart="vocabulary",
        settings=CONCEPTS,
        tables={**VOCABULARY, **concepts(443601, 4185932, 255573, 0)},
        expect={
            "kidney_disease": 0,
            "ischaemic_heart_disease": 0,
            "copd": 0,
            "charlson_quan_2011": 0,
            "diagnoses_365d": 3,
        },
    ),
    FeatureExample(
        "The code beside the concept is not read then",
        apart="vocabulary",
        settings=CONCEPTS,
        tables={**VOCABULARY, **known("J44.9")},
        expect={"copd": 0, "charlson_copd": 0, "diagnoses_365d": 0},
    ),
    FeatureExample(
        "Without codes in the vocabulary Charlson comes from groups of concepts and what stands below them",
        apart="groups",
        settings=CONCEPTS,
        tables={**GROUPS, **concepts(443731, 444101, 439727)},
        expect={
            "charlson_diab": 1,
            "charlson_diabwc": 1,
            "charlson_chf": 1,
            "charlson_aids": 1,
            "charlson_1987": 9,
            "charlson_quan_2011": 7,
        },
    ),
    FeatureExample(
        "Without a hierarchy either, only the groups' own concepts are known",
        apart="ids",
        settings=CONCEPTS,
        tables=concepts(443731, 316139),
        expect={
            "charlson_diabwc": 0,
            "charlson_chf": 1,
            "charlson_1987": 1,
            "charlson_quan_2011": 2,
            "diagnoses_365d": 2,
        },
    ),
]
