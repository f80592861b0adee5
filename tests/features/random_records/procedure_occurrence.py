"""Procedures, as OPCS-4 and as other systems write them."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from tests.features.random_records.moments import Row, written

if TYPE_CHECKING:
    from tests.features.random_people import Person

__all__ = ["rows"]

_CODES = ["K63.4", "k634", "K75.1", "K40.1", "K60.1", "K59", "X40.3", "X33.1", "E85.1", "E85.2", "U20.1", "Y53.4", "Z94.2", "G45.1",
          "H22.9", "93010", "G0154", "3722", None]  # fmt: skip


def rows(who: Person, rng: random.Random) -> list[Row]:
    found = []
    for number in range(rng.randrange(0, 12)):
        day, at = written(who.near(rng), rng)
        found.append(
            {
                "procedure_occurrence_id": who.id * 100 + number,
                "person_id": who.id,
                "procedure_concept_id": 0,
                "procedure_date": day,
                "procedure_datetime": at,
                "visit_occurrence_id": None,
                "procedure_source_value": rng.choice(_CODES),
            }
        )
    return found
