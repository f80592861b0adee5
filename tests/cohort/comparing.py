"""The same patients through hfrisk and through the naive reference, and the smallest history on which the two differ."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import ibis.expr.types as ir
import pandas as pd

from hfrisk.cdm import Cdm
from hfrisk.cohort import CohortSettings, trace_spells
from tests.cohort import naive
from tests.cohort.histories import BYTES_EACH, DATA_END, DATA_START, Style, Tables, frames, merged, people

__all__ = ["Found", "anchors", "by_hfrisk", "by_the_book", "differences", "listing", "smallest", "spells_of"]

Found = dict[tuple[str, str], dict[str, Any]]
Open = Callable[[dict[str, pd.DataFrame]], Cdm]

CALENDAR = ("admission_date", "discharge_date")
WHOLE = ("outcome_day", "event", "first_planned_day", "follow_up_days", "look_back_days")


def by_hfrisk(cdm: Cdm, settings: CohortSettings) -> Found:
    """Every spell as the engine finds it, keyed by person and index id, in the words of the naive reference."""
    traced = trace_spells(cdm, settings, DATA_END, DATA_START)
    return spells_of(traced.stays, traced.spells.table)


def spells_of(stays: ir.Table, spells: ir.Table) -> Found:
    """Every spell, keyed by person and index id, in the words of the naive reference."""
    visits: dict[tuple[str, str], list[str]] = {}
    joined: dict[tuple[str, str], list[str]] = {}
    for stay in stays.execute().itertuples():
        key = (str(stay.person_id), str(stay.index_id))
        visits.setdefault(key, []).append(str(stay.visit_occurrence_id))
        joined.setdefault(key, []).extend([stay.joined_by] if stay.joined_by != "opens" else [])
    found: Found = {}
    for row in spells.execute().to_dict("records"):
        key = (str(row["person_id"]), str(row["index_id"]))
        assert key not in found, f"two spells have one key: {key}"
        for_heart_failure = row["readmission_for_heart_failure"]
        keeps = {name.removeprefix("keeps_"): row[name] for name in row if name.startswith("keeps_")}
        assert bool(row["excluded_by"]) != all(keeps.values())
        found[key] = {
            **{name: pd.Timestamp(row[name]).date() for name in CALENDAR},
            **{name: None if pd.isna(row[name]) else int(row[name]) for name in WHOLE},
            "visits": sorted(visits[key]),
            "joined": sorted(joined[key]),
            "state": row["state"],
            "unplanned": bool(row["unplanned"]),
            "told_by": None if row["day_case"] else row["unplanned_told_by"],
            "for_heart_failure": None if pd.isna(for_heart_failure) else bool(for_heart_failure),
            "excluded": sorted(rule for rule, keep in keeps.items() if not keep),
        }
    return found


def by_the_book(tables: Tables, settings: CohortSettings) -> Found:
    """Every spell as the naive reference finds it, keyed by person and index id."""
    return {
        (str(spell.person_id), str(spell.index_id)): {
            "admission_date": spell.admission,
            "discharge_date": spell.discharge,
            "outcome_day": spell.outcome_day,
            "event": spell.event,
            "first_planned_day": spell.first_planned_day,
            "follow_up_days": spell.follow_up_days,
            "look_back_days": (spell.admission - DATA_START).days,
            "visits": sorted(str(visit.key) for visit in spell.visits),
            "joined": sorted(spell.joined),
            "state": spell.state,
            "unplanned": spell.unplanned,
            "told_by": None if spell.day_case else spell.told_by or "nothing",
            "for_heart_failure": spell.readmission_for_heart_failure,
            "excluded": sorted(spell.excluded),
        }
        for spell in naive.reference(tables, settings, data_start=DATA_START, data_end=DATA_END)
    }


def differences(found: Found, expected: Found) -> dict[str, list[str]]:
    """What differs, by person."""
    told: dict[str, list[str]] = {}
    for key in sorted(found.keys() | expected.keys()):
        have, want = found.get(key), expected.get(key)
        if have is None or want is None:
            told.setdefault(key[0], []).append(f"spell {key[1]} is {'not found' if have is None else 'not expected'}")
            continue
        told_of_spell = [
            f"spell {key[1]}: {name} is {have[name]}, expected {want[name]}"
            for name in have
            if have[name] != want[name]
        ]
        if told_of_spell:
            told.setdefault(key[0], []).extend(told_of_spell)
    return told


def anchors(style: Style) -> list[Tables]:
    """People who make a source what it is: an index discharge by any setting, and one transfer where the style records any."""
    plain, moved = people(bytes(2 * BYTES_EACH), style, first=990_000)
    told = {"all": {"discharged_to_concept_id": 8717}, "codes only": {"discharged_to_source_value": "51"}}
    moved["visit_occurrence"][0] |= told.get(style.transfers, {})
    for row in plain["visit_occurrence"]:
        row |= {"admitted_from_concept_id": 8870, "visit_concept_id": 262 if row["visit_concept_id"] == 9201 else 9201}
    plain["visit_occurrence"][1]["visit_concept_id"] = 9201
    for row in plain["condition_occurrence"]:
        row |= {"condition_type_concept_id": 38000183, "condition_status_source_value": "P"}
    return [plain, moved]


def smallest(person: Tables, style: Style, settings: CohortSettings, open_source: Open) -> tuple[Tables, list[str]]:
    """The smallest history, made from this one, on which the engine and the reference still differ.

    Each round tries every smaller history at once, each as a person of its own.
    """
    told = ["cannot be shown alone: it needs the other people of its source"]
    while True:
        tried = [person, *_smaller(person)]
        renamed = [_renamed(history, number) for number, history in enumerate(tried)]
        source = merged([*anchors(style), *renamed])
        differing = differences(by_hfrisk(open_source(frames(source)), settings), by_the_book(source, settings))
        ids = [str(history["person"][0]["person_id"]) for history in renamed]
        still = [number for number, identity in enumerate(ids) if identity in differing]
        if 0 in still:
            told = differing[ids[0]]
        if not [number for number in still if number > 0]:
            return person, told
        person, told = next((tried[n], differing[ids[n]]) for n in still if n > 0)


def listing(tables: Tables) -> str:
    """The rows of a history with what is missing left out."""
    lines = []
    for name, rows in tables.items():
        for row in rows:
            lines.append(
                f"{name}: " + ", ".join(f"{k}={v}" for k, v in row.items() if v is not None and k != "person_id")
            )
    return "\n".join(lines)


def _smaller(person: Tables) -> Iterator[Tables]:
    for name in ("visit_occurrence", "death", "condition_occurrence", "observation"):
        rows = person[name]
        for place, row in enumerate(rows):
            fewer = {**person, name: rows[:place] + rows[place + 1 :]}
            if name == "visit_occurrence":
                gone = row["visit_occurrence_id"]
                for other in ("condition_occurrence", "observation"):
                    fewer[other] = [kept for kept in person[other] if kept["visit_occurrence_id"] != gone]
            yield fewer
    for place, row in enumerate(person["visit_occurrence"]):
        for column, value in row.items():
            if value is None or column in {"visit_occurrence_id", "person_id", "visit_start_date", "visit_concept_id"}:
                continue
            simpler = [None]
            if column == "visit_end_date":
                simpler = [row["visit_start_date"]]
            rows = list(person["visit_occurrence"])
            for other in simpler:
                if other != value:
                    rows[place] = {**row, column: other}
                    yield {**person, "visit_occurrence": rows}


def _renamed(person: Tables, number: int) -> Tables:
    """The same history under ids of its own that sort alike."""

    def renamed(value: Any) -> Any:
        return f"{value}.{number}" if isinstance(value, str) else value * 1000 + number

    ids = ("person_id", "visit_occurrence_id", "condition_occurrence_id", "observation_id")
    return {
        name: [{column: renamed(value) if column in ids else value for column, value in row.items()} for row in rows]
        for name, rows in person.items()
    }
