"""Moments in data that has dates, times, or times that are really dates."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

__all__ = ["known_at", "moment"]


def moment(day: ir.DateValue, time: ir.TimestampValue) -> ir.TimestampValue:
    """The recorded time where there is one on that day; otherwise NULL.

    A time of exactly midnight is how ETLs write a date without a time, so it counts as none.
    """
    midnight = day.cast("timestamp")
    on_the_day = (time.date() == day) & (time != midnight)
    return ibis.ifelse(on_the_day.fill_null(False), time, ibis.null("timestamp"))


def known_at(day: ir.DateValue, time: ir.TimestampValue) -> ir.TimestampValue:
    """When a record became known: its time, or the last second of its day when it has only a date."""
    return moment(day, time).fill_null(day.cast("timestamp") + ibis.interval(seconds=86_399))
