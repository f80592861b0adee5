"""Ordinary care of people without heart failure, where a region is sized by its people: clinic tests and ward medicines."""

from __future__ import annotations

import numpy as np

from hfrisk.synthetic.draws import happens
from hfrisk.synthetic.laboratory import draw_tests
from hfrisk.synthetic.timeline import Stays
from hfrisk.synthetic.world import World

__all__ = ["clinic_tests", "ward_medicines"]

_MINUTES_IN = 5
_MARGIN = 20


def clinic_tests(world: World, clinics: Stays) -> None:
    """Blood tests at a share of the clinic visits: one value of each of the commoner tests."""
    recipe, numbers = world.recipe, world.recipe["full_background"]
    seen = clinics.where(happens(world.rng, numbers["clinic_tested"], len(clinics)))
    tests = draw_tests(world, seen.who, seen.start // 1440)
    columns = np.array([recipe.test(name) for name in numbers["clinic_tests"]])
    n, k = len(seen), len(columns)
    world.timeline.measurements.add(
        n * k,
        who=np.repeat(seen.who, k),
        visit=np.repeat(seen.visit, k),
        minute=np.repeat(seen.start + _MINUTES_IN, k),
        test=np.tile(columns, n),
        value=tests.last[:, columns].ravel(),
    )


def ward_medicines(world: World, stays: Stays, kind: str) -> None:
    """One administration of each medicine that a stay of this kind (`emergency` or `planned`) happens to need."""
    rng, recipe = world.rng, world.recipe
    chances = recipe["full_background"]["medicines"][kind]
    given = rng.random((len(stays), len(chances))) < np.array(list(chances.values()))
    row, column = np.nonzero(given)
    position = np.array([recipe.drugs.index(concept) for concept in chances])
    within = np.maximum(stays.end - stays.start - 2 * _MARGIN, 1)[row]
    minute = stays.start[row] + _MARGIN + (rng.random(len(row)) * within).astype(np.int64)
    world.timeline.drugs.add(
        len(row),
        who=stays.who[row],
        visit=stays.visit[row],
        minute=minute,
        drug=position[column],
        route=recipe["routes"]["oral"],
    )
