"""Index discharges and outcomes by the book: one person at a time, lists and dates, nothing shared with hfrisk.

It is slow and plain on purpose. It is read beside docs/rules.md, and the engines must agree with it.
Tables are lists of dicts named as in the table contract; dates are `date`, times `datetime`, a missing value is None or absent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from hfrisk.cohort import CohortSettings
from tests.cohort.naive_spells import (
    A_AND_E,
    A_AND_E_WITH_ADMISSION,
    DESTINATIONS,
    HOSPITALS,
    Row,
    Spell,
    Visit,
    code,
    continuous_spells,
    led_to,
    tells_of_transfer,
    visit_of,
)

__all__ = ["reference"]

DIED_CONCEPT, EMERGENCY_ROOM_HOSPITAL = 4216643, 8870
UNPLANNED_METHODS = {"21", "22", "23", "24", "25", "2A", "2B", "2D", "28"}
PLANNED_METHODS = {"11", "12", "13", "31", "32", "2C", "81", "82", "83"}
LEGACY_PRINCIPAL = {38000183, 38000184, 38000199, 38000200, 44786627}
PRINCIPAL_WORDS = {"1", "01", "P", "PRIMARY", "PRINCIPAL"}
CODES = {
    "nicor7": ("I110", "I255", "I420", "I429", "I500", "I501", "I509"),
    "i50_only": ("I50",),
    "caliber": ("I110", "I130", "I132", "I50"),
}


def reference(
    tables: Mapping[str, Sequence[Row]], settings: CohortSettings, *, data_start: date, data_end: date
) -> list[Spell]:
    """Every spell of every person, the index discharges being those that nothing excludes."""
    by_person: dict[Any, list[Visit]] = {}
    for row in tables["visit_occurrence"]:
        visit = visit_of(row, settings, data_end)
        if visit is not None:
            by_person.setdefault(row["person_id"], []).append(visit)
    recorded = any(tells_of_transfer(v, v, settings) for visits in by_person.values() for v in visits)
    rows_of: dict[Any, dict[str, list[Row]]] = {person: {name: [] for name in tables} for person in by_person}
    for name, rows in tables.items():
        for row in rows:
            if row["person_id"] in rows_of:
                rows_of[row["person_id"]][name].append(row)
    spells = []
    for person, visits in by_person.items():
        spells += _person(person, visits, rows_of[person], settings, recorded, data_start, data_end)
    return spells


def _person(
    person: Any,
    visits: list[Visit],
    tables: Mapping[str, Sequence[Row]],
    settings: CohortSettings,
    recorded: bool,
    data_start: date,
    data_end: date,
) -> list[Spell]:
    emergencies = [row for row in tables["visit_occurrence"] if row["visit_concept_id"] == A_AND_E]
    spells = continuous_spells(person, visits, emergencies, settings, recorded)
    through_a_and_e = led_to([spell for spell in spells if not spell.day_case], emergencies)
    for spell in spells:
        if not spell.day_case:
            spell.unplanned, spell.told_by = _unplanned(
                spell, tables.get("observation", ()), spell.index_id in through_a_and_e, settings
            )
        spell.heart_failure = _heart_failure(spell, tables["condition_occurrence"], settings)
    deaths = [row["death_date"] for row in tables.get("death", ()) if row.get("death_date") is not None]
    death = min(deaths, default=None)
    for place, spell in enumerate(spells, start=1):
        _outcome(spell, spells[place:], death, settings, data_end)
        _exclude(spell, tables["person"][0], death, settings, data_start, data_end)
    candidates = sorted(
        (spell for spell in spells if not spell.excluded), key=lambda s: (s.discharge, s.first.moment, s.index_id)
    )
    if settings.index == "first":
        for spell in candidates[1:]:
            spell.excluded.add("chosen")
    return spells


def _unplanned(
    spell: Spell, observations: Sequence[Row], through_a_and_e: bool, settings: CohortSettings
) -> tuple[bool, str | None]:
    for strategy in settings.unplanned:
        told: bool | None = None
        if strategy == "admission_method":
            told = _by_method(code(spell.first.row, "admission_method"))
        elif strategy == "observation":
            for row in observations:
                if (
                    row["observation_concept_id"] in settings.admission_method_observations
                    and row.get("visit_occurrence_id") == spell.index_id
                    and told is None
                ):
                    told = _by_method(code(row, "value_as_string"))
        elif strategy == "ae_segment":
            opening = [visit for visit in spell.visits if visit.start == spell.admission]
            segment = any(visit.row["visit_concept_id"] == A_AND_E_WITH_ADMISSION for visit in opening)
            told = True if segment or through_a_and_e else None
        elif strategy == "admitted_from":
            told = True if spell.first.row.get("admitted_from_concept_id") == EMERGENCY_ROOM_HOSPITAL else None
        elif strategy == "assume_unplanned":
            told = True
        if told is not None:
            return told, strategy
    return False, None


def _by_method(method: str | None) -> bool | None:
    return True if method in UNPLANNED_METHODS else False if method in PLANNED_METHODS else None


def _heart_failure(spell: Spell, conditions: Sequence[Row], settings: CohortSettings) -> bool:
    wanted = settings.heart_failure
    of_episode = {"any": spell.visits, "first": [spell.first], "last": [spell.last]}[wanted.episode]
    for visit in of_episode:
        diagnoses = [row for row in conditions if row.get("visit_occurrence_id") == visit.key]
        if wanted.position == "principal":
            diagnoses = _principal(diagnoses, settings)
        for row in diagnoses:
            diagnosis = (code(row, "condition_source_value") or "").replace(".", "")
            if diagnosis.startswith(CODES[wanted.preset]):
                return True
    return False


def _principal(diagnoses: list[Row], settings: CohortSettings) -> list[Row]:
    for strategy in settings.heart_failure.principal:
        if strategy == "condition_status":
            marking = settings.heart_failure.principal_status_concepts
            marked = [row for row in diagnoses if row.get("condition_status_concept_id") in marking]
        elif strategy == "legacy_type":
            marked = [row for row in diagnoses if row.get("condition_type_concept_id") in LEGACY_PRINCIPAL]
        elif strategy == "source_status":
            marked = [row for row in diagnoses if code(row, "condition_status_source_value") in PRINCIPAL_WORDS]
        else:
            marked = sorted(diagnoses, key=lambda row: row["condition_occurrence_id"])[:1]
        if marked:
            return marked
    return []


def _outcome(spell: Spell, later: list[Spell], death: date | None, settings: CohortSettings, data_end: date) -> None:
    first_day, last_day = (int(day) for day in settings.window.split("-"))
    inside = [
        (day, other)
        for other in later
        if first_day <= (day := (other.admission - spell.discharge).days) <= last_day
        and (_planned(other) or settings.count_zero_day_readmissions or _has_a_night(other))
    ]
    planned = [day for day, other in inside if _planned(other)]
    spell.first_planned_day = planned[0] if planned else None
    returns = [(day, other) for day, other in inside if not _planned(other)]
    if settings.outcome == "cms" and inside and _planned(inside[0][1]):
        returns = []
    death_day = None if death is None or death > data_end else max((death - spell.discharge).days, 0)
    if returns:
        spell.state, (spell.outcome_day, readmission) = "readmitted", returns[0]
        spell.readmission_for_heart_failure = readmission.heart_failure
    elif death_day is not None and death_day <= last_day:
        spell.state, spell.outcome_day = "died", death_day
    elif data_end - spell.discharge >= timedelta(days=last_day):
        spell.state = "none"
    else:
        spell.state = "censored"
    spell.follow_up_days = (data_end - spell.discharge).days
    counts = {"readmitted"} if settings.risk == "cumulative_incidence" else {"readmitted", "died"}
    spell.event = None if spell.state == "censored" else int(spell.state in counts)


def _planned(spell: Spell) -> bool:
    return spell.day_case or not spell.unplanned


def _has_a_night(spell: Spell) -> bool:
    """A stay still open may yet have one."""
    return spell.still_open or spell.discharge > spell.admission


def _exclude(
    spell: Spell, person: Row, death: date | None, settings: CohortSettings, data_start: date, data_end: date
) -> None:
    last = spell.last.row
    destination = code(last, "discharged_to_source_value") if settings.nhs_codes else None
    died = (
        (death is not None and death <= spell.discharge)
        or destination == "79"
        or code(last, "discharge_method") in {"4", "5"}
        or last.get("discharged_to_concept_id") == DIED_CONCEPT
    )
    to_hospital = last.get("discharged_to_concept_id") in HOSPITALS or destination in DESTINATIONS[settings.spells.rule]
    last_day = int(settings.window.split("-")[1])
    fails = {
        "heart_failure": not spell.heart_failure,
        "ordinary": spell.day_case,
        "adult": settings.minimum_age is not None and _age(person, spell.admission) < settings.minimum_age,
        "unplanned": settings.require_unplanned_index and settings.planned_is_told and not spell.unplanned,
        "ended": spell.still_open,
        "alive": settings.discharged_alive and died,
        "not_transferred_out": not settings.keep_transferred_out and to_hospital,
        "followed_up": settings.complete_follow_up and (data_end - spell.discharge).days < last_day,
        "looked_back": (spell.admission - data_start).days < settings.minimum_look_back_days,
    }
    spell.excluded |= {rule for rule, failed in fails.items() if failed}


def _age(person: Row, day: date) -> int:
    birthday = (person.get("month_of_birth") or 1, person.get("day_of_birth") or 1)
    return day.year - int(person["year_of_birth"]) - int((day.month, day.day) < birthday)
