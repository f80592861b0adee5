"""How much history lies before an index admission: at the beginning of the data, and at trusts that begin late (HFR053)."""

from __future__ import annotations

import math
from datetime import timedelta

from hfrisk.checks import Check
from hfrisk.quality.evidence import Evidence
from hfrisk.quality.words import MonthNumber, listed, month_of, month_words, period, share

__all__ = ["late_sites", "look_back_checks"]

_DAYS_A_MONTH = 30.4
_SHOWN = 3
_CONSEQUENCE = (
    "Earlier admissions and conditions look fewer than they were, so people look less ill than they are, and an admission that had one "
    "before it may look like the first."
)


def look_back_checks(evidence: Evidence) -> list[Check]:
    """HFR053 for the source, and for trusts whose records begin late."""
    return [*_whole_source(evidence), *_late_trusts(evidence)]


def late_sites(evidence: Evidence) -> dict[str, MonthNumber]:
    """Sites whose first stay is later than chance explains, with its month; the site's later volume says what should have been there."""
    panel, quality = evidence.panel, evidence.quality
    spells = panel.values["spells"]
    if len(panel.sites) < 2:
        return {}
    found = {}
    for row, site in enumerate(panel.sites):
        begun = int((spells[row] > 0).argmax())
        if begun * _DAYS_A_MONTH < quality.late_site_days:
            continue
        others = spells.sum(axis=0) - spells[row]
        since = float(others[begun:].sum() / others.sum()) if others.sum() else 1.0
        stays = float(spells[row].sum())
        # the chance that all of its stays fall into the time since then; few stays may be those of one or two people
        unlikely = stays * -math.log(max(since, 1e-9)) > math.log(len(panel.sites) / quality.clear)
        if unlikely and stays >= quality.enough:
            found[site] = panel.first + begun
    return found


def _whole_source(evidence: Evidence) -> list[Check]:
    rows, quality = evidence.discharges, evidence.quality
    discharges, short = int(rows["discharges"].sum()), int(rows["short"].sum())
    if not short or short < quality.short_look_back * discharges:
        return []
    last = evidence.begins + timedelta(days=quality.look_back_days - 1)
    return [
        Check(
            "HFR053",
            "warning",
            "Look-back is short at the beginning of the data",
            "Look-back is short in {period}: {discharges} index discharges ({share}) have less than {days} days of records before "
            "admission.",
            _CONSEQUENCE,
            "Set cohort.minimum_look_back_days to the look-back that the study needs, or ask for earlier records. If the source begins "
            "earlier than it seems to, declare source.data_start.",
            counts={"discharges": short},
            facts={
                "period": period(month_of(evidence.begins), month_of(last)),
                "share": share(short, discharges),
                "days": quality.look_back_days,
            },
        )
    ]


def _late_trusts(evidence: Evidence) -> list[Check]:
    late = late_sites(evidence)
    if not late:
        return []
    rows, months = evidence.discharges, round(evidence.quality.look_back_days / _DAYS_A_MONTH)
    began = rows["site"].map(late)
    short = int(rows.loc[rows["admitted"] < began + months, "discharges"].sum())
    named = [month_words(month) for month in sorted(set(late.values()))]
    more = ["later"] if len(named) > _SHOWN else []
    return [
        Check(
            "HFR053",
            "warning",
            "Some trusts begin later than the rest",
            "The records of {sites} of {all_sites} sites begin late, in {months}; {discharges} of their index discharges have less than "
            "{days} days of their own trust's records before admission.",
            _CONSEQUENCE,
            "Ask when each trust began to send records. Leave out the first months of those that begin late, or begin the study after "
            "the last of them (source.data_start).",
            counts={"discharges": short},
            facts={
                "sites": len(late),
                "all_sites": len(evidence.panel.sites),
                "months": listed([*named[:_SHOWN], *more]),
                "days": evidence.quality.look_back_days,
            },
        )
    ]
