"""Blood tests and vital signs."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from hfrisk.codelists import read_yaml
from tests.features.random_records.moments import Row, written

if TYPE_CHECKING:
    from tests.features.random_people import Person

__all__ = ["rows"]


def rows(who: Person, rng: random.Random) -> list[Row]:
    analytes = read_yaml("measurements.yaml")
    found = []
    for number in range(rng.randrange(0, 40)):
        name = rng.choice([*analytes, "creatinine", "haemoglobin", "nt_probnp", "nt_probnp"])
        entry = analytes[name]
        day, at = written(who.near(rng), rng)
        units = [*entry.get("factors", {}), 0, None, None]
        value = round(rng.uniform(entry["lower"], min(entry["upper"], entry["lower"] * 20 + 50)), 1)
        found.append(
            {
                "measurement_id": who.id * 100 + number,
                "person_id": who.id,
                "measurement_concept_id": rng.choice([*entry["concepts"], 999]),
                "measurement_date": day,
                "measurement_datetime": at,
                "operator_concept_id": rng.choice([None, None, None, 4172703, 4172704, 4171756]),
                "value_as_number": rng.choice([value, value, value, None, -5.0, 1e9]),
                "unit_concept_id": rng.choice(units),
            }
        )
    return [*found, *_ejection_fractions(who, random.Random(f"ejection fraction {who.id}"))]


def _ejection_fractions(who: Person, rng: random.Random) -> list[Row]:
    found = []
    for number in range(rng.randrange(0, 5)):
        day, at = written(who.near(rng), rng)
        same = rng.choice([1, 1, 2, 3])
        found += [
            {
                "measurement_id": who.id * 100 + 60 + number * 3 + turn,
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
