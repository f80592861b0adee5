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

__all__ = ["day_signs", "day_sum", "dose_columns", "intravenous", "known_dose", "strengths", "with_strengths"]


def with_strengths(cdm: Cdm, links: ir.Table) -> ir.Table:
    """The drugs with what their doses count for, where the ingredient is a loop diuretic.

    Parameters
    ----------
    links
        ``drug_concept_id`` and ``ingredient``.

    Returns
    -------
    Table
        `links` with ``strength`` (from `strengths`),
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
    told = strengths(cdm).semi_join(factors, "ingredient")
    links = links.left_join(factors, "ingredient").drop("ingredient_right")
    links = links.left_join(told, ["drug_concept_id", "ingredient"])
    return links.drop("drug_concept_id_right", "ingredient_right")


def strengths(cdm: Cdm) -> ir.Table:
    """How many milligrams of an ingredient are in one unit of a drug: ``drug_concept_id``, ``ingredient``, ``strength`` (the largest)."""
    told = cdm.table("drug_strength")
    told = told.filter(told.amount_unit_concept_id == _rules()["milligram"], told.amount_value > 0)
    return told.group_by("drug_concept_id", ingredient=told.ingredient_concept_id).aggregate(
        strength=told.amount_value.max()
    )


def intravenous(rows: ir.Table) -> ir.BooleanValue:
    """Whether a medicine went into a vein; a route that is not told is taken as by mouth."""
    return rows.route_concept_id.isin(_rules()["intravenous_routes"]).fill_null(False)


def dose_columns(rows: ir.Table) -> dict[str, ir.Value]:
    """What `day_signs` and `day_sum` need of each row: ``loop``, ``single`` (an administration, no order over days) and ``worth`` (mg).

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


def day_signs(rows: ir.Table, when: ir.BooleanValue, name: str) -> dict[str, ir.BooleanValue]:
    """Of each row, for `known_dose`: whether it is a dose of the day that is known, one that is not, or an order over days."""
    given = when & rows.loop
    return {
        f"{name}_known": given & rows.single & rows.worth.notnull(),
        f"{name}_unknown": given & rows.single & rows.worth.isnull(),
        f"{name}_orders": given & ~rows.single,
    }


def day_sum(rows: ir.Table, when: ir.BooleanValue) -> ir.FloatingScalar:
    """What the known doses of the day add up to."""
    return ibis.ifelse(when & rows.single, rows.worth, ibis.null("float64")).sum()


def known_dose(row: ir.Table, name: str) -> ir.FloatingValue:
    """The dose of a day: 0 where no loop diuretic was given, NULL where one was and its dose is not known or cannot be."""
    total = row[f"{name}_sum"]
    believed = total.between(*(float(_rules()["furosemide_equivalent"][end]) for end in ("lower", "upper")))
    known, unknown, orders = (row[f"{name}_{sign}"] for sign in ("known", "unknown", "orders"))
    told = known & ~unknown & believed.fill_null(False)
    value = ibis.ifelse(told, total, ibis.null("float64"))
    return ibis.ifelse(known | unknown | orders, value, ibis.literal(0.0))


def _rules() -> dict[str, Any]:
    rules: dict[str, Any] = read_yaml("medicine_rules.yaml")
    return rules
