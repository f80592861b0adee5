"""Blood tests and vital signs: in every unit that a code list knows, without one, in a wrong one; as bounds; twice; and too late."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import TYPE_CHECKING

from hfrisk.codelists import read_yaml
from tests.features.random_records.moments import Row, written

if TYPE_CHECKING:
    from tests.features.random_people import Person

__all__ = ["rows"]

# written often, so that there are trends; height and the tests of iron, so that something can be worked out of them
OFTEN = ["creatinine", "creatinine", "haemoglobin", "haemoglobin", "sodium", "nt_probnp", "nt_probnp", "weight", "height", "bmi",
         "ferritin", "ferritin", "transferrin_saturation", "transferrin_saturation"]  # fmt: skip
SPELLINGS = [None, None, "mg/dL", " g/dl", "µmol/L", "μmol/l", "MMOL/L", "lb", "odd", "mmol/mol"]
TEXTS = [None, None, ">35000", "< 5", ">=90", "≤ 3.5", "110", ">", "haemolysed", ">1,500", "<0.5"]


def rows(who: Person, rng: random.Random) -> list[Row]:
    analytes = read_yaml("measurements.yaml")
    found: list[Row] = []
    for number in range(rng.randrange(0, 70)):
        name = rng.choice([*analytes, *OFTEN])
        entry = analytes[name]
        moment = who.near(rng)
        day, at = written(moment, rng)
        units = [*entry.get("factors", {}), *entry["units"], *entry["units"], 0, None, None, 8753]
        value = round(rng.uniform(entry["lower"], min(entry["upper"], entry["lower"] * 20 + 50)), 1)
        edge = rng.choice([entry["lower"], entry["upper"]])
        found.append(
            {
                "measurement_id": who.id * 1000 + number,
                "person_id": who.id,
                "measurement_concept_id": rng.choice([*entry["concepts"], *entry["concepts"], 999]),
                "measurement_date": day,
                "measurement_datetime": at,
                "operator_concept_id": rng.choice([None, None, 0, 4172703, 4172704, 4171754, 4171755, 4171756]),
                "value_as_number": rng.choice([value, value, value, value / 10, edge, None, None, -5.0, 1e9]),
                "unit_concept_id": rng.choice(units),
                "unit_source_value": rng.choice(SPELLINGS),
                "value_source_value": rng.choice(TEXTS),
                "recorded_at": rng.choice([None, None, moment + timedelta(minutes=rng.choice([-60, 5, 600, 5000]))]),
            }
        )
    # the same result written twice, and another one of the same moment
    again = [{**row, "measurement_id": row["measurement_id"] + 500} for row in found if rng.random() < 0.1]
    for row in again:
        if row["value_as_number"] is not None and rng.random() < 0.5:
            row["value_as_number"] = round(row["value_as_number"] * 1.1, 2)
    return [*found, *again, *_ejection_fractions(who, random.Random(f"ejection fraction {who.id}"))]


def _ejection_fractions(who: Person, rng: random.Random) -> list[Row]:
    found = []
    for number in range(rng.randrange(0, 5)):
        day, at = written(who.near(rng), rng)
        same = rng.choice([1, 1, 2, 3])
        found += [
            {
                "measurement_id": who.id * 1000 + 900 + number * 3 + turn,
                "person_id": who.id,
                "measurement_concept_id": rng.choice([3027172, 3027172, 998, 0]),
                "measurement_date": day,
                "measurement_datetime": at,
                "value_as_number": rng.choice(
                    [35.0, 40.0, 40.5, 41.0, 49.0, 49.4, 49.5, 50.0, 0.35, 4.0, 5.0, 85.0, 86.0, None]
                ),
                "measurement_source_value": rng.choice([None, "8806-2", "10230-1", "8807-0"]),
            }
            for turn in range(same)
        ]
    return found
