"""Inpatient stays become continuous spells."""

from __future__ import annotations

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


def inpatient_stays(cdm: Cdm, settings: CohortSettings) -> ir.Table:
    """Inpatient visits with both dates in order, and the earliest and latest moments that the record allows.

    Without a time, an admission may have been as late as the last second of its day and a discharge as early as the first:
    two stays overlap only if they do so whatever the hour was.
    """
    visits = cdm.table("visit_occurrence")
    stays = visits.filter(
        visits.visit_concept_id.isin(settings.inpatient_visit_concepts),
        visits.person_id.notnull(),
        visits.visit_occurrence_id.notnull(),
        visits.visit_start_date.notnull(),
        visits.visit_end_date.notnull(),
        visits.visit_end_date >= visits.visit_start_date,
    )
    admitted = moment(stays.visit_start_date, stays.visit_start_datetime)
    discharged = moment(stays.visit_end_date, stays.visit_end_datetime)
    return stays.select(
        "person_id",
        "visit_occurrence_id",
        "visit_concept_id",
        "care_site_id",
        "discharged_to_concept_id",
        "discharged_to_source_value",
        start_date=stays.visit_start_date,
        end_date=stays.visit_end_date,
        latest_start=admitted.fill_null(stays.visit_start_date.cast("timestamp") + ibis.interval(seconds=86_399)),
        earliest_end=discharged.fill_null(stays.visit_end_date.cast("timestamp")),
        start_at=admitted.fill_null(stays.visit_start_date.cast("timestamp")),
    )


def assign_spells(stays: ir.Table, settings: CohortSettings) -> ir.Table:
    """Each stay with the number of its spell within the person (`spell`), and whether it opens it."""
    order = [stays.start_at, stays.visit_occurrence_id]
    earlier = ibis.window(group_by=stays.person_id, order_by=order, preceding=(None, 1))
    placed = stays.mutate(
        latest_end_before=stays.earliest_end.max().over(earlier), latest_day_before=stays.end_date.max().over(earlier)
    )
    joins = ibis.literal(False)
    if settings.spells.merge_overlapping:
        joins = joins | (placed.latest_start < placed.latest_end_before).fill_null(False)
    if settings.spells.merge_same_day:
        joins = joins | (placed.start_date == placed.latest_day_before).fill_null(False)
    placed = placed.mutate(opens_spell=~joins)
    so_far = ibis.window(
        group_by=placed.person_id, order_by=[placed.start_at, placed.visit_occurrence_id], preceding=None, following=0
    )
    return placed.mutate(spell=placed.opens_spell.cast("int64").sum().over(so_far))


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
        index_id=ranked.visit_occurrence_id.max(where=ranked.opens_spell),
        admission_date=ranked.start_date.min(),
        admitted_at=ranked.start_at.min(),
        discharge_date=ranked.end_date.max(),
        discharged_at=ranked.earliest_end.max(where=closes),
        care_site_id=ranked.care_site_id.max(where=closes),
        discharged_dead=died.fill_null(False).max(where=closes),
        stays=ranked.count(),
        opened_in_ae=(ranked.visit_concept_id == ED_WITH_ADMISSION).max(where=ranked.opens_spell),
    )
    spells = spells.mutate(length_of_stay=spells.discharge_date.delta(spells.admission_date, unit="day"))
    if settings.unplanned == "assume_unplanned":
        return spells.mutate(unplanned=ibis.literal(True))
    led_here = _reached_through_ae(cdm, spells)
    marked = spells.left_join(led_here, ["person_id", "spell"]).drop("person_id_right", "spell_right")
    return marked.mutate(unplanned=marked.opened_in_ae | marked.through_ae.fill_null(False)).drop("through_ae")


def _reached_through_ae(cdm: Cdm, spells: ir.Table) -> ir.Table:
    """Spells whose admission follows, on the day or the day after, the end of an A&E visit of the same person."""
    visits = cdm.table("visit_occurrence")
    attendances = visits.filter(
        visits.visit_concept_id == ED_VISIT, visits.visit_start_date.notnull(), visits.visit_end_date.notnull()
    ).select("person_id", ended=visits.visit_end_date)
    led = spells.inner_join(
        attendances,
        [
            spells.person_id == attendances.person_id,
            spells.admission_date.delta(attendances.ended, unit="day").between(0, 1),
        ],
    )
    return led.select("person_id", "spell").distinct().mutate(through_ae=ibis.literal(True))
