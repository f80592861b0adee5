"""Observations: among them diagnoses that the vocabulary calls no condition, codes that only look like one, and words."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import TYPE_CHECKING

from tests.features.random_records.moments import Row, written

if TYPE_CHECKING:
    from tests.features.random_people import Person

__all__ = ["rows"]

SOURCES = ["Z60.2", "Z602", " w19.9", "R29.6", "Z99.2", "Z49.1", "R54X", "Z95.0", "I25.2", "Z50.2+", "U80.1", "F05.0A", "Z9", "4280",
           "V4511", "84114007", "smoker", "E1", "", None]  # fmt: skip


def rows(who: Person, rng: random.Random) -> list[Row]:
    found = []
    for number in range(rng.randrange(0, 8)):
        at = who.near(rng)
        day, time = written(at, rng)
        found.append(
            {
                "observation_id": who.id * 100 + number,
                "person_id": who.id,
                "observation_concept_id": rng.choice([0, 4053087, 4307111]),
                "observation_date": day,
                "observation_datetime": time,
                "visit_occurrence_id": rng.choice([*[row["visit_occurrence_id"] for row in who.visits], None, None]),
                "observation_source_value": rng.choice(SOURCES),
                "recorded_at": rng.choice([None, None, at + timedelta(days=rng.choice([0, 1, 5, 40]))]),
            }
        )
    return found
