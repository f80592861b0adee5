"""Quiet times: what happens to people between heart-failure admissions, and what their records hold before the first.

A quiet time is cut into cells of 30 days, counted back from its end. In a cell, emergency stays begin on days 0-4 and
end by day 17, attendances fall on days 20-22, planned stays begin on days 24-27, and clinics are on days 18, 19 or 23.
So stays of one person never overlap, and no planned stay begins within a day of an emergency department visit, which
would make it look unplanned.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hfrisk.synthetic.draws import DAY, Bools, Floats, Ints, happens, pick
from hfrisk.synthetic.drift import stays_away
from hfrisk.synthetic.everyday import clinic_tests, ward_medicines
from hfrisk.synthetic.stays import (
    add_loose_codes,
    attend,
    code_other_causes,
    emergency_stays,
    other_nights,
    planned_stays,
    visit_clinics,
)
from hfrisk.synthetic.timeline import SECONDARY, Stays
from hfrisk.synthetic.world import World

__all__ = ["LOOK_BACK_DAYS", "before_first_admission", "clinic_day", "long_term_records", "quiet_time"]

LOOK_BACK_DAYS = 730
_CELL = 30
_BUFFER = 5
_REVIEW, _CLINIC, _ATTENDED, _PLANNED = 18, 19, 20, 24
_YEAR = 365.25
_HISTORY = 24 * _CELL + _BUFFER  # days before the first admission: inside the look-back, and after the data begin


def quiet_time(world: World, who: Ints, first: Ints, last: Ints) -> Stays:
    """Live through the days ``first <= day < last`` of each person without a heart-failure admission.

    Returns
    -------
    The emergency stays. The last five days stay empty.
    """
    rng = world.rng
    rates = world.rates
    cells = np.maximum((last - _BUFFER - first) // _CELL, 0)
    owner = np.repeat(np.arange(len(who)), cells)
    to_end = np.repeat(np.cumsum(cells), cells) - np.arange(len(owner))  # 1 is the last cell
    day = last[owner] - _BUFFER - to_end * _CELL
    emergency = happens(rng, _chance(_emergency_rate(world, who, rates))[owner], len(owner))
    emergency = _comes(world, "emergency", day, emergency)
    stays = _other_emergencies(world, who[owner[emergency]], day[emergency])

    recent = np.bincount(owner[emergency & (to_end <= 12)], minlength=len(who)) > 0
    attended = happens(rng, _chance(_attendance_rate(world, who, rates, recent))[owner], len(owner))
    attended = _comes(world, "attendance", day + _ATTENDED, attended)
    attend(world, who[owner[attended]], day[attended] + rng.integers(20, 23, attended.sum()))

    comes = happens(rng, _chance(np.float64(rates["planned"])), len(owner))
    planned = np.flatnonzero(_comes(world, "planned", day + _PLANNED, comes))
    length = np.minimum(pick(rng, world.recipe["planned_stay"]["nights"], len(planned)), 2)
    elective = planned_stays(world, who[owner[planned]], day[planned] + rng.integers(24, 28, len(planned)), length)

    clinic = happens(rng, _chance(np.float64(rates["outpatient"])), len(owner))
    clinic = _comes(world, "outpatient", day + _CLINIC, clinic)
    seen = visit_clinics(world, who[owner[clinic]], day[clinic] + _CLINIC + 4 * rng.integers(0, 2, clinic.sum()))
    if world.full:
        clinic_tests(world, seen)
        ward_medicines(world, stays, "emergency")
        ward_medicines(world, elective, "planned")
    return stays


def clinic_day(last: Ints, months: Ints) -> Ints:
    """A day this many cells before the end of a quiet time on which nobody is in hospital."""
    return last - _BUFFER - months * _CELL + _REVIEW


def before_first_admission(world: World) -> None:
    """Two years of records before each person's first heart-failure admission.

    Long-term conditions are recorded for everyone who has them, in an earlier stay or outside any visit. Codes of
    frailty are then added in a random order until the Hospital Frailty Risk Score of the two years comes as near as
    it can to the person's own draw.
    """
    people = world.people
    who = np.arange(len(people))
    entry = people.entry // DAY
    stays = quiet_time(world, who, entry - _HISTORY, entry)
    row, column = np.nonzero(people.conditions)
    _record(world, stays, row, people.condition_codes[row, column], entry)
    row, place = _fill_frailty(world, entry)
    _record(world, stays, row, world.recipe.codes.filler[place], entry)


def long_term_records(world: World, first: int, last: int) -> None:
    """Long-term conditions of people without heart failure, recorded once outside any visit, before death."""
    row, column = np.nonzero(world.people.conditions)
    day = world.rng.integers(first, last, len(row))
    alive = day < world.timeline.died[row] // DAY
    add_loose_codes(world, row[alive], day[alive], world.people.condition_codes[row, column][alive])


def _comes(world: World, kind: str, day: Ints, comes: Bools) -> Bools:
    return stays_away(world.rng, kind, day, comes, world.settings, world.recipe)


def _other_emergencies(world: World, who: Ints, day: Ints) -> Stays:
    rng, n = world.rng, len(who)
    arrival = (day + rng.integers(0, 5, n)) * DAY + rng.integers(10, 1350, n)
    length = other_nights(world, n)
    stays = emergency_stays(world, who, arrival, length, np.zeros(n, dtype=np.bool_))
    code_other_causes(world, stays)
    return stays


def _emergency_rate(world: World, who: Ints, rates: Mapping[str, Any]) -> Floats:
    people, numbers = world.people, rates["emergency"]
    log_rate = numbers["intercept"] + numbers["frailty"] * people.frailty[who] + numbers["imd"] * (3 - people.imd[who])
    return np.asarray(np.exp(log_rate), dtype=np.float64)


def _attendance_rate(world: World, who: Ints, rates: Mapping[str, Any], recent: Bools) -> Floats:
    """Attendances a year that end without admission; the recipe's numbers are for six months."""
    numbers = rates["attendance"]
    log_rate = numbers["intercept"] + numbers["frailty"] * world.people.frailty[who] + numbers["admitted"] * recent
    return np.asarray(2 * np.exp(log_rate), dtype=np.float64)


def _chance(rate: Any) -> Any:
    """The chance of at least one event in a cell."""
    return 1 - np.exp(-rate * _CELL / _YEAR)


def _record(world: World, stays: Stays, who: Ints, code: Ints, entry: Ints) -> None:
    """Record these codes before the first admission: in one of the person's stays if there is one, else outside."""
    rng, numbers = world.rng, world.recipe["recorded_before"]
    order = np.argsort(stays.who, kind="stable")
    count = np.bincount(stays.who, minlength=len(world.people))
    offset = np.cumsum(count) - count
    in_stay = (count[who] > 0) & happens(rng, numbers["in_a_stay"], len(who))
    chosen = offset[who] + (rng.random(len(who)) * count[who]).astype(np.int64)
    stay = order[chosen[in_stay]]
    world.timeline.add_conditions(who[in_stay], stays.visit[stay], stays.start[stay], code[in_stay], SECONDARY)
    loose = who[~in_stay]
    day = entry[loose] - rng.integers(numbers["first"], numbers["last"] + 1, len(loose))
    add_loose_codes(world, loose, day, code[~in_stay])


def _fill_frailty(world: World, entry: Ints) -> tuple[Ints, Ints]:
    """Persons and codes to record so that the score reaches each person's draw."""
    numbers, codes = world.recipe["frailty_score"], world.recipe.codes
    people = world.people
    who = np.arange(len(people))
    spread = numbers["frailty"] * people.frailty + np.sqrt(1 - numbers["frailty"] ** 2) * people.frailty_noise
    wanted = numbers["median"] * np.exp(numbers["spread"] * spread)
    known = world.timeline.frailty_codes(who, entry, LOOK_BACK_DAYS)
    missing = wanted - known @ codes.frailty_weights
    with np.errstate(divide="ignore"):
        turn = world.rng.exponential(size=known.shape) / codes.filler_shares
    turn[known] = np.inf
    order = np.argsort(turn, axis=1)
    weights = codes.frailty_weights[order]
    taken = np.cumsum(weights, axis=1) - weights / 2 <= missing[:, None]
    taken &= np.isfinite(np.take_along_axis(turn, order, axis=1))
    row, position = np.nonzero(taken)
    return row, order[row, position]
