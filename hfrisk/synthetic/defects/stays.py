"""Defects of stays: one written as two, written twice, overlapping another, or without its emergency department."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from hfrisk.synthetic.cdm54 import table
from hfrisk.synthetic.defects.batch import Batch, Visits, taken, times
from hfrisk.synthetic.draws import DAY, Bools, Ints, pick
from hfrisk.synthetic.person_tables import EHR

__all__ = [
    "direct_as_9201",
    "duplicated_visits",
    "overlapping_stays",
    "regular_attenders",
    "same_day_readmission",
    "transfers_split",
    "transfers_uncoded",
]

_INPATIENT, _EMERGENCY_INPATIENT, _EMERGENCY_ROOM = 9201, 262, 9203
_HOSPITAL, _OTHER_HOSPITAL = 8717, "51"  # OMOP's inpatient hospital; NHS: other NHS provider, general ward
_HOME = "19"
_DIRECT = {"22": 0.5, "23": 0.2, "24": 0.3}  # GP, bed bureau, clinic
_DIALYSIS, _KIDNEY_FAILURE = "Z49.1", "N18.5"
_DIALYSIS_DAYS, _WEEKDAYS = 182, np.array([[0, 2, 4], [1, 3, 5]])  # half a year; Monday is 0
_PRINCIPAL, _SECONDARY = 32903, 32909


def transfers_split(batch: Batch, rate: float) -> int:
    """Emergency stays of three nights or more, handed on to another trust on one day, with the codes that say so."""
    visits = batch.visits()
    chosen = _long_stays(batch, visits, 3, rate)
    day = visits.start[chosen] // DAY + batch.rng.integers(1, np.maximum(visits.nights[chosen], 2))
    leaves = day * DAY + batch.rng.integers(11 * 60, 15 * 60, len(chosen))
    _split(
        batch,
        chosen,
        leaves,
        leaves + batch.rng.integers(60, 180, len(chosen)),
        first={
            "discharged_to_concept_id": _HOSPITAL,
            "discharged_to_source_value": _OTHER_HOSPITAL,
        },
        second={
            "visit_concept_id": _INPATIENT,
            "care_site_id": _elsewhere(batch, visits.site[chosen]),
            "admitted_from_concept_id": _HOSPITAL,
            "admitted_from_source_value": _OTHER_HOSPITAL,
            "admission_method": "2B",
        },
    )
    return len(chosen)


def transfers_uncoded(batch: Batch, rate: float) -> int:
    """Emergency stays of three nights or more, handed on to another trust on the next day, with nothing that says so."""
    visits = batch.visits()
    chosen = _long_stays(batch, visits, 3, rate)
    day = visits.start[chosen] // DAY + batch.rng.integers(1, np.maximum(visits.nights[chosen] - 1, 2))
    leaves = day * DAY + batch.rng.integers(15 * 60, 18 * 60, len(chosen))
    arrives = (day + 1) * DAY + batch.rng.integers(8 * 60, 12 * 60, len(chosen))
    _split(
        batch,
        chosen,
        leaves,
        arrives,
        first=_sent_home(),
        second={
            "visit_concept_id": _INPATIENT,
            "care_site_id": _elsewhere(batch, visits.site[chosen]),
            "admission_method": "2D",
        },
    )
    return len(chosen)


def same_day_readmission(batch: Batch, rate: float) -> int:
    """Emergency stays of two nights or more, written as a discharge home and an emergency admission on the same day."""
    visits = batch.visits()
    chosen = _long_stays(batch, visits, 2, rate)
    day = visits.start[chosen] // DAY + batch.rng.integers(1, np.maximum(visits.nights[chosen], 2))
    leaves = day * DAY + batch.rng.integers(9 * 60, 13 * 60, len(chosen))
    arrives = leaves + batch.rng.integers(3 * 60, 8 * 60, len(chosen))
    _split(
        batch,
        chosen,
        leaves,
        arrives,
        first=_sent_home(),
        second={"visit_concept_id": _EMERGENCY_INPATIENT, "admission_method": "21"},
    )
    return len(chosen)


def overlapping_stays(batch: Batch, rate: float) -> int:
    """Emergency stays of two nights or more, written as two that overlap: the second begins before the first ends."""
    visits = batch.visits()
    chosen = _long_stays(batch, visits, 2, rate)
    start, end = visits.start[chosen], visits.end[chosen]
    _split(
        batch,
        chosen,
        start + (end - start) * 7 // 10,
        start + (end - start) * 3 // 10,
        first=_sent_home(),
        second={"visit_concept_id": _INPATIENT},
    )
    return len(chosen)


def duplicated_visits(batch: Batch, rate: float) -> int:
    """Visits of every kind with a second, equal row, and their diagnoses with it."""
    chosen = np.flatnonzero(batch.some(np.ones(batch.tables["visit_occurrence"].num_rows, dtype=np.bool_), rate))
    old = batch.visits().id[chosen]
    new = batch.add("visit_occurrence", taken(batch.tables["visit_occurrence"], chosen))
    _copy_diagnoses(batch, old, new, None)
    return len(chosen)


def direct_as_9201(batch: Batch, rate: float) -> int:
    """Emergency stays without a trace of an emergency department: admitted directly, and written as any other stay."""
    visits = batch.visits()
    # the emergency department's own visit, where there is one, ends in the minute before the stay begins
    minute = 2**26
    stay, room = visits.person * minute + visits.start, visits.concept == _EMERGENCY_ROOM
    after_room = np.isin(stay, (visits.person * minute + visits.end + 1)[room])
    chosen = batch.some(visits.emergency & ((visits.concept == _EMERGENCY_INPATIENT) | after_room), rate)
    batch.change("visit_occurrence", chosen, visit_concept_id=_INPATIENT)
    if batch.has_nhs_columns:
        method = pick(batch.rng, _DIRECT, int(chosen.sum()))
        batch.change("visit_occurrence", chosen, admission_method=np.array(list(_DIRECT), dtype=object)[method])
    batch.lose_visits(room & np.isin(visits.person * minute + visits.end + 1, stay[chosen]))
    return int(chosen.sum())


def regular_attenders(batch: Batch, rate: float) -> int:
    """People who come for dialysis three days a week for half a year, each time as an inpatient stay of no night."""
    visits = batch.visits()
    person = batch.ints("person", "person_id")
    who = np.flatnonzero(batch.some(np.ones(len(person), dtype=np.bool_), rate))
    first = batch.rng.integers(batch.first_day, batch.last_day - _DIALYSIS_DAYS, len(who))
    day = first[:, None] + np.arange(_DIALYSIS_DAYS)
    week = _WEEKDAYS[batch.rng.integers(0, 2, len(who))]
    attends = ((day[:, :, None] + 3) % 7 == week[:, None, :]).any(axis=2)  # 1 January 1970 was a Thursday
    row, column = np.nonzero(attends)
    owner, day = person[who[row]], day[row, column]
    free = _alive(batch, owner, day) & _at_home(visits, owner, day)
    row, owner, day = row[free], owner[free], day[free]
    start = day * DAY + batch.rng.integers(7 * 60, 8 * 60, len(day))
    site = batch.ints("person", "care_site_id")[who[row]]
    _write_dialysis(batch, owner, site, start)
    return len(day)


def _long_stays(batch: Batch, visits: Visits, nights: int, rate: float) -> Ints:
    return np.flatnonzero(batch.some(visits.emergency & ~visits.open & (visits.nights >= nights), rate))


def _sent_home() -> dict[str, Any]:
    return {"discharged_to_concept_id": 0, "discharged_to_source_value": _HOME}


def _elsewhere(batch: Batch, site: Ints) -> Ints:
    """Another trust for each of these, if there is another."""
    n = batch.settings.trusts
    return (site - 1 + batch.rng.integers(1, max(n, 2), len(site))) % n + 1


def _split(batch: Batch, chosen: Ints, ends: Ints, begins: Ints, first: dict[str, Any], second: dict[str, Any]) -> None:
    """Write these stays as two: the first ends and the second begins at these minutes; each has all diagnoses."""
    old = batch.visits().id[chosen]
    later = taken(batch.tables["visit_occurrence"], chosen)
    if not batch.has_nhs_columns:
        second = {name: value for name, value in second.items() if name != "admission_method"}
    else:
        first = {**first, "discharge_method": "1"}
    batch.change("visit_occurrence", chosen, **times("visit_end", ends), **first)
    new = batch.add("visit_occurrence", later)
    rows = (
        np.arange(batch.tables["visit_occurrence"].num_rows)[-len(new) :] if len(new) else np.zeros(0, dtype=np.int64)
    )
    batch.change("visit_occurrence", rows, **times("visit_start", begins), **second)
    _copy_diagnoses(batch, old, new, begins)
    for name, column in (("measurement", "measurement_datetime"), ("drug_exposure", "drug_exposure_start_datetime")):
        row, place = batch.in_visits(name, old)
        after = batch.ints(name, column)[row] // 60_000_000 >= begins[place]
        batch.change(name, row[after], visit_occurrence_id=new[place[after]])


def _copy_diagnoses(batch: Batch, old: Ints, new: Ints, begins: Ints | None) -> None:
    row, place = batch.in_visits("condition_occurrence", old)
    if not len(row):
        return
    batch.add("condition_occurrence", taken(batch.tables["condition_occurrence"], row))
    rows = np.arange(batch.tables["condition_occurrence"].num_rows)[-len(row) :]
    moved = {} if begins is None else times("condition_start", begins[place])
    batch.change("condition_occurrence", rows, visit_occurrence_id=new[place], **moved)


def _alive(batch: Batch, person: Ints, day: Ints) -> Bools:
    dead, died = batch.died()
    if not len(dead):
        return np.ones(len(person), dtype=np.bool_)
    place = np.searchsorted(dead, person).clip(max=len(dead) - 1)
    return np.asarray((dead[place] != person) | (died[place] > day), dtype=np.bool_)


def _at_home(visits: Visits, person: Ints, day: Ints) -> Bools:
    """Whether no visit of the person covers the day."""
    days = 2**17
    order = np.lexsort((visits.start, visits.person))
    key = visits.person[order] * days + visits.start[order] // DAY
    last = np.searchsorted(key, person * days + day, side="right") - 1
    before = order[last.clip(min=0)]
    covered = (last >= 0) & (visits.person[before] == person) & (visits.end[before] // DAY >= day)
    return np.asarray(~covered, dtype=np.bool_)


def _write_dialysis(batch: Batch, person: Ints, site: Ints, start: Ints) -> None:
    n = len(person)
    visits = table(
        "visit_occurrence",
        n,
        person_id=person,
        visit_concept_id=_INPATIENT,
        **times("visit_start", start),
        **times("visit_end", start + 4 * 60 + 30),
        visit_type_concept_id=EHR,
        care_site_id=site,
        visit_source_value=["regular attender"] * n,
        admitted_from_concept_id=0,
        admitted_from_source_value=[_HOME] * n,
        discharged_to_concept_id=0,
        discharged_to_source_value=[_HOME] * n,
    )
    for name, value in (("admission_method", "13"), ("patient_class", "3"), ("discharge_method", "1")):
        if batch.has_nhs_columns:
            visits = visits.append_column(name, pa.array([value] * n, type=pa.string()))
    visit = batch.add("visit_occurrence", visits)
    for code, status in ((_DIALYSIS, _PRINCIPAL), (_KIDNEY_FAILURE, _SECONDARY)):
        diagnoses = table(
            "condition_occurrence",
            n,
            person_id=person,
            condition_concept_id=_concept(batch, code),
            **times("condition_start", start),
            condition_type_concept_id=EHR,
            condition_status_concept_id=status,
            visit_occurrence_id=visit,
            condition_source_value=[code] * n,
            condition_source_concept_id=0,
        )
        batch.add("condition_occurrence", diagnoses)


def _concept(batch: Batch, code: str) -> int:
    known = batch.recipe["concepts"]["conditions"]
    return next((int(concept) for prefix, concept in known.items() if code.startswith(prefix)), 0)
