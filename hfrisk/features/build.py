"""All families together: one row an index discharge, one dictionary entry a column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import ibis.expr.types as ir
import pandas as pd

from hfrisk.cdm import Cdm
from hfrisk.checks import Check
from hfrisk.cohort import Cohort
from hfrisk.errors import StudyError
from hfrisk.features.dictionary import Feature, chosen_by, refuse_doubles
from hfrisk.features.family import KEYS, Context, Family, as_double, joined
from hfrisk.features.groups import GROUPS, groups
from hfrisk.features.plugins import Named, families_of
from hfrisk.features.scores.inputs import score_inputs
from hfrisk.features.settings import FeatureSettings

__all__ = ["FeatureTable", "build_features", "context_of"]

# what a family may see of an index discharge; the outcome stays behind
_SEEN = (
    "spell",
    "admission_date",
    "admitted_at",
    "discharge_date",
    "discharged_at",
    "predicted_at",
    "age",
    "length_of_stay",
    "look_back_days",
    "care_site_id",
    "stays",
    "unplanned",
    "admission_method",
    "main_specialty",
    "self_discharged",
)


@dataclass(frozen=True)
class FeatureTable:
    """What was known at discharge.

    Attributes
    ----------
    table
        One row an index discharge: the key, one float64 column for each entry of the catalogue (NULL is not recorded), and one text
        column ``group_<name>`` for each inequality group.
    dictionary
        The features that are offered to the model, in the order of the columns.
    groups
        Names of the inequality groups.
    notices
        What could not be made, and why.
    catalogue
        Every feature that was made: those of the dictionary, and those that are there to look at groups, to compare with, or to ask for.
    observed
        Counts, nobody's own values: for how many index discharges each input of each clinical score was observed
        (`hfrisk.features.scores.score_inputs`). Empty where no score was made, and of a table that was loaded from files.
    """

    table: ir.Table
    dictionary: tuple[Feature, ...]
    groups: tuple[str, ...]
    notices: list[Check]
    key: str
    reused: bool
    catalogue: tuple[Feature, ...] = field(default=())
    observed: pd.DataFrame = field(default_factory=pd.DataFrame, compare=False, repr=False)

    def __post_init__(self) -> None:
        if not self.catalogue:
            object.__setattr__(self, "catalogue", self.dictionary)


def build_features(cdm: Cdm, cohort: Cohort, settings: FeatureSettings, vocabulary: str = "icd10_uk") -> FeatureTable:
    """Compute every family in the engine.

    Parameters
    ----------
    cdm
        The open source.
    cohort
        The index discharges.
    settings
        What is made, and how far back it looks.
    vocabulary
        How diagnoses are coded: ``icd10_uk``, ``icd10_cm`` or ``icd9_cm``.

    Raises
    ------
    StudyError
        If a family is not known, two features have one name, or a setting names a feature that is not made.
    """
    named = families_of(settings.families)
    context = context_of(cdm, cohort, settings, vocabulary)
    first = [family for family in named if family.name != "scores"]
    made = [_checked(family, family.make(context)) for family in first]
    entries = [entry for family in made for entry in family.entries]
    refuse_doubles(entries)
    table = _wide(context.index.select(*KEYS), made)
    versions = [f"{family.name} {family.version}" for family in named]
    parts = [settings.identity, cohort.key, vocabulary, *versions]
    if len(first) < len(named):
        # the scores are put together from what the other families found, so that is computed first
        base = cdm.materialise(table, "features_base", parts, order=())
        later = replace(context, made=base.table, made_entries=tuple(entries))
        scores = [_checked(family, family.make(later)) for family in named if family.name == "scores"]
        made += scores
        entries += [entry for family in scores for entry in family.entries]
        refuse_doubles(entries)
        table = _wide(base.table, scores)
    table = joined(table, groups(context))
    catalogue = tuple(entries)
    table = table.select(*KEYS, *[entry.name for entry in catalogue], *[f"group_{name}" for name in GROUPS])
    stage = cdm.materialise(table, "features", parts, order=KEYS)
    result = FeatureTable(
        stage.table,
        offered(catalogue, settings),
        GROUPS,
        [notice for family in made for notice in family.notices],
        stage.key,
        stage.reused,
        catalogue,
    )
    return replace(result, observed=score_inputs(cdm, result, settings))


def context_of(cdm: Cdm, cohort: Cohort, settings: FeatureSettings, vocabulary: str) -> Context:
    """What a family is given: the index discharges without anything that happened afterwards."""
    return Context(cdm, cohort, cohort.table.select(*KEYS, *_SEEN), settings, vocabulary, cohort.key)


def offered(catalogue: Sequence[Feature], settings: FeatureSettings) -> tuple[Feature, ...]:
    """The features that a model may use by the study's settings.

    Raises
    ------
    StudyError
        If a setting names a feature that is not made, or nothing is left.
    """
    chosen = {entry.name for entry in catalogue if entry.role == "input"}
    chosen |= chosen_by(catalogue, settings.also, setting="features.also")
    chosen -= chosen_by(catalogue, settings.leave_out, setting="features.leave_out")
    kept = [entry for entry in catalogue if entry.name in chosen]
    if settings.sensitive == "audit":
        kept = [entry for entry in kept if not entry.sensitive]
    if not kept:
        raise StudyError(
            "No feature is left for the model.", where="features", todo="Leave out fewer, or name more families."
        )
    return tuple(kept)


def _wide(table: ir.Table, families: Sequence[Family]) -> ir.Table:
    for family in families:
        if family.table is None:
            continue
        columns = [entry.name for entry in family.entries]
        table = joined(table, family.table.select(*KEYS, **{name: as_double(family.table[name]) for name in columns}))
        if family.absent is not None:
            table = table.mutate(**{name: table[name].fill_null(family.absent) for name in columns})
    return table


def _checked(named: Named, family: Family) -> Family:
    """A family that keeps its promise: a column for each entry, and numbers."""
    if family.table is None:
        if family.entries:
            raise _broken(named, "entries without a table")
        return family
    lacking = [name for name in (*KEYS, *(entry.name for entry in family.entries)) if name not in family.table.columns]
    if lacking:
        raise _broken(named, f"no column {lacking[0]}")
    other = [entry.name for entry in family.entries if not family.table[entry.name].type().is_floating()]
    if other:
        raise _broken(named, f"the column {other[0]} is not float64")
    return family


def _broken(named: Named, what: str) -> StudyError:
    return StudyError(
        f"The family {named.name} does not give what it promises: {what}.",
        where="features.families",
        todo="A family gives the key and one float64 column for each entry of its dictionary (hfrisk.features.Family).",
    )
