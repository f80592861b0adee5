"""Random hospital histories, clustered where the rules are hard: overlaps, same days, transfers, A&E, midnights, open stays.

A history is read off a few bytes, half a byte a choice; zero is the plain choice. Many people are stacked into one source,
each with ids of their own.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import pandas as pd
from hypothesis import strategies as st

from tests.cohort import choices as may

__all__ = [
    "BYTES_EACH",
    "DATA_END",
    "DATA_START",
    "STYLES",
    "Style",
    "Tables",
    "blocks",
    "frames",
    "merged",
    "people",
    "seeded",
]

Tables = dict[str, list[dict[str, Any]]]
DATA_START, DATA_END = date(2022, 10, 1), date(2024, 3, 31)  # the last winter holds a 29 February
VISITS = 6
BYTES_EACH = 4 + 7 * VISITS


@dataclass(frozen=True)
class Style:
    """How a whole source is: what its ids look like, and which transfers it records."""

    ids: str = "integers"
    transfers: str = "all"


STYLES = (
    Style(),
    Style("negative", "none"),
    Style("text", "all"),
    Style("integers", "codes only"),
    Style("text", "none"),
)


def people(block: bytes, style: Style, first: int = 0) -> list[Tables]:
    """One small source for each person; `block` is cut into `BYTES_EACH` bytes a person, `first` the first one's number."""
    cut = [block[at : at + BYTES_EACH] for at in range(0, len(block) - BYTES_EACH + 1, BYTES_EACH)]
    return [_person(piece, number, style) for number, piece in enumerate(cut, start=first)]


class Block(bytes):
    """Bytes that a failing test does not print."""

    def __repr__(self) -> str:
        return f"<{len(self) // BYTES_EACH} histories>"


@st.composite
def blocks(draw: st.DrawFn, persons: int) -> bytes:
    """Hypothesis's own bytes for so many people; it gives eight kilobytes at most, which are 170 people."""
    return Block(draw(st.binary(min_size=persons * BYTES_EACH, max_size=persons * BYTES_EACH)))


def seeded(seed: int, persons: int) -> bytes:
    """The same bytes for the same seed, for a corpus that never changes."""
    return Block(random.Random(seed).randbytes(persons * BYTES_EACH))


def merged(sources: Sequence[Mapping[str, list[dict[str, Any]]]]) -> Tables:
    """One source of them all."""
    names = ("person", "visit_occurrence", "condition_occurrence", "death", "observation")
    return {name: [row for source in sources for row in source.get(name, ())] for name in names}


def frames(tables: Mapping[str, list[dict[str, Any]]]) -> dict[str, pd.DataFrame]:
    """The tables as an export would have them: text, with gaps."""
    return {
        name: pd.DataFrame(
            [[_text(row.get(column)) for column in COLUMNS[name]] for row in rows], columns=COLUMNS[name], dtype=object
        )
        for name, rows in tables.items()
    }


COLUMNS = {
    "person": ["person_id", "gender_concept_id", "year_of_birth", "month_of_birth", "day_of_birth"],
    "visit_occurrence": [
        *("visit_occurrence_id", "person_id", "visit_concept_id", "visit_start_date", "visit_start_datetime"),
        *("visit_end_date", "visit_end_datetime", "care_site_id", "admitted_from_concept_id"),
        *("admitted_from_source_value", "discharged_to_concept_id", "discharged_to_source_value"),
        *("admission_method", "patient_class", "discharge_method"),
    ],
    "condition_occurrence": [
        *("condition_occurrence_id", "person_id", "condition_concept_id", "condition_start_date"),
        *("condition_type_concept_id", "condition_status_concept_id", "visit_occurrence_id"),
        *("condition_source_value", "condition_status_source_value"),
    ],
    "death": ["person_id", "death_date"],
    "observation": [
        *("observation_id", "person_id", "observation_concept_id", "observation_date"),
        *("value_as_string", "visit_occurrence_id"),
    ],
}


def _text(value: Any) -> Any:
    if value is None:
        return None
    return value.strftime("%Y-%m-%d %H:%M:%S") if isinstance(value, datetime) else str(value)


def _choices(piece: bytes) -> Iterator[Callable[[Sequence[Any]], Any]]:
    for byte in piece:
        for nibble in (byte & 15, byte >> 4):
            yield lambda options, nibble=nibble: options[nibble % len(options)]


def _person(piece: bytes, number: int, style: Style) -> Tables:
    choose = _choices(piece)
    many = next(choose)((3, 1, 2, 4, 5, 6, 2, 3))
    start = DATA_END - timedelta(days=next(choose)(may.BEFORE_THE_END))
    year, month, day = next(choose)(may.BIRTHS)
    death = next(choose)(may.DEATHS)
    shuffled = random.Random(piece[2])
    habit = next(choose)(may.HABITS)
    for _ in range(3):  # what is left of the person's four bytes
        next(choose)
    numbers = shuffled.sample(range(10), VISITS)
    person_id = _named(number, style)
    visits: list[dict[str, Any]] = []
    conditions: list[dict[str, Any]] = []
    observations: list[dict[str, Any]] = []
    last = start
    for place in range(many):
        options = [next(choose) for _ in range(14)]
        row, observed, diagnosed = _visit(options, last, visits, style, habit)
        row |= {"visit_occurrence_id": _named(number, style, numbers[place]), "person_id": person_id}
        visits.append(row)
        last = max(row["visit_start_date"], min(row["visit_end_date"] or row["visit_start_date"], DATA_END))
        order = shuffled.random() < 0.5
        for at, (code, status, kind, written) in enumerate(diagnosed):
            sequence = at if order else len(diagnosed) - at
            conditions.append(
                {
                    "condition_occurrence_id": _named(number, style, 10 * numbers[place] + sequence),
                    "person_id": person_id,
                    "condition_concept_id": 0,
                    "condition_start_date": row["visit_start_date"],
                    "condition_type_concept_id": kind,
                    "condition_status_concept_id": status,
                    "visit_occurrence_id": row["visit_occurrence_id"],
                    "condition_source_value": code,
                    "condition_status_source_value": written,
                }
            )
        for concept, value in observed:
            observations.append(
                {
                    "observation_id": 1000 * number + 10 * place + len(observations),
                    "person_id": person_id,
                    "observation_concept_id": concept,
                    "observation_date": row["visit_start_date"],
                    "value_as_string": value,
                    "visit_occurrence_id": row["visit_occurrence_id"],
                }
            )
    return {
        "person": [
            {
                "person_id": person_id,
                "gender_concept_id": 8507,
                "year_of_birth": year,
                "month_of_birth": month,
                "day_of_birth": day,
            }
        ],
        "visit_occurrence": visits,
        "condition_occurrence": conditions,
        "death": [{"person_id": person_id, "death_date": day} for day in _deaths(death, visits)],
        "observation": observations,
    }


def _visit(
    options: list[Callable[[Sequence[Any]], Any]],
    last: date,
    visits: list[dict[str, Any]],
    style: Style,
    habit: Mapping[str, tuple[Any, ...]],
) -> tuple[dict[str, Any], tuple[Any, ...], tuple[Any, ...]]:
    after, nights, started, ended, concept, method, classes, destination, source, places, site, *rest = options
    diagnosed, observed = rest[0](habit.get("diagnoses", may.DIAGNOSES)), rest[1](may.OBSERVATIONS)
    kind = concept(habit.get("concepts", may.CONCEPTS))
    if isinstance(kind, str):
        if visits:
            again = dict(visits[-1])
            if kind == "twice elsewhere":
                again["care_site_id"] = site(may.SITES)
            return again, observed, diagnosed
        kind = 9201
    gap = after(habit.get("after", may.AFTER_THE_LAST))
    if gap == "same day":
        last, gap = visits[-1]["visit_start_date"] if visits else last, 0
    start = last + timedelta(days=gap if visits else 0)
    length = nights(may.NIGHTS_IN_A_AND_E if kind == 9203 else habit.get("nights", may.NIGHTS))
    patient_class, discharge_method = classes(habit.get("classes", may.CLASSES))
    discharged_to, admitted_from = places(habit.get("places", may.PLACES))
    end = _end(start, length)
    row = {
        "visit_concept_id": kind,
        "visit_start_date": start,
        "visit_start_datetime": _clock(start, started(may.CLOCKS)),
        "visit_end_date": end,
        "visit_end_datetime": _clock(end, ended(may.CLOCKS)),
        "care_site_id": site(habit.get("sites", may.SITES)),
        "admitted_from_concept_id": admitted_from,
        "admitted_from_source_value": source(habit.get("sources", may.SOURCES)),
        "discharged_to_concept_id": discharged_to,
        "discharged_to_source_value": destination(habit.get("destinations", may.DESTINATIONS)),
        "admission_method": method(habit.get("methods", may.METHODS)),
        "patient_class": patient_class,
        "discharge_method": discharge_method,
    }
    return _without_transfers(row, style), observed, diagnosed


def _end(start: date, nights: int | str) -> date | None:
    if nights == "open":
        return None
    if nights == "beyond":
        return DATA_END + timedelta(days=3)
    return start + timedelta(days=-1 if nights == "backwards" else int(nights))


def _clock(day: date | None, clock: time | str | None) -> datetime | None:
    if day is None or clock is None:
        return None
    if isinstance(clock, time):
        return datetime.combine(day, clock)
    return datetime.combine(day + timedelta(days=1), time(9))


def _without_transfers(row: dict[str, Any], style: Style) -> dict[str, Any]:
    """The row as a source writes it that records no transfers, or records them as codes alone."""
    if style.transfers == "all":
        return row
    told = {"admitted_from_concept_id": row["admitted_from_concept_id"], "discharged_to_concept_id": None}
    if told["admitted_from_concept_id"] != 8870:
        told["admitted_from_concept_id"] = None
    if row["discharged_to_concept_id"] in {4216643, 8676}:
        told["discharged_to_concept_id"] = row["discharged_to_concept_id"]
    if (row["admission_method"] or "").strip().upper() in {"2B", "81"}:
        told["admission_method"] = "21"
    if style.transfers == "none":
        if row["discharged_to_source_value"] not in {None, "19", "79", "54", "98", "85"}:
            told["discharged_to_source_value"] = "19"
        if row["admitted_from_source_value"] not in {None, "19", "29"}:
            told["admitted_from_source_value"] = "19"
    return row | told


def _deaths(told: int | str | None, visits: list[dict[str, Any]]) -> list[date]:
    if told is None:
        return []
    ends = [row["visit_end_date"] or row["visit_start_date"] for row in visits]
    if isinstance(told, int):
        return [max(ends) + timedelta(days=told)]
    on_record = {"first": [0], "first + 2": [2], "twice": [4, 1]}
    if told in on_record:
        return [ends[0] + timedelta(days=days) for days in on_record[told]]
    return [DATA_END + timedelta(days=1)]


def _named(number: int, style: Style, place: int | None = None) -> int | str:
    """An id; ids of a person's records sort in the order of `place` for integers, and as text for text."""
    if style.ids == "text":
        letter = "" if place is None else "zBa-9_A0Yb"[place % 10] + f"{place // 10}"
        return f"{letter}p{number}"
    plain = number + 11 if place is None else 1000 * (number + 11) + place
    return -plain if style.ids == "negative" else plain
