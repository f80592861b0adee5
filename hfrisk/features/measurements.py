"""Blood tests and vital signs of the stay, in UK units: last, lowest, highest, how many."""

from __future__ import annotations

from typing import Any

import ibis.expr.types as ir

from hfrisk.checks import Check
from hfrisk.codelists import read_yaml
from hfrisk.cohort import known_at
from hfrisk.features.dictionary import Feature
from hfrisk.features.family import KEYS, Context, Family, on_grid, small_table

__all__ = ["measurements"]

_THEME = "Blood tests and vital signs"


def measurements(context: Context) -> Family:
    """Last, lowest and highest value and the number of values of each analyte, between admission and discharge.

    Computed long (one row an index discharge and analyte) and turned wide at the end. Tests of the day before admission count,
    since blood is often taken in A&E before midnight.
    """
    if not context.cdm.has("measurement"):
        return Family((), None)
    analytes = read_yaml("measurements.yaml")
    long = _long(context, analytes)
    found = set(context.cdm.frame(long.select("analyte").distinct(), "analytes")["analyte"])
    kept = {name: entry for name, entry in analytes.items() if name in found}
    if not kept:
        return Family((), None, notices=[_not_found(sorted(analytes))])
    columns: dict[str, ir.Value] = {}
    entries: list[Feature] = []
    for name, entry in kept.items():
        here = long.analyte == name
        grid = float(entry["grid"])
        for statistic, words in (("last", "last"), ("lowest", "lowest"), ("highest", "highest")):
            columns[f"{name}_{statistic}"] = on_grid(long[statistic].max(where=here), grid)
            entries.append(_entry(f"{name}_{statistic}", f"{words} {entry['words']}", entry))
        columns[f"{name}_count"] = on_grid(long.values.max(where=here).fill_null(0), 1)
        entries.append(
            Feature(
                f"{name}_count",
                f"number of {entry['words']} values",
                family="laboratory",
                theme=_THEME,
                unit="count",
                window="in the stay",
                sources=("measurement",),
                precision=1,
                lower=0,
                upper=500,
                direction="higher",
                skewed=True,
                kind="count",
            )
        )
    wide = long.group_by(list(KEYS)).aggregate(**columns)
    table = context.index.select(*KEYS).left_join(wide, list(KEYS)).drop("person_id_right", "index_id_right")
    filled = {name: table[name].fill_null(0.0) if name.endswith("_count") else table[name] for name in columns}
    missing = sorted(set(analytes) - set(kept))
    return Family(tuple(entries), table.select(*KEYS, **filled), notices=[_not_found(missing)] if missing else [])


def _long(context: Context, analytes: dict[str, Any]) -> ir.Table:
    wanted = small_table(
        [
            {"concept": concept, "analyte": name, "lower": float(entry["lower"]), "upper": float(entry["upper"])}
            for name, entry in analytes.items()
            for concept in entry["concepts"]
        ]
    )
    factors = small_table(
        [
            {"of": name, "unit": unit, "factor": float(factor)}
            for name, entry in analytes.items()
            for unit, factor in entry.get("factors", {}).items()
        ]
    )
    rows = context.cdm.table("measurement")
    rows = rows.filter(rows.value_as_number.notnull(), rows.measurement_date.notnull())
    rows = rows.semi_join(context.index.select("person_id").distinct(), "person_id")
    rows = rows.inner_join(wanted, rows.measurement_concept_id == wanted.concept)
    rows = rows.left_join(factors, [rows.analyte == factors["of"], rows.unit_concept_id == factors.unit])
    rows = rows.select(
        "person_id",
        "analyte",
        "lower",
        "upper",
        on="measurement_date",
        at=known_at(rows.measurement_date, rows.measurement_datetime),
        value=rows.value_as_number * rows.factor.fill_null(1.0),
    )
    rows = rows.filter(rows.value.between(rows.lower, rows.upper))
    index = context.index.select(*KEYS, "admission_date", "discharged_at")
    pairs = index.inner_join(rows.select("person_id", "analyte", "on", "at", "value"), "person_id")
    pairs = pairs.filter(pairs.at < pairs.discharged_at, pairs.admission_date.delta(pairs.on, unit="day") <= 1)
    # several values of one moment: halfway between the lowest and the highest, whatever their order
    moments = pairs.group_by([*KEYS, "analyte", "at"]).aggregate(
        low=pairs.value.min(), high=pairs.value.max(), values=pairs.count()
    )
    middle = (moments.low + moments.high) / 2
    return moments.group_by([*KEYS, "analyte"]).aggregate(
        last=middle.argmax(moments["at"]),
        lowest=moments.low.min(),
        highest=moments.high.max(),
        values=moments["values"].sum(),
    )


def _entry(name: str, words: str, entry: dict[str, Any]) -> Feature:
    return Feature(
        name,
        words,
        family="laboratory",
        theme=_THEME,
        unit=entry["unit"],
        window="in the stay",
        sources=("measurement",),
        precision=float(entry["grid"]),
        lower=float(entry["lower"]),
        upper=float(entry["upper"]),
        direction=entry["direction"],
        modifiable=bool(entry["modifiable"]),
        skewed=bool(entry["skewed"]),
    )


def _not_found(names: list[str]) -> Check:
    analytes = read_yaml("measurements.yaml")
    return Check(
        "HFR032",
        "note",
        "Some blood tests or vital signs are not in the source",
        "No usable value was found for: {names}.",
        "The model does not know them.",
        "If they are recorded under other concepts, their list needs those concepts.",
        facts={"names": ", ".join(analytes[name]["words"] for name in names)},
    )
