"""Who was left out, by which rule, and how many only that rule removes: one bit a rule, so that any order can be recomputed."""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir
import pandas as pd

from hfrisk.cdm import Cdm
from hfrisk.cohort.settings import CohortSettings
from hfrisk.errors import StudyError

__all__ = ["RULES", "Rule", "attrition", "rules_of", "with_rules"]

Rule = tuple[str, str]
"""A rule's name and its words."""

RULES: tuple[Rule, ...] = (
    ("all_spells", "All hospital spells"),
    ("heart_failure", "Heart failure recorded"),
    ("ordinary", "Not a day case or regular attender"),
    ("adult", "Adult"),
    ("unplanned", "Unplanned admission"),
    ("ended", "Stay has ended"),
    ("alive", "Discharged alive"),
    ("not_transferred_out", "Not sent on to a hospital out of sight"),
    ("nhs", "Not left out by the NHS indicator"),
    ("looked_back", "Enough earlier records"),
    ("followed_up", "Seen for the whole window after discharge"),
    ("chosen", "First index discharge of each person"),
)
_AT_RANDOM = "One index discharge of each person, at random"


@ibis.udf.scalar.builtin  # type: ignore[untyped-decorator]
def md5(text: str) -> str:  # type: ignore[empty-body]  # every engine's own function
    """A hash that is the same on every engine."""


def rules_of(settings: CohortSettings) -> tuple[Rule, ...]:
    """Name and words of each rule that the study switches on, in the order of their bits."""
    off = {
        "adult": settings.minimum_age is None,
        "unplanned": not (settings.require_unplanned_index and settings.planned_is_told),
        "alive": not settings.discharged_alive,
        "not_transferred_out": settings.keep_transferred_out,
        "nhs": not settings.nhs_exclusions,
        "looked_back": settings.minimum_look_back_days == 0,
        "followed_up": not settings.complete_follow_up,
        "chosen": settings.index == "every",
    }
    return tuple(
        (name, _AT_RANDOM if name == "chosen" and settings.index == "random" else words)
        for name, words in RULES
        if not off.get(name, False)
    )


def with_rules(spells: ir.Table, settings: CohortSettings) -> ir.Table:
    """The spells with one column `keeps_<rule>` for each rule of the study, and `excluded_by`.

    Bit i of `excluded_by` is set when the i-th rule of `rules_of` leaves the spell out; 0 is an index discharge.
    """
    names = [name for name, _ in rules_of(settings)]
    marked = spells.mutate(**{f"keeps_{name}": _kept(name, spells, settings) for name in names if name != "chosen"})
    if "chosen" in names:
        marked = marked.mutate(keeps_chosen=_chosen(marked, names[:-1], settings))
    bits = [ibis.ifelse(marked[f"keeps_{name}"], 0, 1 << i).cast("int64") for i, name in enumerate(names)]
    return marked.mutate(excluded_by=sum(bits[1:], bits[0]))


def _kept(rule: str, spells: ir.Table, settings: CohortSettings) -> ir.BooleanValue:
    dead = (spells.death_date <= spells.discharge_date).fill_null(False) | spells.discharged_dead
    kept: dict[str, ir.BooleanValue] = {
        "all_spells": ibis.literal(True),
        "heart_failure": spells.has_heart_failure,
        "ordinary": ~spells.day_case,
        "adult": (spells.age >= (settings.minimum_age or 0)).fill_null(False),
        "unplanned": spells.unplanned,
        "ended": ~spells.still_open,
        "alive": ~dead,
        "not_transferred_out": ~spells.transferred_out,
        "nhs": ~(spells.excluded_by_nhs | spells.recent_cancer | spells.maternity | spells.mental_health),
        "looked_back": spells.look_back_days >= settings.minimum_look_back_days,
        "followed_up": spells.follow_up_complete,
    }
    return kept[rule]


def _chosen(marked: ir.Table, others: Sequence[str], settings: CohortSettings) -> ir.BooleanValue:
    """The first, or a random one, of each person's spells that all other rules keep; a spell that they do not keep is not judged."""
    kept = ibis.and_(*[marked[f"keeps_{name}"] for name in others])
    order: list[ir.Value] = [marked.discharge_date, marked.admitted_at, marked.index_id]
    if settings.index == "random":
        order = [md5(marked.index_id.cast("string") + f":{settings.random_seed}"), marked.index_id]
    turn = ibis.row_number().over(ibis.window(group_by=[marked.person_id, kept], order_by=order))
    return (turn == 0) | ~kept


def attrition(cdm: Cdm, spells: ir.Table, rules: Sequence[Rule], order: Sequence[str] | None = None) -> pd.DataFrame:
    """Counts after each rule, from the bit masks.

    Parameters
    ----------
    rules
        The rules in the order of their bits.
    order
        Names of the rules in the order in which they are to be applied; None is the order of the bits.

    Returns
    -------
    DataFrame
        One row a rule: ``rule``, ``bit``, ``words``; ``admissions``, ``persons`` and ``events`` left after it; ``excluded`` by it;
        ``excluded_only_here``, those that every other rule would have kept.

    Raises
    ------
    StudyError
        If `order` does not name each rule of the study once.
    """
    names = [name for name, _ in rules]
    order = _checked(order, names)
    step = ibis.cases(*[(~spells[f"keeps_{name}"], i) for i, name in enumerate(order)], else_=len(order))
    stepped = spells.select("person_id", "event", "excluded_by", step=step.cast("int64"))
    masks = cdm.frame(
        stepped.group_by("excluded_by", "step").aggregate(
            admissions=stepped.count(), events=stepped.event.fill_null(False).sum()
        ),
        "attrition",
    )
    furthest = stepped.group_by("person_id").aggregate(step=stepped.step.max())
    people = cdm.frame(furthest.group_by("step").aggregate(persons=furthest.count()), "attrition")
    bits = {name: i for i, name in enumerate(names)}
    words = dict(rules)
    rows = []
    before = int(masks["admissions"].sum())
    for i, name in enumerate(order):
        left = masks[masks["step"] > i]
        admissions = int(left["admissions"].sum())
        rows.append(
            {
                "rule": name,
                "bit": bits[name],
                "words": words[name],
                "admissions": admissions,
                "persons": int(people.loc[people["step"] > i, "persons"].sum()),
                "events": int(left["events"].fillna(0).sum()),
                "excluded": before - admissions,
                "excluded_only_here": int(masks.loc[masks["excluded_by"] == 1 << bits[name], "admissions"].sum()),
            }
        )
        before = admissions
    return pd.DataFrame(rows)


def _checked(order: Sequence[str] | None, names: Sequence[str]) -> list[str]:
    if order is None:
        return list(names)
    if sorted(order) != sorted(names):
        raise StudyError(
            "The order does not name each rule of the study once.",
            where=", ".join(order),
            todo=f"The rules are: {', '.join(names)}.",
        )
    return list(order)
