"""Who was left out, by which rule, and how many only that rule removes."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
import pandas as pd

from hfrisk.cdm import Cdm
from hfrisk.cohort.settings import CohortSettings

__all__ = ["RULES", "Rule", "attrition", "with_rules"]

Rule = tuple[str, str]
"""A rule's name and its words."""

RULES: tuple[Rule, ...] = (
    ("all_spells", "All hospital spells"),
    ("heart_failure", "Heart failure recorded"),
    ("adult", "Adult"),
    ("unplanned", "Unplanned admission"),
    ("ended", "Stay has ended"),
    ("alive", "Discharged alive"),
    ("followed_up", "Seen for the whole window after discharge"),
    ("chosen", "First index discharge of each person"),
)


def with_rules(spells: ir.Table, settings: CohortSettings) -> tuple[ir.Table, list[Rule]]:
    """The spells with one column `keeps_<rule>` for each rule that the study switches on, and those rules in order."""
    tests: dict[str, ir.BooleanValue] = {"all_spells": ibis.literal(True), "heart_failure": spells.has_heart_failure}
    if settings.minimum_age is not None:
        tests["adult"] = (spells.age >= settings.minimum_age).fill_null(False)
    if settings.require_unplanned_index and settings.unplanned != "assume_unplanned":
        tests["unplanned"] = spells.unplanned
    if settings.discharged_alive:
        dead = (spells.death_date <= spells.discharge_date).fill_null(False) | spells.discharged_dead
        tests["alive"] = ~dead
    tests["ended"] = ~spells.still_open
    if settings.complete_follow_up:
        tests["followed_up"] = spells.follow_up_complete
    marked = spells.mutate(**{f"keeps_{name}": test for name, test in tests.items()})
    if settings.index == "first":
        all_others = ibis.and_(*[marked[f"keeps_{name}"] for name in tests])
        turn = ibis.row_number().over(
            ibis.window(
                group_by=[marked.person_id, all_others],
                order_by=[marked.discharge_date, marked.admitted_at, marked.index_id],
            )
        )
        marked = marked.mutate(keeps_chosen=(turn == 0) | ~all_others)
        tests["chosen"] = marked.keeps_chosen
    return marked, [(name, words) for name, words in RULES if name in tests]


def attrition(cdm: Cdm, spells: ir.Table, rules: list[Rule]) -> pd.DataFrame:
    """Counts after each rule, in one pass over the spells.

    Returns
    -------
    DataFrame
        One row a rule: ``rule``, ``words``; ``admissions``, ``persons`` and ``events`` left after it; ``excluded`` by it;
        ``excluded_only_here``, those that every other rule would have kept.
    """
    keeps = {name: spells[f"keeps_{name}"] for name, _ in rules}
    wanted: dict[str, ir.Value] = {}
    left = ibis.literal(True)
    for name in keeps:
        left = left & keeps[name]
        others = (
            ibis.and_(*[keeps[other] for other in keeps if other != name]) if len(keeps) > 1 else ibis.literal(True)
        )
        wanted[f"{name}__admissions"] = left.sum()
        wanted[f"{name}__persons"] = spells.person_id.nunique(where=left)
        wanted[f"{name}__events"] = (left & spells.event.fill_null(False)).sum()
        wanted[f"{name}__only"] = (others & ~keeps[name]).sum()
    row = cdm.frame(spells.aggregate(**wanted), "attrition").fillna(0).iloc[0]
    rows = []
    before = int(row[f"{rules[0][0]}__admissions"])
    for name, words in rules:
        admissions = int(row[f"{name}__admissions"])
        rows.append(
            {
                "rule": name,
                "words": words,
                "admissions": admissions,
                "persons": int(row[f"{name}__persons"]),
                "events": int(row[f"{name}__events"]),
                "excluded": before - admissions,
                "excluded_only_here": int(row[f"{name}__only"]),
            }
        )
        before = admissions
    return pd.DataFrame(rows)
