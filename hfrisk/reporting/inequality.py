"""For whom it is worse: only differences that are differences, worst first, and the groups too small to know."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd

from hfrisk.reporting import words
from hfrisk.reporting.chance import asked_of, beyond_chance, whole_sentence
from hfrisk.reporting.evidence import Evidence, Number
from hfrisk.reporting.naming import EXPECTED_GROUPS, group_name, level_name, people

__all__ = ["Groups", "missing_groups", "named_by_group", "sort_groups"]

_NAMED = 8  # a longer list of levels (hospitals) is counted instead


@dataclass(frozen=True)
class Groups:
    """What is known about the groups.

    Parameters
    ----------
    summary
        How many were looked at, and how many stand out.
    worse
        One sentence a group, worst first.
    unknown
        One sentence naming the groups for which nobody can say.
    looked_at
        Number of groups with an interval.
    """

    summary: str
    worse: tuple[str, ...]
    unknown: tuple[str, ...]
    looked_at: int


def sort_groups(evidence: Evidence) -> Groups:
    """Sort the groups into worse, alike and unknown.

    A group stands out when the interval of its observed over expected leaves out 1; where the model as a whole
    is off, also when it leaves out the ratio of everyone, so that one fault is not told many times. A group
    also stands out when the interval of its ranking lies below the ranking of everyone. In both cases its characteristic as a
    whole must differ by more than chance gives, allowing for how many were asked (`chance`).
    """
    overall = evidence.number("oe_ratio")
    off = overall.excludes(1)
    groups = _recorded(list(evidence.groups("oe_ratio")))
    seen = [g for g in groups if g.with_interval]
    out = [g for g in seen if _stands_out(beyond_chance(evidence, g, "oe_ratio", len(seen)), overall.estimate, off)]
    out.sort(key=lambda g: -_distance(g))
    worse = [_served(evidence, g) for g in out]
    worse.extend(_ranked(evidence))
    unknown = _too_small(groups) + missing_groups({g.group for g in groups})
    return Groups(_summary(evidence, seen, len(worse), off), tuple(worse), tuple(unknown), len(seen))


def _stands_out(judged: Number | None, overall: float, off: bool) -> bool:
    return judged is not None and judged.excludes(1) and (not off or judged.excludes(overall))


def _distance(group: Number) -> float:
    # By how much the nearer end of the interval misses 1: what is certain, not what is likely.
    return math.log(group.lower) if group.estimate > 1 else -math.log(group.upper)


def _served(evidence: Evidence, group: Number) -> str:
    who = people(group.group, group.level)
    span = f"O/E {group.show(group.estimate)}, {group.show(group.lower)} to {group.show(group.upper)}" + (
        f"; {words.count(group.n)} discharges" if words.known(group.n) else ""
    )
    if words.known(group.n) and words.known(group.events) and group.n > 0:
        seen = group.events / group.n
        said = seen / group.estimate
        base = words.out_of(seen, said)
        if round(seen * base) == round(said * base):
            base = 1000
        told = (
            f"it says {words.in_hundred(said, base)} in every {base:,} where {words.in_hundred(seen, base)} "
            f"{evidence.came_back}"
        )
    else:
        told = f"it predicts {words.predicted_against_observed(group.estimate)} {evidence.came_back}"
    means = (
        "they would be **under-served**"
        if group.estimate > 1
        else "its risks are **too high**, and reviews would go where they are needed less"
    )
    return f"For **{who}** {told} ({span}): {means}."


def _ranked(evidence: Evidence) -> list[str]:
    everyone = evidence.number("auroc")
    if not everyone.known:
        return []
    seen = [g for g in evidence.groups("auroc") if g.with_interval]
    judged = [(g, beyond_chance(evidence, g, "auroc", len(seen))) for g in seen]
    found = [g for g, one in judged if one is not None and one.upper < everyone.estimate]
    found.sort(key=lambda g: g.upper)
    return [
        f"Among **{people(g.group, g.level)}** it ranks people less well: rightly {100 * g.estimate:.0f} times in 100 "
        f"({100 * g.lower:.0f} to {100 * g.upper:.0f}), against {100 * everyone.estimate:.0f} among everyone."
        for g in found
    ]


def _summary(evidence: Evidence, seen: list[Number], findings: int, off: bool) -> str:
    if not seen:
        return "No group was large enough to say whether it is worse for some people than for others."
    looked = f"{len(seen)} groups were large enough to judge"
    everyone = ""
    if off:
        direction = "too high" if evidence.number("oe_ratio").estimate < 1 else "too low"
        everyone = f"Its risks are {direction} for everyone. "
    chance = whole_sentence(evidence, "oe_ratio", "the gap between what it says and what happened") or (
        "As so many were looked at, each was held to a wider interval than its own."
    )
    if not findings:
        how = (
            "none differs clearly from the rest in that"
            if off
            else "for none of them is there a clear difference between what it says and what happened"
        )
        unnamed = (
            " None of its groups alone can be named." if any(t.differs for t in asked_of(evidence, "oe_ratio")) else ""
        )
        return f"{everyone}{looked}, and {how}. {chance}{unnamed}"
    stand = "one finding stands" if findings == 1 else f"{words.in_words(findings)} findings stand"
    return f"{everyone}{looked}; {stand} out{' from the rest' if off else ''}. {chance}"


def _too_small(groups: list[Number]) -> list[str]:
    small = [g for g in groups if not g.with_interval]
    rough = [g for g in groups if g.with_interval and g.upper / max(g.lower, 1e-9) > 2]
    told = []
    if small:
        told.append(f"**Too few to know:** {_by_group(small, groups)}.")
    if rough:
        told.append(f"**Known only roughly:** {_by_group(rough, groups)}.")
    return told


def _recorded(groups: list[Number]) -> list[Number]:
    # A group of whom everyone is "Not recorded" is not recorded in these data.
    here = {g.group for g in groups if g.level.lower() != "not recorded"}
    return [g for g in groups if g.group in here]


def missing_groups(here: set[str]) -> list[str]:
    """A sentence naming the groups that a reader looks for and that these data do not record; none when all are there."""
    gone = [_plain(g) for g in EXPECTED_GROUPS if g not in here]
    if not gone:
        return []
    return [f"**Not recorded in these data:** {words.listed(gone)}. Nobody can say whether it is worse for some there."]


def _plain(group: str) -> str:
    return "deprivation" if group == "imd_quintile" else group_name(group).lower()


def named_by_group(these: pd.DataFrame, groups: pd.DataFrame) -> str:
    """Levels named under their group; of a long list of levels only how many."""
    return _by_group(
        *([Number(group=g, level=v) for g, v in zip(f["group"], f["level"], strict=True)] for f in (these, groups))
    )


def _by_group(these: list[Number], groups: list[Number]) -> str:
    told = []
    for group in dict.fromkeys(g.group for g in these):
        names = [_spoken(group, level_name(group, g.level)) for g in these if g.group == group]
        of = sum(g.group == group for g in groups)
        told.append(f"{_plain(group)}: {words.listed(names) if of <= _NAMED else f'{len(names)} of {of}'}")
    return "; ".join(told)


def _spoken(group: str, name: str) -> str:
    return name.lower() if group in ("sex", "imd_quintile") else name
