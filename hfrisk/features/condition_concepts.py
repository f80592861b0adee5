"""What tells a condition where a study reads OMOP concepts: the published code lists through the source's vocabulary, or OHDSI's groups."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import ibis.expr.types as ir

from hfrisk.cdm import Cdm
from hfrisk.checks import Check
from hfrisk.codelists import read_csv, read_yaml
from hfrisk.cohort import coded
from hfrisk.features.code_lists import lines, looked_up
from hfrisk.features.family import Context, small_table

__all__ = ["Route", "by_concept", "cannot_be_made", "frailty_in_icd10_cm", "how_it_was_told", "route_of"]


@dataclass(frozen=True)
class Route:
    """How a study's conditions are told.

    Attributes
    ----------
    by
        ``codes``: the source's ICD codes. ``vocabulary``: the concepts to which the listed ICD codes map. ``groups``: OHDSI's groups of
        concepts for Charlson, with what stands below them. ``ids``: those without what stands below, which cannot be known.
    edition
        The way of coding whose lists are used; empty with groups and ids.
    maps
        The maps that can be told.
    """

    by: Literal["codes", "vocabulary", "groups", "ids"]
    edition: str
    maps: frozenset[str]

    @property
    def words(self) -> str:
        """What the words of a Charlson feature add."""
        return ", by OHDSI's groups of concepts" if self.by in ("groups", "ids") else ""


def route_of(context: Context) -> Route:
    """How this study's conditions can be told in this source."""
    if context.settings.conditions_from == "source_codes":
        return Route("codes", context.vocabulary, _maps(context.vocabulary))
    editions: dict[str, list[str]] = read_yaml("icd10_editions.yaml")["vocabularies"]
    # the study's own edition first
    for edition in sorted(editions, key=lambda name: name != context.vocabulary):
        if _any(context.cdm, _mapped(context.cdm, edition), "mapped codes"):
            return Route("vocabulary", edition, _maps(edition))
    below = _any(context.cdm, _below(context.cdm), "concept hierarchy")
    return Route("groups" if below else "ids", "", frozenset({"charlson"}))


def by_concept(context: Context, route: Route) -> ir.Table:
    """Standard concepts beside what they belong to: one row a `concept`, `code_map` and `category`.

    A code and all that it maps to count alike, so that a concept to which codes of two categories map belongs to both.
    """
    if route.by == "vocabulary":
        mapped = context.kept(_mapped(context.cdm, route.edition).distinct(), "mapped_codes")
        found = looked_up(context.cdm, mapped.select("code").distinct(), lines(route.edition))
        return mapped.inner_join(found, "code").select("concept", "code_map", "category").distinct()
    groups = _groups(context.cdm).select("category", concept="ancestor")
    if route.by == "groups":
        groups = groups.union(_below(context.cdm))
    return groups.mutate(code_map="charlson").select("concept", "code_map", "category").distinct()


def _maps(vocabulary: str) -> frozenset[str]:
    return frozenset(name for name, _, _ in lines(vocabulary))


def _mapped(cdm: Cdm, edition: str) -> ir.Table:
    """The ICD codes of an edition (normalised) and the standard concepts to which they map."""
    names = [name.upper() for name in read_yaml("icd10_editions.yaml")["vocabularies"][edition]]
    concepts = cdm.table("concept")
    concepts = concepts.filter(concepts.vocabulary_id.upper().isin(names))
    # the names of blocks and chapters (I60-I69) have not the shape of a code
    concepts = concepts.select("concept_id", code=coded(concepts.concept_code, edition))
    concepts = concepts.filter(concepts.code.notnull())
    leads = cdm.table("concept_relationship")
    valid = leads.invalid_reason.isnull() | (leads.invalid_reason.strip() == "")
    leads = leads.filter(leads.relationship_id == "Maps to", valid)
    both = concepts.inner_join(leads, concepts.concept_id == leads.concept_id_1)
    return both.select("code", concept=both.concept_id_2)


def _groups(cdm: Cdm) -> ir.Table:
    rows = read_csv("charlson_concepts.csv")
    return small_table(cdm, [{"category": row["category"], "ancestor": int(row["concept"])} for row in rows])


def _below(cdm: Cdm) -> ir.Table:
    groups, tree = _groups(cdm), cdm.table("concept_ancestor")
    both = groups.inner_join(tree, groups.ancestor == tree.ancestor_concept_id)
    # a concept stands below itself, which does not make a hierarchy
    both = both.filter(both.descendant_concept_id != both.ancestor)
    return both.select("category", concept=both.descendant_concept_id)


def _any(cdm: Cdm, rows: ir.Table, stage: str) -> bool:
    return not cdm.frame(rows.limit(1), stage).empty


def cannot_be_made(what: str) -> Check:
    """HFR067: what needs code lists, in a source whose vocabulary has none."""
    return Check(
        "HFR067",
        "warning",
        "Conditions cannot be told from concepts",
        "Conditions are to be told from concepts, and the source's vocabulary has no ICD codes with the concepts to which they map: {what} "
        "cannot be made.",
        "These features are left out; they are not zero.",
        "Add the vocabulary tables concept and concept_relationship with ICD10 to the source, or set features.conditions_from: "
        "source_codes.",
        facts={"what": what},
    )


def how_it_was_told(context: Context, route: Route) -> list[Check]:
    """HFR068 for conditions that were told from concepts, HFR069 where a list of codes is of another edition."""
    found = []
    if route.by == "vocabulary":
        found.append(
            Check(
                "HFR068",
                "note",
                "Conditions were told from concepts",
                "The published lists of codes were looked up in the source's vocabulary ({vocabulary}), and the standard concepts to "
                "which the codes map were counted.",
                "A standard concept can be broader than the code, so that totals may differ from those of coded data.",
                "Where the source keeps ICD codes, set features.conditions_from: source_codes.",
                facts={"vocabulary": _named(route.edition)},
            )
        )
    elif route.by in ("groups", "ids"):
        alone = route.by == "ids"
        found.append(
            Check(
                "HFR068",
                "warning" if alone else "note",
                "Conditions were told from concepts",
                "The Charlson categories are OHDSI's groups of concepts (Romano's adaptation)"
                + (", without what stands below them: concept_ancestor is absent or empty." if alone else "."),
                "They are not those of Quan"
                + (
                    ", and most people with a condition are missed."
                    if alone
                    else ", and totals may differ by a point or two."
                ),
                "Add the vocabulary tables concept and concept_relationship with ICD10"
                + (", or at least concept_ancestor, to the source." if alone else " to the source."),
            )
        )
    if route.by == "vocabulary" and route.edition != context.vocabulary:
        found.append(
            _other_edition(
                "The source's vocabulary has no codes of the study's edition, so the conditions were looked up by those of "
                f"{_named(route.edition)}.",
                "Conditions that only the study's edition can name are missed.",
            )
        )
    if route.edition and "charlson_shmi" not in route.maps:
        found.append(
            _other_edition(
                "The Charlson index of the SHMI is defined on ICD-10 only and was not made.",
                "The other indices are not affected.",
            )
        )
    return found


def frailty_in_icd10_cm() -> Check:
    """HFR069: categories of the frailty score that the Clinical Modification does not have."""
    lost = read_yaml("comorbidity.yaml")["frailty"]["not_in_icd10_cm"]
    return _other_edition(
        f"The Hospital Frailty Risk Score is defined on the UK edition of ICD-10; ICD-10-CM has no {', '.join(lost)}.",
        "The score is a lower bound, most of all in Alzheimer's disease.",
    )


def _other_edition(finding: str, consequence: str) -> Check:
    return Check(
        "HFR069",
        "note",
        "A list of codes is for another edition",
        finding,
        consequence,
        "Nothing, but say so where results of different sources are compared.",
    )


def _named(edition: str) -> str:
    return ", ".join(read_yaml("icd10_editions.yaml")["vocabularies"][edition])
