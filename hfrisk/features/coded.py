"""Diagnoses that were known when the risk was asked for: those of earlier times, and those of the stay itself where coding is live."""

from __future__ import annotations

from string import ascii_uppercase

import ibis
import ibis.expr.types as ir

from hfrisk.codelists import read_yaml
from hfrisk.cohort import coded
from hfrisk.features.family import KEYS, Context
from hfrisk.features.known import Event, events, happened_at_latest

__all__ = ["history", "holds_a_code", "sources", "stay_is_coded", "written_codes"]

# What a code that stands among the observations begins with. ICD-9-CM: a bare number may be a value or a local code.
_IN_OBSERVATIONS = {"icd10_uk": ascii_uppercase, "icd10_cm": ascii_uppercase, "icd9_cm": "EV"}


def history(context: Context) -> ir.Table:
    """Every coded diagnosis that was known, kept, so that the table of all diagnoses is searched once.

    Returns
    -------
    Table
        One row an index discharge, code and day: the key, ``code`` (normalised, in the study's vocabulary; NULL where there is none),
        ``concept`` (the standard concept), ``source_concept``, ``days_ago`` (days from the diagnosis to the admission) and ``earlier``
        (it is not of the index stay, and was made before the day of admission). Where coding is live, a diagnosis of the index stay
        that is dated after the discharge, or was recorded at or after it, is not known: it was not coded by then.
    """
    rows = written_codes(context)
    own = context.stays.select("visit_occurrence_id", stay_of="index_id")
    rows = rows.left_join(own, "visit_occurrence_id").drop("visit_occurrence_id_right")
    index = context.index.select(*KEYS, "admission_date", "predicted_at")
    pairs = index.inner_join(rows, "person_id")
    pairs = pairs.mutate(days_ago=pairs.admission_date.delta(pairs.on, unit="day"))
    of_this_stay = (pairs.stay_of == pairs.index_id).fill_null(False)
    earlier = (pairs.days_ago >= 1) & ~of_this_stay & (pairs.known_at < pairs.predicted_at)
    if context.cohort.prediction_time != "coded":
        of_this_stay = of_this_stay & (pairs.dated <= pairs.predicted_at)
        of_this_stay = of_this_stay & (pairs.recorded_at < pairs.predicted_at).fill_null(True)
    keep = earlier | of_this_stay if stay_is_coded(context) else earlier
    pairs = pairs.mutate(earlier=earlier).filter(keep)
    return context.kept(
        pairs.select(*KEYS, "code", "concept", "source_concept", "days_ago", "earlier").distinct(), "diagnoses"
    )


def stay_is_coded(context: Context) -> bool:
    """Whether the diagnoses of the index stay are known when the risk is asked for; a day after admission none is coded yet."""
    when = context.cohort.prediction_time
    return bool(when == "coded" or (when == "discharge" and context.settings.coding_is_live))


def sources(context: Context) -> tuple[str, ...]:
    """The tables that diagnoses are read from."""
    return ("condition_occurrence", "observation") if _reads_observations(context) else ("condition_occurrence",)


def written_codes(context: Context) -> ir.Table:
    """Diagnoses of the cohort's people: `person_id`, `visit_occurrence_id`, `code`, `concept`, `source_concept`, `on`, `known_at`,
    and of the row itself `dated` (its time, else the beginning of its day) and `recorded_at`.

    A diagnosis that was written in a visit was made when that visit took place, however early its own date: an onset dated back
    by a later admission must not become history. It is known when the visit has ended, since it is coded then, and
    `features.coding_lag_days` later. An observation whose source value is a code is a diagnosis like any other
    (`features.codes_in_observations`), unless it is answered with no.
    """
    conditions = events(context, "condition_occurrence")
    rows = conditions.select(
        "person_id",
        "visit_occurrence_id",
        "on",
        "known_at",
        code=coded(conditions.condition_source_value, context.vocabulary),
        concept="condition_concept_id",
        source_concept="condition_source_concept_id",
        dated=_dated(conditions),
        recorded_at="recorded_at",
    )
    if _reads_observations(context):
        rows = rows.union(_codes_in_observations(context))
    ended = Event("visit_end_date", "visit_end_datetime")
    visits = context.visits
    visits = visits.select(
        "visit_occurrence_id", came="visit_start_date", coded_at=happened_at_latest(context, visits, ended)
    )
    rows = rows.left_join(visits, "visit_occurrence_id").drop("visit_occurrence_id_right")
    on = ibis.greatest(rows["on"], rows.came.fill_null(rows["on"]))
    known = ibis.greatest(rows.known_at, rows.coded_at.fill_null(rows.known_at))
    known = known + ibis.interval(days=context.settings.coding_lag_days)
    kept = ("person_id", "visit_occurrence_id", "code", "concept", "source_concept", "dated", "recorded_at")
    return rows.select(*kept, on=on, known_at=known)


def _reads_observations(context: Context) -> bool:
    return context.settings.codes_in_observations and context.cdm.has("observation")


def holds_a_code(context: Context, value: ir.StringValue) -> ir.BooleanValue:
    """Whether the source value of an observation is a code of the study's vocabulary, so that the row is a diagnosis of its visit."""
    return (_may_be_a_code(context, value) & coded(value, context.vocabulary).notnull()).fill_null(False)


def _may_be_a_code(context: Context, value: ir.StringValue) -> ir.BooleanValue:
    return value.strip().substr(0, 1).upper().isin(list(_IN_OBSERVATIONS[context.vocabulary]))


def _codes_in_observations(context: Context) -> ir.Table:
    """The observations that are diagnoses; nearly all rows are told by their first character and length, before any pattern is tried."""
    rows = events(context, "observation")
    value = rows.observation_source_value
    rows = rows.filter(value.length().between(3, 10), _may_be_a_code(context, value))
    rows = rows.mutate(code=coded(rows.observation_source_value, context.vocabulary))
    # a form on which the answer is No says that the person has it not
    no = rows.value_as_concept_id.isin(read_yaml("social.yaml")["says_no"]["concepts"]).fill_null(False)
    no = no | (rows.value_as_number == 0).fill_null(False)
    rows = rows.filter(rows.code.notnull(), ~no)
    return rows.select(
        "person_id",
        "visit_occurrence_id",
        "on",
        "known_at",
        "code",
        concept="observation_concept_id",
        source_concept="observation_source_concept_id",
        dated=_dated(rows),
        recorded_at="recorded_at",
    )


def _dated(rows: ir.Table) -> ir.TimestampValue:
    return rows.happened_at.fill_null(rows["on"].cast("timestamp"))
