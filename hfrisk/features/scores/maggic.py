"""MAGGIC (Pocock 2013): death in one and three years; where ejection fraction, NYHA class and the others are recorded."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from hfrisk.features.dictionary import Feature
from hfrisk.features.family import Context, on_grid, small_table
from hfrisk.features.scores.facts import SCORES
from hfrisk.features.scores.points import Inputs, Made, parts_of, score_entry, scored

__all__ = ["maggic", "risk_entries", "with_risks"]

_SINCE = "days_since_first_heart_failure"
_RISKS = {"maggic_risk_1y": ("one year", "risk_1y"), "maggic_risk_3y": ("three years", "risk_3y")}


def maggic(inputs: Inputs) -> Made:
    """The MAGGIC score, at most 50; an ARNI counts as an ACE inhibitor or ARB (decision 17)."""
    facts = SCORES["maggic"]
    if _SINCE in inputs:
        inputs = inputs.with_derived("heart_failure_for_18_months", _long_since(inputs), like=_SINCE)
    return scored(inputs, facts, parts_of(facts))


def _long_since(inputs: Inputs) -> ir.FloatingValue:
    """Whether heart failure was first recorded 18 months ago or earlier; missing where the records do not go back so far."""
    limit = SCORES["maggic"].data["months_18"]
    since, looks_back = inputs[_SINCE], inputs["look_back_days"]
    return ibis.cases(
        (since >= limit, ibis.literal(1.0, "float64")),
        (looks_back >= limit, ibis.literal(0.0, "float64")),
        else_=ibis.null("float64"),
    )


def with_risks(context: Context, table: ir.Table) -> ir.Table:
    """`table` with the published risk of death of each total in `score_maggic`."""
    facts = SCORES["maggic"]
    one, three = (facts.data[listed] for _, listed in _RISKS.values())
    rows = [{"of_total": total, "in_1y": a, "in_3y": b} for total, (a, b) in enumerate(zip(one, three, strict=True))]
    risks = small_table(context.cdm, rows)
    both = table.left_join(risks, table[facts.total].cast("int64") == risks.of_total)
    both = both.mutate(maggic_risk_1y=on_grid(both.in_1y, 0.001), maggic_risk_3y=on_grid(both.in_3y, 0.001))
    return both.drop("of_total", "in_1y", "in_3y")


def risk_entries(inputs: Inputs) -> list[Feature]:
    """The dictionary entries of the two risks."""
    used = list(SCORES["maggic"].inputs)
    return [
        score_entry(
            inputs,
            used,
            name,
            f"risk of death in {words} by the MAGGIC score",
            upper=1,
            unit="probability",
            precision=0.001,
        )
        for name, (words, _) in _RISKS.items()
    ]
