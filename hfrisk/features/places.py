"""Where a stay came from and where it led: home, another hospital, a care home, elsewhere, or not known."""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from hfrisk.cdm import Cdm
from hfrisk.codelists import read_yaml
from hfrisk.features.family import KEYS, Context

__all__ = ["PLACES", "came_from", "went_to"]

PLACES = ("home", "hospital", "care_home", "elsewhere")


def came_from(context: Context) -> ir.Table:
    """The key and `place`, from where the first stay of the index spell was admitted; NULL where it is not known."""
    stays = context.stays
    return _placed(context, stays.filter(stays.opening), "source", "admitted_from_concept_id")


def went_to(context: Context) -> ir.Table:
    """The key and `place`, to where the last stay of the index spell discharged; NULL where it is not known. Known at discharge only."""
    stays = context.stays
    return _placed(context, stays.filter(stays.closing), "destination", "discharged_to_concept_id")


def _placed(context: Context, stays: ir.Table, code: str, concept: str) -> ir.Table:
    """By the code of the NHS Data Dictionary where the source has it, else by the concept.

    A concept of 0 is how OMOP writes home, and also what an ETL writes that could not map a value: it is not known.
    """
    listed = read_yaml("stay.yaml")["places"]
    index = context.index.select(*KEYS)
    rows = index.inner_join(stays.select(*KEYS, by_code=code, by_concept=concept), list(KEYS))
    codes, concepts = _codes(context.cdm, listed), _concepts(context.cdm, listed)
    rows = rows.left_join(codes, rows.by_code == codes.code)
    rows = rows.left_join(concepts, rows.by_concept == concepts.concept)
    return rows.select(*KEYS, place=ibis.coalesce(rows.told_by_code, rows.told_by_concept))


def _codes(cdm: Cdm, listed: dict[str, Any]) -> ir.Table:
    rows = [{"code": code, "told_by_code": place} for place in PLACES for code in listed[place]["codes"]]
    return cdm.values(rows, {"code": "string", "told_by_code": "string"})


def _concepts(cdm: Cdm, listed: dict[str, Any]) -> ir.Table:
    rows = [{"concept": concept, "told_by_concept": place} for place in PLACES for concept in listed[place]["concepts"]]
    return cdm.values(rows, {"concept": "int64", "told_by_concept": "string"})
