"""The measurements of adults as the features read them: which analyte, in which unit; and those that stand under a wrong concept."""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir
import pandas as pd

from hfrisk.cdm import Cdm
from hfrisk.cdm.maps import NOT_AN_ANALYTE, matched
from hfrisk.cdm.units import conversions, plain_units
from hfrisk.codelists import read_yaml
from hfrisk.quality.counting import whole

__all__ = ["COUNTS", "named_rows", "values_by_analyte"]

COUNTS = ("rows", "numbers", "contrary", "outside", "plausible", "above")
_ADULT = 18


def values_by_analyte(cdm: Cdm) -> pd.DataFrame:
    """How many values of each analyte are wrong, and in which way; the plausible ranges are those of adults.

    Returns
    -------
    DataFrame
        ``analyte``; ``misfiled``: whether the rows stand under a concept to which one public ETL maps the analyte by name, and which means
        something else; counts of ``rows``; ``numbers`` (with a value); ``contrary`` (the value can only be in another unit than its unit
        field says); ``outside`` the plausible range otherwise; ``plausible``; ``above`` (given as above what the assay can tell).
    """
    known: dict[str, dict[str, Any]] = read_yaml("quality.yaml")["analytes"]
    rows = _converted(cdm, _in_adults(cdm, named_rows(cdm)))
    others = cdm.values(
        [
            {
                "other_of": name,
                "other_lower": float(entry["other"]["lower"]),
                "other_upper": float(entry["other"]["upper"]),
            }
            for name, entry in known.items()
            if "other" in entry
        ],
        {"other_of": "string", "other_lower": "float64", "other_upper": "float64"},
    )
    rows = rows.left_join(others, rows.analyte == others.other_of)
    inside = rows.converted.between(rows.lower, rows.upper).fill_null(False)
    number = rows.value.notnull()
    as_written = rows.value.between(rows.lower, rows.upper).fill_null(False)
    in_other = rows.value.between(rows.other_lower, rows.other_upper).fill_null(False)
    contrary = number & ~inside & ~as_written & in_other
    above = ~number & (rows.operator == int(read_yaml("quality.yaml")["greater_than"])).fill_null(False)
    grouped = rows.group_by(["analyte", "misfiled"]).aggregate(
        rows=rows.count(),
        numbers=number.sum(),
        contrary=contrary.sum(),
        outside=(number & ~inside & ~contrary).sum(),
        plausible=(number & inside).sum(),
        above=above.sum(),
    )
    frame = cdm.frame(grouped, "values of tests")
    return whole(frame, COUNTS).assign(misfiled=frame["misfiled"].astype(bool))


def named_rows(cdm: Cdm) -> ir.Table:
    """Measurements that are an `analyte` by the site's map, else by concept, else by a concept under which it is `misfiled`."""
    known: dict[str, dict[str, Any]] = read_yaml("quality.yaml")["analytes"]
    concepts = [
        {"concept": number, "by_concept": name, "misfiled": False}
        for name, entry in read_yaml("measurements.yaml").items()
        for number in entry["concepts"]
    ]
    concepts += [
        {"concept": number, "by_concept": name, "misfiled": True}
        for name, entry in known.items()
        for number in entry.get("misfiled", [])
    ]
    listed = cdm.values(concepts, {"concept": "int64", "by_concept": "string", "misfiled": "boolean"})
    rows = cdm.table("measurement")
    if not cdm.maps.analyte:
        named = rows.inner_join(listed, rows.measurement_concept_id == listed.concept)
        return named.mutate(analyte=named.by_concept, told_unit=ibis.null("int64"))
    mapped = _by_site_map(cdm, rows).left_join(listed, rows.measurement_concept_id == listed.concept)
    named = mapped.mutate(
        analyte=mapped.by_map.fill_null(mapped.by_concept),
        misfiled=mapped.misfiled.fill_null(False) & mapped.by_map.isnull(),
    )
    return named.filter(named.analyte.notnull(), named.analyte != NOT_AN_ANALYTE)


def _by_site_map(cdm: Cdm, rows: ir.Table) -> ir.Table:
    """The rows with `by_map` and `told_unit`: a line for the source value and concept goes before one for the value alone."""
    types = {"key": "string", "concept": "int64", "told": "string", "unit": "int64"}
    lines = [
        {"key": line.key, "concept": line.concept, "told": line.analyte, "unit": line.unit} for line in cdm.maps.analyte
    ]
    narrow = cdm.values([line for line in lines if line["concept"] is not None], types)
    broad = cdm.values([line for line in lines if line["concept"] is None], types)
    narrow = narrow.rename(narrow_key="key", narrow_concept="concept", narrow_told="told", narrow_unit="unit")
    broad = broad.select(broad_key="key", broad_told="told", broad_unit="unit")
    rows = rows.mutate(written_name=matched(rows.measurement_source_value))
    joined = rows.left_join(
        narrow, [rows.written_name == narrow.narrow_key, rows.measurement_concept_id == narrow.narrow_concept]
    )
    joined = joined.left_join(broad, joined.written_name == broad.broad_key)
    return joined.mutate(
        by_map=joined.narrow_told.fill_null(joined.broad_told),
        told_unit=joined.narrow_unit.fill_null(joined.broad_unit),
    ).drop("narrow_key", "narrow_concept", "narrow_told", "narrow_unit", "broad_key", "broad_told", "broad_unit")


def _in_adults(cdm: Cdm, rows: ir.Table) -> ir.Table:
    person = cdm.table("person")
    born = person.group_by(someone=person.person_id).aggregate(
        born=person.birth_datetime.year().fill_null(person.year_of_birth).min()
    )
    joined = rows.left_join(born, rows.person_id == born.someone)
    return joined.filter((joined.measurement_date.year() - joined.born >= _ADULT).fill_null(True))


def _converted(cdm: Cdm, rows: ir.Table) -> ir.Table:
    """`analyte`, `misfiled`, `operator`, `value` as written, `converted` to the unit of the study, `lower` and `upper`."""
    analytes = read_yaml("measurements.yaml")
    spellings = cdm.values(
        [
            {"spelling": spelling, "spelt_unit": int(concept)}
            for concept, listed in read_yaml("units.yaml").items()
            for spelling in listed
        ],
        {"spelling": "string", "spelt_unit": "int64"},
    )
    factors = cdm.values(
        [
            {"factor_of": name, "factor_unit": unit, "factor": factor, "offset": offset}
            for name, entry in analytes.items()
            for unit, (factor, offset) in conversions(entry).items()
        ],
        {"factor_of": "string", "factor_unit": "int64", "factor": "float64", "offset": "float64"},
    )
    limits = cdm.values(
        [
            {"limits_of": name, "lower": float(entry["lower"]), "upper": float(entry["upper"])}
            for name, entry in analytes.items()
        ],
        {"limits_of": "string", "lower": "float64", "upper": "float64"},
    )
    # each spelling of a unit is looked at once, however often it occurs
    written = rows.select("unit_source_value").distinct().filter(lambda t: t.unit_source_value.notnull())
    written = written.select(
        written_unit=written.unit_source_value,
        plain=plain_units(written.unit_source_value),
    )
    units = written.inner_join(spellings, written.plain == spellings.spelling).select("written_unit", "spelt_unit")
    rows = rows.select(
        "analyte",
        "misfiled",
        "told_unit",
        coded_unit=rows.unit_concept_id.nullif(0),
        unit_source_value=rows.unit_source_value,
        value=rows.value_as_number,
        operator=rows.operator_concept_id,
    )
    rows = rows.left_join(units, rows.unit_source_value == units.written_unit)
    rows = rows.mutate(unit=ibis.coalesce(rows.told_unit, rows.coded_unit, rows.spelt_unit))
    rows = rows.left_join(factors, [rows.analyte == factors.factor_of, rows.unit == factors.factor_unit])
    rows = rows.inner_join(limits, rows.analyte == limits.limits_of)
    return rows.select(
        "analyte",
        "misfiled",
        "operator",
        "value",
        "lower",
        "upper",
        converted=rows.value * rows.factor.fill_null(1.0) + rows.offset.fill_null(0.0),
    )
