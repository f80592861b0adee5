"""Medicines, one index discharge at a time.

The random concept_ancestor has the clinical drugs; without the table `concept`, ingredients are those of the list, and a drug
of which nothing is known is a medicine of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any

from hfrisk.codelists import read_csv, read_yaml
from hfrisk.features import FeatureSettings
from tests.features.naive import Index, Source, end_of_day, is_known, on_grid, when

__all__ = ["CASES", "expected"]

CASES = [
    (("medicines",), {}),
    (("medicines",), {"dates_are_known": "start_of_day", "medicines_hours": 24, "availability": "none"}),
]
CLASSES: dict[str, dict[str, Any]] = read_yaml("medicines.yaml")
RULES: dict[str, Any] = read_yaml("medicine_rules.yaml")
LISTED = {int(row["concept"]) for row in read_csv("medicine_ingredients.csv")}
RAS = ("ace_inhibitor", "arb", "arni")


def expected(source: Source, index: Index, settings: FeatureSettings) -> dict[str, float | None]:
    rows = [
        _dated(row, settings)
        for row in source.of(index.person_id, "drug_exposure")
        if row["drug_concept_id"] and _known(row, index, settings)
    ]
    told = index.predicted_at
    hours = settings.medicines_hours
    midnight = index.admission_date
    a_day_in = index.admitted_at + timedelta(hours=24)
    last = [row for row in rows if row["ended"] >= told - timedelta(hours=hours)]
    first = [row for row in rows if row["began"] < a_day_in and row["until"] >= midnight]
    year = [row for row in rows if row["on"] < midnight and row["until"] >= midnight - timedelta(days=365)]
    inside = {name: _ingredients(source, some) for name, some in (("last", last), ("first", first), ("year", year))}
    classes = {name: _classes(found) for name, found in inside.items()}
    ever = classes["last"] | classes["first"] | classes["year"]
    given = classes["last"]
    made: dict[str, float | None] = {}

    def could(name: str) -> bool:
        since = RULES["availability"]["england"].get(name)
        return settings.availability == "none" or since is None or told >= datetime.combine(since["since"], time(0))

    for name in CLASSES:
        made[name] = float(name in given) if could(name) or name in ever else None
    pillars = [name for name in CLASSES if CLASSES[name].get("pillar")]
    made["pillars"] = float(sum(name in given for name in pillars))
    made["pillars_available"] = float(sum(could(name) or name in ever for name in pillars))
    made["pillars_missing"] = made["pillars_available"] - made["pillars"]
    stay = told - index.admitted_at
    for name in ("ras_inhibitor", "beta_blocker", "mra", "sglt2_inhibitor", "loop_diuretic"):
        known = could(name) or name in ever
        before = name in classes["first"] or name in classes["year"]
        made[f"{name}_year"] = float(name in classes["year"]) if known else None
        started = known and stay > timedelta(hours=24)
        made[f"{name}_started"] = float(name in given and not before) if started else None
        stopped = known and stay > timedelta(hours=24 + hours)
        made[f"{name}_stopped"] = float(before and name not in given) if stopped else None
    loops = [row for row in rows if _loop(source, row)]
    for span in (24, 48):
        since = told - timedelta(hours=span)
        veins = [row for row in loops if row["route_concept_id"] == 4171047 and row["ended"] >= since]
        made[f"loop_diuretic_iv_{span}h"] = float(bool(veins))
    mine = [row for row in loops if row["on"] >= midnight]
    end = _dose(source, [row for row in mine if row["ended"] >= told - timedelta(hours=24)], told)
    begin = _dose(source, [row for row in mine if row["began"] < a_day_in], told)
    made["loop_furosemide_equivalent_mg"] = on_grid(end, 1)
    both = end is not None and begin is not None and stay > timedelta(hours=48)
    made["loop_dose_change"] = on_grid(end - begin, 1) if both else None  # type: ignore[operator]
    made["medicines_count"] = float(len(inside["last"]))
    made["medicines_count_year"] = float(len(inside["year"]))
    made["polypharmacy"] = float(len(inside["last"]) >= 10)
    for name, entry in RULES["together"].items():
        made[name] = float(all(given & set(group) for group in entry["all_of"]))
    avoided = {"gliptin_to_avoid", "thiazolidinedione", "nsaid", "calcium_blocker_nondhp", "antiarrhythmic_to_avoid"}
    made["medicines_to_avoid"] = float(len(given & avoided))
    return made


def _known(row: dict[str, Any], index: Index, settings: FeatureSettings) -> bool:
    return is_known(row, "drug_exposure_start_date", "drug_exposure_start_datetime", index, settings)


def _dated(row: dict[str, Any], settings: FeatureSettings) -> dict[str, Any]:
    """The row with its first and last day, and when it began and ended."""
    on: date = row["drug_exposure_start_date"]
    begins_late = settings.dates_are_known == "end_of_day"
    blank = end_of_day(on) if begins_late else datetime.combine(on, time(0))
    began = when(row, "drug_exposure_start_date", "drug_exposure_start_datetime") or blank
    until = row["drug_exposure_end_date"]
    if until is None and row["days_supply"] is not None:
        until = on + timedelta(days=min(max(int(row["days_supply"]) - 1, 0), 365))
    until = max(on, until or on)
    ended = end_of_day(until) if until > on else began
    at = row["drug_exposure_end_datetime"]
    if at is not None and at.date() == until and at.time() != time(0):
        ended = at
    return {**row, "on": on, "until": until, "began": began, "ended": max(began, ended)}


def _parts(source: Source, drug: int) -> set[int]:
    if drug in LISTED:
        return {drug}
    above = {
        row["ancestor_concept_id"] for row in source.all("concept_ancestor") if row["descendant_concept_id"] == drug
    }
    return (above & LISTED) or {drug}


def _ingredients(source: Source, rows: Iterable[dict[str, Any]]) -> set[int]:
    return {part for row in rows for part in _parts(source, row["drug_concept_id"])}


def _classes(ingredients: set[int]) -> set[str]:
    found = {name for name, entry in CLASSES.items() if ingredients & set(entry.get("concepts", []))}
    others = ingredients & set(CLASSES["arb"]["concepts"]) - {1308842}
    if "arni" in found and not others:
        found.discard("arb")
    if found & set(RAS):
        found.add("ras_inhibitor")
    return found


def _loop(source: Source, row: dict[str, Any]) -> list[int]:
    return sorted(_parts(source, row["drug_concept_id"]) & {956874, 932745, 942350})


def _dose(source: Source, rows: list[dict[str, Any]], told: datetime) -> float | None:
    if not rows:
        return 0.0
    single = [row for row in rows if (row["until"] - row["on"]).days <= 1 and row["ended"] < told]
    doses = [_worth(source, row) for row in single]
    if not doses or None in doses:
        return None
    total = sum(dose for dose in doses if dose is not None)
    return total if total <= 1000 else None


def _worth(source: Source, row: dict[str, Any]) -> float | None:
    (loop,) = _loop(source, row)
    strengths = [
        told["amount_value"]
        for told in source.all("drug_strength")
        if told["drug_concept_id"] == row["drug_concept_id"]
        and told["ingredient_concept_id"] == loop
        and told["amount_unit_concept_id"] == 8576
        and told["amount_value"]
    ]
    dose = row["dose_mg"] or (row["quantity"] * max(strengths) if row["quantity"] and strengths else None)
    vein = row["route_concept_id"] == 4171047
    factor = {956874: 2 if vein else 1, 932745: 40, 942350: 2}[loop]
    return dose * factor if dose else None
