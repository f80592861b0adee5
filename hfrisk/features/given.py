"""Which ingredients were given when: in the last hours before the prediction, in the first day of the stay, in the year before."""

from __future__ import annotations

from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from hfrisk.cohort import moment
from hfrisk.features.doses import day_signs, day_sum, dose_columns, intravenous
from hfrisk.features.family import KEYS, Context
from hfrisk.features.ingredients import members
from hfrisk.features.known import EVENTS, events, happened_at_latest, known_before_prediction

__all__ = ["FIRST_HOURS", "YEAR_DAYS", "Told", "given", "told_by"]

FIRST_HOURS = 24
YEAR_DAYS = 365
_SIGNS = ("last", "first", "year", "vein_24", "vein_48", "lasting")
_LONGEST_SUPPLY = 366  # days; a longer one is a slip of the pen


@dataclass(frozen=True)
class Told:
    """What the records of the cohort's medicines tell at all: something in the last hours, orders over days, a dose of a loop diuretic
    in the first or last day of a stay, a loop diuretic.
    """

    at_the_end: bool
    lasting: bool
    doses: bool
    loops: bool


def given(context: Context, links: ir.Table) -> ir.Table:
    """One row an index discharge and ingredient, kept, from a single look at `drug_exposure`.

    Parameters
    ----------
    links
        ``drug_concept_id``, ``ingredient`` and the columns of `doses.with_strengths`.

    Returns
    -------
    Table
        The key, ``ingredient``, and whether it was given ``last`` (in the last `medicines_hours` before the prediction), ``first`` (from
        the day of admission to 24 hours after it) and ``year`` (begun before the day of admission, and lasting into the 365 days
        before it); ``vein_24`` and ``vein_48`` (a loop diuretic into a vein in so many hours before the prediction); ``lasting`` (some
        record covers several days); and, for the last and first 24 hours, what `doses.known_dose` needs.
    """
    rows = _rows(context).inner_join(links, "drug_concept_id")
    rows = rows.mutate(**dose_columns(rows), lasting=rows.until > rows.on)
    rows = rows.mutate(vein=rows.loop & intravenous(rows))
    pairs = known_before_prediction(context, rows)
    hours = {
        name: pairs.predicted_at - ibis.interval(hours=name) for name in (24, 48, context.settings.medicines_hours)
    }
    in_stay = pairs.days_ago <= 0
    a_day_in = pairs.admitted_at + ibis.interval(hours=FIRST_HOURS)
    left = pairs.admission_date.delta(pairs.until, unit="day")
    pairs = pairs.mutate(
        # an order that is not over yet is none whose end is known, and no administration
        single=pairs.single & (pairs.ended < pairs.predicted_at),
        last=pairs.ended >= hours[context.settings.medicines_hours],
        first=(pairs.began < a_day_in) & (left <= 0),
        year=(pairs.days_ago >= 1) & (left <= YEAR_DAYS),
        vein_24=pairs.vein & (pairs.ended >= hours[24]),
        vein_48=pairs.vein & (pairs.ended >= hours[48]),
        last_day=in_stay & (pairs.ended >= hours[24]),
        first_day=in_stay & (pairs.began < a_day_in),
    )
    # the last hours may be fewer than those of the doses
    pairs = pairs.filter(pairs.last | pairs.first | pairs.year | pairs.vein_48 | pairs.last_day)
    told = day_signs(pairs, pairs.last_day, "last_day") | day_signs(pairs, pairs.first_day, "first_day")
    signs = {**{name: pairs[name] for name in _SIGNS}, **told}
    found = pairs.group_by([*KEYS, "ingredient"]).aggregate(
        **{name: truth.any() for name, truth in signs.items()},
        last_day_sum=day_sum(pairs, pairs.last_day),
        first_day_sum=day_sum(pairs, pairs.first_day),
    )
    return context.kept(found, "medicines")


def _rows(context: Context) -> ir.Table:
    """The medicines of the cohort's people, each with when it began and ended, narrowed to what is needed.

    It lasts to its end, else through the days that were supplied. One that has no end, or ends on its first day without a time, is a
    single administration: it is over when it begins.
    """
    rows = events(context, "drug_exposure")
    began = happened_at_latest(context, rows, EVENTS["drug_exposure"])
    more = (rows.days_supply.cast("int64") - 1).clip(lower=0, upper=_LONGEST_SUPPLY - 1)
    supplied = (rows.on + more.as_interval("D")).cast("date")
    rows = rows.mutate(until=ibis.greatest(rows.on, ibis.coalesce(rows.drug_exposure_end_date, supplied, rows.on)))
    close_of_day = rows.until.cast("timestamp") + ibis.interval(seconds=86_399)
    timed = moment(rows.until, rows.drug_exposure_end_datetime)
    ended = timed.fill_null(ibis.ifelse(rows.until > rows.on, close_of_day, began))
    return rows.select(
        "person_id",
        "drug_concept_id",
        "on",
        "until",
        "known_at",
        "dose_mg",
        "quantity",
        "route_concept_id",
        began=began,
        ended=ibis.greatest(began, ended),
    )


def told_by(context: Context, found: ir.Table) -> Told:
    """What `given` found at all."""
    row = context.cdm.frame(
        found.aggregate(
            at_the_end=found["last"].any().fill_null(False),
            lasting=found.lasting.any().fill_null(False),
            doses=(found.last_day_known | found.first_day_known).any().fill_null(False),
            loops=found.ingredient.isin(members("loop_diuretic")).any().fill_null(False),
        ),
        "medicines",
    ).iloc[0]
    return Told(bool(row["at_the_end"]), bool(row["lasting"]), bool(row["doses"]), bool(row["loops"]))
