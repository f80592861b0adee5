"""People in batches, so that the memory does not grow with the region: patients, and the people around them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa

from hfrisk.synthetic.defects import Planter
from hfrisk.synthetic.draws import Bools, day_number
from hfrisk.synthetic.lives import live_in_background, live_with_heart_failure
from hfrisk.synthetic.outcome import STATES
from hfrisk.synthetic.people import People, draw_background, draw_patients, draw_trusts
from hfrisk.synthetic.person_tables import Offsets
from hfrisk.synthetic.recipe import Recipe
from hfrisk.synthetic.settings import RegionSettings
from hfrisk.synthetic.tables import people_tables
from hfrisk.synthetic.timeline import Timeline
from hfrisk.synthetic.world import World

__all__ = ["Batches", "Tally"]

_PER_PATIENT = 1.15  # index discharges of a patient, at the least: a first guess of how many patients a batch needs
_THINNED = 2.0  # people without heart failure for each patient, where nothing is said
_AROUND = (
    4  # people without heart failure are simulated this many times as many at a time: their lives are shorter to tell
)
_YEAR = 365.25


@dataclass
class Tally:
    """Counts of what was made so far."""

    index_discharges: int = 0
    patients: int = 0
    persons: int = 0
    states: dict[str, int] = field(default_factory=lambda: dict.fromkeys(STATES, 0))

    def add(self, truth: pd.DataFrame, patients: int) -> None:
        """Count the index discharges of so many more patients."""
        self.index_discharges += len(truth)
        self.patients += patients
        for state in STATES:
            self.states[state] += int((truth["state"] == state).sum())


class Batches:
    """The region's people as batches of tables.

    A batch draws from ``default_rng([seed, batch])`` and from nothing else, so the same settings (the chunk among
    them) give the same tables. The first person without heart failure has a day case on the last day of the records,
    so that the latest discharge is that day.
    """

    def __init__(self, settings: RegionSettings, recipe: Recipe, planter: Planter) -> None:
        self.tally = Tally()
        self._settings = settings
        self._recipe = recipe
        self._planter = planter
        self._trusts = draw_trusts(np.random.default_rng([settings.seed, 0]), settings, recipe)
        self._offsets = Offsets()
        self._batch = 0

    def by_index_discharges(self) -> Iterator[tuple[dict[str, pa.Table], int]]:
        """Batches until there are as many index discharges as asked; each with how many it has."""
        settings, tally = self._settings, self.tally
        share = _THINNED if settings.background is None else settings.background
        while tally.index_discharges < settings.index_discharges:
            rng = self._next_batch()
            wanted = settings.index_discharges - tally.index_discharges
            n = min(settings.chunk, int(wanted / _PER_PATIENT) + 50)
            tables, patients, discharges = self._patients(rng, n, wanted)
            yield tables, discharges
            others = round(share * patients)
            others = max(others, 1) if self._batch == 1 else others
            for part, size in enumerate(_chunks(others, settings.chunk * _AROUND), start=1):
                yield self._around(rng, size, part, anchor=self._batch == part == 1), 0

    def by_persons(self, persons: int) -> Iterator[tuple[dict[str, pa.Table], int]]:
        """Batches of exactly so many people in all; each with how many it has."""
        settings = self._settings
        patients = self._patients_among(persons)
        for size in _chunks(patients, settings.chunk):
            yield self._patients(self._next_batch(), size, None)[0], size
        for place, size in enumerate(_chunks(persons - patients, settings.chunk)):
            yield self._around(self._next_batch(), size, 1, anchor=place == 0), size

    def _next_batch(self) -> np.random.Generator:
        self._batch += 1
        return np.random.default_rng([self._settings.seed, self._batch])

    def _patients_among(self, persons: int) -> int:
        """How many of these people have heart failure: at least one, and at least one has not."""
        settings, volume = self._settings, self._recipe["volume"]
        years = ((settings.discharges_to - settings.discharges_from).days + 1) / _YEAR
        share = years * volume["index_discharges_per_1000_person_years"] / 1000 / volume["per_patient"]
        if settings.background is not None:
            share = 1 / (1 + settings.background)
        return int(max(min(round(persons * share), persons - 1), 1))

    def _patients(self, rng: np.random.Generator, n: int, wanted: int | None) -> tuple[dict[str, pa.Table], int, int]:
        """So many patients, or as many of them as have the wanted index discharges; with both counts."""
        settings, recipe = self._settings, self._recipe
        people = draw_patients(rng, n, self._trusts, settings, recipe)
        world = self._world(rng, people, ill=True)
        truth = live_with_heart_failure(world)
        kept = np.ones(n, dtype=np.bool_) if wanted is None else _enough(n, truth, wanted)
        truth = truth[kept[truth["who"].to_numpy()]]
        tables = people_tables(people, world.timeline, kept, truth, self._offsets, settings, recipe)
        self.tally.add(truth, int(kept.sum()))
        self.tally.persons = self._offsets.people
        return self._planter.plant(tables, self._batch, 0), int(kept.sum()), len(truth)

    def _around(self, rng: np.random.Generator, n: int, part: int, *, anchor: bool) -> dict[str, pa.Table]:
        """So many people without heart failure."""
        settings, recipe = self._settings, self._recipe
        people = draw_background(rng, n, self._trusts, settings, recipe)
        world = self._world(rng, people, ill=False)
        live_in_background(world, anchor=anchor)
        everyone = np.ones(n, dtype=np.bool_)
        tables = people_tables(people, world.timeline, everyone, None, self._offsets, settings, recipe)
        self.tally.persons = self._offsets.people
        return self._planter.plant(tables, self._batch, part)

    def _world(self, rng: np.random.Generator, people: People, *, ill: bool) -> World:
        settings, recipe = self._settings, self._recipe
        timeline = Timeline(len(people), recipe.codes)
        return World(rng, settings, recipe, self._trusts, people, timeline, ill, day_number(settings.data_end))


def _chunks(n: int, most: int) -> Iterator[int]:
    """`n` in pieces of at most `most`."""
    for first in range(0, n, most):
        yield min(most, n - first)


def _enough(n: int, truth: pd.DataFrame, wanted: int) -> Bools:
    """Whole people up to the wanted number of index discharges, and for the rest of it people who have just one."""
    count = np.bincount(truth["who"].to_numpy(), minlength=n)
    total = np.cumsum(count)
    kept: Bools = total <= wanted
    if not kept.all():
        last = int(kept.sum())
        singles = last + np.flatnonzero(count[last:] == 1)
        kept[singles[: wanted - (total[last - 1] if last else 0)]] = True
    return kept
