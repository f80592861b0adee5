"""Conditions, Charlson, Elixhauser and frailty, one index discharge at a time, from the definitions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

from hfrisk import codelists
from hfrisk.codelists import read_yaml
from hfrisk.features import FeatureSettings
from tests.features.naive import Index, Row, Source, days, end_of_day, is_coded_by_discharge, on_grid, when

__all__ = ["CASES", "Known", "codes_known", "expected", "expected_of"]

FAMILIES = ("comorbidity", "frailty")
CASES: list[tuple[tuple[str, ...], dict[str, Any]]] = [
    (FAMILIES, {}),
    (FAMILIES, {"coding_is_live": True, "comorbidity_index_lookback_days": 365, "frailty_lookback_days": 90}),
    (
        FAMILIES,
        {
            "dates_are_known": "start_of_day",
            "coding_lag_days": 31,
            "codes_in_observations": False,
            "condition_lookback_days": 730,
        },
    ),
]
SHAPES = {
    "icd10_uk": r"[A-Z][0-9][0-9A-Z][0-9A-Z]{0,2}[A*+-]?",
    "icd10_cm": r"[A-Z][0-9][0-9A-Z][0-9A-Z]{0,4}",
    "icd9_cm": r"([0-9]{3}|V[0-9]{2}|E[0-9]{3})[0-9]{0,2}",
}
CHARLSON_WEIGHTS = {
    "1987": "ami 1 chf 1 pvd 1 cevd 1 dementia 1 copd 1 rheumd 1 pud 1 mld 1 diab 1 diabwc 2 hp 2 rend 2 canc 2 msld 3 metacanc 6 aids 6",
    "2011": "chf 2 dementia 2 copd 1 rheumd 1 mld 2 diabwc 1 hp 2 rend 1 canc 2 msld 4 metacanc 6 aids 4",
    "shmi": "ami 5 chf 13 pvd 6 cevd 11 dementia 14 copd 4 rheumd 4 pud 9 mld 8 diab 3 diabwc -1 hp 1 rend 10 canc 8 msld 18 metacanc 14 "
    "aids 2",
}
VAN_WALRAVEN = (
    "chf 7 carit 5 valv -1 pcd 4 pvd 2 para 7 ond 6 cpd 3 rf 5 ld 11 lymph 9 metacanc 12 solidtum 4 coag 3 obes -4 wloss 6 fed 5 blane -2 "
    "dane -2 drug -7 depre -3"
)

read_csv = cache(codelists.read_csv)

Known = list[tuple[str, int, bool]]
"""Codes (or concepts) that were known, with the days before admission and whether they are of earlier times."""


def expected(source: Source, index: Index, settings: FeatureSettings) -> dict[str, float | None]:
    return expected_of(codes_known(source, index, settings, "icd10_uk"), index, settings, "icd10_uk")


def expected_of(known: Known, index: Index, settings: FeatureSettings, vocabulary: str) -> dict[str, float | None]:
    """The features of the codes that were known."""
    system, edition = ("icd9cm", "icd9") if vocabulary == "icd9_cm" else ("icd10", "icd10")
    far = settings.condition_lookback_days
    index_far = settings.comorbidity_index_lookback_days or far
    made: dict[str, float | None] = {}
    for name, entry in read_yaml("conditions.yaml").items():
        made[name] = float(
            any(
                code.startswith(tuple(entry[edition])) and ago <= far and (earlier or name != "heart_failure_before")
                for code, ago, earlier in known
            )
        )
    made["diagnoses_365d"] = float(len({code[:3] for code, ago, earlier in known if earlier and ago <= 365}))
    near = [code for code, ago, _ in known if ago <= index_far]
    quan = _held("charlson_quan.csv", system, near)
    made |= {f"charlson_{category}": value for category, value in quan.items()}
    made |= charlson_totals(quan, index)
    if system == "icd10":
        made["charlson_shmi"] = _sum(_charlson(_held("charlson_shmi.csv", system, near)), CHARLSON_WEIGHTS["shmi"])
    elixhauser = _held("elixhauser_quan.csv", system, near)
    made |= {f"elixhauser_{category}": value for category, value in elixhauser.items()}
    counted = _without(elixhauser, {"hypunc": "hypc", "diabunc": "diabc", "solidtum": "metacanc"})
    made["elixhauser_van_walraven"] = _sum(counted, VAN_WALRAVEN)
    made["elixhauser_count"] = sum(counted.values())
    return made | frailty([code for code, ago, _ in known if ago <= settings.frailty_lookback_days], vocabulary)


def charlson_totals(held: Mapping[str, float], index: Index) -> dict[str, float | None]:
    """The totals of Quan's categories."""
    counted = _charlson(held)
    original = _sum(counted, CHARLSON_WEIGHTS["1987"])
    aged = None if index.age is None else original + min(max((int(index.age) - 40) // 10, 0), 4)
    return {
        "charlson_1987": original,
        "charlson_1987_age": aged,
        "charlson_quan_2011": _sum(counted, CHARLSON_WEIGHTS["2011"]),
    }


def frailty(codes: list[str], vocabulary: str) -> dict[str, float | None]:
    """The frailty score of these codes."""
    weights = {row["code"]: float(row["weight"]) for row in read_csv("hfrs.csv")}
    found: set[str] = set()
    near = {row["prefix"]: row["category"].split("+") for row in read_csv("hfrs_icd9.csv")}
    for code in codes:
        if vocabulary == "icd9_cm":
            hits = [near[code[:length]] for length in (5, 4, 3) if code[:length] in near]
            found |= set(hits[0]) if hits else set()
        elif code[:3] in weights:
            found.add(code[:3])
    # tenths of points, so that nothing is lost
    tenths = sum(round(weights[code] * 10) for code in found)
    made: dict[str, float | None] = {
        "frailty_score": on_grid(tenths / 10, 0.1),
        "frailty_categories": float(len(found)),
    }
    if vocabulary != "icd9_cm":
        made["frailty_low"] = float(tenths < 50)
        made["frailty_intermediate"] = float(50 <= tenths <= 150)
        made["frailty_high"] = float(tenths > 150)
    return made


def codes_known(
    source: Source, index: Index, settings: FeatureSettings, vocabulary: str, *, concepts: bool = False
) -> Known:
    """The diagnoses that were known when the risk was asked for."""
    visits = {row["visit_occurrence_id"]: row for row in source.of(index.person_id, "visit_occurrence")}
    found: Known = []
    for row, code, concept, day, at in _written(source, index, settings, vocabulary):
        visit = visits.get(row.get("visit_occurrence_id"))
        on = max(day, visit["visit_start_date"]) if visit else day
        known = _latest(row, day, at, settings)
        if row.get("recorded_at") is not None:
            known = max(known, row["recorded_at"])
        if visit:
            ended = visit["visit_end_date"]
            known = max(known, when(visit, "visit_end_date", "visit_end_datetime") or _blank(ended, settings))
        known += timedelta(days=settings.coding_lag_days)
        own = row.get("visit_occurrence_id") in index.visits
        ago = days(index.admission_date, on)
        earlier = ago >= 1 and not own and known < index.predicted_at
        what = str(concept or "") if concepts else code
        dated = next(name for name in ("condition_start", "observation") if f"{name}_date" in row)
        in_time = is_coded_by_discharge(row, f"{dated}_date", f"{dated}_datetime", index)
        if what and (earlier or (own and settings.coding_is_live and in_time)):
            found.append((what, ago, earlier))
    return found


def _written(source: Source, index: Index, settings: FeatureSettings, vocabulary: str) -> list[Any]:
    found = []
    for row in source.of(index.person_id, "condition_occurrence"):
        if row["condition_start_date"] is not None:
            code = _coded(row["condition_source_value"], vocabulary)
            at = when(row, "condition_start_date", "condition_start_datetime")
            found.append((row, code, row["condition_concept_id"], row["condition_start_date"], at))
    for row in source.of(index.person_id, "observation") if settings.codes_in_observations else []:
        code = _coded(row.get("observation_source_value"), vocabulary)
        denied = row["value_as_concept_id"] in (4188540, 45878245) or row["value_as_number"] == 0
        if code and not denied and row["observation_date"] is not None and (vocabulary != "icd9_cm" or code[0] in "EV"):
            at = when(row, "observation_date", "observation_datetime")
            found.append((row, code, row["observation_concept_id"], row["observation_date"], at))
    return found


def _coded(text: str | None, vocabulary: str) -> str:
    code = (text or "").upper().replace(".", "").replace(" ", "")
    return code if re.fullmatch(SHAPES[vocabulary], code) else ""


def _latest(row: Row, day: date, at: datetime | None, settings: FeatureSettings) -> datetime:
    return at or _blank(day, settings)


def _blank(day: date, settings: FeatureSettings) -> datetime:
    return end_of_day(day) if settings.dates_are_known == "end_of_day" else datetime.combine(day, datetime.min.time())


def _held(file: str, system: str, codes: list[str]) -> dict[str, float]:
    return {
        category: float(any(code.startswith(prefixes) for code in codes))
        for category, prefixes in _prefixes(file, system).items()
    }


@cache
def _prefixes(file: str, system: str) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for row in read_csv(file):
        if row["system"] == system:
            found[row["category"]] = (*found.get(row["category"], ()), row["prefix"])
    return found


def _charlson(held: Mapping[str, float]) -> dict[str, float]:
    return _without(held, {"mld": "msld", "diab": "diabwc", "canc": "metacanc"})


def _without(held: Mapping[str, float], milder: Mapping[str, str]) -> dict[str, float]:
    return {c: 0.0 if c in milder and held[milder[c]] else value for c, value in held.items()}


def _sum(held: Mapping[str, float], weights: str) -> float:
    words = weights.split()
    return sum(int(weight) * held[category] for category, weight in zip(words[::2], words[1::2], strict=True))
