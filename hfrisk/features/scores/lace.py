"""LACE (van Walraven 2010), and LE: length of stay, acuity, comorbidity, emergency attendances."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import reduce
from operator import add
from typing import Any

import ibis
import ibis.expr.types as ir

from hfrisk.codelists import read_csv
from hfrisk.features.charlson import categories
from hfrisk.features.coded import sources
from hfrisk.features.family import KEYS, Context
from hfrisk.features.scores.facts import SCORES
from hfrisk.features.scores.points import Inputs, Made, parts_of, score_entry, scored

__all__ = ["charlson_for_lace", "lace", "le", "with_heart_failure", "without_lesser"]


def lace(inputs: Inputs) -> Made:
    """LACE, beside the Charlson index that its C comes from (`charlson_for_lace`)."""
    facts = SCORES["lace"]
    made = scored(inputs, facts, parts_of(facts), variant=f"Charlson index by the {_variant(inputs.context)['words']}")
    columns = {"lace_charlson": inputs["lace_charlson"], **made.columns}
    return replace(made, columns=columns, entries=(inputs.entries["lace_charlson"], *made.entries))


def le(inputs: Inputs) -> Made:
    """LE: the L and the E of LACE."""
    facts = SCORES["le"]
    parts = [part for part in parts_of(SCORES["lace"]) if part.name in facts.data["same_parts"]]
    return scored(inputs, facts, parts, shown=False)


def charlson_for_lace(inputs: Inputs) -> Inputs:
    """With `lace_charlson`: the index without points for age, from diagnoses known in time and the heart failure of the stay."""
    context = inputs.context
    variant, days = _variant(context), context.settings.condition_lookback_days
    found = with_heart_failure(context, categories(context, days))
    found = without_lesser(found, SCORES["lace"].data["hierarchy"])
    weights = _weights(variant)
    total = reduce(add, [found[name] * weight for name, weight in weights.items()])
    entry = score_entry(
        inputs,
        (),
        "lace_charlson",
        f"Charlson index in LACE ({variant['words']})",
        upper=sum(weights.values()),
        window=f"{days} days before admission",
        sources=sources(inputs.context),
        monotone="none",
    )
    return inputs.beside(found.select(*KEYS, lace_charlson=total.cast("float64")), [entry])


def _variant(context: Context) -> Mapping[str, Any]:
    return SCORES["lace"].data["charlson"][context.settings.charlson_variant]  # type: ignore[no-any-return]


def _weights(variant: Mapping[str, Any]) -> dict[str, float]:
    if "column" not in variant:
        return {name: float(weight) for name, weight in variant["weights"].items()}
    return {row["category"]: float(row[variant["column"]]) for row in read_csv("charlson_weights.csv")}


def with_heart_failure(context: Context, found: ir.Table) -> ir.Table:
    """One row for each index discharge, where nothing found is 0 and heart failure is there: the stay is one for heart failure.

    Clinicians know that at discharge, however late the coding comes.
    """
    both = context.index.select(*KEYS).left_join(found, list(KEYS)).drop("person_id_right", "index_id_right")
    names = [name for name in found.columns if name not in KEYS]
    there = {name: both[name].fill_null(0).cast("float64") for name in names}
    return both.select(*KEYS, **{**there, "chf": ibis.literal(1.0, "float64")})


def without_lesser(found: ir.Table, hierarchy: Mapping[str, str]) -> ir.Table:
    """Of a pair of categories, the graver one alone."""
    return found.mutate(
        **{lesser: ibis.ifelse(found[graver] > 0, 0.0, found[lesser]) for lesser, graver in hierarchy.items()}
    )
