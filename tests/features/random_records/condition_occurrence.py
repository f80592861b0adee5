"""Diagnoses, in visits and outside them."""

from __future__ import annotations

import random
from datetime import datetime
from typing import TYPE_CHECKING

from hfrisk.codelists import read_csv
from tests.features.random_records.moments import Row

if TYPE_CHECKING:
    from tests.features.random_people import Person

__all__ = ["rows"]


CODES = ["I50.0", "I509", "I21.4", "I25.2", "J44.9", "J18.1", "E11.9", "E11.2", "E10.7", "N18.3", "F03", "F05.0", "F05.9", "I48.9",
         "C50.9", "C78.0", "C44.3", "K70.3", "K76.6", "B20", "G81.9", "I63.9", "Z60.2", "N39.0", "W19.9", "E86", "M06.9", "K25.9",
         "D64.9", "D50.0", "I42.6", "I11.0", "I13.0", "I13.2", "F32.9", "R29.6", "L89.9", "T83.5", "Z51.5", "i10 ", "E66.9", "E03.9",
         "84114007", None, "Z59.3", "Z60.2"]  # fmt: skip
# and something of every list, as it stands and with a character more
LISTED = sorted({row[column] for file, column in (("charlson_quan.csv", "prefix"), ("charlson_shmi.csv", "prefix"),
                ("elixhauser_quan.csv", "prefix"), ("hfrs.csv", "code")) for row in read_csv(file)
                if row.get("system", "icd10") == "icd10"})  # fmt: skip
# no kind of heart failure is said of the index stays, so that the cohort stays what it is
_CONCEPTS = [0, 0, 443580, 0, 443587, 45766164, 0]


def rows(who: Person, rng: random.Random) -> list[Row]:
    found = [
        _diagnosis(who, number, start, visit, "I50.0", 32903) for number, (visit, start, _) in enumerate(who.stays)
    ]
    for _ in range(rng.randrange(0, 25)):
        at = who.near(rng)
        visit = rng.choice([*[row["visit_occurrence_id"] for row in who.visits], None, None])
        code = rng.choice(CODES) if rng.random() < 0.7 else rng.choice(LISTED) + rng.choice(["", "", "9", "A"])
        found.append(_diagnosis(who, len(found), at, visit, code, rng.choice([32909, 32909, 0])))
    return found


def _diagnosis(who: Person, number: int, at: datetime, visit: int | None, code: str | None, status: int) -> Row:
    return {
        "condition_occurrence_id": who.id * 100 + number,
        "person_id": who.id,
        "condition_concept_id": _CONCEPTS[number % 7] if visit not in {stay for stay, *_ in who.stays} else 0,
        "condition_start_date": at.date(),
        "condition_start_datetime": at.replace(microsecond=0) if number % 3 else None,
        "condition_status_concept_id": status,
        "visit_occurrence_id": visit,
        "condition_source_value": code,
    }
