"""Episodes of the stays: wards, specialties, critical care."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import TYPE_CHECKING

from tests.features.random_records.moments import Row, written

if TYPE_CHECKING:
    from tests.features.random_people import Person

__all__ = ["rows"]


def rows(who: Person, rng: random.Random) -> list[Row]:
    found = []
    for number in range(rng.randrange(0, 9)):
        visit, start, end = rng.choice(who.stays)
        began = (
            start
            + (end - start) * rng.choice([0, 0, 0.2, 0.5, 0.5, 0.9, 1])
            + timedelta(minutes=rng.randrange(-90, 90))
        )
        day, at = written(began, rng)
        last_day, last_at = written(began + timedelta(minutes=rng.choice([60, 700, 2000, 8000])), rng)
        if rng.random() < 0.1:
            last_day, last_at = None, None  # type: ignore[assignment]
        found.append(
            {
                "visit_detail_id": who.id * 100 + number,
                "visit_occurrence_id": rng.choice([visit, visit, visit, who.id * 100 + 50]),
                "person_id": who.id,
                "visit_detail_concept_id": rng.choice([9201, 32037, 581379, 0]),
                "visit_detail_start_date": day,
                "visit_detail_start_datetime": at,
                "visit_detail_end_date": last_day,
                "visit_detail_end_datetime": last_at,
                "care_site_id": rng.choice([100, 101, 102, 103, None]),
                "main_specialty": rng.choice(["300", "320", "430", "370", "303", None, None]),
            }
        )
    return found
