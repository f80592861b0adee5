"""The tables of a region that hold one row a person, or none: persons, deaths, deprivation; trusts and neighbourhoods."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa

from hfrisk.synthetic.cdm54 import dates, moments, table, words
from hfrisk.synthetic.draws import DAY, Bools, Ints, day_number
from hfrisk.synthetic.people import People
from hfrisk.synthetic.recipe import Recipe
from hfrisk.synthetic.settings import RegionSettings
from hfrisk.synthetic.timeline import Timeline

__all__ = ["EHR", "Offsets", "person_tables", "region_tables"]

EHR = 32817
_IMD = 35812882


@dataclass
class Offsets:
    """How many rows of each table are already written; ids go on from there."""

    people: int = 0
    rows: dict[str, int] = field(default_factory=dict)

    def next(self, table: str, n: int) -> Ints:
        """The next `n` ids of a table."""
        first = self.rows.get(table, 0)
        self.rows[table] = first + n
        return np.arange(first + 1, first + n + 1)


def person_tables(
    people: People,
    timeline: Timeline,
    kept: Bools,
    ids: Ints,
    settings: RegionSettings,
    recipe: Recipe,
    offsets: Offsets,
) -> dict[str, pa.Table]:
    """Tables with at most one row a person: who they are, when they are observed, where they live, when they died."""
    rows = np.flatnonzero(kept)
    n, person = len(rows), ids[rows]
    first, last = day_number(settings.data_start), day_number(settings.data_end)
    birth = pd.DatetimeIndex(people.birth_day[rows].astype("datetime64[D]"))
    race, concept, unknown = _ethnicities(people.ethnicity[rows], recipe)
    died = timeline.died[rows]
    dead = died // DAY <= last
    start = np.full(n, first)
    return {
        "person": table(
            "person",
            n,
            person_id=person,
            gender_concept_id=np.where(people.female[rows], 8532, 8507),
            year_of_birth=birth.year.to_numpy(),
            month_of_birth=birth.month.to_numpy(),
            day_of_birth=birth.day.to_numpy(),
            race_concept_id=concept,
            ethnicity_concept_id=0,
            location_id=people.neighbourhood[rows] + 1,
            care_site_id=people.trust[rows] + 1,
            gender_source_value=words(people.female[rows].astype(np.int64), ("M", "F")),
            race_source_value=words(people.ethnicity[rows], race, unknown),
            race_source_concept_id=0,
        ),
        "observation_period": table(
            "observation_period",
            n,
            observation_period_id=offsets.next("observation_period", n),
            person_id=person,
            observation_period_start_date=dates(start),
            observation_period_end_date=dates(np.where(dead, died // DAY, last)),
            period_type_concept_id=EHR,
        ),
        "observation": table(
            "observation",
            n,
            observation_id=offsets.next("observation", n),
            person_id=person,
            observation_concept_id=_IMD,
            observation_date=dates(start),
            observation_datetime=moments(start * DAY + 540),
            observation_type_concept_id=EHR,
            value_as_number=people.imd[rows].astype(np.float64),
            observation_source_value=["IMD quintile"] * n,
            observation_source_concept_id=_IMD,
        ),
        "death": table(
            "death",
            int(dead.sum()),
            person_id=person[dead],
            death_date=dates(died[dead] // DAY),
            death_datetime=moments(died[dead]),
            death_type_concept_id=EHR,
        ),
    }


def region_tables(settings: RegionSettings, recipe: Recipe) -> dict[str, pa.Table]:
    """The tables that do not grow with people: trusts, neighbourhoods, and where the data came from."""
    n = settings.trusts
    sites = np.arange(n)
    places = np.arange(n * 5 * recipe["trusts"]["neighbourhoods"])
    end = np.array([day_number(settings.data_end)])
    source = {
        "cdm_source_name": "Made-up region",
        "cdm_source_abbreviation": "MADE-UP",
        "cdm_holder": "Nobody: every person is made up",
        "source_description": "Heart-failure admissions with a known truth, written by hfrisk synthesise",
        "cdm_version": "5.4",
        "vocabulary_version": "none",
    }
    return {
        "care_site": table(
            "care_site",
            n,
            care_site_id=sites + 1,
            care_site_name=[f"Trust {_letters(int(site))}" for site in sites],
            place_of_service_concept_id=8717,
            care_site_source_value=[f"X{site:02d}" for site in sites],
        ),
        "location": table(
            "location",
            len(places),
            location_id=places + 1,
            location_source_value=[f"X01{place:06d}" for place in places],
        ),
        "cdm_source": table(
            "cdm_source",
            1,
            **{name: [text] for name, text in source.items()},
            source_release_date=dates(end),
            cdm_release_date=dates(end),
            cdm_version_concept_id=756265,
        ),
    }


def _ethnicities(position: Ints, recipe: Recipe) -> tuple[list[str], Ints, Bools]:
    """Source values by position, the race concept of each person, and whose source value is empty."""
    numbers = recipe["ethnicity"]
    categories = [*numbers["shares"], *numbers["missing"]]
    concepts = np.zeros(len(categories), dtype=np.int64)
    for group, concept in numbers["race_concepts"].items():
        concepts[[categories.index(letter) for letter in numbers[group]]] = concept
    return categories, concepts[position], np.asarray(position == categories.index("empty"))


def _letters(site: int) -> str:
    """A, B ... Z, AA, AB ..."""
    head, tail = divmod(site, 26)
    return (_letters(head - 1) if head else "") + chr(ord("A") + tail)
