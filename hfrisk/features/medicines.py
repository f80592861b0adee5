"""Heart-failure medicines being taken when the risk is asked for."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from hfrisk.cdm import Cdm
from hfrisk.checks import Check
from hfrisk.codelists import read_yaml
from hfrisk.cohort import known_at
from hfrisk.features.dictionary import Feature
from hfrisk.features.family import KEYS, Context, Family, on_grid

__all__ = ["medicines"]

_THEME = "Medicines"


def medicines(context: Context) -> Family:
    """Whether each class was given in the last hours of the stay, and how many of the four pillars."""
    if not context.cdm.has("drug_exposure"):
        return Family((), None)
    classes = read_yaml("medicines.yaml")
    rows = context.cdm.table("drug_exposure")
    began = known_at(rows.drug_exposure_start_date, rows.drug_exposure_start_datetime)
    ended = known_at(
        rows.drug_exposure_end_date.fill_null(rows.drug_exposure_start_date),
        rows.drug_exposure_end_datetime.fill_null(rows.drug_exposure_start_datetime),
    )
    rows = rows.select("person_id", "drug_concept_id", began=began, ended=ibis.greatest(began, ended))
    index = context.index.select(*KEYS, "admission_date", "predicted_at")
    pairs = index.inner_join(rows, "person_id")
    since = pairs.predicted_at - ibis.interval(hours=context.settings.medicines_hours)
    pairs = pairs.filter(pairs.began < pairs.predicted_at, pairs.ended >= since)
    columns: dict[str, ir.BooleanValue] = {}
    entries = []
    window = _window(context)
    for name, entry in classes.items():
        columns[name] = pairs.drug_concept_id.isin(_ingredients(context.cdm, entry["concepts"])).any()
        entries.append(
            Feature(
                name,
                entry["words"],
                family="medicines",
                theme=_THEME,
                unit="",
                window=window,
                sources=("drug_exposure",),
                precision=1,
                lower=0,
                upper=1,
                direction="either",
                modifiable=True,
                kind="binary",
            )
        )
    # PostgreSQL turns a truth into a whole number only
    made = {name: value.cast("int32").cast("float64") for name, value in columns.items()}
    given = pairs.group_by(list(KEYS)).aggregate(**made)
    pillars = [given[name] for name, entry in classes.items() if entry["pillar"]]
    table = given.mutate(pillars=on_grid(sum(pillars[1:], pillars[0]), 1))
    entries.append(
        Feature(
            "pillars",
            "how many of the four pillars of treatment",
            family="medicines",
            theme=_THEME,
            unit="count",
            window=window,
            sources=("drug_exposure",),
            precision=1,
            lower=0,
            upper=4,
            direction="lower",
            modifiable=True,
            kind="count",
        )
    )
    nothing = context.cdm.frame(pairs.limit(1).select("person_id"), "medicines").empty
    return Family(tuple(entries), table, absent=0.0, notices=[_none_given(window)] if nothing else [])


def _window(context: Context) -> str:
    hours = context.settings.medicines_hours
    if context.cohort.prediction_time == "admission_24h":
        return f"{hours} hours up to 24 hours after admission"
    return f"last {hours} hours of the stay"


def _ingredients(cdm: Cdm, concepts: list[int]) -> list[int]:
    """The ingredients, and what the source's own hierarchy puts below them."""
    if not cdm.has("concept_ancestor"):
        return sorted(concepts)
    ancestors = cdm.table("concept_ancestor")
    below = ancestors.filter(ancestors.ancestor_concept_id.isin(concepts)).select("descendant_concept_id").distinct()
    return sorted({*concepts, *map(int, cdm.frame(below, "medicine concepts")["descendant_concept_id"])})


def _none_given(window: str) -> Check:
    return Check(
        "HFR033",
        "warning",
        "No medicine was recorded at discharge",
        "The source has a table of medicines, but none in the {window} of any index discharge.",
        "The model takes everybody as untreated.",
        "Check whether inpatient prescribing is in the source.",
        facts={"window": window},
    )
