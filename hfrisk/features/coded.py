"""Diagnoses that were known when the risk was asked for: those of earlier times, and those of the stay itself where coding is live."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from hfrisk.cohort import coded
from hfrisk.features.family import KEYS, Context
from hfrisk.features.known import Event, events, happened_at_latest

__all__ = ["history", "stay_is_coded", "written_codes"]


def history(context: Context) -> ir.Table:
    """Every coded diagnosis that was known, kept, so that the table of all diagnoses is searched once.

    Returns
    -------
    Table
        One row an index discharge, code and day: the key, ``code`` (normalised, in the study's vocabulary; NULL where there is none),
        ``concept`` (the standard concept), ``source_concept``, ``days_ago`` (days from the diagnosis to the admission) and ``earlier``
        (it is not of the index stay, and was made before the day of admission).
    """
    rows = written_codes(context)
    own = context.cohort.stays.select("visit_occurrence_id", stay_of="index_id")
    rows = rows.left_join(own, "visit_occurrence_id").drop("visit_occurrence_id_right")
    index = context.index.select(*KEYS, "admission_date", "predicted_at")
    pairs = index.inner_join(rows, "person_id")
    pairs = pairs.mutate(days_ago=pairs.admission_date.delta(pairs.on, unit="day"))
    of_this_stay = (pairs.stay_of == pairs.index_id).fill_null(False)
    earlier = (pairs.days_ago >= 1) & ~of_this_stay & (pairs.known_at < pairs.predicted_at)
    keep = earlier | of_this_stay if stay_is_coded(context) else earlier
    pairs = pairs.mutate(earlier=earlier).filter(keep)
    return context.kept(
        pairs.select(*KEYS, "code", "concept", "source_concept", "days_ago", "earlier").distinct(), "diagnoses"
    )


def stay_is_coded(context: Context) -> bool:
    """Whether the diagnoses of the index stay are known when the risk is asked for; a day after admission none is coded yet."""
    when = context.cohort.prediction_time
    return bool(when == "coded" or (when == "discharge" and context.settings.coding_is_live))


def written_codes(context: Context) -> ir.Table:
    """Diagnoses of the cohort's people: `person_id`, `visit_occurrence_id`, `code`, `concept`, `source_concept`, `on` and
    `known_at`.

    A diagnosis that was written in a visit was made when that visit took place, however early its own date: an onset dated back
    by a later admission must not become history. It is known when the visit has ended, since it is coded then, and
    `features.coding_lag_days` later.
    """
    rows = events(context, "condition_occurrence")
    visits = context.cdm.table("visit_occurrence").semi_join(context.people, "person_id")
    ended = Event("visit_end_date", "visit_end_datetime")
    visits = visits.select(
        "visit_occurrence_id", came="visit_start_date", coded_at=happened_at_latest(context, visits, ended)
    )
    rows = rows.left_join(visits, "visit_occurrence_id").drop("visit_occurrence_id_right")
    on = ibis.greatest(rows.condition_start_date, rows.came.fill_null(rows.condition_start_date))
    known = ibis.greatest(rows.known_at, rows.coded_at.fill_null(rows.known_at))
    known = known + ibis.interval(days=context.settings.coding_lag_days)
    return rows.select(
        "person_id",
        "visit_occurrence_id",
        on=on,
        known_at=known,
        code=coded(rows.condition_source_value, context.vocabulary),
        concept="condition_concept_id",
        source_concept="condition_source_concept_id",
    )
