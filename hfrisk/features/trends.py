"""First, last, extremes, mean, trend and age of the values of each analyte: one row an index discharge, analyte and window.

The table of all measurements is read once. The values of one minute are one moment: halfway between the lowest and the highest of them,
whatever their order, and however often the same result was written.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from hfrisk.cdm import Cdm
from hfrisk.features.family import KEYS, Context
from hfrisk.features.known import events, known_before_prediction
from hfrisk.features.uk_units import PARTS, analytes, named, number_of, per_unit, usable

__all__ = ["STATISTICS", "slot", "values_in_windows"]

STATISTICS = ("first", "last", "lowest", "highest", "mean", "slope", "change", "since", "values", "censored")
"""The columns of `values_in_windows` besides the key and the slot."""

_YEAR = 365
_STAY = 1  # from the day before admission: blood is often taken in A&E before midnight
_DAY = 1440


def slot(analyte: str, *, year: bool, foreign: bool = False) -> int:
    """The number of an analyte in a window: the stay, or the year before. Values in a unit that cannot be converted lie below zero."""
    number = 2 * number_of()[analyte] + int(year)
    return -number if foreign else number


def values_in_windows(context: Context) -> ir.Table:
    """The statistics of every analyte, kept.

    Returns
    -------
    Table
        The key, ``slot`` (see `slot`), and, on the analyte's grid in its UK unit, ``first``, ``last``, ``lowest``, ``highest``, ``mean`` (over
        the moments), ``change`` (last minus first; NULL with one moment), ``slope`` (least squares over the moments, per day, to a
        hundredth of the grid; NULL with one moment), ``since`` (from the last value to the prediction: hours in the stay, days in the
        year before), ``values`` (moments) and ``censored`` (moments at which a result was only a bound).
    """
    found = _statistics(_moments(_values(context)))
    index = context.index
    index = index.select(*KEYS, asked=_minute(index.predicted_at, index.admission_date))
    found = index.inner_join(found.rename(key="index_id"), index.index_id == found.index_id).drop("key")
    grids = _grids(context.cdm)
    found = found.inner_join(grids, found.slot == grids.of_slot)
    return context.kept(_on_the_grid(found), "measurements")


def _values(context: Context) -> ir.Table:
    """`index_id`, `slot`, `minute` (from midnight before the day of admission), `steps` and `censored` of every value that was known."""
    rows = usable(context.cdm, named(context.cdm, events(context, "measurement")))
    # a record with a date and no time stands at the end of its day, or at its beginning where the study says so
    blank = 0 if context.settings.dates_are_known == "start_of_day" else _DAY - 1
    rows = rows.select(
        "person_id",
        "on",
        "known_at",
        "analyte",
        "foreign",
        "steps",
        censored=rows.censored.cast("int64"),
        minute=_of_day(rows.happened_at).fill_null(blank),
    )
    pairs = known_before_prediction(context, rows)
    pairs = pairs.filter(pairs.days_ago <= _YEAR)
    number = 2 * pairs.analyte + ibis.ifelse(pairs.days_ago > _STAY, 1, 0)
    return pairs.select(
        "index_id",
        "steps",
        "censored",
        slot=ibis.ifelse(pairs.foreign, -number, number),
        minute=pairs.minute - _DAY * pairs.days_ago,
    )


def _moments(values: ir.Table) -> ir.Table:
    moments = values.group_by(["index_id", "slot", "minute"]).aggregate(
        low=values.steps.min(), high=values.steps.max(), censored=values.censored.max()
    )
    return moments.mutate(value=(moments.low + moments.high) / 2, t=moments.minute.cast("float64"))


def _statistics(moments: ir.Table) -> ir.Table:
    """Sums of whole and half numbers, which are exact, so that no order of the rows can change them."""
    value, t = moments["value"], moments.t
    return moments.group_by(["index_id", "slot"]).aggregate(
        first=value.argmin(moments.minute),
        last=value.argmax(moments.minute),
        lowest=moments.low.min(),
        highest=moments.high.max(),
        n=moments.count().cast("float64"),
        sum_y=value.sum(),
        sum_t=t.sum(),
        sum_tt=(t * t).sum(),
        sum_ty=(t * value).sum(),
        latest=moments.minute.max(),
        censored=moments.censored.sum().cast("float64"),
    )


def _on_the_grid(found: ir.Table) -> ir.Table:
    n = found.n
    per_day = _DAY * (n * found.sum_ty - found.sum_t * found.sum_y)
    spread = (n * found.sum_tt - found.sum_t * found.sum_t).nullif(0)
    ago = (found.asked - found.latest).cast("float64")
    table = found.mutate(
        **{name: _whole(found[name] / PARTS) for name in ("first", "last", "lowest", "highest")},
        mean=_whole(found.sum_y / (n * PARTS)),
        slope=_whole(per_day / spread),
        since=_whole(ago / found.since_unit),
    )
    several = table.n > 1
    per = table.per_unit
    return table.select(
        *KEYS,
        "slot",
        "censored",
        "since",
        **{name: table[name] / per for name in ("first", "last", "lowest", "highest", "mean")},
        slope=ibis.ifelse(several, table.slope / (per * PARTS), ibis.null("float64")),
        change=ibis.ifelse(several, (table["last"] - table["first"]) / per, ibis.null("float64")),
        values=table.n,
    )


def _whole(steps: ir.FloatingValue) -> ir.FloatingValue:
    """The nearest whole number; what lies halfway goes away from zero, as in `on_grid`."""
    whole = (steps.abs() + 0.5).floor().cast("float64")
    return ibis.ifelse(steps < 0, -whole, whole)


def _grids(cdm: Cdm) -> ir.Table:
    rows = [
        {
            "of_slot": slot(name, year=year, foreign=foreign),
            "per_unit": float(per_unit(entry)),
            "since_unit": float(_DAY if year else 60),
        }
        for name, entry in analytes().items()
        for year in (False, True)
        for foreign in (False, True)
    ]
    return cdm.values(rows, {"of_slot": "int64", "per_unit": "float64", "since_unit": "float64"})


def _minute(at: ir.TimestampValue, day: ir.DateValue) -> ir.IntegerValue:
    """Minutes from the beginning of a day, which may be another day, to a moment."""
    return at.date().delta(day, unit="day") * _DAY + _of_day(at)


def _of_day(at: ir.TimestampValue) -> ir.IntegerValue:
    return at.hour().cast("int64") * 60 + at.minute().cast("int64")
