"""The hospital stay, one index discharge at a time."""

from __future__ import annotations

import math
import re
from datetime import datetime, timedelta
from typing import Any

from hfrisk.codelists import read_yaml
from hfrisk.features import FeatureSettings
from tests.features.naive import Index, Source, days, end_of_day, is_coded_by_discharge, is_known, on_grid, when

__all__ = ["CASES", "early", "expected"]

CASES = [
    (("stay",), {}),
    (
        ("stay",),
        {
            "calendar_year": True,
            "cardiology_wards": ("ccu ", "102"),
            "specialist_review_observations": (555,),
            "ejection_fraction_lookback_days": 100,
            "ejection_fraction_measurements": (998,),
            "dates_are_known": "start_of_day",
        },
    ),
    (("stay",), {"coding_is_live": True, "procedures_are_known": "when_coded"}),
    (("stay",), {"procedures_are_known": "when_coded"}),
]
_KINDS = ("hfref", "hfmref", "hfpef")


def expected(source: Source, index: Index, settings: FeatureSettings, *, icd9: bool = False) -> dict[str, float | None]:
    return {
        **_arrival(source, index, settings),
        **_departure(source, index),
        **_wards(source, index, settings, whole=True),
        **_critical_care(source, index, settings),
        **_ejection_fraction(source, index, settings),
        **_procedures(source, index, settings, icd9=icd9),
    }


def early(source: Source, index: Index, settings: FeatureSettings) -> dict[str, float | None]:
    """A day after admission nothing is known of the end."""
    return {
        **_arrival(source, index, settings),
        **_wards(source, index, settings, whole=False),
        **_critical_care(source, index, settings),
        **_ejection_fraction(source, index, settings),
        **_procedures(source, index, settings),
    }


def _start(visit: dict[str, Any]) -> datetime:
    blank = datetime.combine(visit["visit_start_date"], datetime.min.time())
    return when(visit, "visit_start_date", "visit_start_datetime") or blank


def _end(visit: dict[str, Any]) -> datetime:
    blank = datetime.combine(visit["visit_end_date"], datetime.min.time())
    return when(visit, "visit_end_date", "visit_end_datetime") or blank


def _stays(source: Source, index: Index) -> list[dict[str, Any]]:
    rows = source.of(index.person_id, "visit_occurrence")
    return sorted(
        (row for row in rows if row["visit_occurrence_id"] in index.visits),
        key=lambda row: (_start(row), row["visit_occurrence_id"]),
    )


def _place(visit: dict[str, Any], text: str, concept: str) -> str | None:
    places = read_yaml("stay.yaml")["places"]
    names = ("home", "hospital", "care_home", "elsewhere")
    code = str(visit.get(text) or "").strip().upper()
    for name in names:
        if code in places[name]["codes"]:
            return name
    return next((name for name in names if visit.get(concept) in places[name]["concepts"]), None)


def _is(value: str | None, name: str) -> float | None:
    return None if value is None else float(value == name)


def _arrival(source: Source, index: Index, settings: FeatureSettings) -> dict[str, float | None]:
    stays = _stays(source, index)
    came = _place(stays[0], "admitted_from_source_value", "admitted_from_concept_id")
    month = index.predicted_at.month
    found = {
        "emergency_admission": float(index.unplanned),
        "through_ae": float(_through_ae(source, index, settings, stays)),
        **{f"admitted_from_{name}": _is(came, name) for name in ("home", "hospital", "care_home")},
        "admitted_at_weekend": float(index.admission_date.isoweekday() > 5),
        "winter": float(month in (12, 1, 2)),
        "month_sine": on_grid(math.sin(2 * math.pi * month / 12), 0.001),
        "month_cosine": on_grid(math.cos(2 * math.pi * month / 12), 0.001),
    }
    if settings.calendar_year:
        found["calendar_year"] = float(index.predicted_at.year)
    return found


def _through_ae(source: Source, index: Index, settings: FeatureSettings, stays: list[dict[str, Any]]) -> bool:
    if any(stay["visit_concept_id"] == 262 and stay["visit_start_date"] == index.admission_date for stay in stays):
        return True
    for visit in source.of(index.person_id, "visit_occurrence"):
        if visit["visit_concept_id"] != 9203:
            continue
        if not is_known(visit, "visit_start_date", "visit_start_datetime", index, settings):
            continue
        ended = when(visit, "visit_end_date", "visit_end_datetime")
        after = []
        for spell in index.spells:
            since = days(spell["admission_date"], visit["visit_end_date"])
            timed = spell["timed_admission"]
            late = ended is not None and timed is not None and ended > timed
            if not spell["day_case"] and since in (0, 1) and not late:
                after.append((spell["admitted_at"], spell["index_id"]))
        if after and min(after)[1] == index.index_id:
            return True
    return False


def _departure(source: Source, index: Index) -> dict[str, float | None]:
    last = max(
        _stays(source, index),
        key=lambda row: (row["visit_end_date"], _end(row), row["visit_occurrence_id"]),
    )
    went = _place(last, "discharged_to_source_value", "discharged_to_concept_id")
    weekday = index.discharge_date.isoweekday()
    return {
        "length_of_stay": float(days(index.discharge_date, index.admission_date)),
        "transfers": float(len(index.visits) - 1),
        "discharged_home": _is(went, "home"),
        "discharged_to_hospital": _is(went, "hospital"),
        "discharged_to_care_home": _is(went, "care_home"),
        "discharged_elsewhere": _is(went, "elsewhere"),
        "self_discharge": float(last.get("discharge_method") in ("2", "6", "7")),
        "discharged_on_friday": float(weekday == 5),
        "discharged_at_weekend": float(weekday > 5),
    }


def _moment(row: dict[str, Any], stem: str, settings: FeatureSettings) -> datetime:
    day = row[f"{stem}_date"]
    blank = end_of_day(day) if settings.dates_are_known == "end_of_day" else datetime.combine(day, datetime.min.time())
    return when(row, f"{stem}_date", f"{stem}_datetime") or blank


def _episodes(source: Source, index: Index, settings: FeatureSettings) -> list[dict[str, Any]]:
    return [
        row
        for row in source.of(index.person_id, "visit_detail")
        if row["visit_occurrence_id"] in index.visits
        and is_known(row, "visit_detail_start_date", "visit_detail_start_datetime", index, settings)
    ]


def _wards(source: Source, index: Index, settings: FeatureSettings, *, whole: bool) -> dict[str, float | None]:
    episodes = _episodes(source, index, settings)
    stems = [(_moment(row, "visit_detail_start", settings), row["main_specialty"]) for row in episodes]
    dated = [(at, specialty) for at, specialty in stems if specialty is not None]
    of_the_stay = index.main_specialty if whole else None
    latest = max((at for at, _ in dated), default=None)
    now = min(specialty for at, specialty in dated if at == latest) if dated else of_the_stay
    oncology = None if now is None else float(now in ("303", "370", "800"))
    found = {
        "cardiology_specialty": _is(now, "320"),
        "geriatric_specialty": _is(now, "430"),
        "general_medicine_specialty": _is(now, "300"),
        "oncology_specialty": oncology,
        "cardiology_ward": _cardiology(source, index, settings, [s for _, s in dated], of_the_stay, episodes),
    }
    if settings.specialist_review_observations:
        found["specialist_review"] = float(
            any(
                row["observation_concept_id"] in settings.specialist_review_observations
                and row["observation_date"] >= index.admission_date
                and is_known(row, "observation_date", "observation_datetime", index, settings)
                for row in source.of(index.person_id, "observation")
            )
        )
    return found


def _cardiology(
    source: Source,
    index: Index,
    settings: FeatureSettings,
    specialties: list[str],
    of_the_stay: str | None,
    episodes: list[dict[str, Any]],
) -> float | None:
    signs = [specialty == "320" for specialty in [*specialties, of_the_stay] if specialty is not None]
    if settings.cardiology_wards:
        wanted = {ward.strip().lower() for ward in settings.cardiology_wards}
        known = [
            stay
            for stay in _stays(source, index)
            if is_known(stay, "visit_start_date", "visit_start_datetime", index, settings)
        ]
        sites = {row["care_site_id"]: row for row in source.all("care_site")}
        for row in [*episodes, *known]:
            site = row["care_site_id"]
            if site is None:
                continue
            told = sites.get(site, {})
            names = {str(told.get(key) or "").strip().lower() for key in ("care_site_name", "care_site_source_value")}
            signs.append(bool(wanted & {*names, str(site)}))
    return float(any(signs)) if signs else None


def _critical_care(source: Source, index: Index, settings: FeatureSettings) -> dict[str, float | None]:
    concepts = read_yaml("stay.yaml")["critical_care"]["concepts"]
    rows = [row for row in _episodes(source, index, settings) if row["visit_detail_concept_id"] in concepts]
    seconds: set[int] = set()
    for row in rows:
        began = when(row, "visit_detail_start_date", "visit_detail_start_datetime")
        began = began or datetime.combine(row["visit_detail_start_date"], datetime.min.time())
        until = index.predicted_at
        if row["visit_detail_end_date"] is not None and _moment(row, "visit_detail_end", settings) < index.predicted_at:
            ended = when(row, "visit_detail_end_date", "visit_detail_end_datetime")
            until = ended or datetime.combine(row["visit_detail_end_date"], datetime.min.time())
        began = max(began, index.admitted_at)
        first = index.admitted_at - timedelta(days=1)
        # second by second, so that none counts twice
        seconds |= set(range(round((began - first).total_seconds()), round((until - first).total_seconds())))
    return {"critical_care": float(bool(rows)), "critical_care_hours": on_grid(len(seconds) / 3600, 1)}


def _ejection_fraction(source: Source, index: Index, settings: FeatureSettings) -> dict[str, float | None]:
    listed = read_yaml("stay.yaml")["ejection_fraction"]
    concepts = {*listed["concepts"], *settings.ejection_fraction_measurements}
    values: dict[datetime, list[float]] = {}
    for row in source.of(index.person_id, "measurement"):
        is_it = row["measurement_concept_id"] in concepts or row.get("measurement_source_value") in listed["codes"]
        value = row["value_as_number"]
        if not is_it or value is None:
            continue
        if not is_known(row, "measurement_date", "measurement_datetime", index, settings):
            continue
        if days(index.admission_date, row["measurement_date"]) > settings.ejection_fraction_lookback_days:
            continue
        value = value * 100 if 0.05 <= value <= 0.85 else value
        if 5 <= round(value, 1) <= 85:
            values.setdefault(_moment(row, "measurement", settings), []).append(value)
    lvef = None
    if values:
        last = values[max(values)]
        lvef = on_grid(round(sum(last) / len(last), 9), 1)
    kind = _diagnosed(source, index, settings)
    if lvef is not None:
        kind = "hfref" if lvef <= 40 else "hfpef" if lvef >= 50 else "hfmref"
    return {"lvef": lvef, **{name: float(kind == name) for name in _KINDS}, "ef_unknown": float(kind is None)}


def _diagnosed(source: Source, index: Index, settings: FeatureSettings) -> str | None:
    concepts = {443580: "hfref", 45766164: "hfref", 443587: "hfpef"}
    icd9 = {"4282": "hfref", "4284": "hfref", "4283": "hfpef"}
    visits = {row["visit_occurrence_id"]: row for row in source.of(index.person_id, "visit_occurrence")}
    said = []
    for row in source.of(index.person_id, "condition_occurrence"):
        text = str(row["condition_source_value"] or "").replace(".", "").strip()
        # codes of ICD-9-CM, which no other edition has
        kind = concepts.get(row["condition_concept_id"]) or icd9.get(text[:4])
        if kind is None:
            continue
        on, known = row["condition_start_date"], _moment(row, "condition_start", settings)
        visit = visits.get(row["visit_occurrence_id"])
        if visit is not None:
            on, known = max(on, visit["visit_start_date"]), max(known, _moment(visit, "visit_end", settings))
        ago = days(index.admission_date, on)
        own = row["visit_occurrence_id"] in index.visits
        earlier = ago >= 1 and not own and known < index.predicted_at
        live = (
            own
            and settings.coding_is_live
            and is_coded_by_discharge(row, "condition_start_date", "condition_start_datetime", index)
        )
        if (earlier or live) and ago <= settings.ejection_fraction_lookback_days:
            said.append((ago, _KINDS.index(kind)))
    return _KINDS[min(said)[1]] if said else None


def _procedures(
    source: Source, index: Index, settings: FeatureSettings, *, icd9: bool = False
) -> dict[str, float | None]:
    if settings.procedures_are_known == "when_coded" and not settings.coding_is_live:
        return {}
    codes = set()
    shape = r"\d\d\d\d?" if icd9 else r"[A-Z]\d\d\d?"
    for row in source.of(index.person_id, "procedure_occurrence"):
        text = str(row["procedure_source_value"] or "").upper().replace(".", "").replace(" ", "")
        known = is_known(row, "procedure_date", "procedure_datetime", index, settings)
        if known and re.fullmatch(shape, text) and row["procedure_date"] >= index.admission_date:
            codes.add(text)
    counted = {code for code in codes if code[0] not in "XYZU"}
    named = read_yaml("procedures.yaml")["named"]
    return {
        "procedures_in_stay": float(len(counted)),
        "any_procedure": float(bool(counted)),
        **{
            f"procedure_{name}": float(
                any(code.startswith(tuple(entry["icd9_procedure" if icd9 else "opcs4"])) for code in codes)
            )
            for name, entry in named.items()
        },
    }
