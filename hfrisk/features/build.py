"""All families together: one row an index discharge, one dictionary entry a column."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import ibis.expr.types as ir

from hfrisk.cdm import Cdm
from hfrisk.checks import Check
from hfrisk.cohort import Cohort
from hfrisk.features.demography import GROUPS, demography, groups
from hfrisk.features.diagnoses import conditions, frailty
from hfrisk.features.dictionary import Feature
from hfrisk.features.family import KEYS, Context, Family
from hfrisk.features.measurements import measurements
from hfrisk.features.medicines import medicines
from hfrisk.features.prior_care import attendances, earlier_spells
from hfrisk.features.settings import FeatureSettings
from hfrisk.features.stay import stay

__all__ = ["FAMILIES", "FeatureTable", "build_features"]

FAMILIES: tuple[Callable[[Context], Family], ...] = (
    demography,
    stay,
    earlier_spells,
    attendances,
    conditions,
    frailty,
    measurements,
    medicines,
)


@dataclass(frozen=True)
class FeatureTable:
    """What was known at discharge.

    Attributes
    ----------
    table
        One row an index discharge: the key, one float64 column for each entry of the dictionary (NULL is not recorded), and one text
        column ``group_<name>`` for each inequality group.
    dictionary
        The model inputs, in the order of the columns.
    groups
        Names of the inequality groups.
    notices
        What could not be made, and why.
    """

    table: ir.Table
    dictionary: tuple[Feature, ...]
    groups: tuple[str, ...]
    notices: list[Check]
    key: str
    reused: bool


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
    """
    # the outcome stays behind: no family can see what became of the person
    index = cohort.table.select(
        *KEYS,
        "spell",
        "admission_date",
        "admitted_at",
        "discharge_date",
        "discharged_at",
        "predicted_at",
        "age",
        "length_of_stay",
        "care_site_id",
    )
    context = Context(cdm, cohort, index, settings, vocabulary)
    families = [make(context) for make in FAMILIES]
    table = index.select(*KEYS)
    for family in families:
        if family.table is None:
            continue
        columns = [entry.name for entry in family.entries]
        table = table.left_join(family.table, list(KEYS)).drop("person_id_right", "index_id_right")
        if family.absent is not None:
            table = table.mutate(**{name: table[name].fill_null(family.absent) for name in columns})
    table = table.left_join(groups(context), list(KEYS)).drop("person_id_right", "index_id_right")
    dictionary = tuple(entry for family in families for entry in family.entries)
    table = table.select(*KEYS, *[entry.name for entry in dictionary], *[f"group_{name}" for name in GROUPS])
    stage = cdm.materialise(table, "features", [settings.model_dump_json(), cohort.key, vocabulary], order=KEYS)
    notices = [notice for family in families for notice in family.notices]
    return FeatureTable(stage.table, dictionary, GROUPS, notices, stage.key, stage.reused)
