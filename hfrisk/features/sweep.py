"""A wide sweep: every condition, ingredient and measurement that is common enough, as a long and sparse table beside the features.

The curated families are what a model is made of by default; this is for those who want to look at everything, as OHDSI's
FeatureExtraction does. It keeps to the same rule of what was known when the risk was asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd
from scipy import sparse

from hfrisk.cdm import Cdm
from hfrisk.checks import Check
from hfrisk.cohort import Cohort
from hfrisk.features.build import context_of
from hfrisk.features.coded import history
from hfrisk.features.family import KEYS, Context, small_table
from hfrisk.features.ingredients import listed_ingredients
from hfrisk.features.known import events, known_before_prediction
from hfrisk.features.settings import FeatureSettings
from hfrisk.features.sweep_settings import STAY, SweepSettings, Window

__all__ = ["Sweep", "build_sweep"]

_FAR = 1_000_000
_INGREDIENT = "Ingredient"
# a feature's number is concept, kind and window in one: concept * 1000 + kind * 100 + window
_KINDS = {"condition": 1, "drug": 2, "measurement": 3}
_TABLES = {"condition": "condition_occurrence", "drug": "drug_exposure", "measurement": "measurement"}
_OF_CONCEPT, _OF_KIND = 1000, 100
_REFERENCE = ("feature", "name", "table", "concept_id", "concept_name", "window", "index_discharges", "share")


@dataclass(frozen=True)
class Sweep:
    """What was found of everything.

    Attributes
    ----------
    table
        One row an index discharge and feature: ``person_id``, ``index_id``, ``feature`` (int64) and ``value`` (float64). What is not
        there is 0.
    reference
        One row a feature, in the order of its number: ``feature``, ``name`` (such as ``condition_316139_1_365d``), ``table``,
        ``concept_id``, ``concept_name`` (empty where the source does not tell it), ``window``, ``index_discharges`` (exact: not for
        release) and ``share`` of all index discharges.
    notices
        What could not be looked for.
    """

    table: ir.Table
    reference: pd.DataFrame
    notices: list[Check]
    key: str
    reused: bool
    cdm: Cdm = field(repr=False, compare=False)

    def matrix(self, index_keys: pd.DataFrame) -> sparse.csr_matrix:
        """The values as a matrix: a row for each row of `index_keys`, in its order; a column for each row of `reference`.

        Parameters
        ----------
        index_keys
            ``person_id`` and ``index_id`` of index discharges, typed as the source's. One of which nothing was found has a row of zeros.
        """
        long = self.cdm.frame(self.table, "sweep")
        columns = pd.Series(np.arange(len(self.reference)), index=self.reference["feature"])
        rows = index_keys[list(KEYS)].reset_index(drop=True).rename_axis("row").reset_index()
        both = rows.merge(long, on=list(KEYS))
        shape = (len(index_keys), len(self.reference))
        return sparse.csr_matrix((both["value"], (both["row"], both["feature"].map(columns))), shape=shape)


def build_sweep(cdm: Cdm, cohort: Cohort, settings: FeatureSettings, vocabulary: str = "icd10_uk") -> Sweep:
    """Count every concept in the engine, and keep what is common enough.

    Conditions are known as `coded.history` says: those of earlier care, and those of the stay where coding is live; a code among the
    observations is one of them, by the concept of its observation (`features.codes_in_observations`). Records without a standard
    concept (0, or none) are left out. Several records of a day count once.

    Parameters
    ----------
    cdm, cohort, vocabulary
        As for `build_features`.
    settings
        With `sweep`, and when records are known.
    """
    asked = settings.sweep
    context = context_of(cdm, cohort, settings, vocabulary)
    kinds = [kind for kind in _KINDS if getattr(asked, f"{kind}s")]
    made = [kind for kind in kinds if cdm.has(_TABLES[kind])]
    notices = [_absent(kind) for kind in kinds if kind not in made]
    parts = [context.key, settings.identity, asked.model_dump_json(), vocabulary]
    everything = cdm.materialise(_everything(context, asked, made), "sweep_everything", parts, order=()).table
    reference = _reference(cdm, everything, asked, cohort.index_discharges)
    common = _common(everything, asked, cohort.index_discharges)
    table = everything.semi_join(common, "feature").select(*KEYS, "feature", "value")
    stage = cdm.materialise(table, "sweep", parts, order=(*KEYS, "feature"))
    if "drug" in made and not _tells_ingredients(cdm):
        notices.append(_not_rolled_up())
    if made and reference.empty:
        notices.append(_nothing_common())
    return Sweep(stage.table, reference, notices, stage.key, stage.reused, cdm)


def _everything(context: Context, asked: SweepSettings, kinds: list[str]) -> ir.Table:
    """The key, `feature` and `value`, however rare."""
    readers: dict[str, Callable[[Context], ir.Table]] = {
        "condition": _conditions,
        "drug": _drugs,
        "measurement": _measurements,
    }
    if not kinds:
        days = context.index.filter(ibis.literal(False)).select(*KEYS, kind=0, concept=0, days_ago=0)
    else:
        days = ibis.union(*[_of_kind(kind, readers[kind](context)) for kind in kinds])
    windows = small_table(
        context.cdm,
        [
            {"window": number, "nearest": first, "furthest": last}
            for number, (first, last) in enumerate(map(_edges, asked.windows))
        ],
    )
    inside = days.inner_join(windows, days.days_ago.between(windows.nearest, windows.furthest))
    # by way of float64, which is exact here: a database may hold concepts in 32 bits, in which the product overflows
    feature = inside.concept.cast("float64") * _OF_CONCEPT + inside.kind * _OF_KIND + inside.window
    counted = (
        inside.mutate(feature=feature.cast("int64"))
        .group_by([*KEYS, "feature"])
        .aggregate(days=lambda rows: rows.count())
    )
    value = counted.days if asked.statistics == "count" else ibis.literal(1)
    return counted.select(*KEYS, "feature", value=value.cast("float64"))


def _of_kind(kind: str, days: ir.Table) -> ir.Table:
    return days.select(
        *KEYS,
        kind=ibis.literal(_KINDS[kind], type="int64"),
        concept=days.concept.cast("int64"),
        days_ago=days.days_ago.cast("int64"),
    )


def _edges(window: Window) -> tuple[int, int]:
    return (-_FAR, 0) if isinstance(window, str) else window


def _conditions(context: Context) -> ir.Table:
    rows = history(context)
    return rows.filter(rows.concept > 0).select(*KEYS, "concept", "days_ago").distinct()


def _measurements(context: Context) -> ir.Table:
    rows = events(context, "measurement")
    return _days(context, rows.select("person_id", "on", "known_at", concept="measurement_concept_id"))


def _drugs(context: Context) -> ir.Table:
    rows = events(context, "drug_exposure").select("person_id", "on", "known_at", drug="drug_concept_id")
    above = _ingredients(context.cdm)
    both = rows.left_join(above, rows.drug == above.descendant)
    concept = both.ingredient.fill_null(both.drug)
    return _days(context, both.select("person_id", "on", "known_at", concept=concept))


def _ingredients(cdm: Cdm) -> ir.Table:
    """What the vocabulary says is in a drug: `descendant`, `ingredient`, each pair once."""
    listed = small_table(cdm, [{"ingredient": concept} for concept in listed_ingredients()])
    concepts = cdm.table("concept")
    named = concepts.filter(concepts.concept_class_id == _INGREDIENT).select(ingredient="concept_id")
    rows = cdm.table("concept_ancestor").select(descendant="descendant_concept_id", ingredient="ancestor_concept_id")
    return rows.semi_join(ibis.union(listed, named, distinct=True), "ingredient").distinct()


def _days(context: Context, rows: ir.Table) -> ir.Table:
    """The days on which a concept was recorded: of several records of a day, the first that was known tells."""
    rows = rows.filter(rows.concept > 0)
    days = rows.group_by(["person_id", "concept", "on"]).aggregate(known_at=rows.known_at.min())
    return known_before_prediction(context, days).select(*KEYS, "concept", "days_ago")


def _common(everything: ir.Table, asked: SweepSettings, index_discharges: int) -> ir.Table:
    """The features that are common enough: `feature` and `index_discharges`."""
    counted = everything.group_by("feature").aggregate(
        index_discharges=everything.count(), people=everything.person_id.nunique()
    )
    share = counted.index_discharges.cast("float64") / float(max(index_discharges, 1))
    return counted.filter(share >= asked.minimum_share, counted.people >= asked.minimum_people).drop("people")


def _reference(cdm: Cdm, everything: ir.Table, asked: SweepSettings, index_discharges: int) -> pd.DataFrame:
    common = _common(everything, asked, index_discharges)
    concepts = cdm.table("concept").select("concept_id", "concept_name")
    common = common.mutate(concept=(common.feature / _OF_CONCEPT).floor().cast("int64"))
    both = common.left_join(concepts, common.concept == concepts.concept_id)
    names = both.group_by(["feature", "concept", "index_discharges"]).aggregate(concept_name=both.concept_name.min())
    frame = cdm.frame(names, "sweep").sort_values("feature", ignore_index=True)
    kind_of = {number: kind for kind, number in _KINDS.items()}
    kinds = (frame["feature"] % _OF_CONCEPT // _OF_KIND).map(kind_of)
    windows = [asked.windows[int(number)] for number in frame["feature"] % _OF_KIND]
    return pd.DataFrame(
        {
            "feature": frame["feature"].astype("int64"),
            "name": [
                f"{kind}_{concept}_{_short(window)}"
                for kind, concept, window in zip(kinds, frame["concept"], windows, strict=True)
            ],
            "table": kinds.map(_TABLES),
            "concept_id": frame["concept"].astype("int64"),
            "concept_name": frame["concept_name"].fillna("").astype("object"),
            "window": [_words(window) for window in windows],
            "index_discharges": frame["index_discharges"].astype("int64"),
            "share": frame["index_discharges"].astype("float64") / max(index_discharges, 1),
        },
        columns=list(_REFERENCE),
    )


def _short(window: Window) -> str:
    return STAY if isinstance(window, str) else f"{window[0]}_{window[1]}d"


def _words(window: Window) -> str:
    return "in the stay" if isinstance(window, str) else f"{window[0]} to {window[1]} days before admission"


def _tells_ingredients(cdm: Cdm) -> bool:
    return not cdm.frame(_ingredients(cdm).limit(1), "hierarchy of medicines").empty


def _absent(kind: str) -> Check:
    return Check(
        "HFR087",
        "note",
        "A table of the wide sweep is not in the source",
        "The source has no table {table}, which features.sweep asks for.",
        "The sweep holds nothing of it.",
        f"Set features.sweep.{kind}s to false, or add the table to the source.",
        facts={"table": _TABLES[kind]},
    )


def _not_rolled_up() -> Check:
    return Check(
        "HFR088",
        "note",
        "Medicines were swept as they are recorded",
        "The source has no hierarchy above its medicines (concept_ancestor), so that their ingredients are not known to the sweep.",
        "Tablets of two strengths are two features, and each of them is rarer than their ingredient.",
        "Add the vocabulary tables concept and concept_ancestor to the source.",
    )


def _nothing_common() -> Check:
    return Check(
        "HFR089",
        "note",
        "Nothing in the wide sweep is common enough",
        "No concept reaches features.sweep.minimum_share and minimum_people in any window.",
        "The sweep is empty.",
        "Ask whether records have standard concepts (not 0) and were known in time; otherwise lower the minimum.",
    )
