"""Random people with heart failure and whatever hospitals write about them, clustered where the rules are hard.

Each table has a random generator of its own, so that a change to one leaves the others as they are. Days lie near the edges of windows
and of the stay, times at and around the moment of discharge, and many records have a date only.
"""

from __future__ import annotations

import random
from datetime import date, datetime, time, timedelta
from typing import Any

import pandas as pd

from tests.features.random_records import TABLES

__all__ = ["DATA_END", "DATA_START", "Person", "random_people"]

DATA_START, DATA_END = date(2019, 1, 1), date(2024, 12, 31)


class Person:
    """One person: `stays` are (visit id, start, end) of the stays for heart failure, `visits` every row of the visit table."""

    def __init__(self, number: int, rng: random.Random) -> None:
        self.id = number
        self.rng = rng
        self.visits: list[dict[str, Any]] = []
        self.stays: list[tuple[int, datetime, datetime]] = []

    def near(self, rng: random.Random) -> datetime:
        """A moment near something that matters: in the stay, around its ends, at the edge of a window, or any time before."""
        _, start, end = rng.choice(self.stays)
        kind = rng.randrange(10)
        if kind < 4:
            return start + (end - start) * rng.random()
        if kind == 4:
            return end + timedelta(minutes=rng.choice([-1, 0, 1, 30, 600]))
        if kind == 5:
            return start + timedelta(minutes=rng.choice([-1500, -600, -1, 0, 1, 30]))
        if kind == 6:
            edge = rng.choice([1, 2, 30, 31, 90, 91, 180, 181, 365, 366, 730, 731, 1825, 1826])
            return start - timedelta(days=edge) + timedelta(hours=rng.randrange(-8, 8))
        if kind == 7:
            return end + timedelta(days=rng.randrange(1, 40))
        return start - timedelta(days=rng.randrange(1, 1500), minutes=rng.randrange(0, 1440))


def random_people(seed: int, persons: int) -> dict[str, pd.DataFrame]:
    """The tables of so many people, values as Python's; the same for the same seed."""
    people = [_person(number, random.Random(f"{seed} visits {number}")) for number in range(1, persons + 1)]
    tables: dict[str, list[dict[str, Any]]] = {"visit_occurrence": [row for person in people for row in person.visits]}
    for name, table in TABLES.items():
        if hasattr(table, "fixed"):
            tables[name] = table.fixed(random.Random(f"{seed} {name}"))
            continue
        tables[name] = [
            row for person in people for row in table.rows(person, random.Random(f"{seed} {name} {person.id}"))
        ]
    return {name: pd.DataFrame(rows, dtype="object") for name, rows in tables.items() if rows}


def _person(number: int, rng: random.Random) -> Person:
    person = Person(number, rng)
    at = datetime.combine(date(2021, 6, 1), time(0)) + timedelta(minutes=rng.randrange(0, 1440 * 500))
    for turn in range(rng.choice([1, 1, 1, 2, 3])):
        end = at + timedelta(days=rng.choice([0, 1, 2, 4, 5, 6, 9, 13, 14, 30]), minutes=rng.randrange(10, 1300))
        visit = number * 100 + turn
        person.stays.append((visit, at, end))
        person.visits.append(_visit(person, rng, visit, rng.choice([262, 262, 9201]), at, end))
        at = end + timedelta(
            days=rng.choice([0, 1, 3, 20, 29, 30, 31, 89, 181, 366, 400]), minutes=rng.randrange(0, 1440)
        )
    for turn in range(rng.randrange(0, 9)):
        began = person.near(rng)
        concept = rng.choice([9201, 262, 9203, 9203, 9202, 9202])
        length = timedelta(
            days=rng.choice([0, 0, 1, 3, 8]) if concept in (9201, 262) else 0, minutes=rng.randrange(5, 400)
        )
        person.visits.append(_visit(person, rng, number * 100 + 50 + turn, concept, began, began + length))
    return person


def _visit(
    person: Person, rng: random.Random, visit: int, concept: int, start: datetime, end: datetime
) -> dict[str, Any]:
    timed = rng.random() < 0.7
    return {
        "visit_occurrence_id": visit,
        "person_id": person.id,
        "visit_concept_id": concept,
        "visit_start_date": start.date(),
        "visit_start_datetime": start.replace(microsecond=0) if timed else None,
        "visit_end_date": end.date(),
        "visit_end_datetime": end.replace(microsecond=0) if timed else None,
        "care_site_id": rng.choice([100, 101, 102, None]),
        "admission_method": rng.choice(["21", "2A", "22", "11", "12", None]) if concept in (9201, 262) else None,
        "main_specialty": rng.choice(["300", "320", "430", "370", None]),
        "attended": rng.choice(["5", "6", "3", "2", None]) if concept == 9202 else None,
        **(_from_and_to(visit) if concept in (9201, 262) else {}),
    }


def _from_and_to(visit: int) -> dict[str, Any]:
    rng = random.Random(f"places {visit}")
    return {
        "admitted_from_source_value": rng.choice(["19", "19", "29", "54", "55", "85", "51", "99", "zz", None, None]),
        "admitted_from_concept_id": rng.choice([None, 0, 8676, 8717, 8546]),
        "discharged_to_source_value": rng.choice(["19", "19", "19", "54", "65", "88", "29", "99", None, None]),
        "discharged_to_concept_id": rng.choice([None, None, 0, 8676, 8546, 32759]),
        "discharge_method": rng.choice(["1", "1", "1", "2", None]),
    }
