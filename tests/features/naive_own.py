"""Features of the study's own, one index discharge at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

import yaml

from hfrisk.features import FeatureSettings
from hfrisk.features.own_settings import OwnFeature
from tests.features.naive import Index, Source, days, end_of_day, is_coded_by_discharge, is_known, on_grid, when

__all__ = ["CASES", "expected"]

# as a study file says it
OWN: dict[str, Any] = yaml.safe_load("""
failing:
  {words: heart failure or diabetes, table: condition_occurrence, codes: [I50, e11.], window_days: 730, 
   statistics: &every [any, count, days_since]}
lungs: {words: lung disease, table: condition_occurrence, codes: [J44, J18.1], when: stay, statistics: *every}
frail: {words: falls and sores, table: condition_occurrence, codes: [R29, L8, W], when: both, window_days: 90, statistics: *every}
creatinine:
  {words: creatinine as recorded, table: measurement, concepts: [3020564, 3016723], descendants: false, when: both, window_days: 181,
   lower: 1, upper: 900, precision: 0.1, statistics: [any, count, days_since, last_value]}
peptide:
  {words: peptide in the stay, table: measurement, concepts: [3029187, 3029435, 3031569, 42870364, 1617024], descendants: false,
   when: stay, lower: 0, upper: 100000, precision: 1, statistics: [last_value, any]}
sodium:
  {words: sodium in mmol/L, table: measurement, concepts: [3019550, 999], descendants: false, unit_concepts: [8753, 0],
   window_days: 366, statistics: *every}
seven: {words: in cohort seven, cohort: 7, window_days: 366, statistics: *every}
eight: {words: in cohort eight, cohort: 8, when: both, window_days: 31, statistics: *every}
eight_now: {words: in cohort eight in the stay, cohort: 8, when: stay, statistics: *every}
""")
CASES = [
    (("own",), {"own": OWN}),
    (("own",), {"coding_is_live": True, "coding_lag_days": 7, "dates_are_known": "start_of_day", "own": OWN}),
]


def expected(source: Source, index: Index, settings: FeatureSettings) -> dict[str, float | None]:
    found: dict[str, float | None] = {}
    for name, feature in settings.own.items():
        kept = [
            (on, at, value)
            for on, at, value in _records(source, index, settings, feature)
            if _in_window(feature, days(index.admission_date, on)) and _in_range(feature, value)
        ]
        to = index.admission_date if feature.when == "before" else index.predicted_at.date()
        last = max((on for on, _, _ in kept), default=None)
        statistics = {
            "any": float(bool(kept)),
            "count": len({on for on, _, _ in kept}),
            "days_since": None if last is None else days(to, last),
            "last_value": on_grid(_last(kept), feature.precision),
        }
        found.update({f"own_{name}_{statistic}": statistics[statistic] for statistic in feature.statistics})
    return found


CODE = "[A-Z][0-9][0-9A-Z]([0-9A-Z]{0,2})[A*+-]?"
MOMENT = {
    "condition": ("condition_start_date", "condition_start_datetime"),
    "observation": ("observation_date", "observation_datetime"),
}
Found = tuple[date, datetime, float | None]


def _records(source: Source, index: Index, settings: FeatureSettings, feature: OwnFeature) -> Iterator[Found]:
    if feature.table == "condition_occurrence":
        yield from _diagnoses(source, index, settings, feature)
    elif feature.table == "measurement":
        for row in source.of(index.person_id, "measurement"):
            if row["measurement_concept_id"] not in feature.concepts:
                continue
            if feature.unit_concepts and row["unit_concept_id"] not in feature.unit_concepts:
                continue
            if is_known(row, "measurement_date", "measurement_datetime", index, settings):
                day = row["measurement_date"]
                at = when(row, "measurement_date", "measurement_datetime") or end_of_day(day)
                yield day, at, row["value_as_number"]
    else:
        for row in source.of(index.person_id, "cohort"):
            day = row["cohort_start_date"]
            if row["cohort_definition_id"] == feature.cohort and is_known(
                row, "cohort_start_date", "nothing", index, settings
            ):
                yield day, end_of_day(day), None


def _diagnoses(source: Source, index: Index, settings: FeatureSettings, feature: OwnFeature) -> Iterator[Found]:
    prefixes = tuple(code.upper().replace(".", "") for code in feature.codes)
    visits = {row["visit_occurrence_id"]: row for row in source.of(index.person_id, "visit_occurrence")}
    blank = end_of_day if settings.dates_are_known == "end_of_day" else lambda day: datetime.combine(day, time(0))
    # an observation that holds a code is a diagnosis like any other, unless it says No
    rows = [
        (row, "condition", row["condition_source_value"], row["condition_start_date"])
        for row in source.of(index.person_id, "condition_occurrence")
    ] + [
        (row, "observation", row["observation_source_value"], row["observation_date"])
        for row in source.of(index.person_id, "observation")
        if row["value_as_concept_id"] not in {4188540, 45878245} and row["value_as_number"] != 0
    ]
    for row, kind, written, on in rows:
        code = (written or "").upper().replace(".", "").replace(" ", "")
        if not re.fullmatch(CODE, code) or not code.startswith(prefixes):
            continue
        known = when(row, *MOMENT[kind]) or blank(on)
        if row.get("recorded_at") is not None:
            known = max(known, row["recorded_at"])
        visit = visits.get(row["visit_occurrence_id"])
        if visit is not None:
            on = max(on, visit["visit_start_date"])
            known = max(known, when(visit, "visit_end_date", "visit_end_datetime") or blank(visit["visit_end_date"]))
        if row["visit_occurrence_id"] in index.visits:
            if settings.coding_is_live and is_coded_by_discharge(row, *MOMENT[kind], index):
                yield on, end_of_day(on), None
        elif on < index.admission_date and known + timedelta(days=settings.coding_lag_days) < index.predicted_at:
            yield on, end_of_day(on), None


def _in_window(feature: OwnFeature, ago: int) -> bool:
    before, stay = 1 <= ago <= feature.window_days, ago <= 0
    return {"before": before, "stay": stay, "both": before or stay}[feature.when]


def _in_range(feature: OwnFeature, value: float | None) -> bool:
    if feature.lower is None and feature.upper is None:
        return True
    lower = -1e300 if feature.lower is None else feature.lower
    upper = 1e300 if feature.upper is None else feature.upper
    return value is not None and lower <= value <= upper


def _last(kept: list[Found]) -> float | None:
    valued = [(at, value) for _, at, value in kept if value is not None]
    if not valued:
        return None
    latest = max(at for at, _ in valued)
    there = [value for at, value in valued if at == latest]
    return (min(there) + max(there)) / 2
