"""What became of each spell after its end: readmitted, died, neither, or not seen for long enough."""

from __future__ import annotations

from datetime import date

import ibis
import ibis.expr.types as ir

from hfrisk.cdm import Cdm
from hfrisk.cohort.settings import CohortSettings

__all__ = ["STATES", "first_deaths", "with_outcome"]

STATES = ("readmitted", "died", "none", "censored")
_MANY_SPELLS = 1_000_000  # more than anybody has: day times this plus the spell's number orders admissions


def first_deaths(cdm: Cdm) -> ir.Table:
    """The earliest recorded death of each person."""
    deaths = cdm.table("death")
    deaths = deaths.filter(deaths.person_id.notnull(), deaths.death_date.notnull())
    return deaths.group_by("person_id").aggregate(death_date=deaths.death_date.min())


def with_outcome(spells: ir.Table, deaths: ir.Table, settings: CohortSettings, data_end: date) -> ir.Table:
    """Each spell with its state, the day of it, and whether it is an event of the study's risk.

    The first unplanned spell inside the window is the readmission, whatever planned ones come before it; planned ones, day cases and
    regular attenders end nothing, and the day of the first of them is kept. What happened after the end of the data is not looked at:
    no such spell is among `spells`, and a later death is not counted. A readmission inside the window counts even where the recorded
    death is earlier: whoever was admitted was alive, and recorded deaths are often rounded to the first of the month.

    By CMS's rule (`outcome: cms`) a discharge whose first admission in the window is planned is not readmitted.
    """
    first, last = settings.window_days
    came_back = _later_admissions(spells, settings, first, last)
    joined = spells.left_join(came_back, ["person_id", "index_id"]).drop("person_id_right", "index_id_right")
    joined = joined.left_join(deaths, "person_id").drop("person_id_right")
    seen_to_die = (joined.death_date <= ibis.literal(data_end)).fill_null(False)
    died_on = joined.death_date.delta(joined.discharge_date, unit="day")
    seen_until = ibis.literal(data_end).delta(joined.discharge_date, unit="day")
    joined = joined.mutate(
        death_day=ibis.ifelse(
            seen_to_die & (died_on <= last).fill_null(False), ibis.greatest(died_on, 0), ibis.null("int64")
        ),
        follow_up_days=seen_until,
        follow_up_complete=seen_until >= last,
    )
    state = ibis.cases(
        (joined.readmission_day.notnull(), "readmitted"),
        (joined.death_day.notnull(), "died"),
        (joined.follow_up_complete, "none"),
        else_="censored",
    )
    joined = joined.mutate(state=state, outcome_day=joined.readmission_day.fill_null(joined.death_day))
    events = ["readmitted"] if settings.risk == "cumulative_incidence" else ["readmitted", "died"]
    # nobody knows whether a censored discharge became an event, so it is none of the two
    known = joined.state != "censored"
    return joined.mutate(event=ibis.ifelse(known, joined.state.isin(events), ibis.null("boolean")))


def _later_admissions(spells: ir.Table, settings: CohortSettings, first: int, last: int) -> ir.Table:
    """For each spell, the first unplanned and the first planned spell after it inside the window."""
    counts = spells.unplanned
    if not settings.count_zero_day_readmissions:
        counts = counts & ((spells.length_of_stay > 0) | spells.still_open)
    if settings.nhs_exclusions:
        counts = counts & ~(spells.excluded_by_nhs | spells.obstetric)
    later = spells.select(
        "person_id",
        next_spell="spell",
        next_date="admission_date",
        counts=counts,
        planned=~spells.unplanned,
        for_heart_failure="has_heart_failure",
        told_by="unplanned_told_by",
    )
    later = later.filter(later.counts | later.planned)
    pairs = spells.select("person_id", "index_id", "spell", "discharge_date").inner_join(
        later,
        [
            spells.person_id == later.person_id,
            later.next_spell > spells.spell,
            later.next_date.delta(spells.discharge_date, unit="day").between(first, last),
        ],
    )
    pairs = pairs.mutate(day=pairs.next_date.delta(pairs.discharge_date, unit="day"))
    pairs = pairs.mutate(place=pairs.day * _MANY_SPELLS + pairs.next_spell)
    found = pairs.group_by(["person_id", "index_id"]).aggregate(
        readmission_day=pairs.day.min(where=pairs.counts),
        readmission_place=pairs.place.min(where=pairs.counts),
        readmission_for_heart_failure=pairs.for_heart_failure.argmin(pairs.place, where=pairs.counts),
        readmission_told_by=pairs.told_by.argmin(pairs.place, where=pairs.counts),
        first_planned_day=pairs.day.min(where=pairs.planned),
        planned_place=pairs.place.min(where=pairs.planned),
    )
    if settings.outcome == "cms":
        voided = (found.planned_place < found.readmission_place).fill_null(False)
        found = found.mutate(
            readmission_day=ibis.ifelse(voided, ibis.null("int64"), found.readmission_day.cast("int64")),
            readmission_for_heart_failure=ibis.ifelse(
                voided, ibis.null("boolean"), found.readmission_for_heart_failure
            ),
            readmission_told_by=ibis.ifelse(voided, ibis.null("string"), found.readmission_told_by),
        )
    return found.drop("readmission_place", "planned_place")
