"""What changes over the years of a region, when it is asked for: who comes, how often it ends badly, and a pandemic."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

import numpy as np

from hfrisk.errors import StudyError
from hfrisk.synthetic.draws import DAY, Bools, Floats, Ints, day_number, happens, known_date
from hfrisk.synthetic.recipe import Recipe
from hfrisk.synthetic.settings import RegionSettings

__all__ = ["case_mix", "check_drift", "entry_after_the_dip", "event_rate", "stays_away"]

_YEAR = 365.25


def check_drift(names: Iterable[str], recipe: Recipe) -> None:
    """Refuse a name that the recipe does not have.

    Raises
    ------
    StudyError
        With the names that it has.
    """
    known = sorted(recipe["drift"])
    for name in names:
        if name not in known:
            close = get_close_matches(name, known, n=1)
            hint = f"Did you mean {close[0]}? " if close else ""
            raise StudyError(
                f"There is no drift called {name}.", where="drift", todo=f"{hint}The names are {', '.join(known)}."
            )


def case_mix(day: Ints, settings: RegionSettings, recipe: Recipe) -> tuple[Floats, Floats]:
    """Years of age, and share with a low ejection fraction, to add for people whose first admission is on these days."""
    if "case_mix" not in settings.drift:
        return np.zeros(len(day)), np.zeros(len(day))
    numbers, years = recipe["drift"]["case_mix"], _years(day, settings)
    return numbers["age"] * years, numbers["low_ejection_fraction"] * years


def event_rate(day: Ints, settings: RegionSettings, recipe: Recipe) -> dict[str, Floats]:
    """Log-odds to add to readmission and death after discharges on these days, as inputs of the true risk."""
    if "event_rate" not in settings.drift:
        return {}
    numbers, years = recipe["drift"]["event_rate"], _years(day, settings)
    return {f"drift_{state}": numbers[state] * years for state in ("readmission", "death")}


def entry_after_the_dip(rng: np.random.Generator, entry: Ints, settings: RegionSettings, recipe: Recipe) -> Ints:
    """First admissions (minutes); some that fall in the first wave happen at another time of the period instead."""
    if "covid_dip" not in settings.drift:
        return entry
    first, last = day_number(settings.discharges_from), day_number(settings.discharges_to)
    moved = _in_wave(entry // DAY, recipe) & happens(rng, recipe["drift"]["covid_dip"]["first_admission"], len(entry))
    elsewhen = rng.integers(first, last + 1, len(entry)) * DAY + entry % DAY
    return np.where(moved, elsewhen, entry)


def stays_away(
    rng: np.random.Generator, kind: str, day: Ints, comes: Bools, settings: RegionSettings, recipe: Recipe
) -> Bools:
    """Who still comes on these days (`emergency`, `attendance`, `planned` or `outpatient`), of those who would."""
    if "covid_dip" not in settings.drift:
        return comes
    away = _in_wave(day, recipe) & happens(rng, recipe["drift"]["covid_dip"][kind], len(day))
    return np.asarray(comes & ~away, dtype=np.bool_)


def _in_wave(day: Ints, recipe: Recipe) -> Bools:
    numbers = recipe["drift"]["covid_dip"]
    within = (day >= known_date(numbers["from"])) & (day <= known_date(numbers["to"]))
    return np.asarray(within, dtype=np.bool_)


def _years(day: Ints, settings: RegionSettings) -> Floats:
    """Years since the middle of the period of index discharges, so that the whole period keeps the recipe's marginals."""
    middle = (day_number(settings.discharges_from) + day_number(settings.discharges_to)) / 2
    return np.asarray((day - middle) / _YEAR, dtype=np.float64)
