"""Loop diuretics in milligrams of furosemide by mouth that would do the same.

One administration has the dose that the source gives (`dose_mg`), else how many units were given times the milligrams in one of them
(`quantity`, and `drug_strength.amount_value` of a tablet). An order over several days tells no dose of one day.
"""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from hfrisk.cdm import Cdm
from hfrisk.codelists import read_yaml
from hfrisk.features.family import small_table

__all__ = ["day_dose", "dose_columns", "intravenous", "known_dose", "with_strengths"]


def with_strengths(cdm: Cdm, links: ir.Table) -> ir.Table:
    """The drugs with what their doses count for, where the ingredient is a loop diuretic.

    Parameters
    ----------
    links
        ``drug_concept_id`` and ``ingredient``.

    Returns
    -------
    Table
        `links` with ``strength`` (milligrams of the ingredient in one unit of the drug; of several that are told, the largest),
        ``by_mouth`` and ``by_vein`` (milligrams of furosemide that one milligram is worth). NULL where it is no loop diuretic.
    """
    rules = _rules()
    factors = small_table(
        cdm,
        [
            {"ingredient": concept, "by_mouth": float(factor["oral"]), "by_vein": float(factor["intravenous"])}
            for concept, factor in rules["loop_diuretics"].items()
        ],
    )
    told = cdm.table("drug_strength")
    told = told.filter(
        told.ingredient_concept_id.isin(sorted(rules["loop_diuretics"])),
        told.amount_unit_concept_id == rules["milligram"],
        told.amount_value > 0,
    )
    told = told.group_by("drug_concept_id", ingredient=told.ingredient_concept_id).aggregate(
        strength=told.amount_value.max()
    )
    links = links.left_join(factors, "ingredient").drop("ingredient_right")
    links = links.left_join(told, ["drug_concept_id", "ingredient"])
    return links.drop("drug_concept_id_right", "ingredient_right")


def intravenous(rows: ir.Table) -> ir.BooleanValue:
    """Whether a medicine went into a vein; a route that is not told is taken as by mouth."""
    return rows.route_concept_id.isin(_rules()["intravenous_routes"]).fill_null(False)


def dose_columns(rows: ir.Table) -> dict[str, ir.Value]:
    """What `day_dose` needs of each row: ``loop``, ``single`` (one administration, not an order over days) and ``worth`` (mg).

    Parameters
    ----------
    rows
        Medicines with ``on`` and ``until`` (first and last day), ``dose_mg``, ``quantity``, ``route_concept_id``, and the columns of
        `with_strengths`.
    """
    by_units = ibis.ifelse(rows.quantity > 0, rows.quantity * rows.strength, ibis.null("float64"))
    milligrams = ibis.ifelse(rows.dose_mg > 0, rows.dose_mg, by_units)
    milligrams = milligrams.fill_null(by_units)
    return {
        "loop": rows.by_mouth.notnull(),
        # an infusion may run past midnight
        "single": rows.until.delta(rows.on, unit="day") <= 1,
        "worth": milligrams * ibis.ifelse(intravenous(rows), rows.by_vein, rows.by_mouth),
    }


def day_dose(rows: ir.Table, when: ir.BooleanValue, name: str) -> dict[str, ir.Value]:
    """Aggregates from which the dose of a day follows, for `known_dose`: its sum, and how many doses were known, unknown, or orders."""
    given = when & rows.loop
    single = given & rows.single
    return {
        f"{name}_sum": rows.worth.sum(where=single),
        f"{name}_known": _count(single & rows.worth.notnull()),
        f"{name}_unknown": _count(single & rows.worth.isnull()),
        f"{name}_orders": _count(given & ~rows.single),
    }


def known_dose(row: ir.Table, name: str) -> ir.FloatingValue:
    """The dose of a day: 0 where no loop diuretic was given, NULL where one was and its dose is not known or cannot be."""
    total = row[f"{name}_sum"]
    believed = total.between(*(float(_rules()["furosemide_equivalent"][end]) for end in ("lower", "upper")))
    nothing = (row[f"{name}_known"] + row[f"{name}_unknown"] + row[f"{name}_orders"]) == 0
    told = (row[f"{name}_known"] > 0) & (row[f"{name}_unknown"] == 0) & believed.fill_null(False)
    value = ibis.ifelse(told, total, ibis.null("float64"))
    return ibis.ifelse(nothing, ibis.literal(0.0), value)


def _count(condition: ir.BooleanValue) -> ir.IntegerScalar:
    return condition.cast("int32").sum()


def _rules() -> dict[str, Any]:
    rules: dict[str, Any] = read_yaml("medicine_rules.yaml")
    return rules
