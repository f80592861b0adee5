"""When a row of the source became known, and which rows were known when the risk was asked for.

One rule for every family: a row became known at `recorded_at` where the source says so, otherwise at the time of what it tells, and at
the end of its day where it has only a date. A row is known at the prediction if it became known before that moment.
"""

from __future__ import annotations

from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from hfrisk.cohort import known_at, moment
from hfrisk.features.family import INDEX, KEYS, Context

__all__ = ["EVENTS", "Event", "became_known", "events", "happened_at_latest", "known_before_prediction"]


@dataclass(frozen=True)
class Event:
    """How a table tells when something happened: the column of the day, and that of the time."""

    day: str
    time: str | None


EVENTS: dict[str, Event] = {
    # a visit is known from its beginning; what its end says is known from its end, which a family that reads it has to ask for
    "visit_occurrence": Event("visit_start_date", "visit_start_datetime"),
    "visit_detail": Event("visit_detail_start_date", "visit_detail_start_datetime"),
    "condition_occurrence": Event("condition_start_date", "condition_start_datetime"),
    "measurement": Event("measurement_date", "measurement_datetime"),
    "drug_exposure": Event("drug_exposure_start_date", "drug_exposure_start_datetime"),
    "procedure_occurrence": Event("procedure_date", "procedure_datetime"),
    "observation": Event("observation_date", "observation_datetime"),
    "cohort": Event("cohort_start_date", None),
}


def events(context: Context, name: str) -> ir.Table:
    """The rows of a table that have a date, of the people of the cohort.

    Returns
    -------
    Table
        The contract's columns, with ``on`` (day of what the row tells), ``happened_at`` (its time, NULL where only the day is known)
        and ``known_at`` (timestamp: when the row could first be read).
    """
    event = EVENTS[name]
    rows = context.rows_of(name)
    rows = rows.filter(rows[event.day].notnull())
    day = rows[event.day]
    happened = moment(day, rows[event.time]) if event.time else ibis.null("timestamp")
    return rows.mutate(on=day, happened_at=happened, known_at=became_known(context, rows, event))


def became_known(context: Context, rows: ir.Table, event: Event) -> ir.TimestampValue:
    """When each row could first be read: never before what it tells had happened, whatever `recorded_at` says."""
    happened = happened_at_latest(context, rows, event)
    if "recorded_at" not in rows.columns:
        return happened
    return ibis.greatest(happened, rows.recorded_at.fill_null(happened))


def happened_at_latest(context: Context, rows: ir.Table, event: Event) -> ir.TimestampValue:
    """When something had happened at the latest: its time, or the end of its day (the beginning, where the study says so)."""
    day = rows[event.day]
    time = rows[event.time] if event.time else ibis.null("timestamp")
    if context.settings.dates_are_known == "start_of_day":
        return moment(day, time).fill_null(day.cast("timestamp"))
    return known_at(day, time)


def known_before_prediction(context: Context, rows: ir.Table, *more: str) -> ir.Table:
    """Each index discharge beside the rows of its person that were known when its risk was asked for.

    Parameters
    ----------
    rows
        From `events`, with ``person_id`` and ``known_at``; its other names must not be those of the index.
    more
        Columns of the index to carry besides the key, the dates of the stay and ``predicted_at``.

    Returns
    -------
    Table
        The key, ``admission_date``, ``admitted_at``, ``discharge_date``, ``predicted_at``, `more`, the columns of `rows`, and
        ``days_ago``: days from the event to the admission, negative in the stay.
    """
    index = context.index.select(*dict.fromkeys([*KEYS, *INDEX, *more]))
    pairs = index.inner_join(rows, "person_id")
    pairs = pairs.filter(pairs.known_at < pairs.predicted_at)
    if "on" not in pairs.columns:
        return pairs
    return pairs.mutate(days_ago=pairs.admission_date.delta(pairs.on, unit="day"))
