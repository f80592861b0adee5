"""Defects of dates and of people: records out of time, deaths on the wrong day, people twice, ethnicity lost."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from hfrisk.synthetic.defects.batch import EVENTS, NULL, Batch, changed, column_of, taken
from hfrisk.synthetic.draws import Bools, Ints

__all__ = [
    "after_death",
    "before_birth",
    "duplicated_persons",
    "ethnicity_missing_by_deprivation",
    "future_dates",
    "late_deaths",
    "month_start_deaths",
    "repeated_person_rows",
]

_YEARS_AHEAD = (20, 60)
_DAYS_BEFORE_BIRTH = 3650
_DAYS_AFTER_DEATH = (8, 60)  # a death registered up to a week late is another defect
_LATEST_REGISTRATION = 7
_SECOND_SELF = 10_000_000_000  # added to a person's id: nobody else has such an id
_OF_PEOPLE = ("person", "observation_period", "observation", "death", "visit_occurrence", *EVENTS)
_LOST_BY_QUINTILE = np.array([1.8, 1.4, 1.0, 0.6, 0.2])  # times the rate, from the most deprived to the least


def future_dates(batch: Batch, rate: float) -> dict[str, int]:
    """Rows dated 20 to 60 years after they happened, beyond any day on which they are read."""
    planted = {}
    for table in ("visit_occurrence", *EVENTS):
        chosen = batch.some(np.ones(batch.tables[table].num_rows, dtype=np.bool_), rate)
        years = batch.rng.integers(*_YEARS_AHEAD, int(chosen.sum()))
        batch.move(table, chosen, np.rint(years * 365.25).astype(np.int64))
        planted[table] = int(chosen.sum())
    return planted


def before_birth(batch: Batch, rate: float) -> dict[str, int]:
    """Rows dated up to ten years before the person's birth."""
    planted = {}
    for table in EVENTS:
        chosen = batch.some(np.ones(batch.tables[table].num_rows, dtype=np.bool_), rate)
        born = _of_people(batch, table, chosen, *batch.born())
        day = born - batch.rng.integers(1, _DAYS_BEFORE_BIRTH, len(born))
        batch.move(table, chosen, day - batch.ints(table, EVENTS[table])[chosen])
        planted[table] = int(chosen.sum())
    return planted


def after_death(batch: Batch, rate: float) -> dict[str, int]:
    """Rows of people who died, dated 8 to 60 days after their death."""
    planted = {}
    person, day = batch.died()
    long_ago = day + _DAYS_AFTER_DEATH[1] <= batch.last_day
    person, day = person[long_ago], day[long_ago]
    for table in EVENTS:
        chosen = batch.some(np.isin(batch.ints(table, "person_id"), person), rate)
        died = _of_people(batch, table, chosen, person, day)
        later = died + batch.rng.integers(_DAYS_AFTER_DEATH[0], _DAYS_AFTER_DEATH[1] + 1, len(died))
        batch.move(table, chosen, later - batch.ints(table, EVENTS[table])[chosen])
        planted[table] = int(chosen.sum())
    return planted


def month_start_deaths(batch: Batch, rate: float) -> int:
    """Deaths of which only the month is known, written on its first day."""
    day = batch.ints("death", "death_date")
    first = day.astype("datetime64[D]").astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    chosen = batch.some(day > first, rate)
    batch.move("death", chosen, (first - day)[chosen])
    return int(chosen.sum())


def late_deaths(batch: Batch, rate: float) -> int:
    """Deaths written one to seven days late."""
    day = batch.ints("death", "death_date")
    chosen = batch.some(day + _LATEST_REGISTRATION <= batch.last_day, rate)
    batch.move("death", chosen, batch.rng.integers(1, _LATEST_REGISTRATION + 1, int(chosen.sum())))
    return int(chosen.sum())


def duplicated_persons(batch: Batch, rate: float) -> int:
    """People who are there a second time under another id, with all their records, as after two unlinked indexes."""
    person = batch.ints("person", "person_id")
    chosen = person[batch.some(np.ones(len(person), dtype=np.bool_), rate)]
    visits = np.zeros((2, 0), dtype=np.int64)
    for table in _OF_PEOPLE:
        again = taken(batch.tables[table], np.isin(batch.ints(table, "person_id"), chosen))
        every = np.ones(again.num_rows, dtype=np.bool_)
        again = changed(again, every, {"person_id": column_of(again, "person_id") + _SECOND_SELF})
        if table == "visit_occurrence":
            old = column_of(again, "visit_occurrence_id")
            visits = np.stack([old, batch.add(table, again)])
            visits = visits[:, np.argsort(old)]
        elif table in ("person", "death"):
            batch.add_as_they_are(table, again)
        else:
            if table in EVENTS:
                again = changed(again, every, {"visit_occurrence_id": _renamed(again, *visits)})
            batch.add(table, again)
    return len(chosen)


def repeated_person_rows(batch: Batch, rate: float) -> int:
    """People with a second, equal row in the table of persons."""
    chosen = batch.some(np.ones(batch.tables["person"].num_rows, dtype=np.bool_), rate)
    again = taken(batch.tables["person"], chosen)
    batch.add_as_they_are("person", again)
    return int(chosen.sum())


def ethnicity_missing_by_deprivation(batch: Batch, rate: float) -> int:
    """Ethnicity lost, nine times as often in the most deprived quintile as in the least."""
    person = batch.ints("observation", "person_id")
    order = np.argsort(person)
    quintile = batch.numbers("observation", "value_as_number").astype(np.int64)[order]
    place = np.searchsorted(person[order], batch.ints("person", "person_id"))
    known = np.asarray(batch.tables["person"]["race_source_value"].is_valid().to_numpy(), dtype=np.bool_)
    known &= ~batch.says("person", "race_source_value", "Z", "99")
    chosen = batch.some(known, np.minimum(rate * _LOST_BY_QUINTILE[quintile[place] - 1], 1.0))
    batch.change("person", chosen, race_source_value=None, race_concept_id=0)
    return int(chosen.sum())


def _of_people(batch: Batch, table: str, chosen: Bools, person: Ints, day: Ints) -> Ints:
    """The day (of birth, or of death) that belongs to the person of each chosen row."""
    if not len(person):
        return np.zeros(0, dtype=np.int64)
    return day[np.searchsorted(person, batch.ints(table, "person_id")[chosen])]


def _renamed(rows: pa.Table, old: Ints, new: Ints) -> Ints:
    """The visits of these rows under their new ids; empty where they name none, or one that is not there."""
    named = column_of(rows, "visit_occurrence_id")
    if not len(old):
        return np.full(len(named), NULL)
    place = np.searchsorted(old, named).clip(max=len(old) - 1)
    return np.where(old[place] == named, new[place], NULL)
