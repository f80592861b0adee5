"""Inequality, planted in the most deprived fifth: readmissions that go unrecorded, or are added, and attendances that are lost."""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa

from hfrisk.synthetic.cdm54 import table
from hfrisk.synthetic.defects.batch import Batch, Visits, times
from hfrisk.synthetic.draws import DAY, Bools, Ints, day_number
from hfrisk.synthetic.person_tables import EHR
from hfrisk.synthetic.settings import RegionSettings

__all__ = [
    "attendances_unrecorded_in_deprived",
    "first_day_of_returns",
    "returns_added_in_deprived",
    "returns_unrecorded_in_deprived",
]

_MOST_DEPRIVED = 1
_WINDOW = 30
_FAR = 2**31
_EMERGENCY_INPATIENT, _EMERGENCY_ROOM = 262, 9203
_PRINCIPAL = 32903
_HOME = "19"
_LATE = 0.7


def returns_unrecorded_in_deprived(batch: Batch, rate: float) -> int:
    """Emergency stays within 30 days of an emergency stay, of people in the most deprived fifth, leave the data with all in them."""
    visits = batch.visits()
    back = visits.emergency & ~visits.open & _deprived(batch, visits.person) & (_days_since_stay(visits) < _WINDOW)
    lost = batch.some(back & ~_dies_in(batch, visits), rate)
    minute = 2**26
    room = visits.concept == _EMERGENCY_ROOM
    led = room & np.isin(visits.person * minute + visits.end + 1, (visits.person * minute + visits.start)[lost])
    batch.lose_visits(lost | led)
    return int(lost.sum())


def returns_added_in_deprived(batch: Batch, rate: float) -> int:
    """From a day on, people in the most deprived fifth who stay at home after an emergency stay have another, of one night."""
    visits = batch.visits()
    ended = visits.end // DAY
    stay = visits.emergency & ~visits.open & _deprived(batch, visits.person)
    stay &= ended >= day_number(first_day_of_returns(batch.settings))
    free = stay & (_days_to_next(visits) > _WINDOW + 1) & _lives_on(batch, visits, _WINDOW + 1)
    free &= ended + _WINDOW + 1 < batch.last_day
    chosen = np.flatnonzero(batch.some(free, rate))
    day = ended[chosen] + batch.rng.integers(2, _WINDOW - 2, len(chosen))
    _write_stays(
        batch, visits.person[chosen], visits.site[chosen], day * DAY + batch.rng.integers(8 * 60, 20 * 60, len(chosen))
    )
    return len(chosen)


def attendances_unrecorded_in_deprived(batch: Batch, rate: float) -> int:
    """A&E attendances that lead to no stay, of people in the most deprived fifth, leave the data."""
    visits = batch.visits()
    minute = 2**26
    began = (visits.person * minute + visits.start)[visits.stay]
    led = np.isin(visits.person * minute + visits.end + 1, began)
    alone = (visits.concept == _EMERGENCY_ROOM) & ~led & _deprived(batch, visits.person)
    return batch.lose_visits(batch.some(alone, rate))


def first_day_of_returns(settings: RegionSettings) -> date:
    """The first day of the month in which stays begin to be added: after seven tenths of the period."""
    first, last = settings.discharges_from.toordinal(), settings.discharges_to.toordinal()
    return date.fromordinal(round(first + _LATE * (last - first))).replace(day=1)


def _deprived(batch: Batch, person: Ints) -> Bools:
    """Whether each of these people lives in the most deprived fifth."""
    known = batch.ints("observation", "person_id")
    fifth = batch.numbers("observation", "value_as_number")
    return np.asarray(np.isin(person, known[fifth == _MOST_DEPRIVED]), dtype=np.bool_)


def _order(visits: Visits) -> Ints:
    """Emergency stays by person and time."""
    rows = np.flatnonzero(visits.emergency)
    return rows[np.lexsort((visits.start[rows], visits.person[rows]))]


def _days_since_stay(visits: Visits) -> Ints:
    """Days from the end of the emergency stay before; very many where there is none."""
    found = np.full(len(visits.id), _FAR, dtype=np.int64)
    rows = _order(visits)
    same = visits.person[rows[1:]] == visits.person[rows[:-1]]
    days = visits.start[rows[1:]] // DAY - visits.end[rows[:-1]] // DAY
    found[rows[1:]] = np.where(same & (days >= 0), days, _FAR)
    return found


def _days_to_next(visits: Visits) -> Ints:
    """Days from each visit's end to the person's next visit of any kind; very many where there is none."""
    found = np.full(len(visits.id), _FAR, dtype=np.int64)
    rows = np.lexsort((visits.start, visits.person))
    same = visits.person[rows[1:]] == visits.person[rows[:-1]]
    days = visits.start[rows[1:]] // DAY - visits.end[rows[:-1]] // DAY
    found[rows[:-1]] = np.where(same, days, _FAR)
    return found


def _death_day(batch: Batch, person: Ints) -> Ints:
    dead, day = batch.died()
    if not len(dead):
        return np.full(len(person), _FAR, dtype=np.int64)
    place = np.searchsorted(dead, person).clip(max=len(dead) - 1)
    return np.where(dead[place] == person, day[place], _FAR)


def _dies_in(batch: Batch, visits: Visits) -> Bools:
    died = _death_day(batch, visits.person)
    return np.asarray((died >= visits.start // DAY) & (died <= visits.end // DAY), dtype=np.bool_)


def _lives_on(batch: Batch, visits: Visits, days: int) -> Bools:
    return np.asarray(_death_day(batch, visits.person) > visits.end // DAY + days, dtype=np.bool_)


def _write_stays(batch: Batch, person: Ints, site: Ints, start: Ints) -> None:
    n = len(person)
    visits = table(
        "visit_occurrence",
        n,
        person_id=person,
        visit_concept_id=_EMERGENCY_INPATIENT,
        **times("visit_start", start),
        **times("visit_end", start + DAY),
        visit_type_concept_id=EHR,
        care_site_id=site,
        visit_source_value=["emergency"] * n,
        admitted_from_concept_id=0,
        admitted_from_source_value=[_HOME] * n,
        discharged_to_concept_id=0,
        discharged_to_source_value=[_HOME] * n,
    )
    for name, value in (("admission_method", "21"), ("patient_class", "1"), ("discharge_method", "1")):
        if batch.has_nhs_columns:
            visits = visits.append_column(name, pa.array([value] * n, type=pa.string()))
    visit = batch.add("visit_occurrence", visits)
    codes = batch.recipe.codes
    drawn = codes.draw(batch.rng, batch.recipe["emergency_stay"]["codes"], n)
    diagnoses = table(
        "condition_occurrence",
        n,
        person_id=person,
        condition_concept_id=codes.concepts[drawn],
        **times("condition_start", start),
        condition_type_concept_id=EHR,
        condition_status_concept_id=_PRINCIPAL,
        visit_occurrence_id=visit,
        condition_source_value=[codes.icd10[place] for place in drawn],
        condition_source_concept_id=0,
    )
    batch.add("condition_occurrence", diagnoses)
