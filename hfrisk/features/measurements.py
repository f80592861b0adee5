"""Blood tests and vital signs of the stay, in UK units: last, lowest, highest, how many."""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from hfrisk.cdm import Cdm
from hfrisk.cdm.maps import NOT_AN_ANALYTE, matched
from hfrisk.checks import Check
from hfrisk.codelists import read_yaml
from hfrisk.cohort import known_at
from hfrisk.features.dictionary import Feature
from hfrisk.features.family import KEYS, Context, Family, on_grid
from hfrisk.features.site_maps import unmatched

__all__ = ["laboratory"]

_THEME = "Blood tests and vital signs"


def laboratory(context: Context) -> Family:
    """Last, lowest and highest value and the number of values of each analyte, between admission and the time of prediction.

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
        return Family((), None, notices=[_not_found(sorted(analytes)), *_not_in_the_map(context)])
    columns: dict[str, ir.Value] = {}
    entries: list[Feature] = []
    window = "first 24 hours" if context.cohort.prediction_time == "admission_24h" else "in the stay"
    for name, entry in kept.items():
        here = long.analyte == name
        grid = float(entry["grid"])
        for statistic, words in (("last", "last"), ("lowest", "lowest"), ("highest", "highest")):
            columns[f"{name}_{statistic}"] = on_grid(long[statistic].max(where=here), grid)
            entries.append(_entry(f"{name}_{statistic}", f"{words} {entry['words']}", entry, window))
        columns[f"{name}_count"] = on_grid(long.values.max(where=here).fill_null(0), 1)
        entries.append(
            Feature(
                f"{name}_count",
                f"number of {entry['words']} values",
                family="laboratory",
                theme=_THEME,
                unit="count",
                window=window,
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
    notices = [*([_not_found(missing)] if missing else []), *_not_in_the_map(context)]
    return Family(tuple(entries), table.select(*KEYS, **filled), notices=notices)


def _long(context: Context, analytes: dict[str, Any]) -> ir.Table:
    rows = _in_uk_units(context, _named(context, analytes), analytes)
    index = context.index.select(*KEYS, "admission_date", "predicted_at")
    pairs = index.inner_join(rows, "person_id")
    pairs = pairs.filter(pairs["at"] < pairs.predicted_at, pairs.admission_date.delta(pairs.on, unit="day") <= 1)
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


def _rows(context: Context) -> ir.Table:
    """The measurements with a value and a date, of the people of the cohort."""
    rows = context.cdm.table("measurement")
    rows = rows.filter(rows.value_as_number.notnull(), rows.measurement_date.notnull())
    return rows.semi_join(context.index.select("person_id").distinct(), "person_id")


def _named(context: Context, analytes: dict[str, Any]) -> ir.Table:
    """The measurements that are an analyte, with `analyte` and `told_unit`: by the site's map, else by concept."""
    cdm = context.cdm
    concepts = cdm.values(
        [{"concept": concept, "by_concept": name} for name, entry in analytes.items() for concept in entry["concepts"]],
        {"concept": "int64", "by_concept": "string"},
    )
    rows = _rows(context)
    if not cdm.maps.analyte:
        named = rows.inner_join(concepts, rows.measurement_concept_id == concepts.concept)
        return named.rename(analyte="by_concept").mutate(told_unit=ibis.null("int64")).drop("concept")
    named = _by_site_map(cdm, rows).left_join(concepts, rows.measurement_concept_id == concepts.concept).drop("concept")
    named = named.mutate(analyte=ibis.coalesce(named.by_source_and_concept, named.by_source, named.by_concept))
    return named.filter(named.analyte.notnull(), named.analyte != NOT_AN_ANALYTE)


def _by_site_map(cdm: Cdm, rows: ir.Table) -> ir.Table:
    """The rows with what the site's map says of them: a line for the source value and concept goes before one for the value alone."""
    types = {"key": "string", "concept": "int64", "analyte": "string", "unit": "int64"}
    lines = [
        {"key": line.key, "concept": line.concept, "analyte": line.analyte, "unit": line.unit}
        for line in cdm.maps.analyte
    ]
    narrow = cdm.values([line for line in lines if line["concept"] is not None], types).rename(
        narrow_key="key", narrow_concept="concept", by_source_and_concept="analyte", narrow_unit="unit"
    )
    broad = cdm.values([line for line in lines if line["concept"] is None], types).select(
        broad_key="key", by_source="analyte", broad_unit="unit"
    )
    rows = rows.mutate(source=matched(rows.measurement_source_value))
    joined = rows.left_join(
        narrow, [rows.source == narrow.narrow_key, rows.measurement_concept_id == narrow.narrow_concept]
    )
    joined = joined.left_join(broad, joined.source == broad.broad_key)
    told = joined.narrow_unit.fill_null(joined.broad_unit)
    return joined.mutate(told_unit=told).drop("narrow_key", "narrow_concept", "broad_key", "narrow_unit", "broad_unit")


def _in_uk_units(context: Context, rows: ir.Table, analytes: dict[str, Any]) -> ir.Table:
    """`person_id`, `analyte`, `on`, `at`, `value` in the UK unit, without values that no living person has.

    The unit is what the site's map says, else the unit's concept, else the unit as it was written. One that is none of these, or that
    is not listed for the analyte, is taken as the UK unit.
    """
    cdm = context.cdm
    spellings = cdm.values(
        [
            {"spelling": spelling, "spelt_unit": int(concept)}
            for concept, listed in read_yaml("units.yaml").items()
            for spelling in listed
        ],
        {"spelling": "string", "spelt_unit": "int64"},
    )
    rules = cdm.values(
        [
            {"of": name, "lower": float(entry["lower"]), "upper": float(entry["upper"])}
            for name, entry in analytes.items()
        ],
        {"of": "string", "lower": "float64", "upper": "float64"},
    )
    factors = cdm.values(
        [
            {"factor_of": name, "factor_unit": int(unit), "factor": float(factor)}
            for name, entry in analytes.items()
            for unit, factor in entry.get("factors", {}).items()
        ],
        {"factor_of": "string", "factor_unit": "int64", "factor": "float64"},
    )
    written = rows.unit_source_value.lower().replace(" ", "").replace("µ", "u").replace("μ", "u")
    rows = rows.mutate(written=written, coded_unit=rows.unit_concept_id.nullif(0))
    rows = rows.left_join(spellings, rows.written == spellings.spelling)
    rows = rows.mutate(unit=ibis.coalesce(rows.told_unit, rows.coded_unit, rows.spelt_unit))
    rows = rows.left_join(factors, [rows.analyte == factors.factor_of, rows.unit == factors.factor_unit])
    rows = rows.inner_join(rules, rows.analyte == rules["of"])
    rows = rows.select(
        "person_id",
        "analyte",
        "lower",
        "upper",
        on="measurement_date",
        at=known_at(rows.measurement_date, rows.measurement_datetime),
        value=rows.value_as_number * rows.factor.fill_null(1.0),
    )
    return rows.filter(rows.value.between(rows.lower, rows.upper)).drop("lower", "upper")


def _not_in_the_map(context: Context) -> list[Check]:
    """HFR034 for the map of laboratory names, which need not list every test."""
    if not context.cdm.maps.analyte:
        return []
    rows = _by_site_map(context.cdm, _rows(context))
    listed = rows.by_source_and_concept.notnull() | rows.by_source.notnull()
    return unmatched(context.cdm, rows, {"analyte": (rows.source.notnull(), listed)}, note=True)


def _entry(name: str, words: str, entry: dict[str, Any], window: str) -> Feature:
    return Feature(
        name,
        words,
        family="laboratory",
        theme=_THEME,
        unit=entry["unit"],
        window=window,
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
        "If they are recorded under other concepts or names, list those in the map source.maps.analyte.",
        facts={"names": ", ".join(analytes[name]["words"] for name in names)},
    )
