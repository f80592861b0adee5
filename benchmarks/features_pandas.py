"""The laboratory window in plain pandas: read, merge, group by. The same columns, and how long that takes."""

from __future__ import annotations

import statistics
import time
from pathlib import Path
from typing import Any

from features_engine import peak_memory_gb, rounded, with_kept_cohort

KEYS = ["person_id", "index_id"]
# what the family may call each statistic of the stay; the first name that it has is compared
STATISTICS = {
    "last": ("last",),
    "lowest": ("lowest", "min"),
    "highest": ("highest", "max"),
    "count": ("count",),
}
_END_OF_DAY = 86_399


def lists() -> dict[str, Any]:
    """The published lists that both follow: concepts, factors to UK units, limits, grids."""
    from hfrisk.codelists import read_yaml

    analytes = read_yaml("measurements.yaml")
    units = read_yaml("units.yaml")
    return {
        "analyte": {concept: name for name, entry in analytes.items() for concept in entry["concepts"]},
        "factor": _in_uk_units(analytes, 0, 1.0),
        "offset": _in_uk_units(analytes, 1, 0.0),
        "lower": {name: float(entry["lower"]) for name, entry in analytes.items()},
        "upper": {name: float(entry["upper"]) for name, entry in analytes.items()},
        "grid": {name: float(entry["grid"]) for name, entry in analytes.items()},
        "spelt": {spelling: int(concept) for concept, listed in units.items() for spelling in listed},
    }


def _in_uk_units(analytes: dict[str, Any], place: int, of_the_same_number: float) -> dict[tuple[str, int], float]:
    """By analyte and unit: the factor (place 0) or the offset (place 1); a unit that is not there is not used."""
    found = {}
    for name, entry in analytes.items():
        found |= {(name, int(unit)): of_the_same_number for unit in entry.get("units", [])}
        for unit, given in entry.get("factors", {}).items():
            pair = given if isinstance(given, list) else (given, 0.0)
            found[name, int(unit)] = float(pair[place])
    return found


def naive(source: Path, index: Any, known: dict[str, Any]) -> Any:
    """Last, lowest, highest and number of values of each analyte from the day before admission until the prediction.

    A value counts once it is known (its time, or the end of its day), in the UK unit, and within the limits; of several values of
    one moment the last is halfway between the lowest and the highest.
    """
    import numpy as np
    import pandas as pd

    rows = pd.read_parquet(
        source / "measurement.parquet",
        columns=[
            "person_id",
            "measurement_concept_id",
            "measurement_date",
            "measurement_datetime",
            "value_as_number",
            "unit_concept_id",
            "unit_source_value",
        ],
    )
    rows["analyte"] = rows["measurement_concept_id"].map(known["analyte"])
    rows = rows.dropna(subset=["analyte", "value_as_number", "measurement_date"])
    rows = rows.merge(index, on="person_id")
    day = pd.to_datetime(rows["measurement_date"])
    timed = (rows["measurement_datetime"].dt.normalize() == day) & (rows["measurement_datetime"] != day)
    rows["at"] = rows["measurement_datetime"].where(timed, day + pd.Timedelta(seconds=_END_OF_DAY))
    rows = rows[
        (rows["at"] < rows["predicted_at"]) & ((pd.to_datetime(rows["admission_date"]) - day) <= pd.Timedelta(days=1))
    ]
    spelt = rows["unit_source_value"].str.lower().str.replace(" ", "").str.replace("[µμ]", "u", regex=True)
    unit = rows["unit_concept_id"].where(rows["unit_concept_id"] != 0).fillna(spelt.map(known["spelt"]))
    pair = pd.Series(zip(rows["analyte"], unit, strict=True), index=rows.index)
    # a value without a unit is taken as in the UK unit
    factor, offset = (
        pair.map(known[name]).astype("float64").mask(unit.isna(), alone)
        for name, alone in (("factor", 1.0), ("offset", 0.0))
    )
    rows["value"] = rows["value_as_number"] * factor + offset
    rows = rows[rows["value"].between(rows["analyte"].map(known["lower"]), rows["analyte"].map(known["upper"]))]
    moments = rows.groupby([*KEYS, "analyte", "at"])["value"].agg(["min", "max", "count"]).reset_index()
    moments["middle"] = (moments["min"] + moments["max"]) / 2
    long = moments.sort_values("at").groupby([*KEYS, "analyte"])
    long = long.agg(
        last=("middle", "last"), lowest=("min", "min"), highest=("max", "max"), count=("count", "sum")
    ).reset_index()
    for statistic in ("last", "lowest", "highest"):
        grid = long["analyte"].map(known["grid"])
        parts = (1 / grid).round()
        long[statistic] = np.sign(long[statistic]) * np.floor(long[statistic].abs() * parts + 0.5) / parts
    wide = long.pivot(index=KEYS, columns="analyte", values=list(STATISTICS))
    wide.columns = [f"{analyte}_{statistic}" for statistic, analyte in wide.columns]
    wide = wide.reindex(pd.MultiIndex.from_frame(index[KEYS]))
    counts = [name for name in wide.columns if name.endswith("_count")]
    wide[counts] = wide[counts].fillna(0.0)
    return wide.astype("float64").sort_index()


def against_pandas(source: str, kept: str, fingerprint: str, repeats: int, memory_gb: float) -> dict[str, Any]:
    """Every column that both have is equal in every row, exactly; then how long each took, reading the files included."""
    from hfrisk.features import FeatureSettings, build_features

    known = lists()
    ours, theirs, before = [], [], 0.0
    for _ in range(repeats):
        with with_kept_cohort(source, kept, fingerprint, memory_gb) as (cdm, cohort):
            began = time.perf_counter()
            made = build_features(cdm, cohort, FeatureSettings(families=("laboratory",)))
            ours.append(time.perf_counter() - began)
            found = made.table.execute().set_index(KEYS).sort_index()
            index = cohort.table.select(*KEYS, "admission_date", "predicted_at").execute()
        before = before or peak_memory_gb()
        began = time.perf_counter()
        expected = naive(Path(source), index, known)
        theirs.append(time.perf_counter() - began)
    pairs, missing = _pairs(expected.columns, {entry.name for entry in made.catalogue})
    unequal = {
        name: differing
        for name, ours_called in pairs.items()
        if (differing := _differing(found[ours_called], expected[name]))
    }
    seconds, naive_seconds = statistics.median(ours), statistics.median(theirs)
    return {
        "index_discharges": len(expected),
        "columns_compared": len(pairs),
        "values_compared": len(pairs) * len(expected),
        "of_which_recorded": int(expected[list(pairs)].notna().sum().sum()),
        "not_compared": missing,
        "rows_that_differ": unequal,
        "equal": bool(pairs) and not missing and not unequal,
        "repeats": repeats,
        **rounded(
            {
                "feature_seconds": seconds,
                "feature_seconds_least": min(ours),
                "pandas_seconds": naive_seconds,
                "pandas_seconds_least": min(theirs),
            }
        ),
        "times_faster": round(naive_seconds / seconds, 1),
        "peak_memory_gb": round(before, 2),
        "pandas_peak_memory_gb": round(peak_memory_gb(), 2),
    }


def _pairs(expected: Any, made: set[str]) -> tuple[dict[str, str], list[str]]:
    pairs, missing = {}, []
    for name in expected:
        analyte, _, statistic = name.rpartition("_")
        called = [f"{analyte}_{other}" for other in STATISTICS[statistic] if f"{analyte}_{other}" in made]
        if called:
            pairs[name] = called[0]
        else:
            missing.append(name)
    return pairs, missing


def _differing(found: Any, expected: Any) -> int:
    if not found.index.equals(expected.index):
        return max(len(found), len(expected))
    return int(((found != expected) & ~(found.isna() & expected.isna())).sum())
