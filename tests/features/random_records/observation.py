<<<<<<< HEAD
"""What clinicians state: NYHA class, smoking, deprivation."""
=======
"""Observations: ethnicity, deprivation, living alone, care homes, reviews by the heart-failure team."""
>>>>>>> place

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from tests.features.random_records.moments import Row, written

if TYPE_CHECKING:
    from tests.features.random_people import Person

__all__ = ["rows"]

<<<<<<< HEAD
NYHA = ["420300004", "421704003", "420913000", "422293003"]
SMOKING = ["77176002", "8517006", "266919005", "449868002"]


def rows(who: Person, rng: random.Random) -> list[Row]:
    return [_row(who, rng, number) for number in range(rng.randrange(0, 12))]


def _row(who: Person, rng: random.Random, number: int) -> Row:
    day, at = written(who.near(rng), rng)
    row: Row = {
        "observation_id": who.id * 100 + number,
        "person_id": who.id,
        "observation_concept_id": 0,
        "observation_date": day,
        "observation_datetime": at,
        "value_as_number": None,
        "value_as_concept_id": None,
        "observation_source_value": None,
        "observation_source_concept_id": None,
    }
    kind = rng.randrange(8)
    if kind < 3:
        row["observation_source_value"] = rng.choice([*NYHA, *NYHA, "NYHA II", " 421704003"])
    elif kind == 3:
        row |= {"observation_concept_id": 36305765, "value_as_number": rng.choice([1.0, 2.0, 3.0, 4.0, 5.0, 2.5, None])}
    elif kind == 4:
        answer = rng.choice([4298794, 4310250, 4144272, 45883458, 36309332, 0, None])
        row |= {"observation_concept_id": rng.choice([43054909, 4203874]), "value_as_concept_id": answer}
    elif kind == 5:
        row |= {
            "observation_concept_id": rng.choice([4298794, 4310250, 4144272, 42709996]),
            "value_as_concept_id": rng.choice([None, None, 4188540]),
        }
    elif kind == 6:
        row["observation_source_value"] = rng.choice(SMOKING)
    else:
        row |= {"observation_source_concept_id": 35812882, "value_as_number": float(rng.choice([1, 2, 3, 4, 5, 9]))}
    return row
=======
_SOURCES = [None, None, "Z60.2", "z602", "Z59.3", "105529008", "160734000", "nothing"]


def rows(who: Person, rng: random.Random) -> list[Row]:
    found = []
    for number in range(rng.randrange(0, 14)):
        kind = rng.choice(["ethnicity", "deprivation", "deprivation", "home", "home", "review"])
        day, at = written(who.near(rng), rng)
        row: Row = {
            "observation_id": who.id * 100 + number,
            "person_id": who.id,
            "observation_concept_id": 0,
            "observation_source_concept_id": None,
            "observation_date": day,
            "observation_datetime": at,
            "value_as_number": None,
            "value_as_string": None,
            "value_as_concept_id": None,
            "observation_source_value": None,
            "visit_occurrence_id": rng.choice([*[visit["visit_occurrence_id"] for visit in who.visits], None]),
        }
        if kind == "ethnicity":
            row["observation_concept_id"] = rng.choice([900, 900, 901])
            row["value_as_string"] = rng.choice(["A", "h ", "K", "n", "Z", "99", None, "odd"])
            row["observation_source_value"] = rng.choice(["S", "B", None])
        elif kind == "deprivation":
            row[rng.choice(["observation_concept_id", "observation_source_concept_id"])] = 35812882
            row["value_as_number"] = rng.choice([1, 2, 3, 4, 5, 6, 8, 10, 0, 11, None])
        elif kind == "home":
            row["observation_concept_id"] = rng.choice([0, 0, 0, 0, 4023168, 77, 78])
            row["observation_source_value"] = rng.choice(_SOURCES)
            row["value_as_concept_id"] = rng.choice([None, None, None, 4188540, 4023168])
            row["value_as_number"] = rng.choice([None, None, None, 0, 1])
        else:
            row["observation_concept_id"] = rng.choice([555, 556])
        found.append(row)
    return found
>>>>>>> place
