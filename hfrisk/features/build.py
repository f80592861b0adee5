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
from hfrisk.features.family import KEYS, Context, Family, as_double
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
    made = [_made(family, context) for family in first]
    entries = [entry for family in made for entry in family.entries]
    refuse_doubles(entries)
    if len(first) < len(named):
        # the scores are put together from what the other families found
        later = replace(context, made=_wide(context, made), made_entries=tuple(entries))
        scores = [_made(family, later) for family in named if family.name == "scores"]
        made += scores
        entries += [entry for family in scores for entry in family.entries]
        refuse_doubles(entries)
    versions = [f"{family.name} {family.version}" for family in named]
    parts = [settings.identity, cohort.key, vocabulary, *versions]
    table = _wide(context, made, context.kept(groups(context), "groups"))
    stage = cdm.materialise(table, "features", parts, order=KEYS)
    catalogue = tuple(entries)
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
    # put down, since every family reads it, and the cohort's own table holds every spell of the source and what became of it
    index = cdm.materialise(cohort.table.select(*KEYS, *_SEEN), "features_index", [cohort.key], order=())
    return Context(cdm, cohort, index.table, settings, vocabulary, cohort.key)


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


def _wide(context: Context, families: Sequence[Family], grouped: ir.Table | None = None) -> ir.Table:
    """One row an index discharge with the columns of all families, and the groups, in one flat join.

    A join on a join on a join, each with a list of all columns, takes seconds to plan before the first row is read.
    """
    parts = [
        (family.table, [entry.name for entry in family.entries], family.absent)
        for family in families
        if family.table is not None
    ]
    if grouped is not None:
        parts.append((grouped, [f"group_{name}" for name in GROUPS], None))
    joins = context.index.select(*KEYS)
    for turn, (table, names, _) in enumerate(parts):
        key = {f"{name}_{turn}": name for name in KEYS}
        theirs = table.select(*names, **key)
        joins = joins.left_join(theirs, [(name, renamed) for renamed, name in key.items()])
    columns = {
        name: joins[name] if absent is None else joins[name].fill_null(absent)
        for _, names, absent in parts
        for name in names
    }
    return joins.select(*KEYS, **columns)


def _made(named: Named, context: Context) -> Family:
    """A family that keeps its promise: a column for each entry, and numbers; of one that was added, a row an index discharge."""
    if named.version:
        # what it keeps is found again by this code only, and under no name of ours
        context = replace(context, key=f"{context.key} {named.version}")
    family: object = named.make(context)
    if not isinstance(family, Family):
        raise _broken(named, "it is no Family")
    if family.table is None:
        if family.entries:
            raise _broken(named, "entries without a table")
        return family
    lacking = [name for name in (*KEYS, *(entry.name for entry in family.entries)) if name not in family.table.columns]
    if lacking:
        raise _broken(named, f"no column {lacking[0]}")
    other = [entry.name for entry in family.entries if not family.table[entry.name].type().is_float64()]
    if other:
        raise _broken(named, f"the column {other[0]} is not float64")
    if named.version and _has_doubles(context.cdm, family.table):
        raise _broken(named, "more than one row of an index discharge")
    columns = {entry.name: as_double(family.table[entry.name]) for entry in family.entries}
    return replace(family, table=context.kept(family.table.select(*KEYS, **columns), f"family_{named.name}"))


def _has_doubles(cdm: Cdm, table: ir.Table) -> bool:
    """Whether a key is there twice, which would double the index discharge in every other column too."""
    times = table.group_by(list(KEYS)).aggregate(times=table.count())
    return not cdm.frame(times.filter(times.times > 1).limit(1), "families that were added").empty


def _broken(named: Named, what: str) -> StudyError:
    return StudyError(
        f"The family {named.name} does not give what it promises: {what}.",
        where="features.families",
        todo="A family gives one row an index discharge at most: the key, and one float64 column for each entry of its dictionary "
        "(hfrisk.features.Family).",
    )
