"""ATLAS concept sets, resolved against the source's own vocabulary tables.

The meaning is that of OHDSI's circe: the included concepts, what stands below those that ask for it, and the source concepts that
map to those that ask for it; then, taken away, everything that the excluded items reach in the same way.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hfrisk.cdm.atlas import Item, read_concept_set
from hfrisk.cdm.editions import refuse_other_vocabulary
from hfrisk.cdm.source import Cdm
from hfrisk.checks import Check
from hfrisk.codelists import read_yaml
from hfrisk.errors import DataError, StudyError

__all__ = [
    "Resolution",
    "concepts_with_codes",
    "explain_concept_set",
    "resolve_concept_set",
    "source_codes",
    "with_descendants",
]


@dataclass(frozen=True)
class Resolution:
    """The concept ids of a concept set in this source, in order, and what has to be said about how they were found."""

    concepts: tuple[int, ...]
    checks: tuple[Check, ...]


def resolve_concept_set(cdm: Cdm, content: Mapping[str, Any] | Path, *, vocabulary: str = "") -> list[int]:
    """The concept ids of a concept set in this source, in order; see `explain_concept_set`."""
    return list(explain_concept_set(cdm, content, vocabulary=vocabulary).concepts)


def explain_concept_set(cdm: Cdm, content: Mapping[str, Any] | Path, *, vocabulary: str = "") -> Resolution:
    """Resolve a concept set against the source's vocabulary tables.

    Parameters
    ----------
    cdm
        The open source. `concept` is needed for items without an id, `concept_ancestor` for descendants (heart failure, 316139,
        has a shipped list), `concept_relationship` for mapped concepts.
    content
        ATLAS JSON, read or in a file; see `atlas.read_concept_set`.
    vocabulary
        How the study's diagnoses are coded; concepts of another edition of ICD are then refused. Empty: any.

    Raises
    ------
    StudyError
        If the content is not a concept set, is of another edition of ICD, or excludes everything that it includes.
    DataError
        If an item cannot be found, or what it reaches cannot be known in this source.
    """
    where = f"concept set {content.name}" if isinstance(content, Path) else "concept set"
    items = read_concept_set(content)
    if vocabulary:
        refuse_other_vocabulary((item.vocabulary for item in items), vocabulary, where=where)
    found, vocabularies, checks = _identified(cdm, items, where)
    if vocabulary:
        refuse_other_vocabulary(vocabularies, vocabulary, where=where)
    included, shipped = _reached(cdm, [item for item in found if not item.excluded], where)
    excluded, _ = _reached(cdm, [item for item in found if item.excluded], where)
    concepts = tuple(sorted(included - excluded))
    if not concepts:
        raise StudyError(
            "The concept set is empty: its exclusions take away everything that it includes.",
            where=where,
            todo="Look at the items that are excluded together with their descendants.",
        )
    return Resolution(concepts, (*checks, *([_shipped_used(shipped)] if shipped else [])))


def with_descendants(
    cdm: Cdm, concepts: Sequence[int], excluded: Sequence[int] = (), shipped: Sequence[int] = ()
) -> list[int]:
    """The concepts and what stands below them, without `excluded` and what stands below those, in order.

    Parameters
    ----------
    shipped
        What to take where the source has no hierarchy for any of `concepts`.

    Raises
    ------
    DataError
        If the source has no hierarchy and there is no shipped list.
    """
    below = _hierarchy(cdm, [*concepts, *excluded])
    known = set().union(*(below[concept] for concept in concepts if concept in below))
    if known:
        unwanted = set(excluded).union(*(below.get(concept, set()) for concept in excluded))
        return sorted((known | set(concepts)) - unwanted)
    if shipped:
        return sorted(set(shipped) - set(excluded))
    raise _no_hierarchy([str(concept) for concept in concepts], "")


def source_codes(cdm: Cdm, concepts: Iterable[int]) -> list[int]:
    """The source concepts that map to `concepts`, in order: what an ETL keeps in ``condition_source_concept_id``.

    Empty where the source has no `concept_relationship`.
    """
    wanted = sorted(set(concepts))
    if not wanted or not cdm.has("concept_relationship"):
        return []
    rows = cdm.table("concept_relationship")
    rows = rows.filter(
        rows.relationship_id == "Maps to",
        rows.concept_id_2.isin(wanted),
        rows.invalid_reason.isnull() | (rows.invalid_reason.strip() == ""),
    )
    frame = cdm.frame(rows.select(concept="concept_id_1").distinct(), "source concepts")
    return sorted(int(concept) for concept in frame["concept"])


def concepts_with_codes(cdm: Cdm, vocabulary_id: str, codes: Iterable[str]) -> list[int]:
    """The concepts of one vocabulary (``SNOMED``, ``ICD10`` ...) that have these codes, in order.

    Empty where the source has no `concept` table; codes are compared without dots, blanks and case.
    """
    found = _by_code(_vocabulary(cdm, [], {(vocabulary_id.upper(), _plain(code)) for code in codes}))
    return sorted({concept for named in found.values() for concept in named})


def _identified(cdm: Cdm, items: Sequence[Item], where: str) -> tuple[list[Item], list[str], list[Check]]:
    """Each item with its id in this source: by id, or by vocabulary and code where ids are absent or mean something else.

    With the vocabularies that the items belong to here, which a concept set need not say itself.
    """
    wanted = {(item.vocabulary.upper(), _plain(item.code)) for item in items if item.code}
    rows = _vocabulary(cdm, [item.concept for item in items if item.concept], wanted)
    by_id = {concept: (vocabulary, code) for concept, vocabulary, code, _ in rows}
    by_code = _by_code(rows)
    has_vocabulary = bool(rows) or _has_rows(cdm, "concept")
    found: list[Item] = []
    renamed: list[str] = []
    unknown: list[str] = []
    for item in items:
        identity = (item.vocabulary.upper(), _plain(item.code)) if item.code else None
        means = by_id.get(item.concept)
        if means is not None and (identity is None or means == identity):
            found.append(item)
        elif identity in by_code:
            found += [replace(item, concept=concept) for concept in by_code[identity]]
            if item.concept:
                renamed.append(item.words)
        elif means is not None or not item.concept:
            raise _not_found(item, has_vocabulary, where)
        else:
            found.append(item)
            if has_vocabulary:
                unknown.append(item.words)
    checks = [_by_code_instead(renamed)] if renamed else []
    vocabularies = sorted({by_id[item.concept][0] for item in found if item.concept in by_id})
    return found, vocabularies, checks + ([_not_in_vocabulary(unknown)] if unknown else [])


def _vocabulary(cdm: Cdm, concepts: Sequence[int], codes: set[tuple[str, str]]) -> list[tuple[int, str, str, bool]]:
    """The rows of `concept` that are asked for: id, vocabulary, code without dots, and whether the row is valid."""
    if not cdm.has("concept") or not (concepts or codes):
        return []
    table = cdm.table("concept")
    code = table.concept_code.upper().replace(".", "").replace(" ", "")
    named = code.isin(sorted({code for _, code in codes})) & table.vocabulary_id.upper().isin(
        sorted({vocabulary for vocabulary, _ in codes})
    )
    asked = table.concept_id.isin(sorted(set(concepts))) if concepts else named
    rows = table.filter(asked | named if concepts and codes else asked)
    valid = rows.invalid_reason.isnull() | (rows.invalid_reason.strip() == "")
    rows = rows.select("concept_id", "vocabulary_id", "concept_code", valid=valid)
    frame = cdm.frame(rows.order_by("concept_id"), "concepts")
    return [
        (int(row.concept_id), str(row.vocabulary_id).upper(), _plain(str(row.concept_code)), bool(row.valid))
        for row in frame.itertuples()
    ]


def _by_code(rows: Sequence[tuple[int, str, str, bool]]) -> dict[tuple[str, str] | None, list[int]]:
    """The ids of each code; a code that was given again to a new concept means the valid one."""
    found: dict[tuple[str, str] | None, list[int]] = {}
    for valid in (True, False):
        newly: dict[tuple[str, str] | None, list[int]] = {}
        for concept, vocabulary, code, is_valid in rows:
            if is_valid is valid and (vocabulary, code) not in found:
                newly.setdefault((vocabulary, code), []).append(concept)
        found |= newly
    return found


def _reached(cdm: Cdm, items: Sequence[Item], where: str) -> tuple[set[int], list[str]]:
    """Everything that the items stand for, and the items whose descendants came from the shipped list."""
    below = _hierarchy(cdm, [item.concept for item in items if item.descendants])
    has_hierarchy = bool(below) or _has_rows(cdm, "concept_ancestor")
    lists = _shipped()
    reached: set[int] = set()
    seeds: set[int] = set()
    shipped: list[str] = []
    unresolved: list[str] = []
    for item in items:
        mine = {item.concept}
        if item.descendants and item.concept in below:
            mine |= below[item.concept]
        elif item.descendants and item.concept in lists:
            mine |= lists[item.concept]
            if len(lists[item.concept]) > 1:
                shipped.append(item.words)
        elif item.descendants and not has_hierarchy:
            unresolved.append(item.words)
        reached |= mine
        seeds |= mine if item.mapped else set()
    if unresolved:
        raise _no_hierarchy(unresolved, where)
    if seeds and not _has_rows(cdm, "concept_relationship"):
        raise DataError(
            "The concept set asks for mapped concepts, but the source has no concept_relationship.",
            where=where + "; " + ", ".join(item.words for item in items if item.mapped),
            todo="Add the vocabulary table concept_relationship to the source, or save the concept set without includeMapped.",
        )
    return reached | set(source_codes(cdm, seeds)), shipped


def _hierarchy(cdm: Cdm, concepts: Sequence[int]) -> dict[int, set[int]]:
    """What stands below each of the concepts, for those that the source's hierarchy knows."""
    if not concepts or not cdm.has("concept_ancestor"):
        return {}
    rows = cdm.table("concept_ancestor")
    rows = rows.filter(rows.ancestor_concept_id.isin(sorted(set(concepts)))).distinct()
    below: dict[int, set[int]] = {}
    for row in cdm.frame(rows, "concept hierarchy").itertuples():
        below.setdefault(int(row.ancestor_concept_id), set()).add(int(row.descendant_concept_id))
    return below


def _shipped() -> dict[int, set[int]]:
    """Descendants that the package knows: heart failure, whose list leaves out what its own exclusions stand for."""
    preset = read_yaml("heart_failure.yaml")["omop_316139"]
    (heart_failure,) = preset["concepts"]
    return {heart_failure: set(preset["shipped_descendants"]), **{concept: {concept} for concept in preset["excluded"]}}


def _has_rows(cdm: Cdm, table: str) -> bool:
    return cdm.has(table) and not cdm.frame(cdm.table(table).limit(1), table).empty


def _plain(code: str) -> str:
    return code.upper().replace(".", "").replace(" ", "")


def _no_hierarchy(items: Sequence[str], where: str) -> DataError:
    return DataError(
        f"What stands below {', '.join(items)} cannot be known: the source's concept_ancestor is absent or empty.",
        where=where or "concept_ancestor",
        todo="Add the vocabulary table concept_ancestor to the source, or save the concept set with every concept listed and "
        "without includeDescendants.",
    )


def _not_found(item: Item, has_vocabulary: bool, where: str) -> DataError:
    if not has_vocabulary:
        return DataError(
            f"{item.words} has no concept id, and the source has no concept table in which to look its code up.",
            where=where,
            todo="Add the vocabulary table concept to the source, or save the concept set from ATLAS with its ids.",
        )
    return DataError(
        f"{item.words} is not in the source's vocabulary"
        + (f", where the id {item.concept} means something else." if item.concept else "."),
        where=where,
        todo="Check its vocabulary and code, or update the vocabulary tables of the source.",
    )


def _by_code_instead(items: Sequence[str]) -> Check:
    return Check(
        "HFR035",
        "warning",
        "Concepts were taken by code, not by id",
        "In this source's vocabulary these concepts have other ids than in the concept set, and were taken by vocabulary and code: "
        "{items}.",
        "The same conditions are found; a concept set made from another vocabulary may differ elsewhere too.",
        "Make the concept set again on this source's vocabulary, and compare.",
        facts={"items": ", ".join(items)},
    )


def _not_in_vocabulary(items: Sequence[str]) -> Check:
    return Check(
        "HFR036",
        "warning",
        "Concepts are not in the source's vocabulary",
        "The concept set names concepts that the source's concept table does not have: {items}.",
        "They were looked for by id as they are; if the vocabulary is of another release, patients may be missed.",
        "Compare cdm_source.vocabulary_version with the vocabulary on which the concept set was made.",
        facts={"items": ", ".join(items)},
    )


def _shipped_used(items: Sequence[str]) -> Check:
    return Check(
        "HFR037",
        "note",
        "Descendants came from the list that hfrisk ships",
        "The source has no hierarchy below {items}; the shipped list of common descendants was used.",
        "Rare kinds of heart failure may be missed.",
        "Add the vocabulary table concept_ancestor to the source.",
        facts={"items": ", ".join(items)},
    )
