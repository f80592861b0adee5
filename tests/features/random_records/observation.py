"""Observations: ethnicity, deprivation, homes, reviews, NYHA class, smoking, and diagnoses that the vocabulary calls no condition."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tests.features.random_records.moments import Row, written

if TYPE_CHECKING:
    from tests.features.random_people import Person

__all__ = ["rows"]

_KINDS = [
    "ethnicity",
    "deprivation",
    "deprivation",
    "home",
    "home",
    "review",
    "class",
    "class",
    "habit",
    "habit",
    "code",
    "code",
]
_HOMES = [None, None, "Z60.2", "z602", "Z59.3", "105529008", "160734000", "nothing"]
_CODES = ["Z60.2", "Z602", " w19.9", "R29.6", "Z99.2", "Z49.1", "R54X", "Z95.0", "I25.2", "Z50.2+", "U80.1", "F05.0A", "Z9", "4280",
          "V4511", "84114007", "smoker", "E1", "", None]  # fmt: skip
_CLASSES = ["420300004", "421704003", "420913000", "422293003", " 421704003", "NYHA II"]
_HABITS = ["77176002", "8517006", "266919005", "449868002"]


def rows(who: Person, rng: random.Random) -> list[Row]:
    found = []
    for number in range(rng.randrange(0, 22)):
        moment = who.near(rng)
        day, at = written(moment, rng)
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
            "recorded_at": rng.choice([None, None, None, moment + timedelta(days=rng.choice([0, 1, 5, 40]))]),
        }
        found.append({**row, **_said(rng.choice(_KINDS), rng)})
    return found


def _said(kind: str, rng: random.Random) -> Mapping[str, Any]:
    if kind == "ethnicity":
        return {
            "observation_concept_id": rng.choice([900, 900, 901]),
            "value_as_string": rng.choice(["A", "h ", "K", "n", "Z", "99", None, "odd"]),
            "observation_source_value": rng.choice(["S", "B", None]),
        }
    if kind == "deprivation":
        column = rng.choice(["observation_concept_id", "observation_source_concept_id"])
        return {column: 35812882, "value_as_number": rng.choice([1, 2, 3, 4, 5, 6, 8, 10, 0, 11, None])}
    if kind == "home":
        return {
            "observation_concept_id": rng.choice([0, 0, 0, 0, 4023168, 77, 78]),
            "observation_source_value": rng.choice(_HOMES),
            "value_as_concept_id": rng.choice([None, None, None, 4188540, 4023168]),
            "value_as_number": rng.choice([None, None, None, 0, 1]),
        }
    if kind == "class":
        if rng.random() < 0.7:
            return {"observation_source_value": rng.choice(_CLASSES)}
        return {"observation_concept_id": 36305765, "value_as_number": rng.choice([1, 2, 3, 4, 5, 2.5, None])}
    if kind == "habit":
        answer = rng.choice([4298794, 4310250, 4144272, 45883458, 36309332, 4188540, 0, None])
        asked = {"observation_concept_id": rng.choice([43054909, 4203874]), "value_as_concept_id": answer}
        stated = {"observation_concept_id": rng.choice([4298794, 4310250, 4144272, 42709996])}
        denied = {**stated, "value_as_concept_id": 4188540}
        return rng.choice([asked, stated, denied, {"observation_source_value": rng.choice(_HABITS)}])
    if kind == "code":
        return {
            "observation_concept_id": rng.choice([0, 4053087, 4307111]),
            "observation_source_value": rng.choice(_CODES),
        }
    return {"observation_concept_id": rng.choice([555, 556])}
