"""Heart-failure medicines, given as inpatient administrations at ingredient level (end = start, no dose)."""

from __future__ import annotations

from typing import Any

import numpy as np

from hfrisk.synthetic.draws import DAY, Bools, Floats, Ints, happens, known_date
from hfrisk.synthetic.timeline import Stays
from hfrisk.synthetic.world import World

__all__ = ["give_medicines"]

_LAST_HOURS = 66 * 60  # the last round before discharge falls inside 72 hours
_FIRST_WITHIN = 600
_MARGIN = 20


def give_medicines(world: World, stays: Stays, *, all_of_them: bool) -> None:
    """Write the medicines of these stays.

    In an index stay: one administration after admission and one in the last 72 hours before discharge, unless the
    drug was stopped or started in between; intravenous loop diuretic on admission for most. In another stay: one
    administration for some.
    """
    rng, numbers = world.rng, world.recipe["drug_changes"]
    drug = _ingredients(world, stays)
    row, line = np.nonzero(drug >= 0)
    ingredient = drug[row, line]
    early, late = _early(rng, stays), _late(rng, stays)
    oral = world.recipe["routes"]["oral"]
    if not all_of_them:
        some = happens(rng, numbers["other_stays"], len(stays))[row]
        _add(world, stays, row[some], early, ingredient[some], oral)
        return
    turn = rng.random(len(row))
    _add(world, stays, row[turn >= numbers["started"]], early, ingredient[turn >= numbers["started"]], oral)
    kept = turn < 1 - numbers["stopped"]
    _add(world, stays, row[kept], late, ingredient[kept], oral)
    furosemide = world.recipe.drugs.index(956874)
    treated = np.flatnonzero(happens(rng, numbers["intravenous_loop"], len(stays)))
    given = np.full(len(treated), furosemide)
    _add(world, stays, treated, _early(rng, stays), given, world.recipe["routes"]["intravenous"])


def _add(world: World, stays: Stays, row: Ints, minute: Ints, drug: Ints, route: int) -> None:
    world.timeline.drugs.add(
        len(row), who=stays.who[row], visit=stays.visit[row], minute=minute[row], drug=drug, route=route
    )


def _early(rng: np.random.Generator, stays: Stays) -> Ints:
    within = np.minimum(0.3 * (stays.end - stays.start), _FIRST_WITHIN)
    return np.asarray(stays.start + _MARGIN + rng.random(len(stays)) * within, dtype=np.int64)


def _late(rng: np.random.Generator, stays: Stays) -> Ints:
    within = np.minimum(0.5 * (stays.end - stays.start), _LAST_HOURS)
    return np.asarray(stays.end - _MARGIN - rng.random(len(stays)) * within, dtype=np.int64)


def _ingredients(world: World, stays: Stays) -> Ints:
    """The ingredient of each line of treatment, by stay (a position in the recipe's drugs; -1 for none).

    A person's tendency to be on a line, and the choice within it, are the same for life, so that only the years
    (sacubitril-valsartan, SGLT2 inhibitors) change who is treated with what.
    """
    recipe, people = world.recipe, world.people
    day = stays.start // DAY
    low = people.low_ejection_fraction[stays.who]
    out = np.full((len(stays), len(recipe["drugs"])), -1, dtype=np.int64)
    for line, classes in enumerate(recipe["drugs"].values()):
        tendency = people.drug_tendency[stays.who, line]
        below = np.zeros(len(stays))
        for numbers in classes.values():
            rate = np.where(low, _rate(numbers["low"], day), _rate(numbers["preserved"], day))
            on: Bools = (tendency >= below) & (tendency < below + rate)
            names = [recipe.drugs.index(ingredient) for ingredient in numbers["ingredients"]]
            edges = np.cumsum(list(numbers["ingredients"].values()))
            choice = np.searchsorted(edges / edges[-1], people.drug_choice[stays.who[on], line], side="right")
            out[on, line] = np.array(names)[choice.clip(max=len(names) - 1)]
            below = below + rate
    return out


def _rate(rate: Any, day: Ints) -> Floats:
    """A constant share, or one that runs through dated points (zero before the first)."""
    if isinstance(rate, list):
        dates = [known_date(when) for when, _ in rate]
        return np.asarray(np.interp(day, dates, [share for _, share in rate]), dtype=np.float64)
    return np.full(len(day), float(rate))
