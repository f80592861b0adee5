"""GWTG-HF (Peterson 2010): death in hospital, from the first values of the stay."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce
from operator import add

import ibis
import ibis.expr.types as ir

from hfrisk.features.family import on_grid
from hfrisk.features.scores.facts import SCORES
from hfrisk.features.scores.points import Inputs, Made, parts_of, scored

__all__ = ["gwtg_hf"]

_VARIANTS = {"omit": "the same race term for all", "as_published": "race term as published, an equity concern"}


def gwtg_hf(inputs: Inputs) -> Made:
    """The GWTG-HF score; its race term is the same for all unless the study asks for it as published (decision 17)."""
    facts = SCORES["gwtg_hf"]
    if "urea_first" in inputs:
        nitrogen = on_grid(inputs["urea_first"] * facts.data["urea_nitrogen"], 1)
        inputs = inputs.with_derived("urea_nitrogen_first", nitrogen, like="urea_first")
    if "ethnicity_black" in inputs:
        inputs = inputs.with_derived("black_ethnicity", _where_stated(inputs), like="ethnicity_black")
    parts = parts_of(facts)
    term = inputs.context.settings.gwtg_race_term
    if term == "omit":
        same = float(facts.data["race_points_for_all"])
        parts = [replace(part, of=(), constant=same) if part.name == "gwtg_hf_race" else part for part in parts]
    return scored(inputs, facts, parts, variant=_VARIANTS[term])


def _where_stated(inputs: Inputs) -> ir.FloatingValue:
    """Whether a patient is Black; missing where nobody asked, or nobody said."""
    silent = [inputs[name].fill_null(0) for name in ("ethnicity_not_stated", "ethnicity_not_known") if name in inputs]
    unknown = reduce(add, silent, ibis.literal(0.0, "float64"))
    return ibis.ifelse(unknown > 0, ibis.null("float64"), inputs["ethnicity_black"])
