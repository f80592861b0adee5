"""How the stay began: urgency, through A&E or not, from where, and when in the week and the year."""

from __future__ import annotations

import math

import ibis
import ibis.expr.types as ir

from hfrisk.cohort import ED_VISIT, attendances_that_led
from hfrisk.features.dictionary import Feature
from hfrisk.features.family import KEYS, Context, Family, on_grid
from hfrisk.features.known import events, known_before_prediction
from hfrisk.features.parts import as_flag, flag
from hfrisk.features.places import came_from

__all__ = ["STAY_THEME", "arrival", "season"]

STAY_THEME = "This hospital stay"
_SATURDAY = 5
_WINTER = (12, 1, 2)
_MONTHS = 12
_SINE_GRID = 0.001
_FROM = {
    "home": "admitted from home",
    "hospital": "admitted from another hospital",
    "care_home": "admitted from a care home",
}


def arrival(context: Context) -> Family:
    """Emergency or not, through A&E, from home, another hospital or a care home, and whether on a weekend."""
    index = context.index
    seen = _sees_ae(context)
    led = _through_ae(context)
    came = came_from(context)
    rows = index.select(*KEYS, "admission_date", "unplanned")
    rows = rows.left_join(led, list(KEYS)).drop("person_id_right", "index_id_right")
    rows = rows.left_join(came, list(KEYS)).drop("person_id_right", "index_id_right")
    columns: dict[str, ir.Value] = {
        "emergency_admission": as_flag(rows.unplanned),
        **({"through_ae": as_flag(rows.led.notnull())} if seen else {}),
        **{f"admitted_from_{place}": as_flag(rows.place == place) for place in _FROM},
        "admitted_at_weekend": as_flag(rows.admission_date.day_of_week.index() >= _SATURDAY),
    }
    entries = (
        _entry("emergency_admission", "emergency admission"),
        *([_entry("through_ae", "admitted through A&E")] if seen else []),
        *[_entry(f"admitted_from_{place}", words) for place, words in _FROM.items()],
        _entry("admitted_at_weekend", "admitted on a Saturday or Sunday"),
    )
    return Family(entries, rows.select(*KEYS, **columns))


def season(context: Context) -> Family:
    """Winter, and the month on a circle, so that December lies beside January; the year where a study asks for it."""
    index = context.index
    month = index.predicted_at.month()
    angle = month.cast("float64") * (2 * math.pi / _MONTHS)
    columns: dict[str, ir.Value] = {
        "winter": as_flag(month.isin(_WINTER)),
        "month_sine": on_grid(angle.sin(), _SINE_GRID),
        "month_cosine": on_grid(angle.cos(), _SINE_GRID),
    }
    window = "when the risk is asked for"
    entries = [
        flag(
            "winter",
            "winter (December to February)",
            family="stay",
            theme=STAY_THEME,
            window=window,
            sources=("visit_occurrence",),
            direction="higher",
        ),
        _of_the_month("month_sine", "time of the year, from spring to autumn (sine of the month)"),
        _of_the_month("month_cosine", "time of the year, from winter to summer (cosine of the month)"),
    ]
    if context.settings.calendar_year:
        columns["calendar_year"] = on_grid(index.predicted_at.year(), 1)
        entries.append(
            Feature(
                "calendar_year",
                "year of the prediction",
                family="stay",
                theme=STAY_THEME,
                unit="year",
                window=window,
                sources=("visit_occurrence",),
                precision=1,
                lower=2000,
                upper=2100,
            )
        )
    return Family(tuple(entries), index.select(*KEYS, **columns))


def _sees_ae(context: Context) -> bool:
    """Whether the source tells A&E at all; where it does not, nobody is said to have come another way (HFR030)."""
    visits, spells = context.cdm.table("visit_occurrence"), context.cohort.spells
    signs = (visits.filter(visits.visit_concept_id == ED_VISIT), spells.filter(spells.in_ae_on.notnull()))
    return any(not context.cdm.frame(rows.select("person_id").limit(1), "A&E").empty for rows in signs)


def _through_ae(context: Context) -> ir.Table:
    """The index discharges whose spell began in A&E, or that an A&E visit led to: the key and `led`.

    The visit must have been known when the risk was asked for. One visit leads to one admission, the first after it.
    """
    spells = context.spells
    spells = spells.filter(~spells.day_case)
    began_there = spells.filter((spells.in_ae_on == spells.admission_date).fill_null(False)).select(*KEYS)
    pairs = attendances_that_led(context.visits, spells, list(KEYS), "index_id")
    visits = events(context, "visit_occurrence")
    visits = visits.filter(visits.visit_concept_id == ED_VISIT)
    visits = visits.select("person_id", "known_at", attendance="visit_occurrence_id")
    known = known_before_prediction(context, visits).select(*KEYS, "attendance")
    led = known.inner_join(pairs, [*KEYS, "attendance"]).select(*KEYS)
    return ibis.union(began_there, led).distinct().mutate(led=ibis.literal(1))


def _entry(name: str, words: str) -> Feature:
    return flag(name, words, family="stay", theme=STAY_THEME, window="at admission", sources=("visit_occurrence",))


def _of_the_month(name: str, words: str) -> Feature:
    return Feature(
        name,
        words,
        family="stay",
        theme=STAY_THEME,
        unit="",
        window="when the risk is asked for",
        sources=("visit_occurrence",),
        precision=_SINE_GRID,
        lower=-1,
        upper=1,
        role="more",
    )
