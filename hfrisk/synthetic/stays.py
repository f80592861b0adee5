"""Visits: emergency stays with their emergency department, planned stays, attendances, clinics, and their diagnoses."""

from __future__ import annotations

import numpy as np

from hfrisk.synthetic.draws import DAY, Bools, Floats, Ints, happens, nights, pick
from hfrisk.synthetic.timeline import NO_VISIT, PRINCIPAL, SECONDARY, Stays
from hfrisk.synthetic.world import World

__all__ = [
    "ATTENDANCE",
    "CLINIC",
    "DIED",
    "ELECTIVE",
    "EMERGENCY",
    "add_loose_codes",
    "attend",
    "code_background",
    "code_everything",
    "code_other_causes",
    "emergency_stays",
    "other_nights",
    "planned_stays",
    "review_clinics",
    "visit_clinics",
]

EMERGENCY, ELECTIVE, ATTENDANCE, CLINIC = range(4)
HOME, CARE_HOME, HOSPICE, DIED = range(4)
_INPATIENT, _EMERGENCY_INPATIENT, _EMERGENCY_ROOM, _OUTPATIENT = 9201, 262, 9203, 9202
_EARLIEST_DISCHARGE, _LATEST_DISCHARGE = 9 * 60, 18 * 60
_LATEST_ON_WARD = 23 * 60 + 50
_SHORTEST_STAY = 120


def emergency_stays(world: World, who: Ints, arrival: Ints, length: Ints, died: Bools) -> Stays:
    """Emergency admissions through the emergency department of people who arrive at these minutes.

    Most are one visit with concept 262 that starts on arrival; the others are a 9203 visit on arrival, which ends on
    the same day, and a 9201 visit that starts when it ends. A stay of no night that begins too late to end by 18:00
    gets one night: everyone is discharged between 9:00 and 18:00, so a same-day readmission is always later. A stay
    that ends in death has at least one night, so that nobody dies on the day of an earlier discharge, which a reader
    would take for a death in hospital.
    """
    rng, n = world.rng, len(who)
    combined = happens(rng, world.recipe["through_emergency_department"], n)
    room = _LATEST_ON_WARD - arrival % DAY
    wait = np.minimum(rng.integers(60, 241, n), room)
    start = np.where(combined, arrival, arrival + wait)
    end = _end(rng, start, np.where(died, np.maximum(length, 1), length))
    trust = _trust(world, who)
    split = ~combined
    world.timeline.add_visits(
        who[split],
        arrival[split],
        start[split] - 1,
        _EMERGENCY_ROOM,
        EMERGENCY,
        np.full(split.sum(), HOME),
        trust[split],
    )
    shares = world.recipe["discharged_to"]
    destination = np.where(died, DIED, pick(rng, shares, n))
    concept = np.where(combined, _EMERGENCY_INPATIENT, _INPATIENT)
    visit = world.timeline.add_visits(who, start, end, concept, EMERGENCY, destination, trust)
    world.timeline.note_emergency(who, arrival // DAY, admitted=True)
    return Stays(who, visit, start, end)


def other_nights(world: World, n: int) -> Ints:
    """Nights of emergency stays for another cause; a share of them go home on the same day."""
    numbers = world.recipe["emergency_stay"]
    same_day = happens(world.rng, numbers["same_day"], n)
    return np.where(same_day, 0, nights(world.rng, n, numbers["nights"]))


def planned_stays(world: World, who: Ints, day: Ints, length: Ints) -> Stays:
    """Planned admissions of this many nights, on days without an emergency visit then or the day before."""
    rng, n = world.rng, len(who)
    start = day * DAY + rng.integers(7 * 60, 9 * 60, n)
    end = _end(rng, start, length)
    visit = world.timeline.add_visits(who, start, end, _INPATIENT, ELECTIVE, np.full(n, HOME), _trust(world, who))
    numbers = world.recipe["planned_stay"]
    code = world.recipe.codes.draw(rng, numbers["codes"], n)
    if world.ill:
        known = start > world.people.entry[who]
        for_heart_failure = known & happens(rng, numbers["heart_failure"], n)
        failing = world.recipe.codes.draw(rng, world.recipe["heart_failure"]["codes"], n)
        code = np.where(for_heart_failure, failing, code)
    world.timeline.add_conditions(who, visit, start, code, PRINCIPAL)
    stays = Stays(who, visit, start, end)
    code_background(world, stays)
    return stays


def attend(world: World, who: Ints, day: Ints) -> None:
    """Attendances at an emergency department that do not lead to admission; they end on the day they start."""
    rng, n = world.rng, len(who)
    start = day * DAY + rng.integers(15, 20 * 60, n)
    end = start + rng.integers(45, 220, n)
    visit = world.timeline.add_visits(
        who, start, end, _EMERGENCY_ROOM, ATTENDANCE, np.full(n, HOME), _trust(world, who)
    )
    world.timeline.note_emergency(who, day, admitted=False)
    numbers = world.recipe["attendance"]
    coded = happens(rng, numbers["coded"], n)
    code = world.recipe.codes.draw(rng, numbers["codes"], n)
    world.timeline.add_conditions(who[coded], visit[coded], start[coded], code[coded], SECONDARY)


def visit_clinics(world: World, who: Ints, day: Ints) -> Stays:
    """Outpatient visits on these days."""
    rng, n = world.rng, len(who)
    start = day * DAY + rng.integers(9 * 60, 16 * 60, n)
    end = start + rng.integers(15, 60, n)
    visit = world.timeline.add_visits(who, start, end, _OUTPATIENT, CLINIC, np.full(n, HOME), _trust(world, who))
    return Stays(who, visit, start, end)


def review_clinics(world: World, who: Ints, day: Ints) -> None:
    """Clinic visits that record what a person has, so that it is known before an admission long after the last."""
    seen = visit_clinics(world, who, day)
    _code_long_term(world, seen, 1.0)
    _code_frailty(world, seen)


def code_background(world: World, stays: Stays) -> None:
    """Secondary diagnoses of a stay: some of what the person is known to have."""
    _code_frailty(world, stays)
    _code_long_term(world, stays, world.recipe["recorded_again"]["long_term"])


def code_other_causes(world: World, stays: Stays) -> None:
    """Diagnoses of an emergency stay for another cause than heart failure, which may be coded second."""
    rng, recipe, n = world.rng, world.recipe, len(stays)
    principal = recipe.codes.draw(rng, recipe["emergency_stay"]["codes"], n)
    world.timeline.add_conditions(stays.who, stays.visit, stays.start, principal, PRINCIPAL)
    if world.ill:
        numbers = recipe["heart_failure"]
        known = stays.start > world.people.entry[stays.who]
        chance = np.where(known, numbers["secondary_after_first"], numbers["secondary_before_first"])
        some = stays.where(happens(rng, chance, n))
        code = recipe.codes.draw(rng, numbers["secondary"], len(some))
        world.timeline.add_conditions(some.who, some.visit, some.start, code, SECONDARY)
    code_background(world, stays)


def code_everything(world: World, stays: Stays) -> None:
    """Secondary diagnoses of an index stay: every long-term condition, and some of the known frailty."""
    _code_frailty(world, stays)
    _code_long_term(world, stays, 1.0)


def _code_long_term(world: World, stays: Stays, share: float) -> None:
    row, column = np.nonzero(world.people.conditions[stays.who])
    if share < 1.0:
        kept = happens(world.rng, share, len(row))
        row, column = row[kept], column[kept]
    _add_secondary(world, stays, row, world.people.condition_codes[stays.who[row], column])


def _code_frailty(world: World, stays: Stays) -> None:
    """Code again some of the frailty codes of the two years before; long-term conditions have their own codes."""
    days = stays.start // DAY
    codes = world.recipe.codes
    known = world.timeline.frailty_codes(stays.who, days, 730) & (codes.filler_shares > 0)
    row, place = np.nonzero(known)
    kept = happens(world.rng, world.recipe["recorded_again"]["frailty"], len(row))
    _add_secondary(world, stays, row[kept], codes.filler[place[kept]])


def _add_secondary(world: World, stays: Stays, row: Ints, code: Ints) -> None:
    world.timeline.add_conditions(stays.who[row], stays.visit[row], stays.start[row], code, SECONDARY)


def _end(rng: np.random.Generator, start: Ints, length: Ints) -> Ints:
    """The minute of discharge, between 9:00 and 18:00 after `length` nights."""
    n = len(start)
    clock = start % DAY
    late = clock > _LATEST_DISCHARGE - _SHORTEST_STAY
    length = np.where((length == 0) & late, 1, length)
    share: Floats = rng.random(n)
    overnight = _EARLIEST_DISCHARGE + share * (_LATEST_DISCHARGE - _EARLIEST_DISCHARGE)
    same_day = clock + _SHORTEST_STAY + share * np.maximum(_LATEST_DISCHARGE - _SHORTEST_STAY - clock, 0)
    return np.asarray((start // DAY + length) * DAY + np.where(length == 0, same_day, overnight), dtype=np.int64)


def _trust(world: World, who: Ints) -> Ints:
    """The trust of each visit: usually the person's own."""
    away = ~happens(world.rng, world.recipe["trusts"]["home"], len(who))
    return np.where(away, pick(world.rng, world.trusts.size, len(who)), world.people.trust[who])


def add_loose_codes(world: World, who: Ints, day: Ints, code: Ints) -> None:
    """Diagnoses recorded outside any visit, as by a general practice, on these days."""
    minute = day * DAY + world.rng.integers(8 * 60, 18 * 60, len(who))
    world.timeline.add_conditions(who, NO_VISIT, minute, code, SECONDARY)
