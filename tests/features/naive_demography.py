"""Who the person is and how they live, one index discharge at a time."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from hfrisk.codelists import read_csv, read_yaml
from hfrisk.features import FeatureSettings
from tests.features.naive import Index, Source, days, end_of_day, is_coded_by_discharge, is_known, on_grid, when

__all__ = ["CASES", "expected"]

CASES = [
    (("demography",), {}),
    (("demography",), {"imd_scale": "decile", "ethnicity_observations": (900,), "dates_are_known": "start_of_day"}),
    (
        ("demography",),
        {
            "coding_is_live": True,
            "coding_lag_days": 20,
            "condition_lookback_days": 400,
            "living_alone_observations": (77,),
            "care_home_observations": (78,),
        },
    ),
    (("demography",), {"coding_lag_days": 20}),
]


CODE = "[A-Z][0-9][0-9A-Z][0-9A-Z]{0,2}[A*+-]?"


def expected(
    source: Source, index: Index, settings: FeatureSettings, *, edition: str = "icd10"
) -> dict[str, float | None]:
    (person,) = source.of(index.person_id, "person")
    seen = [
        row
        for row in source.of(index.person_id, "observation")
        if is_known(row, "observation_date", "observation_datetime", index, settings)
    ]
    found: dict[str, float | None] = {
        "age": index.age,
        "male": {8507: 1.0, 8532: 0.0}.get(person["gender_concept_id"]),
    }
    if settings.ethnicity_from == "nhs_category":
        found |= _ethnicity(_category(person, seen, settings))
    found |= _deprivation(seen, settings)
    found |= _homes(source, index, settings, seen, edition)
    return found


def _at(row: dict[str, Any], settings: FeatureSettings) -> datetime:
    blank = end_of_day(row["observation_date"])
    if settings.dates_are_known == "start_of_day":
        blank = datetime.combine(row["observation_date"], datetime.min.time())
    return when(row, "observation_date", "observation_datetime") or blank


def _code(text: Any) -> str | None:
    known = {row["code"] for row in read_csv("ethnicity.csv")}
    plain = str(text).strip().upper() if text is not None else ""
    return plain if plain in known else None


def _category(person: dict[str, Any], seen: list[dict[str, Any]], settings: FeatureSettings) -> str | None:
    on_file = _code(person.get("race_source_value"))
    told = [
        (_at(row, settings), _code(row["value_as_string"]) or _code(row["observation_source_value"]))
        for row in seen
        if row["observation_concept_id"] in settings.ethnicity_observations
    ]
    said = [(at, code) for at, code in told if code is not None and code not in ("Z", "X", "99")]
    if said:
        return max(said)[1]
    if on_file not in (None, "Z", "X", "99"):
        return on_file
    if any(code == "Z" for _, code in told):
        return "Z"
    return on_file


def _ethnicity(category: str | None) -> dict[str, float | None]:
    five = {
        "white": "ABC",
        "mixed": "DEFG",
        "asian": "HJKL",
        "black": "MNP",
        "other": "RS",
    }
    found: dict[str, float | None] = {
        f"ethnicity_{name}": float(category is not None and category in letters) for name, letters in five.items()
    }
    found["ethnicity_not_stated"] = float(category == "Z")
    found["ethnicity_not_known"] = float(category in (None, "X", "99"))
    for letter in "ABCDEFGHJKLMNPRS":
        found[f"ethnicity_16_{letter.lower()}"] = float(category == letter)
    return found


def _deprivation(seen: list[dict[str, Any]], settings: FeatureSettings) -> dict[str, float | None]:
    highest = 10 if settings.imd_scale == "decile" else 5
    values = [
        (_at(row, settings), -row["value_as_number"])
        for row in seen
        if 35812882 in (row["observation_concept_id"], row["observation_source_concept_id"])
        and row["value_as_number"] is not None
        and 1 <= row["value_as_number"] <= highest
    ]
    latest = -max(values)[1] if values else None
    if settings.imd_scale == "quintile":
        return {"imd_quintile": latest}
    return {"imd_decile": latest, "imd_quintile": None if latest is None else (latest + 1) // 2}


def _homes(
    source: Source, index: Index, settings: FeatureSettings, seen: list[dict[str, Any]], edition: str
) -> dict[str, float | None]:
    listed = read_yaml("social.yaml")
    visits = {row["visit_occurrence_id"]: row for row in source.of(index.person_id, "visit_occurrence")}
    first = min((visits[visit] for visit in index.visits), key=_beginning)
    found: dict[str, float | None] = {"living_alone": 0.0, "care_home": 0.0}
    chosen = {
        "living_alone": settings.living_alone_observations,
        "care_home": settings.care_home_observations,
    }
    for name, more in chosen.items():
        concepts = {*listed[name]["concepts"], *more}
        for row in seen:
            text = str(row["observation_source_value"] or "").upper().replace(".", "").replace(" ", "")
            says = text in listed[name]["snomed"]
            says = says or bool(concepts & {row["observation_concept_id"], row["value_as_concept_id"]})
            # a code of the ICD makes the row a diagnosis, known by the rule of diagnoses
            is_code = re.fullmatch(CODE, text) is not None if edition == "icd10" else False
            ago = days(index.admission_date, row["observation_date"])
            if says and not is_code and not _denied(row) and ago <= settings.condition_lookback_days:
                found[name] = 1.0
        if _diagnosed(source, index, settings, visits, tuple(listed[name][edition])):
            found[name] = 1.0
    places = read_yaml("stay.yaml")["places"]
    code = str(first.get("admitted_from_source_value") or "").strip().upper()
    told = next(
        (place for place in ("home", "hospital", "care_home", "elsewhere") if code in places[place]["codes"]), None
    )
    if told is None:
        concept = first.get("admitted_from_concept_id")
        told = "care_home" if concept in places["care_home"]["concepts"] else None
    if told == "care_home":
        found["care_home"] = 1.0
    return {name: on_grid(value, 1) for name, value in found.items()}


def _beginning(visit: dict[str, Any]) -> tuple[datetime, Any]:
    at = when(visit, "visit_start_date", "visit_start_datetime")
    return (at or datetime.combine(visit["visit_start_date"], datetime.min.time()), visit["visit_occurrence_id"])


def _ended(visit: dict[str, Any], settings: FeatureSettings) -> datetime:
    blank = end_of_day(visit["visit_end_date"])
    if settings.dates_are_known == "start_of_day":
        blank = datetime.combine(visit["visit_end_date"], datetime.min.time())
    return when(visit, "visit_end_date", "visit_end_datetime") or blank


def _denied(row: dict[str, Any]) -> bool:
    return row["value_as_concept_id"] in read_yaml("social.yaml")["says_no"]["concepts"] or row["value_as_number"] == 0


def _diagnosed(
    source: Source, index: Index, settings: FeatureSettings, visits: dict[Any, Any], prefixes: tuple[str, ...]
) -> bool:
    """A diagnosis, or an observation that holds the code of one."""
    rows = [
        (row, row["condition_source_value"], "condition_start_date", "condition_start_datetime")
        for row in source.of(index.person_id, "condition_occurrence")
    ] + [
        (row, row["observation_source_value"], "observation_date", "observation_datetime")
        for row in source.of(index.person_id, "observation")
        if not _denied(row)
    ]
    for row, written, day, at in rows:
        text = str(written or "").upper().replace(".", "").replace(" ", "")
        if not text.startswith(prefixes):
            continue
        visit = visits.get(row["visit_occurrence_id"])
        on = row[day]
        blank = end_of_day(on)
        if settings.dates_are_known == "start_of_day":
            blank = datetime.combine(on, datetime.min.time())
        known = when(row, day, at) or blank
        if row.get("recorded_at") is not None:
            known = max(known, row["recorded_at"])
        if visit is not None:
            on, known = max(on, visit["visit_start_date"]), max(known, _ended(visit, settings))
        ago = days(index.admission_date, on)
        own = row["visit_occurrence_id"] in index.visits
        known += timedelta(days=settings.coding_lag_days)
        earlier = ago >= 1 and not own and known < index.predicted_at
        live = own and settings.coding_is_live and is_coded_by_discharge(row, day, at, index)
        if (earlier or live) and ago <= settings.condition_lookback_days:
            return True
    return False
