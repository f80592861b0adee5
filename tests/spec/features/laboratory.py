"""Blood tests and vital signs, in UK units."""

from tests.spec.feature_example import FeatureExample

TITLE = "Blood tests and vital signs"
FAMILIES = ("laboratory",)
HEAD = "measurement_concept_id measurement_date measurement_datetime value_as_number unit_concept_id"

EXAMPLES = [
    FeatureExample(
        "Last, lowest and highest value of the stay",
        tables={
            "measurement": f"{HEAD}\n3020564 2023-06-06 - 150 8749\n3020564 2023-06-08 - 180 8749\n3020564 2023-06-10 - 120 8749"
        },
        expect={"creatinine_last": 120, "creatinine_lowest": 120, "creatinine_highest": 180, "creatinine_count": 3},
    ),
    FeatureExample(
        "A test on the day of discharge without a time is not known at discharge",
        tables={"measurement": f"{HEAD}\n3020564 2023-06-06 - 150 8749\n3020564 2023-06-15 - 90 8749"},
        expect={"creatinine_last": 150},
    ),
    FeatureExample(
        "Unless the study says so",
        tables={"measurement": f"{HEAD}\n3020564 2023-06-06 - 150 8749\n3020564 2023-06-15 - 90 8749"},
        settings={"dates_are_known": "start_of_day"},
        expect={"creatinine_last": 90},
    ),
]
