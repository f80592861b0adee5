"""Who the people are."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from tests.features.random_records.moments import Row

if TYPE_CHECKING:
    from tests.features.random_people import Person

__all__ = ["rows"]


def rows(who: Person, rng: random.Random) -> list[Row]:
    return [
        {
            "person_id": who.id,
            "gender_concept_id": rng.choice([8507, 8532, 8532, 0]),
            "year_of_birth": rng.randrange(1925, 1990),
            "month_of_birth": rng.choice([None, 2, 6, 12]),
            "day_of_birth": rng.choice([None, 1, 28]),
            "race_source_value": rng.choice(["A", "b", "D", "H", "M", "R", "S", "Z", "99", None, "odd"]),
            "location_id": rng.choice([11, 12, 13, None]),
        }
    ]
