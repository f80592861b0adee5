"""Blood tests and vital signs, one index discharge at a time, in exact fractions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, time, timedelta
from fractions import Fraction
from typing import Any

from hfrisk.codelists import read_yaml
from hfrisk.features import FeatureSettings
from tests.features.naive import Index, Source, days, end_of_day, is_known, on_grid, when

__all__ = ["CASES", "expected"]

CASES = [(("laboratory",), {}), (("laboratory",), {"dates_are_known": "start_of_day"})]
STATISTICS = ("first", "last", "lowest", "highest", "mean", "change", "slope", "since", "count", "censored")
# Levey 2009 and Inker 2021, written out: by sex, kappa in mg/dL, the power below it, and the factor; then the power above it and the year's
EQUATIONS = {
    "2009": ({8507: (0.9, -0.411, 141.0), 8532: (0.7, -0.329, 141 * 1.018)}, -1.209, 0.993),
    "2021": ({8507: (0.9, -0.302, 142.0), 8532: (0.7, -0.241, 142 * 1.012)}, -1.2, 0.9938),
}

Values = list[tuple[datetime, Fraction, bool]]


def expected(source: Source, index: Index, settings: FeatureSettings) -> dict[str, float | None]:
    analytes: dict[str, dict[str, Any]] = read_yaml("measurements.yaml")
    stay: dict[str, Values] = {name: [] for name in analytes}
    year: dict[str, Values] = {name: [] for name in analytes}
    for row in source.of(index.person_id, "measurement"):
        if not is_known(row, "measurement_date", "measurement_datetime", index, settings):
            continue
        ago = days(index.admission_date, row["measurement_date"])
        name = next(
            (name for name, entry in analytes.items() if row["measurement_concept_id"] in entry["concepts"]), None
        )
        if name is None or ago > 365:
            continue
        value, bound = read(row, analytes[name])
        if value is not None:
            (stay if ago <= 1 else year)[name].append((moment(row, settings), value, bound))
    found: dict[str, float | None] = {}
    for name, entry in analytes.items():
        in_stay = of_window(stay[name], entry, index.predicted_at, timedelta(hours=1))
        before = of_window(year[name], entry, index.predicted_at, timedelta(days=1))
        for statistic in STATISTICS:
            found[f"{name}_{'hours_since' if statistic == 'since' else statistic}"] = in_stay[statistic]
            if statistic != "censored":
                found[f"{name}_year_{'days_since' if statistic == 'since' else statistic}"] = before[statistic]
    sex = {row["person_id"]: row["gender_concept_id"] for row in source.all("person")}[index.person_id]
    return {**found, **worked_out(found, sex, index.age)}


def moment(row: Mapping[str, Any], settings: FeatureSettings) -> datetime:
    """The minute at which a test was taken; without a time, the last minute of the day, or its first where the study says so."""
    at = when(row, "measurement_date", "measurement_datetime")
    if at is None:
        day = row["measurement_date"]
        at = end_of_day(day) if settings.dates_are_known == "end_of_day" else datetime.combine(day, time(0))
    return at.replace(second=0, microsecond=0)


def read(row: Mapping[str, Any], entry: Mapping[str, Any]) -> tuple[Fraction | None, bool]:
    """The value in the UK unit, to a hundredth of the grid, and whether it is only a bound."""
    number, text = row.get("value_as_number"), row.get("value_source_value")
    bound = row.get("operator_concept_id") in {4171754, 4171755, 4171756, 4172704}
    if number is None:
        match = re.fullmatch(r"[<>≤≥]=?(\d+(?:\.\d+)?)", (text or "").replace(" ", "").replace(",", ""))
        if match is None:
            return None, False
        number, bound = float(match.group(1)), True
    unit = row.get("unit_concept_id") or spelt(row.get("unit_source_value"))
    times, plus = 1.0, 0.0
    if unit is not None and unit not in entry["units"]:
        factor = entry.get("factors", {}).get(unit)
        if factor is None:
            return None, False
        times, plus = factor if isinstance(factor, list) else (factor, 0.0)
    value = number * times + plus
    if not entry["lower"] <= value <= entry["upper"]:
        return None, False
    per = round(100 / entry["grid"])
    return Fraction(int(value * per + 0.5), per), bound


def spelt(text: str | None) -> int | None:
    if text is None:
        return None
    plain = text.lower().replace(" ", "").replace("µ", "u").replace("μ", "u")
    return next((unit for unit, spellings in read_yaml("units.yaml").items() if plain in spellings), None)


def of_window(values: Values, entry: Mapping[str, Any], asked: datetime, unit: timedelta) -> dict[str, float | None]:
    grid = entry["grid"]
    if not values:
        return {**dict.fromkeys(STATISTICS), "count": 0.0, "censored": 0.0}
    moments = sorted({at for at, _, _ in values})
    low = [min(value for at, value, _ in values if at == one) for one in moments]
    high = [max(value for at, value, _ in values if at == one) for one in moments]
    middle = [(a + b) / 2 for a, b in zip(low, high, strict=True)]
    first, last = rounded(middle[0], grid), rounded(middle[-1], grid)
    several = len(moments) > 1
    return {
        "first": first,
        "last": last,
        "lowest": rounded(min(low), grid),
        "highest": rounded(max(high), grid),
        "mean": rounded(sum(middle) / len(middle), grid),
        "change": on_grid(last - first, grid) if several else None,
        "slope": rounded(slope(moments, middle), grid / 100) if several else None,
        "since": rounded(Fraction(minutes(moments[-1], asked), unit // timedelta(minutes=1)), 1),
        "count": float(len(moments)),
        "censored": float(len({at for at, _, bound in values if bound})),
    }


def minutes(earlier: datetime, later: datetime) -> int:
    return (later.replace(second=0, microsecond=0) - earlier) // timedelta(minutes=1)


def slope(moments: list[datetime], values: list[Fraction]) -> Fraction:
    """Least squares, per day."""
    t = [Fraction(minutes(moments[0], at), 1440) for at in moments]
    mean_t, mean_y = sum(t) / len(t), sum(values) / len(values)
    up = sum((a - mean_t) * (b - mean_y) for a, b in zip(t, values, strict=True))
    return up / sum((a - mean_t) ** 2 for a in t)


def rounded(value: Fraction, grid: float) -> float:
    """To the nearest multiple of the grid, halves away from zero; grids are powers of ten."""
    per = round(1 / grid)
    whole = int(abs(value) * per + Fraction(1, 2))
    return (-whole if value < 0 else whole) / per


def worked_out(found: Mapping[str, float | None], sex: int, age: float | None) -> dict[str, float | None]:
    creatinine, haemoglobin, sodium = (found[f"{name}_last"] for name in ("creatinine", "haemoglobin", "sodium"))
    made: dict[str, float | None] = {}
    for year, (by_sex, above, yearly) in EQUATIONS.items():
        made[f"egfr_{year}"] = None
        if creatinine is not None and age is not None and age >= 18 and sex in by_sex:
            kappa, below, factor = by_sex[sex]
            ratio = creatinine / 88.4 / kappa
            made[f"egfr_{year}"] = on_grid(factor * min(ratio, 1) ** below * max(ratio, 1) ** above * yearly**age, 1)
    limit = {8507: 130, 8532: 120}.get(sex)
    made["anaemia_measured"] = None if haemoglobin is None or limit is None else float(haemoglobin < limit)
    made["hyponatraemia"] = None if sodium is None else float(sodium < 135)
    ferritin, saturation = latest(found, "ferritin"), latest(found, "transferrin_saturation")
    made["iron_deficiency_tsat"] = None if saturation is None else float(saturation < 20)
    made["iron_deficiency_esc"] = None
    if ferritin is not None:
        decided = 1.0 if ferritin < 100 else 0.0 if ferritin >= 300 else made["iron_deficiency_tsat"]
        made["iron_deficiency_esc"] = decided
    weight, height, measured = latest(found, "weight"), latest(found, "height"), latest(found, "bmi")
    made["bmi"] = measured
    if measured is None and weight is not None and height is not None:
        made["bmi"] = on_grid(weight / (height / 100 * (height / 100)), 0.1)
    return made


def latest(found: Mapping[str, float | None], name: str) -> float | None:
    stay = found[f"{name}_last"]
    return found[f"{name}_year_last"] if stay is None else stay
