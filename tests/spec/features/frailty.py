"""The Hospital Frailty Risk Score."""

from tests.spec.feature_example import FeatureExample
from tests.spec.features.comorbidity import CONCEPTS, SEEN, VOCABULARY, concepts, known

TITLE = "Frailty"
FAMILIES = ("frailty",)

EXAMPLES = [
    FeatureExample(
        "Without any listed diagnosis the frailty score is zero, and the risk is low",
        tables=known("J44.9"),
        expect={
            "frailty_score": 0,
            "frailty_categories": 0,
            "frailty_low": 1,
            "frailty_intermediate": 0,
            "frailty_high": 0,
        },
    ),
    FeatureExample(
        "Dementia in Alzheimer's disease, a urinary infection, delirium, a fall and dehydration make 19.0, which is high",
        tables=known("F00.1", "N39.0", "F05.9", "W19.9", "E86"),
        expect={
            "frailty_score": 19.0,
            "frailty_categories": 5,
            "frailty_low": 0,
            "frailty_intermediate": 0,
            "frailty_high": 1,
        },
    ),
    FeatureExample(
        "Two kinds of delirium count once",
        tables=known("F05.0", "F05.9"),
        expect={"frailty_score": 3.2, "frailty_categories": 1, "frailty_low": 1},
    ),
    FeatureExample(
        "A code counts by its first three characters, however it is written",
        tables=known("f050", "F05.0A", "N390", "e86X"),
        expect={"frailty_score": 8.7, "frailty_categories": 3},
    ),
    FeatureExample(
        "A score of 5 is intermediate",
        tables=known("N39.0", "N17.9"),
        expect={"frailty_score": 5.0, "frailty_low": 0, "frailty_intermediate": 1, "frailty_high": 0},
    ),
    FeatureExample(
        "So is one of 15",
        tables=known("F00.9", "G81.9", "N39.0", "R11"),
        expect={"frailty_score": 15.0, "frailty_intermediate": 1, "frailty_high": 0},
    ),
    FeatureExample(
        "Above 15 it is high",
        tables=known("F00.9", "G81.9", "N39.0", "R11", "R50.9"),
        expect={"frailty_score": 15.1, "frailty_intermediate": 0, "frailty_high": 1},
    ),
    FeatureExample(
        "Frailty looks back two years: 730 days before admission count",
        tables=known("F05.9", on="2021-06-05"),
        expect={"frailty_score": 3.2},
    ),
    FeatureExample(
        "731 days before do not count",
        tables=known("F05.9", on="2021-06-04"),
        expect={"frailty_score": 0},
    ),
    FeatureExample(
        "Diagnoses of the stay itself count only where coding is live",
        tables=known("F05.9", on="2023-06-06", visit="1"),
        settings={"coding_is_live": True},
        expect={"frailty_score": 3.2},
    ),
    FeatureExample(
        "A fall that stands among the observations counts",
        tables={"observation": f"{SEEN}\n2023-01-10 W19.9 - 0\n2023-01-10 W19.0 - 0"},
        expect={"frailty_score": 3.2, "frailty_categories": 1},
    ),
    FeatureExample(
        "In ICD-10-CM a fall has more characters",
        vocabulary="icd10_cm",
        tables=known("W19.XXXA", "F05"),
        expect={"frailty_score": 6.4, "frailty_categories": 2},
    ),
    FeatureExample(
        "In ICD-9-CM the nearest meaning counts, and Alzheimer's disease stands for two categories",
        vocabulary="icd9_cm",
        tables=known("331.0", "E888.9"),
        expect={"frailty_score": 14.3, "frailty_categories": 3},
    ),
    FeatureExample(
        "There the longest listed beginning of a code decides: difficulty in walking (719.7) is no pain in a joint (719)",
        vocabulary="icd9_cm",
        tables=known("719.7"),
        expect={"frailty_score": 2.6, "frailty_categories": 1},
    ),
    FeatureExample(
        "From concepts a frailty category is any concept to which one of its codes maps",
        apart="vocabulary",
        settings=CONCEPTS,
        tables={**VOCABULARY, **concepts(378419)},
        expect={"frailty_score": 7.1, "frailty_categories": 1, "frailty_intermediate": 1},
    ),
]
