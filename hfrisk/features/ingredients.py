"""Which concepts of a source's medicines stand for which ingredient, told in the engine.

A source writes medicines as ingredients, or as clinical drugs, of which the vocabulary's hierarchy says what is in them. Where the
hierarchy is not there, `drug_strength` names the ingredient of a clinical drug, and the drug's name in RxNorm holds the ingredient's.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from hfrisk.cdm import Cdm
from hfrisk.codelists import read_csv, read_yaml
from hfrisk.features.family import small_table

__all__ = ["classes_of_ingredients", "has_hierarchy", "ingredients_of_drugs", "listed_ingredients", "members"]


def members(name: str) -> list[int]:
    """The ingredients of a class, with those of the classes that belong to it."""
    entry = read_yaml("medicines.yaml")[name]
    return [*entry.get("concepts", []), *(concept for other in entry.get("includes", []) for concept in members(other))]


def listed_ingredients() -> dict[int, dict[str, str]]:
    """The ingredients of all classes: by concept, the row of `medicine_ingredients.csv`."""
    return {int(row["concept"]): row for row in read_csv("medicine_ingredients.csv")}


def classes_of_ingredients() -> list[dict[str, object]]:
    """Each ingredient beside each class that it counts in: ``ingredient``, ``class``, and ``unless``.

    `unless` names a class that takes the ingredient away where it was given too: valsartan beside sacubitril is no receptor blocker
    of its own.
    """
    rows: list[dict[str, object]] = []
    for name, entry in read_yaml("medicines.yaml").items():
        apart = entry.get("not_with", {"class": "", "concepts": []})
        rows += [
            {
                "ingredient": concept,
                "class": name,
                "unless": str(apart["class"]) if concept in apart["concepts"] else "",
            }
            for concept in members(name)
        ]
    return rows


def has_hierarchy(cdm: Cdm) -> bool:
    """Whether the source's `concept_ancestor` says what is below any ingredient of the list."""
    if not cdm.has("concept_ancestor"):
        return False
    rows = cdm.table("concept_ancestor")
    rows = rows.filter(
        rows.ancestor_concept_id.isin(sorted(listed_ingredients())),
        rows.ancestor_concept_id != rows.descendant_concept_id,
    )
    return not cdm.frame(rows.limit(1).select("ancestor_concept_id"), "hierarchy of medicines").empty


def ingredients_of_drugs(cdm: Cdm, *, hierarchy: bool) -> ir.Table:
    """The ingredients of every drug concept that the source has used.

    Parameters
    ----------
    hierarchy
        From `has_hierarchy`: with it, what is in a drug is what stands above it in `concept_ancestor`, and is an ingredient there or
        in the list; without it, what `drug_strength` says, else what its name in RxNorm says of the listed ingredients.

    Returns
    -------
    Table
        ``drug_concept_id``, ``ingredient`` and ``how`` (``id``, ``hierarchy``, ``strength``, ``name``, ``none``), each pair once. A drug of
        which nothing is known stands for itself (``none``). Rows without a concept (0) are not there.
    """
    drugs = cdm.table("drug_exposure")
    used = drugs.filter(drugs.drug_concept_id > 0).select("drug_concept_id").distinct()
    listed = small_table(cdm, [{"ingredient": concept} for concept in listed_ingredients()])
    own = used.inner_join(listed, used.drug_concept_id == listed.ingredient)
    own = own.select("drug_concept_id", "ingredient", how=ibis.literal("id"))
    found = ibis.union(own, _above(cdm, used, listed) if hierarchy else _by_strength(cdm, used))
    if not hierarchy:
        # a name is asked only where nothing better is known
        found = ibis.union(found, _by_name(cdm, used.anti_join(found, "drug_concept_id")))
    rest = used.anti_join(found, "drug_concept_id")
    return ibis.union(found, rest.mutate(ingredient=rest.drug_concept_id, how=ibis.literal("none")))


def _above(cdm: Cdm, used: ir.Table, listed: ir.Table) -> ir.Table:
    concepts = cdm.table("concept")
    named = concepts.filter(concepts.concept_class_id == "Ingredient").select(ingredient="concept_id")
    ingredients = ibis.union(listed, named, distinct=True)
    rows = cdm.table("concept_ancestor")
    rows = rows.filter(rows.ancestor_concept_id != rows.descendant_concept_id)
    rows = rows.select(drug_concept_id="descendant_concept_id", ingredient="ancestor_concept_id").distinct()
    rows = rows.semi_join(used, "drug_concept_id").semi_join(ingredients, "ingredient")
    return rows.mutate(how=ibis.literal("hierarchy"))


def _by_strength(cdm: Cdm, used: ir.Table) -> ir.Table:
    rows = cdm.table("drug_strength")
    rows = rows.filter(rows.drug_concept_id != rows.ingredient_concept_id, rows.ingredient_concept_id > 0)
    rows = rows.select("drug_concept_id", ingredient="ingredient_concept_id").distinct()
    return rows.semi_join(used, "drug_concept_id").mutate(how=ibis.literal("strength"))


def _by_name(cdm: Cdm, unknown: ir.Table) -> ir.Table:
    """The listed ingredients whose name is in the name of the drug, word for word."""
    by_name = {row["name"].replace(",", ""): concept for concept, row in listed_ingredients().items()}
    # a name that holds another one is found by that: a salt by its ingredient, a pair by both of its parts
    plain = {name: concept for name, concept in by_name.items() if not any(_holds(name, other) for other in by_name)}
    names = small_table(cdm, [{"ingredient": concept, "word": f" {name} "} for name, concept in plain.items()])
    concepts = cdm.table("concept")
    concepts = concepts.filter(concepts.vocabulary_id.isin(["RxNorm", "RxNorm Extension"]))
    text = ibis.literal(" ") + concepts.concept_name.lower().replace(",", "") + ibis.literal(" ")
    drugs = concepts.select(drug_concept_id="concept_id", text=text).semi_join(unknown, "drug_concept_id")
    pairs = drugs.cross_join(names)
    pairs = pairs.filter(pairs.text.contains(pairs.word))
    return pairs.select("drug_concept_id", "ingredient", how=ibis.literal("name")).distinct()


def _holds(name: str, other: str) -> bool:
    return name != other and f" {other} " in f" {name} "
