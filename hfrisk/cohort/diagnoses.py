"""Which stays carry a heart-failure diagnosis."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from hfrisk.cdm import Cdm
from hfrisk.codelists import read_yaml
from hfrisk.cohort.codes import coded, starts_with_any
from hfrisk.cohort.settings import CohortSettings
from hfrisk.errors import DataError

__all__ = ["heart_failure_visits"]


def heart_failure_visits(cdm: Cdm, settings: CohortSettings) -> ir.Table:
    """The visits with a heart-failure diagnosis in the declared position: one column, `visit_occurrence_id`.

    Raises
    ------
    DataError
        If the principal position is asked for and no diagnosis in the source has one.
    """
    conditions = cdm.table("condition_occurrence").filter(lambda t: t.visit_occurrence_id.notnull())
    chosen = settings.heart_failure
    if chosen.position == "principal":
        conditions = conditions.filter(conditions.condition_status_concept_id.isin(chosen.principal_status_concepts))
        if cdm.frame(conditions.limit(1).select("person_id"), "principal diagnoses").empty:
            wanted = ", ".join(map(str, chosen.principal_status_concepts))
            raise DataError(
                "No diagnosis in the source is marked as principal.",
                where=f"condition_occurrence.condition_status_concept_id (looked for {wanted})",
                todo="Set cohort.heart_failure.position to any, or name the concepts that mark a principal diagnosis in "
                "cohort.heart_failure.principal_status_concepts.",
            )
    preset = read_yaml("heart_failure.yaml")[chosen.preset]
    if preset["vocabulary"] == "omop":
        matching = conditions.condition_concept_id.isin(_with_descendants(cdm, preset))
    else:
        matching = starts_with_any(coded(conditions.condition_source_value, preset["vocabulary"]), preset["codes"])
    return conditions.filter(matching).select("visit_occurrence_id").distinct()


def _with_descendants(cdm: Cdm, preset: dict[str, list[int]]) -> list[int]:
    """The concepts and what stands below them, from the source's own hierarchy, or from the shipped list where it has none."""
    if cdm.has("concept_ancestor"):
        ancestors = cdm.table("concept_ancestor")
        wanted = ancestors.filter(ancestors.ancestor_concept_id.isin(preset["concepts"])).select(
            id="descendant_concept_id"
        )
        unwanted = ancestors.filter(ancestors.ancestor_concept_id.isin(preset["excluded"])).select(
            id="descendant_concept_id"
        )
        found = cdm.frame(ibis.difference(wanted, unwanted, distinct=True), "heart-failure concepts")
        if not found.empty:
            return sorted({*map(int, found["id"]), *preset["concepts"]})
    return sorted(preset["shipped_descendants"])
