"""Inpatient stays become continuous spells."""

from __future__ import annotations

from datetime import date

import ibis
import ibis.expr.types as ir

from hfrisk.cdm import Cdm
from hfrisk.cohort.settings import CohortSettings
from hfrisk.cohort.times import moment

__all__ = ["ED_VISIT", "ED_WITH_ADMISSION", "assign_spells", "build_spells", "inpatient_stays"]

ED_VISIT = 9203
ED_WITH_ADMISSION = 262
_DIED = 4216643
_DIED_SOURCE = "79"


def inpatient_stays(cdm: Cdm, settings: CohortSettings, data_end: date | None = None) -> ir.Table:
    """Inpatient visits with their dates in order, and the earliest and latest moments that the record allows.

    Without a time, an admission may have been as late as the last second of its day and a discharge as early as the first:
    two stays overlap only if they do so whatever the hour was.

    With `data_end`, a stay that has no end, or ends after it, is still open: it lasts until that day, can be a readmission, and
    cannot be an index discharge. Without, only stays that have ended are given.
    """
    visits = cdm.table("visit_occurrence")
    stays = visits.filter(
        visits.visit_concept_id.isin(settings.inpatient_visit_concepts),
        visits.person_id.notnull(),
        visits.visit_occurrence_id.notnull(),
        visits.visit_start_date.notnull(),
        visits.visit_end_date.isnull() | (visits.visit_end_date >= visits.visit_start_date),
    )
    if data_end is None:
        stays = stays.filter(stays.visit_end_date.notnull())
        still_open = ibis.literal(False)
        ended_on = stays.visit_end_date
    else:
        last_day = ibis.literal(data_end)
        stays = stays.filter(stays.visit_start_date <= last_day)
        still_open = stays.visit_end_date.isnull() | (stays.visit_end_date > last_day)
        ended_on = ibis.ifelse(still_open, last_day, stays.visit_end_date)
    admitted = moment(stays.visit_start_date, stays.visit_start_datetime)
    discharged = moment(ended_on, stays.visit_end_datetime)
    return stays.select(
        "person_id",
        "visit_occurrence_id",
        "visit_concept_id",
        "care_site_id",
        "discharged_to_concept_id",
        "discharged_to_source_value",
        still_open=still_open,
        start_date=stays.visit_start_date,
        end_date=ended_on,
        timed_start=admitted,
        latest_start=admitted.fill_null(stays.visit_start_date.cast("timestamp") + ibis.interval(seconds=86_399)),
        earliest_end=discharged.fill_null(ended_on.cast("timestamp")),
        start_at=admitted.fill_null(stays.visit_start_date.cast("timestamp")),
    )


def assign_spells(stays: ir.Table, settings: CohortSettings) -> ir.Table:
    """Each stay with the number of its spell within the person (`spell`), and whether it is the spell's first stay (`first`).

    Stays are taken in the order of their latest possible start, in which a running maximum of ends is a valid test of overlap, so
    that the result depends on the stays and not on their ids. The first stay is the one that starts earliest, then the smallest id.
    """
    order = [stays.latest_start, stays.earliest_end, stays.visit_occurrence_id]
    earlier = ibis.window(group_by=stays.person_id, order_by=order, preceding=(None, 1))
    placed = stays.mutate(
        latest_end_before=stays.earliest_end.max().over(earlier), latest_day_before=stays.end_date.max().over(earlier)
    )
    joins = ibis.literal(False)
    if settings.spells.merge_overlapping:
        joins = joins | (placed.latest_start < placed.latest_end_before).fill_null(False)
    if settings.spells.merge_same_day:
        joins = joins | (placed.start_date <= placed.latest_day_before).fill_null(False)
    placed = placed.mutate(opens=~joins)
    so_far = ibis.window(
        group_by=placed.person_id,
        order_by=[placed.latest_start, placed.earliest_end, placed.visit_occurrence_id],
        preceding=None,
        following=0,
    )
    numbered = placed.mutate(spell=placed.opens.cast("int64").sum().over(so_far))
    within = ibis.window(
        group_by=[numbered.person_id, numbered.spell], order_by=[numbered.start_at, numbered.visit_occurrence_id]
    )
    return numbered.mutate(first=ibis.row_number().over(within) == 0)


def build_spells(cdm: Cdm, stays: ir.Table, settings: CohortSettings) -> ir.Table:
    """One row a spell: key, dates, site, whether it was unplanned and whether it ended in death by its own record.

    Admission fields are the first stay's, discharge fields the last one's to end.
    """
    last = ibis.window(
        group_by=[stays.person_id, stays.spell],
        order_by=[ibis.desc(stays.end_date), ibis.desc(stays.earliest_end), ibis.desc(stays.visit_occurrence_id)],
    )
    ranked = stays.mutate(from_the_end=ibis.row_number().over(last))
    closes = ranked.from_the_end == 0
    died = (ranked.discharged_to_concept_id == _DIED) | (ranked.discharged_to_source_value.strip() == _DIED_SOURCE)
    spells = ranked.group_by(["person_id", "spell"]).aggregate(
        index_id=ranked.visit_occurrence_id.max(where=ranked["first"]),
        admission_date=ranked.start_date.min(),
        admitted_at=ranked.start_at.min(),
        timed_admission=ranked.timed_start.min(),
        still_open=ranked.still_open.max(),
        discharge_date=ranked.end_date.max(),
        discharged_at=ranked.earliest_end.max(where=closes),
        care_site_id=ranked.care_site_id.max(where=closes),
        discharged_dead=died.fill_null(False).max(where=closes),
        stays=ranked.count(),
        in_ae_on=ranked.start_date.min(where=ranked.visit_concept_id == ED_WITH_ADMISSION),
    )
    spells = spells.mutate(length_of_stay=spells.discharge_date.delta(spells.admission_date, unit="day"))
    if settings.unplanned == "assume_unplanned":
        return spells.mutate(unplanned=ibis.literal(True))
    led_here = _reached_through_ae(cdm, spells)
    marked = spells.left_join(led_here, ["person_id", "spell"]).drop("person_id_right", "spell_right")
    opened_in_ae = (marked.in_ae_on == marked.admission_date).fill_null(False)
    return marked.mutate(unplanned=opened_in_ae | marked.through_ae.fill_null(False)).drop("through_ae")


def _reached_through_ae(cdm: Cdm, spells: ir.Table) -> ir.Table:
    """Spells that an A&E visit led to: it ended on the day of the admission or the day before, and not after it where both have times.

    One visit leads to one admission, the first after it.
    """
    visits = cdm.table("visit_occurrence")
    visits = visits.filter(visits.visit_concept_id == ED_VISIT, visits.visit_start_date.notnull())
    ended = visits.visit_end_date.fill_null(visits.visit_start_date)
    attendances = visits.select(
        "person_id", attendance="visit_occurrence_id", ended=ended, ended_at=moment(ended, visits.visit_end_datetime)
    )
    pairs = spells.inner_join(
        attendances,
        [
            spells.person_id == attendances.person_id,
            spells.admission_date.delta(attendances.ended, unit="day").between(0, 1),
        ],
    )
    pairs = pairs.filter((pairs.ended_at <= pairs.timed_admission).fill_null(True))
    turn = ibis.row_number().over(
        ibis.window(group_by=[pairs.person_id, pairs.attendance], order_by=[pairs.admitted_at, pairs.index_id])
    )
    led = pairs.mutate(turn=turn)
    return led.filter(led.turn == 0).select("person_id", "spell").distinct().mutate(through_ae=ibis.literal(True))
