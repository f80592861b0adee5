"""Measurements as values of a named analyte in its UK unit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ibis
import ibis.expr.types as ir

from hfrisk.cdm import Cdm
from hfrisk.cdm.maps import NOT_AN_ANALYTE, matched
from hfrisk.cdm.units import conversions, plain_units
from hfrisk.codelists import read_yaml

__all__ = ["PARTS", "analytes", "by_site_map", "named", "number_of", "per_unit", "usable"]

PARTS = 100
"""A value is written to this part of its analyte's grid before anything is worked out of it. Whole numbers of such steps add up to the
same sum in any order, and 1.25 mg/dL of creatinine is 110.5 µmol/L to the last digit."""

_NO_UNIT = 0
_LIMIT = "^[<>≤≥]=?[0-9]+([.][0-9]+)?$"


def analytes() -> dict[str, dict[str, Any]]:
    """The analytes of the code list, by name."""
    found: dict[str, dict[str, Any]] = read_yaml("measurements.yaml")
    return found


def number_of() -> dict[str, int]:
    """The number by which an analyte goes inside a query, where text would be slow."""
    return {name: number for number, name in enumerate(analytes(), start=1)}


def per_unit(entry: Mapping[str, Any]) -> int:
    """How many steps of an analyte's grid make one of its UK unit; grids are powers of ten."""
    return round(1 / float(entry["grid"]))


def named(cdm: Cdm, rows: ir.Table) -> ir.Table:
    """The measurements that are an analyte, with `analyte` (its number) and `told_unit`: by the site's map, else by concept."""
    numbers = number_of()
    concepts = cdm.values(
        [{"concept": concept, "by_concept": numbers[name]} for name, entry in analytes().items() for concept in entry["concepts"]],
        {"concept": "int64", "by_concept": "int64"},
    )
    if not cdm.maps.analyte:
        listed = rows.inner_join(concepts, rows.measurement_concept_id == concepts.concept)
        return listed.rename(analyte="by_concept").mutate(told_unit=ibis.null("int64")).drop("concept")
    listed = by_site_map(cdm, rows).left_join(concepts, rows.measurement_concept_id == concepts.concept).drop("concept")
    listed = listed.mutate(analyte=ibis.coalesce(listed.by_source_and_concept, listed.by_source, listed.by_concept))
    return listed.filter(listed.analyte > 0)


def by_site_map(cdm: Cdm, rows: ir.Table) -> ir.Table:
    """The rows with what the site's map says of them: a line for the source value and concept goes before one for the value alone.

    What the map takes out has the number 0.
    """
    numbers = {**number_of(), NOT_AN_ANALYTE: 0}
    types = {"key": "string", "concept": "int64", "analyte": "int64", "unit": "int64"}
    lines = [
        {"key": line.key, "concept": line.concept, "analyte": numbers[line.analyte], "unit": line.unit}
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


def usable(cdm: Cdm, rows: ir.Table) -> ir.Table:
    """From `named`: `analyte`, `steps`, `censored` and `foreign` of each row that has a number, beside all its columns.

    The unit is what the site's map says, else the unit's concept, else the unit as it was written. A value whose unit is none of these is
    taken as in the UK unit; one in a unit that is known, and that the code list does not convert for its analyte, is not used
    (`foreign`, with `steps` 0). A value outside the plausible range is left out.

    A result that is only a bound, such as ``>35000``, by its operator or, where it has no number, by its text, takes part at that bound
    and is `censored`.

    Returns
    -------
    Table
        ``steps`` is the value in hundredths of the analyte's grid, a whole number as float64.
    """
    rows = _with_conversion(cdm, _with_unit(cdm, rows))
    bound = _bound(rows)
    number = rows.value_as_number.fill_null(bound)
    foreign = rows.factor.isnull() & number.notnull()
    value = number * rows.factor + rows.offset
    operators: list[int] = read_yaml("operators.yaml")["censoring"]
    censored = rows.operator_concept_id.isin(operators).fill_null(False) | (rows.value_as_number.isnull() & bound.notnull())
    rows = rows.mutate(foreign=foreign, value=value, censored=censored)
    rows = rows.filter(rows.foreign | rows.value.between(rows.lower, rows.upper))
    steps = (rows.value * rows.steps_per_unit + 0.5).floor().cast("float64")
    return rows.mutate(steps=ibis.ifelse(rows.foreign, 0.0, steps))


def _bound(rows: ir.Table) -> ir.FloatingValue:
    """The number of a text such as ``>35000`` or ``< 5``, where the source wrote no number."""
    text = ibis.ifelse(rows.value_as_number.isnull(), rows.value_source_value, ibis.null("string"))
    text = text.replace(" ", "").replace(",", "")
    bound = ibis.ifelse(text.re_search(_LIMIT), text, ibis.null("string"))
    for sign in "<>≤≥=":
        bound = bound.replace(sign, "")
    return bound.cast("float64")


def _with_unit(cdm: Cdm, rows: ir.Table) -> ir.Table:
    spellings = cdm.values(
        [
            {"spelling": spelling, "spelt_unit": int(concept)}
            for concept, listed in read_yaml("units.yaml").items()
            for spelling in listed
        ],
        {"spelling": "string", "spelt_unit": "int64"},
    )
    coded = rows.told_unit.fill_null(rows.unit_concept_id.nullif(0))
    # what was written is read only where there is no concept
    written = plain_units(ibis.ifelse(coded.isnull(), rows.unit_source_value, ibis.null("string")))
    rows = rows.mutate(coded_unit=coded, written_unit=written)
    rows = rows.left_join(spellings, rows.written_unit == spellings.spelling)
    return rows.mutate(unit=ibis.coalesce(rows.coded_unit, rows.spelt_unit, _NO_UNIT)).drop(
        "coded_unit", "written_unit", "spelling", "spelt_unit"
    )


def _with_conversion(cdm: Cdm, rows: ir.Table) -> ir.Table:
    """One join tells factor, offset, plausible range and grid; it finds nothing where a unit is not converted."""
    numbers = number_of()
    table = cdm.values(
        [
            {
                "of_analyte": numbers[name],
                "of_unit": unit,
                "factor": factor,
                "offset": offset,
                "lower": float(entry["lower"]),
                "upper": float(entry["upper"]),
                "steps_per_unit": float(per_unit(entry) * PARTS),
            }
            for name, entry in analytes().items()
            for unit, (factor, offset) in {**conversions(entry), _NO_UNIT: (1.0, 0.0)}.items()
        ],
        {
            "of_analyte": "int64",
            "of_unit": "int64",
            "factor": "float64",
            "offset": "float64",
            "lower": "float64",
            "upper": "float64",
            "steps_per_unit": "float64",
        },
    )
    return rows.left_join(table, [rows.analyte == table.of_analyte, rows.unit == table.of_unit]).drop("of_analyte", "of_unit")
