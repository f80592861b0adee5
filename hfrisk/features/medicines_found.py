"""Which medicines of the list a source has, how they were told, and which it has beside them; without any cohort."""

from __future__ import annotations

from typing import Any

import pandas as pd

from hfrisk.cdm import Cdm
from hfrisk.codelists import read_yaml
from hfrisk.features.doses import strengths
from hfrisk.features.ingredients import has_hierarchy, ingredients_of_drugs, listed_ingredients

__all__ = ["medicines_found"]

_HOW = {
    "id": "ingredient",
    "hierarchy": "concept_ancestor",
    "strength": "drug_strength",
    "name": "name of the drug",
    "none": "not in the list",
}


def medicines_found(cdm: Cdm) -> pd.DataFrame:
    """What the source's drug exposures are, ingredient by ingredient.

    Parameters
    ----------
    cdm
        The open source.

    Returns
    -------
    DataFrame
        One row for each ingredient of the list, in the order of the classes, found or not, and after them one for each other
        medicine that the source has: ``class`` (empty where the list has none), ``words``, ``concept``, ``rows``, ``people``, ``how``
        (by what it was told, several joined by a comma; ``not found``), ``rows_with_dose`` (a dose in milligrams, or a quantity of a
        drug whose strength is known). Counts are exact: the table is for the researcher, not for release.
    """
    listed = listed_ingredients()
    of_class = {
        concept: name for name, entry in read_yaml("medicines.yaml").items() for concept in entry.get("concepts", [])
    }
    counted = _counted(cdm) if cdm.has("drug_exposure") else {}
    rows = []
    for concept in [*of_class, *sorted(set(counted) - set(of_class))]:
        found = counted.get(concept, {})
        rows.append(
            {
                "class": of_class.get(concept, ""),
                "words": listed[concept]["words"] if concept in listed else found.get("words") or "",
                "concept": concept,
                "rows": int(found.get("rows", 0)),
                "people": int(found.get("people", 0)),
                "how": found.get("how", "not found"),
                "rows_with_dose": int(found.get("dosed", 0)),
            }
        )
    return pd.DataFrame(rows)


def _counted(cdm: Cdm) -> dict[int, dict[str, Any]]:
    """By ingredient: ``rows``, ``people``, ``dosed``, ``how`` and the vocabulary's ``words``."""
    links = ingredients_of_drugs(cdm, hierarchy=has_hierarchy(cdm))
    told = strengths(cdm)
    rows = cdm.table("drug_exposure").select("person_id", "drug_concept_id", "dose_mg", "quantity")
    rows = rows.inner_join(links, "drug_concept_id")
    rows = rows.left_join(told, ["drug_concept_id", "ingredient"]).drop("drug_concept_id_right", "ingredient_right")
    dosed = ((rows.dose_mg > 0) | ((rows.quantity > 0) & rows.strength.notnull())).fill_null(False)
    rows = rows.mutate(dosed=dosed.cast("int32"))
    by_how = cdm.frame(
        rows.group_by("ingredient", "how").aggregate(rows=rows.count(), dosed=rows.dosed.sum()), "medicines found"
    )
    people = cdm.frame(
        rows.group_by("ingredient").aggregate(people=rows.person_id.nunique()), "medicines found"
    ).set_index("ingredient")["people"]
    words = _words(cdm)
    return {
        int(concept): {
            "rows": mine["rows"].sum(),
            "people": people[concept],
            "dosed": mine["dosed"].sum(),
            "how": ", ".join(words_of for kind, words_of in _HOW.items() if kind in set(mine["how"])),
            "words": words.get(int(concept), ""),
        }
        for concept, mine in by_how.groupby("ingredient")
    }


def _words(cdm: Cdm) -> dict[int, str]:
    """The vocabulary's names of what the source has used."""
    drugs = cdm.table("drug_exposure").select("drug_concept_id").distinct()
    concepts = cdm.table("concept")
    used = concepts.inner_join(drugs, concepts.concept_id == drugs.drug_concept_id).select("concept_id", "concept_name")
    ingredients = concepts.filter(concepts.concept_class_id == "Ingredient").select("concept_id", "concept_name")
    frame = cdm.frame(used.union(ingredients, distinct=True), "names of medicines")
    return {int(row.concept_id): str(row.concept_name) for row in frame.itertuples()}
