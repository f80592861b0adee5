"""What changes over time though patients do not: records that thin out (HFR049), steps and gaps (HFR050), care out of sight (HFR055)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from hfrisk.checks import Check
from hfrisk.quality.evidence import Evidence, Panel
from hfrisk.quality.steps import Step, dips, fading, rate_fading, steps
from hfrisk.quality.survey import TABLES
from hfrisk.quality.words import MonthNumber, listed, month_of, month_words, period, share

__all__ = ["over_time_checks", "steps_by_site"]

Floats = npt.NDArray[np.float64]

_SHOWN = 3
_OTHERS = 3  # sites that are compared with each other; of two, nobody can tell which one changed, so each is held against itself


@dataclass(frozen=True)
class _Kind:
    """A thing that may step at a trust: which counts, out of which, and what it is called."""

    part: str
    of: str | None
    words: str


_KINDS = (
    _Kind("spells", None, "the number of inpatient stays"),
    _Kind("heart_failure", "spells", "the share of stays coded as heart failure"),
    _Kind("unplanned", "spells", "the share of stays told to be unplanned"),
)
_SAME_DAY = _Kind("same_day", "emergencies", "the share of emergency admissions that end on the day they begin")


def over_time_checks(evidence: Evidence) -> list[Check]:
    """HFR049, HFR050 and HFR055."""
    return [*_thinning(evidence), *_gaps(evidence), *_steps(evidence), *_same_day(evidence), *_uncoded(evidence)]


def steps_by_site(evidence: Evidence) -> pd.DataFrame:
    """Every step at a site that HFR050 and HFR055 tell of: `site`, `what`, `month`, `ratio`."""
    rows = [
        (evidence.panel.sites[step.series], kind.words, month_words(evidence.panel.first + step.at), step.ratio)
        for kind in (*_KINDS, _SAME_DAY)
        for step in _steps_of(evidence, kind)
    ]
    return pd.DataFrame(rows, columns=["site", "what", "month", "ratio"])


def _thinning(evidence: Evidence) -> list[Check]:
    """Stays, each table of records, deaths and the event rate, each against the year before."""
    quality, last = evidence.quality, evidence.last_month
    first = month_of(evidence.begins)
    volumes = {"inpatient stays": evidence.monthly(evidence.admissions, "spells", first, last)}
    words = {table.name: table.words for table in TABLES} | {"death": "deaths"}
    for name in words:
        rows = evidence.survey[evidence.survey["table"] == name]
        if len(rows):
            # a diagnosis outside a visit (problem list, GP) has the day on which the condition began, and comes in years later
            column = "linked" if name == "condition_occurrence" and rows["linked"].sum() else "rows"
            volumes[words[name]] = evidence.monthly(rows, column, first, last)
    chance = quality.clear / (len(volumes) + 1)
    faded = {
        name: found
        for name, counts in volumes.items()
        if (found := fading(counts, ratio=quality.thinning, chance=chance, enough=quality.enough)) is not None
    }
    rows = evidence.discharges
    followed = evidence.last_month - 1  # the last month whose discharges can have been followed for 30 days
    rate = rate_fading(
        evidence.monthly(rows, "events", first, followed),
        evidence.monthly(rows, "known", first, followed),
        ratio=quality.thinning,
        chance=chance,
        enough=quality.enough,
    )
    if not faded and rate is None:
        return []
    months = max([*(found.months for found in faded.values()), *([rate.months] if rate else [])])
    begins = (last if faded else followed) - months + 1
    over = period(begins, last if faded else followed)
    parts = []
    if faded:
        longest = max(found.months for found in faded.values())
        low = [f"{_percent(found.ratio)} of the {name}" for name, found in faded.items() if found.months == longest]
        parts.append(f"the last {longest} months hold {listed(low)} of the same months a year earlier")
    if rate is not None:
        parts.append(
            f"the event rate of the last {rate.months} months is {_percent(rate.ratio)} of that of the two years before"
        )
    return [
        Check(
            "HFR049",
            "warning",
            "Records thin out at the end",
            "Records thin out {how}: {findings}.",
            "Readmissions and deaths that are not in the source yet count as if they had not happened: people discharged late look as "
            "if they had done well, and a model that is tested on them looks as if it said too much.",
            "Ask when each feed was last complete, and set source.data_end to that day. If care really changed then, as in 2020, "
            "nothing.",
            facts={"how": ("through " if over.isdigit() else "from ") + over, "findings": "; ".join(parts)},
        )
    ]


def _gaps(evidence: Evidence) -> list[Check]:
    """Months in the middle with far fewer stays than those around them, in the source as a whole."""
    first = month_of(evidence.begins)
    counts = evidence.monthly(evidence.admissions, "spells", first, evidence.last_month)
    low = [first + place for place in dips(counts, ratio=evidence.quality.gap, chance=evidence.quality.clear)]
    if not low:
        return []
    runs = _runs(low)
    told = [period(start, end) for start, end in runs[:_SHOWN]]
    return [
        Check(
            "HFR050",
            "warning",
            "A gap in the admissions",
            "In {months} there are far fewer inpatient stays than in the months around.",
            "In the first wave of the pandemic people stayed away from hospital, and who still came was iller; where there is no such "
            "reason, records are missing. Either way these months say little about others.",
            "If the reason is known, show the result without these months as a sensitivity. If not, ask which feeds failed.",
            facts={"months": listed([*told, *(["later"] if len(runs) > _SHOWN else [])])},
        )
    ]


def _steps(evidence: Evidence) -> list[Check]:
    checks = []
    for kind in _KINDS:
        found = _steps_of(evidence, kind)
        if not found:
            continue
        checks.append(
            Check(
                "HFR050",
                "warning",
                f"A step at a trust: {kind.words}",
                "At {sites} of {all_sites} sites {what} {moves}, in {months}, while it does not at the others.",
                "People after the step are not like people before it, and the trust's own numbers change for no reason of health: a "
                "model learns the date, and comparisons between trusts and years mislead.",
                "Ask the trust what changed in that month (a new record system, a feed that stopped, new coders). If records are "
                "missing, leave that trust or that time out. hfrisk.quality.site_steps names the sites, to you.",
                facts={**_step_facts(evidence.panel, found, evidence.quality.step), "what": kind.words},
            )
        )
    return checks


def _same_day(evidence: Evidence) -> list[Check]:
    found = _steps_of(evidence, _SAME_DAY)
    if not found:
        return []
    return [
        Check(
            "HFR055",
            "warning",
            "Same-day emergency care leaves or enters the data",
            "At {sites} of {all_sites} sites {what} {moves}, in {months}.",
            "Same-day emergency care is recorded as an admission in some places and times and as an attendance in others. Where it "
            "leaves the admitted-patient data, readmissions that end on the same day disappear, and the trust looks better for it.",
            "Compare with cohort.count_zero_day_readmissions: false as a sensitivity, and ask the trusts since when same-day emergency "
            "care is recorded elsewhere.",
            facts={**_step_facts(evidence.panel, found, evidence.quality.step), "what": _SAME_DAY.words},
        )
    ]


def _uncoded(evidence: Evidence) -> list[Check]:
    """The last three months' stays that are not coded yet, against all before them."""
    quality, last = evidence.quality, evidence.last_month
    rows = evidence.coding
    recent = rows["month"] > last - 3
    waiting = rows["none"] + rows["uncoded"]
    now, stays = int(waiting[recent].sum()), int(rows.loc[recent, "stays"].sum())
    then, before = int(waiting[~recent].sum()), int(rows.loc[~recent, "stays"].sum())
    if (
        stays < quality.enough
        or now < quality.uncoded * stays
        or not before
        or now / stays < quality.step * then / before
    ):
        return []
    return [
        Check(
            "HFR055",
            "warning",
            "The last stays are not coded yet",
            "{stays} stays of the last three months ({share}) have no diagnosis but R69 (not coded yet), or none; before, it was "
            "{before}.",
            "Admissions for heart failure among them are not found, and those that are coded first differ from the rest.",
            "Set source.data_end to a day by which coding was complete.",
            counts={"stays": now},
            facts={"share": share(now, stays), "before": share(then, before)},
        )
    ]


def _steps_of(evidence: Evidence, kind: _Kind) -> list[Step]:
    """Steps of one kind at single sites: against the other sites' volume, or against their share in the same month."""
    panel, quality = evidence.panel, evidence.quality
    counts = panel.values[kind.part]
    if not counts.size:
        return []

    def expected(compared: npt.NDArray[np.bool_]) -> Floats:
        def elsewhere(name: str) -> Floats:
            table = panel.values[name]
            return np.asarray(table[compared].sum(axis=0) - np.where(compared[:, None], table, 0.0))

        if kind.of is None:
            # before a site's first stay there is nothing to step from; late beginnings are told as such
            begun = np.cumsum(panel.values["spells"], axis=1) > 0
            volume = elsewhere(kind.part) if compared.sum() >= _OTHERS else np.ones_like(counts)
            return np.where(begun, volume, 0.0)
        # nothing of the kind anywhere: the source does not record it yet
        base = np.where(np.cumsum(counts.sum(axis=0)) > 0, panel.values[kind.of], 0.0)
        if compared.sum() < _OTHERS:
            return base
        part, of = elsewhere(kind.part), elsewhere(kind.of)
        return np.asarray(base * np.divide(part, of, out=np.zeros_like(part), where=of > 0))

    return steps(counts, expected, chance=quality.clear / 4, factor=quality.step, enough=quality.enough / 4)


def _step_facts(panel: Panel, found: list[Step], factor: float) -> dict[str, str | float | int]:
    """How many sites, which way, and when; nothing that tells a site's numbers."""
    down = sum(step.ratio < 1 for step in found)
    moves = "falls" if down == len(found) else "rises" if not down else "falls or rises"
    months = sorted({panel.first + step.at for step in found})
    told = [month_words(month) for month in months[:_SHOWN]]
    return {
        "sites": len(found),
        "all_sites": len(panel.sites),
        "moves": f"{moves} by a factor of {factor:g} or more",
        "months": listed([*told, *(["later"] if len(months) > _SHOWN else [])]),
    }


def _runs(months: list[MonthNumber]) -> list[tuple[MonthNumber, MonthNumber]]:
    """Consecutive months as first and last."""
    runs: list[tuple[MonthNumber, MonthNumber]] = []
    for month in months:
        if runs and month == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], month)
        else:
            runs.append((month, month))
    return runs


def _percent(ratio: float) -> str:
    return f"{max(round(100 * ratio), 1)}%"
