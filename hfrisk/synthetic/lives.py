"""Lives with heart failure: admission, discharge, the thirty days after it, and the time until the next admission."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from hfrisk.synthetic.draws import DAY, Bools, Floats, Ints, day_number, happens, nights, pick
from hfrisk.synthetic.drift import event_rate
from hfrisk.synthetic.history import (
    LOOK_BACK_DAYS,
    before_first_admission,
    clinic_day,
    long_term_records,
    quiet_time,
)
from hfrisk.synthetic.laboratory import Tests, draw_tests, write_tests
from hfrisk.synthetic.medicines import give_medicines
from hfrisk.synthetic.outcome import (
    DIED,
    NONE,
    READMITTED,
    STATES,
    WINDOW_DAYS,
    Risk,
    draw_day,
    draw_state,
    true_risk,
)
from hfrisk.synthetic.stays import (
    attend,
    code_everything,
    code_other_causes,
    emergency_stays,
    other_nights,
    planned_stays,
    review_clinics,
)
from hfrisk.synthetic.timeline import PRINCIPAL, SECONDARY, Stays
from hfrisk.synthetic.world import World

__all__ = ["live_in_background", "live_with_heart_failure"]

_YEAR = 365.25
_LATEST_ARRIVAL = 1350  # minute of the day
_REST = 3  # days at home after a readmission for another cause


@dataclass
class _Onwards:
    """Who is at home after the thirty days, from which day on."""

    who: list[Ints] = field(default_factory=list)
    day: list[Ints] = field(default_factory=list)

    def add(self, who: Ints, day: Ints) -> None:
        self.who.append(who)
        self.day.append(day)


def live_with_heart_failure(world: World) -> pd.DataFrame:
    """Live through the period, round by round: in each, everyone concerned has their next heart-failure admission.

    Returns
    -------
    One row an index discharge with complete follow-up: `who`, `visit` (row of its visit), `p_readmitted`, `p_died`,
    `p_none`, `state`, `outcome_day` and the ``true_`` inputs of the risk.
    """
    before_first_admission(world)
    who, arrival = np.arange(len(world.people)), world.people.entry
    truth: list[pd.DataFrame] = []
    while len(who):
        rows, who, arrival = _round(world, who, arrival)
        truth.append(rows)
        known = arrival < (world.last_day + 1) * DAY
        who, arrival = who[known], arrival[known]
    return pd.concat(truth, ignore_index=True)


def live_in_background(world: World, *, anchor: bool) -> None:
    """People without heart failure: a few visits and diagnoses; some die.

    With `anchor`, the first of them lives and has a planned day case on the last day of the records, so that the
    latest discharge in the source is that day whatever else happens.
    """
    rng, people = world.rng, world.people
    first, n = day_number(world.settings.data_start), len(people)
    numbers = world.recipe["background"]["death"]
    who = np.arange(n)
    middle = np.full(n, (first + world.last_day) // 2)
    rate = numbers["rate_at_75"] * np.exp(numbers["per_year"] * (people.age(who, middle) - 75))
    death = first + 1 + (rng.exponential(size=n) / rate * _YEAR).astype(np.int64)
    if anchor:
        death[0] = world.last_day + 1
        planned_stays(world, who[:1], np.array([world.last_day]), np.array([0]))
    dies = death <= world.last_day
    world.timeline.died[dies] = death[dies] * DAY + rng.integers(10, DAY - 10, dies.sum())
    until = np.minimum(death, world.last_day - 1)
    stays = quiet_time(world, who, np.full(n, first), until)
    _ordinary_care(world, stays)
    long_term_records(world, first, world.last_day)


def _round(world: World, who: Ints, arrival: Ints) -> tuple[pd.DataFrame, Ints, Ints]:
    """One heart-failure admission each; returns the truth of its discharges, and who comes back when."""
    rng, recipe, n = world.rng, world.recipe, len(who)
    day = arrival // DAY
    inputs = _known_before(world, who, day)
    tests = draw_tests(world, who, day)
    died = happens(rng, _death_in_hospital(world, who, day, tests), n)
    stays = emergency_stays(world, who, arrival, nights(rng, n, recipe["index_stay"]["nights"]), died)
    world.timeline.died[who[died]] = stays.end[died]
    _record_index_stay(world, stays, tests)

    length = stays.end // DAY - stays.start // DAY
    inputs |= {"length_of_stay": length, **_last_values(world, tests)}
    inputs |= event_rate(stays.end // DAY, world.settings, recipe)
    risk = true_risk(inputs, recipe)
    state = draw_state(rng, risk)
    outcome_day = draw_day(rng, state, length, recipe)
    complete = ~died & (stays.end // DAY <= day_number(world.settings.discharges_to))
    truth = _truth(stays, risk, state, outcome_day, inputs, complete)

    home = np.flatnonzero(~died)
    onwards = _Onwards()
    back = _after_discharge(world, stays.where(home), state[home], outcome_day[home], onwards)
    later = _later(world, np.concatenate(onwards.who), np.concatenate(onwards.day))
    return truth, np.concatenate([back[0], later[0]]), np.concatenate([back[1], later[1]])


def _known_before(world: World, who: Ints, day: Ints) -> dict[str, Ints | Floats]:
    """What a reader can compute from records dated before the day of admission."""
    people, timeline = world.people, world.timeline
    conditions = {
        name: people.conditions[who, world.recipe.condition(name)].astype(np.int64)
        for name in ("copd", "diabetes", "atrial_fibrillation", "living_alone")
    }
    return {
        "age": people.age(who, day),
        "imd": people.imd[who],
        "prior_emergency_admissions_365": timeline.emergency_admissions(who, day, 365),
        "ed_attendances_180": timeline.attendances(who, day, 180),
        "hfrs": timeline.frailty_score(who, day, LOOK_BACK_DAYS),
        **conditions,
    }


def _last_values(world: World, tests: Tests) -> dict[str, Floats]:
    names = {
        "urea": "urea",
        "sodium": "sodium",
        "haemoglobin": "haemoglobin",
        "systolic_blood_pressure": "systolic blood pressure",
        "nt_probnp": "NT-proBNP",
        "creatinine": "creatinine",
        "egfr": "eGFR",
    }
    return {name: tests.last[:, world.recipe.test(test)] for name, test in names.items()}


def _death_in_hospital(world: World, who: Ints, day: Ints, tests: Tests) -> Floats:
    numbers = world.recipe["index_stay"]["death"]
    urea = tests.last[:, world.recipe.test("urea")]
    age = world.people.age(who, day)
    logit = numbers["intercept"] + numbers["age"] * (age - 79) + numbers["urea"] * np.log(urea / 9.3)
    return np.asarray(1 / (1 + np.exp(-logit)), dtype=np.float64)


def _record_index_stay(world: World, stays: Stays, tests: Tests) -> None:
    recipe, rng = world.recipe, world.rng
    principal = recipe.codes.draw(rng, recipe["heart_failure"]["codes"], len(stays))
    world.timeline.add_conditions(stays.who, stays.visit, stays.start, principal, PRINCIPAL)
    code_everything(world, stays)
    for code, chance in recipe["index_stay"]["acute_codes"].items():
        some = stays.where(happens(rng, chance, len(stays)))
        position = np.full(len(some), recipe.codes.positions([code])[0])
        world.timeline.add_conditions(some.who, some.visit, some.start, position, SECONDARY)
    write_tests(world, stays, tests, all_of_them=True)
    give_medicines(world, stays, all_of_them=True)


def _ordinary_care(world: World, stays: Stays) -> None:
    """Tests and medicines of stays for another cause."""
    tests = draw_tests(world, stays.who, stays.start // DAY)
    write_tests(world, stays, tests, all_of_them=False)
    if world.ill:
        give_medicines(world, stays, all_of_them=False)


def _truth(
    stays: Stays, risk: Risk, state: Ints, outcome_day: Ints, inputs: dict[str, Ints | Floats], complete: Bools
) -> pd.DataFrame:
    frame = pd.DataFrame(
        {
            "who": stays.who,
            "visit": stays.visit,
            "admission_day": stays.start // DAY,
            "discharge_day": stays.end // DAY,
            "p_readmitted": risk.readmitted,
            "p_died": risk.died,
            "p_none": risk.none,
            "state": np.array(STATES, dtype=object)[state],
            "outcome_day": outcome_day,
        }
        | {f"true_{name}": values for name, values in inputs.items()}
    )
    return frame.loc[complete]


def _after_discharge(
    world: World, stays: Stays, state: Ints, outcome_day: Ints, onwards: _Onwards
) -> tuple[Ints, Ints]:
    """Thirty days. Returns who is readmitted for heart failure and when; adds the rest to `onwards` or to the dead."""
    rng, numbers = world.rng, world.recipe["within_30_days"]
    discharge = stays.end // DAY
    _visits_in_window(world, stays.who, discharge, np.where(state == NONE, WINDOW_DAYS, outcome_day))

    dies = state == DIED
    minute = (discharge + outcome_day) * DAY + rng.integers(10, DAY - 10, len(stays))
    world.timeline.died[stays.who[dies]] = minute[dies]
    onwards.add(stays.who[state == NONE], discharge[state == NONE] + WINDOW_DAYS)

    # back on the day of discharge: at least two hours after leaving, and before half past ten at night
    clock = stays.end % DAY
    at_night = clock + 120 + (rng.random(len(stays)) * (_LATEST_ARRIVAL - 120 - clock)).astype(np.int64)
    any_time = rng.integers(10, _LATEST_ARRIVAL, len(stays))
    arrival = (discharge + outcome_day) * DAY + np.where(outcome_day == 0, at_night, any_time)
    back = state == READMITTED
    failing = back & happens(rng, numbers["heart_failure_readmission"], len(stays))
    other = back & ~failing
    _readmit_for_another_cause(world, stays.who[other], arrival[other], onwards)
    return stays.who[failing], arrival[failing]


def _visits_in_window(world: World, who: Ints, discharge: Ints, until: Ints) -> None:
    """Planned stays and attendances that are not admitted, before the outcome; they never end follow-up."""
    rng, numbers = world.rng, world.recipe["within_30_days"]
    has_time = until >= 12
    planned = happens(rng, numbers["planned"], len(who)) & has_time
    length = pick(rng, world.recipe["planned_stay"]["nights"], planned.sum())
    start = 3 + (rng.random(planned.sum()) * (until[planned] - 9)).astype(np.int64)
    planned_stays(world, who[planned], discharge[planned] + start, length)
    attended = happens(rng, numbers["attendance"], len(who)) & has_time
    attend(world, who[attended], discharge[attended] + 1)


def _readmit_for_another_cause(world: World, who: Ints, arrival: Ints, onwards: _Onwards) -> None:
    rng, numbers = world.rng, world.recipe["emergency_stay"]
    died = happens(rng, numbers["death"], len(who))
    stays = emergency_stays(world, who, arrival, other_nights(world, len(who)), died)
    code_other_causes(world, stays)
    _ordinary_care(world, stays)
    world.timeline.died[who[died]] = stays.end[died]
    onwards.add(who[~died], stays.end[~died] // DAY + _REST)


def _later(world: World, who: Ints, first: Ints) -> tuple[Ints, Ints]:
    """From these days on until the next heart-failure admission, death, or the end of the records."""
    rng, recipe, n = world.rng, world.recipe, len(who)
    numbers = recipe["afterwards"]
    gap = rng.weibull(numbers["next_heart_failure"]["shape"], n) / numbers["next_heart_failure"]["rate"]
    old = world.people.age(who, first) >= 75
    rate = np.where(old, numbers["death"]["rate_from_75"], numbers["death"]["rate_below_75"])
    life = rng.exponential(size=n) / rate
    beyond = world.last_day + 2 * LOOK_BACK_DAYS
    returns = np.minimum(first + 1 + (gap * _YEAR).astype(np.int64), beyond)
    dies = np.minimum(first + 1 + (life * _YEAR).astype(np.int64), beyond)
    comes_back = returns < dies

    in_hospital = ~comes_back & happens(rng, numbers["dies_in_hospital"], n)
    length = np.minimum(other_nights(world, n), dies - first - 1)
    next_day = np.where(comes_back, returns, np.where(in_hospital, dies - length, dies))
    stays = quiet_time(world, who, first, np.minimum(next_day, world.last_day + 1))
    _ordinary_care(world, stays)
    _last_stay(world, who[in_hospital], next_day[in_hospital], length[in_hospital])
    at_home = ~comes_back & ~in_hospital
    world.timeline.died[who[at_home]] = dies[at_home] * DAY + rng.integers(10, DAY - 10, at_home.sum())

    review = recipe["review"]
    long = comes_back & (returns - first > review["after"]) & (returns <= world.last_day)
    months = rng.integers(review["months"][0], review["months"][1] + 1, long.sum())
    review_clinics(world, who[long], clinic_day(returns[long], months))
    arrival = returns * DAY + rng.integers(10, _LATEST_ARRIVAL, n)
    return who[comes_back], arrival[comes_back]


def _last_stay(world: World, who: Ints, day: Ints, length: Ints) -> None:
    """Stays that end in death in hospital."""
    arrival = day * DAY + world.rng.integers(10, _LATEST_ARRIVAL, len(who))
    stays = emergency_stays(world, who, arrival, length, np.ones(len(who), dtype=np.bool_))
    code_other_causes(world, stays)
    _ordinary_care(world, stays)
    world.timeline.died[who] = stays.end
