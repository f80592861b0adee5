"""Whom ATLAS found, for cohorts 7 and 8; nobody is in any other."""

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
            "cohort_definition_id": rng.choice([7, 7, 8]),
            "person_id": who.id,
            "cohort_start_date": who.near(rng).date(),
            "cohort_end_date": None,
        }
        for _ in range(rng.randrange(0, 6))
    ]
