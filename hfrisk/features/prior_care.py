"""Use of hospital before the stay: earlier spells, bed-days, A&E attendances, time since the last discharge."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from hfrisk.checks import Check
from hfrisk.cohort import ED_VISIT, ED_WITH_ADMISSION
from hfrisk.features.dictionary import Feature
from hfrisk.features.family import KEYS, Context, Family, absent_is, joined, on_grid

__all__ = ["prior_care"]

_THEME = "Earlier hospital use"
_WINDOWS = (30, 90, 365)
_ATTENDANCE_DAYS = 180


def prior_care(context: Context) -> Family:
    """Earlier spells, and A&E attendances."""
    spells, seen = _earlier_spells(context), _attendances(context)
    table = spells.table
    if seen.table is not None and table is not None:
        table = joined(table, absent_is(context, seen.table, {entry.name: 0.0 for entry in seen.entries}))
    return Family((*spells.entries, *seen.entries), table, notices=[*spells.notices, *seen.notices])


def _earlier_spells(context: Context) -> Family:
    """Inpatient spells that began in the days before this admission, their bed-days, and days since the last discharge."""
    index, spells = context.index, context.cohort.spells
    before = spells.select(
        "person_id",
        earlier_spell="spell",
        began="admission_date",
        ended="discharge_date",
        days="length_of_stay",
        emergency="unplanned",
    )
    pairs = index.select(*KEYS, "spell", "admission_date").inner_join(before, "person_id")
    pairs = pairs.filter(pairs.earlier_spell < pairs.spell)
    ago = pairs.admission_date.delta(pairs.began, unit="day")
    since = ibis.greatest(pairs.admission_date.delta(pairs.ended, unit="day"), 0)
    columns: dict[str, ir.NumericValue] = {}
    entries = []
    for window in _WINDOWS:
        recent = ago.between(1, window)
        words = "in the year before" if window == 365 else f"in the {window} days before"
        span = f"{window} days before admission"
        columns[f"admissions_{window}d"] = recent.sum()
        columns[f"bed_days_{window}d"] = pairs.days.sum(where=recent).fill_null(0)
        entries += [
            _count(f"admissions_{window}d", f"hospital spells begun {words}", span, 40),
            _count(f"bed_days_{window}d", f"days of hospital spells begun {words}", span, 365, unit="days"),
        ]
    if "ae_segment" in context.cohort.strategies["unplanned"]:
        columns["emergency_admissions_365d"] = (ago.between(1, 365) & pairs.emergency).sum()
        entries.append(
            _count(
                "emergency_admissions_365d", "emergency admissions in the year before", "365 days before admission", 40
            )
        )
    counted = pairs.group_by(list(KEYS)).aggregate(**columns, last=since.min())
    table = index.left_join(counted, list(KEYS)).drop("person_id_right", "index_id_right")
    entries.append(
        Feature(
            "days_since_discharge",
            "days since the last discharge from hospital",
            family="prior_care",
            theme=_THEME,
            unit="days",
            window="before admission",
            sources=("visit_occurrence",),
            precision=1,
            lower=0,
            upper=5500,
            direction="lower",
            skewed=True,
        )
    )
    made = {name: on_grid(table[name].fill_null(0), 1) for name in columns}
    return Family(tuple(entries), table.select(*KEYS, **made, days_since_discharge=on_grid(table["last"], 1)))


def _attendances(context: Context) -> Family:
    """A&E attendances in the 180 days before admission; the one that led to this admission does not count."""
    visits = context.cdm.table("visit_occurrence")
    seen = visits.filter(
        visits.visit_concept_id.isin([ED_VISIT, ED_WITH_ADMISSION]), visits.visit_start_date.notnull()
    ).select(
        "person_id",
        "visit_concept_id",
        came="visit_start_date",
        left=visits.visit_end_date.fill_null(visits.visit_start_date),
    )
    if context.cdm.frame(seen.limit(1).select("person_id"), "A&E attendances").empty:
        return Family((), None, notices=[_no_attendances()])
    pairs = context.index.select(*KEYS, "admission_date").inner_join(seen, "person_id")
    ago = pairs.admission_date.delta(pairs.came, unit="day")
    led_here = (pairs.visit_concept_id == ED_VISIT) & pairs.admission_date.delta(pairs.left, unit="day").between(0, 1)
    pairs = pairs.filter(ago.between(1, _ATTENDANCE_DAYS), ~led_here)
    name = f"ae_attendances_{_ATTENDANCE_DAYS}d"
    entry = _count(name, "A&E attendances in the six months before", f"{_ATTENDANCE_DAYS} days before admission", 100)
    return Family((entry,), pairs.group_by(list(KEYS)).aggregate(**{name: on_grid(pairs.count(), 1)}), absent=0.0)


def _count(name: str, words: str, window: str, upper: float, unit: str = "count") -> Feature:
    return Feature(
        name,
        words,
        family="prior_care",
        theme=_THEME,
        unit=unit,
        window=window,
        sources=("visit_occurrence",),
        precision=1,
        lower=0,
        upper=upper,
        direction="higher",
        skewed=True,
        kind="count",
    )


def _no_attendances() -> Check:
    return Check(
        "HFR030",
        "note",
        "No A&E attendances in the source",
        "The source has no A&E visit (concepts 9203 and 262).",
        "Attendances before the stay, one of the stronger predictors, are not known.",
        "Ask whether A&E records can be added.",
    )
