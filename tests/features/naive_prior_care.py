"""Use of hospital before the stay, one index discharge at a time."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from hfrisk.codelists import read_yaml
from hfrisk.features import FeatureSettings
from tests.features.naive import Index, Source, days, end_of_day, is_known, when

__all__ = ["CASES", "expected"]

CASES = [
    (("prior_care",), {}),
    (("prior_care",), {"dates_are_known": "start_of_day", "coding_lag_days": 14}),
]
WINDOWS = (30, 90, 180, 365, 730)
HEART_FAILURE = {
    "icd10": ("I110", "I130", "I132", "I255", "I420", "I429", "I50"),
    "icd9": ("39891", "40201", "40211", "40291", "40401", "40403", "40411", "40413", "40491", "40493", "428"),
}


def expected(
    source: Source, index: Index, settings: FeatureSettings, edition: str = "icd10"
) -> dict[str, float | None]:
    visits = {row["visit_occurrence_id"]: row for row in source.of(index.person_id, "visit_occurrence")}
    return {
        **_spells(index, settings, visits),
        **_first_heart_failure(source, index, settings, visits, edition),
        **_contacts(index, settings, visits),
        "look_back_days": max(index.look_back_days, 0),
    }


# heart failure and what stands below it, as a source without a hierarchy is read
CONCEPTS = set(read_yaml("heart_failure.yaml")["omop_316139"]["shipped_descendants"])


def _blank(day: date, settings: FeatureSettings) -> datetime:
    return end_of_day(day) if settings.dates_are_known == "end_of_day" else datetime.combine(day, time(0))


def _window(index: Index, settings: FeatureSettings, length: int, value: float) -> float | None:
    return None if settings.short_look_back == "missing" and index.look_back_days < length else value


def _earlier(index: Index, settings: FeatureSettings, visits: dict[Any, Any]) -> list[dict[str, Any]]:
    (mine,) = [spell for spell in index.spells if spell["index_id"] == index.index_id]
    return [
        dict(spell)
        for spell in index.spells
        if spell["spell"] < mine["spell"]
        and is_known(visits[spell["index_id"]], "visit_start_date", "visit_start_datetime", index, settings)
    ]


def _is_for_heart_failure(spell: dict[str, Any], index: Index, settings: FeatureSettings) -> bool:
    if not spell["has_heart_failure"] or spell["admission_date"] >= index.admission_date:
        return False
    ended = when(spell, "discharge_date", "discharged_at") or _blank(spell["discharge_date"], settings)
    coded = max(ended, spell["heart_failure_could_be_read"])
    return bool(coded + timedelta(days=settings.coding_lag_days) < index.predicted_at)


def _spells(index: Index, settings: FeatureSettings, visits: dict[Any, Any]) -> dict[str, float | None]:
    earlier = _earlier(index, settings, visits)
    found: dict[str, float | None] = {}
    for length in WINDOWS:
        first = index.admission_date - timedelta(days=length)
        begun = [s for s in earlier if first <= s["admission_date"] < index.admission_date]
        nights = 0
        for spell in earlier:
            night = spell["admission_date"]
            while not spell["day_case"] and night < min(spell["discharge_date"], index.admission_date):
                nights += night >= first
                night += timedelta(days=1)
        counts = {
            "admissions": len(begun),
            "emergency_admissions": sum(bool(s["unplanned"]) for s in begun),
            "elective_admissions": sum(not s["unplanned"] for s in begun),
            "bed_days": nights,
        }
        found.update({f"{what}_{length}d": _window(index, settings, length, count) for what, count in counts.items()})
    for_heart_failure = [s for s in earlier if _is_for_heart_failure(s, index, settings)]
    recent = [s for s in for_heart_failure if days(index.admission_date, s["admission_date"]) <= 730]
    since = [max(days(index.admission_date, s["discharge_date"]), 0) for s in earlier]
    return {
        **found,
        "heart_failure_spells_730d": _window(index, settings, 730, len(recent)),
        "heart_failure_spells_ever": len(for_heart_failure),
        "days_since_discharge": min(since, default=None),
    }


def _first_heart_failure(
    source: Source, index: Index, settings: FeatureSettings, visits: dict[Any, Any], edition: str
) -> dict[str, float | None]:
    spells = [s for s in _earlier(index, settings, visits) if _is_for_heart_failure(s, index, settings)]
    first = [spell["admission_date"] for spell in spells]
    for row in source.of(index.person_id, "condition_occurrence"):
        code = (row["condition_source_value"] or "").upper().replace(".", "").strip()
        is_one = code.startswith(HEART_FAILURE[edition]) or row["condition_concept_id"] in CONCEPTS
        if not is_one or row["visit_occurrence_id"] in index.visits:
            continue
        on = row["condition_start_date"]
        known = when(row, "condition_start_date", "condition_start_datetime") or _blank(on, settings)
        visit = visits.get(row["visit_occurrence_id"])
        if visit is not None:
            on = max(on, visit["visit_start_date"])
            if visit["visit_end_date"] is not None:
                end = when(visit, "visit_end_date", "visit_end_datetime")
                known = max(known, end or _blank(visit["visit_end_date"], settings))
        if on < index.admission_date and known + timedelta(days=settings.coding_lag_days) < index.predicted_at:
            first.append(on)
    return {"days_since_first_heart_failure": days(index.admission_date, min(first)) if first else None}


def _contacts(index: Index, settings: FeatureSettings, visits: dict[Any, Any]) -> dict[str, float | None]:
    dates: dict[str, list[date]] = {"ae_attendances": [], "outpatient_contacts": [], "outpatient_missed": []}
    for row in visits.values():
        if not is_known(row, "visit_start_date", "visit_start_datetime", index, settings):
            continue
        concept, came, left = row["visit_concept_id"], row["visit_start_date"], row["visit_end_date"]
        if concept == 9203:
            if left is None or not is_known(
                {**row, "recorded_at": None}, "visit_end_date", "visit_end_datetime", index, settings
            ):
                left = came
            if 0 <= days(index.admission_date, left) <= 1:
                continue
        if concept in (9203, 262):
            dates["ae_attendances"].append(came)
        elif concept == 9202 and row.get("attended") in (None, "5", "6"):
            dates["outpatient_contacts"].append(came)
        elif concept == 9202 and row.get("attended") in ("3", "7"):
            dates["outpatient_missed"].append(came)
    return {
        f"{what}_{length}d": _window(
            index, settings, length, sum(1 <= days(index.admission_date, on) <= length for on in listed)
        )
        for what, listed in dates.items()
        for length in WINDOWS
    }
