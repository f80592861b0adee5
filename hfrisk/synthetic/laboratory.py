"""Blood tests and vital signs of a stay: values as they are written, first and last, and which were never measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from hfrisk.synthetic.draws import Bools, Floats, Ints, by_sex, happens, logit
from hfrisk.synthetic.timeline import Stays
from hfrisk.synthetic.world import World

__all__ = ["Tests", "draw_tests", "write_tests"]

_FIRST_WITHIN, _LAST_WITHIN = 240, 1200  # minutes from admission, and before discharge
_MARGIN = 15


@dataclass(frozen=True)
class Tests:
    """A row a stay and a column a test, in the recipe's order. Values are on the written grid.

    `last` is the last value before discharge, from which the true risk is computed, whether or not it was measured:
    where a test is missing the value exists but nobody knows it.
    """

    first: Floats
    last: Floats
    measured: Bools
    again: Bools


def draw_tests(world: World, who: Ints, day: Ints) -> Tests:
    """Values for stays of these people that begin on these days: part the person's own level, part this stay."""
    recipe, rng, people = world.recipe, world.rng, world.people
    steady = recipe["people"]["steady"]
    own = rng.standard_normal((len(who), len(recipe.tests)))
    z = np.sqrt(steady) * people.levels[who] + np.sqrt(1 - steady) * own
    change = rng.standard_normal(z.shape)
    first, last = np.empty_like(z), np.empty_like(z)
    for column, name in enumerate(recipe.tests):
        numbers = recipe["laboratory"][name]
        if name in ("eGFR", "creatinine"):
            continue
        shift = numbers["change"][0] + numbers["change"][1] * change[:, column]
        if "median" in numbers:
            with_kidney = numbers.get("kidney", 0.0)
            score = with_kidney * z[:, recipe.test("eGFR")] + np.sqrt(1 - with_kidney**2) * z[:, column]
            value = numbers["median"] * np.exp(numbers["log_spread"] * score)
            before = value * np.exp(shift)
        else:
            value = _mean(world, who, numbers["mean"]) + numbers["spread"] * z[:, column]
            before = value + shift
        first[:, column], last[:, column] = _written(before, numbers), _written(value, numbers)
    _kidney(world, who, day, z, change, first, last)
    return Tests(first, last, *_measured(world, who))


def write_tests(world: World, stays: Stays, tests: Tests, *, all_of_them: bool) -> None:
    """Write the values into the records, strictly between admission and discharge.

    An index stay has the first and the last value of each test (one value, the last, where it was measured once);
    another stay has one value of the commoner tests.
    """
    recipe, rng = world.recipe, world.rng
    length = stays.end - stays.start
    early = stays.start + _MARGIN + (rng.random(len(stays)) * np.minimum(0.3 * length, _FIRST_WITHIN)).astype(np.int64)
    late = stays.end - _MARGIN - (rng.random(len(stays)) * np.minimum(0.4 * length, _LAST_WITHIN)).astype(np.int64)
    measured = tests.measured.copy()
    if not all_of_them:
        measured[:, [name not in recipe["laboratory_other_stays"] for name in recipe.tests]] = False
    again = tests.again & measured & all_of_them
    for minute, values, chosen in (
        (early, np.where(again, tests.first, tests.last), measured),
        (late, tests.last, again),
    ):
        row, column = np.nonzero(chosen)
        world.timeline.measurements.add(
            len(row),
            who=stays.who[row],
            visit=stays.visit[row],
            minute=minute[row],
            test=column,
            value=values[row, column],
        )


def _mean(world: World, who: Ints, mean: Any) -> Floats:
    if isinstance(mean, dict) and "preserved" in mean:
        low = world.people.low_ejection_fraction[who]
        return np.where(low, float(mean["low_ejection_fraction"]), float(mean["preserved"]))
    return by_sex(mean, world.people.female[who])


def _written(values: Floats, numbers: dict[str, Any]) -> Floats:
    """Values within the hard range, on the grid on which the laboratory reports them."""
    grid = numbers["grid"]
    decimals = 0 if grid >= 1 else 1
    within = np.clip(values, *numbers["limits"])
    return np.asarray(np.round(np.rint(within / grid) * grid, decimals), dtype=np.float64)


def _kidney(world: World, who: Ints, day: Ints, z: Floats, change: Floats, first: Floats, last: Floats) -> None:
    """Creatinine from the kidney function that was drawn, and eGFR from the creatinine that is written."""
    recipe = world.recipe
    numbers = recipe["kidney_function"]
    egfr, creatinine = recipe.test("eGFR"), recipe.test("creatinine")
    female = world.people.female[who]
    age = world.people.age(who, day)
    lowest, highest = recipe["laboratory"]["eGFR"]["limits"]
    usual = numbers["mean_at_60"] + numbers["per_year"] * (age - 60) + numbers["spread"] * z[:, egfr]
    value = _creatinine(np.clip(usual, lowest + 6, highest), age, female, numbers["ckd_epi"])
    ratio = np.exp(numbers["change"][0] + numbers["change"][1] * change[:, creatinine])
    for table, creatinine_value in ((last, value), (first, value * ratio)):
        written = _written(creatinine_value, recipe["laboratory"]["creatinine"])
        table[:, creatinine] = written
        table[:, egfr] = _written(_egfr(written, age, female, numbers["ckd_epi"]), recipe["laboratory"]["eGFR"])


def _egfr(creatinine: Floats, age: Ints, female: Bools, numbers: dict[str, Any]) -> Floats:
    """CKD-EPI 2009 (mL/min/1.73 m2) from creatinine in umol/L, without the ethnicity factor."""
    ratio = creatinine / numbers["per_mg_dl"] / by_sex(numbers["kappa"], female)
    low = np.minimum(ratio, 1) ** by_sex(numbers["alpha"], female)
    high = np.maximum(ratio, 1) ** numbers["above"]
    constant = numbers["constant"] * np.where(female, numbers["female"], 1.0)
    return np.asarray(constant * low * high * numbers["age"] ** age, dtype=np.float64)


def _creatinine(egfr: Floats, age: Ints, female: Bools, numbers: dict[str, Any]) -> Floats:
    """The inverse of `_egfr`."""
    constant = numbers["constant"] * np.where(female, numbers["female"], 1.0) * numbers["age"] ** age
    share = egfr / constant
    exponent = np.where(share > 1, by_sex(numbers["alpha"], female), numbers["above"])
    kappa = by_sex(numbers["kappa"], female)
    return np.asarray(share ** (1 / exponent) * kappa * numbers["per_mg_dl"], dtype=np.float64)


def _measured(world: World, who: Ints) -> tuple[Bools, Bools]:
    """Which tests were measured, by panel, and which of those twice."""
    recipe, rng = world.recipe, world.rng
    measured = np.ones((len(who), len(recipe.tests)), dtype=np.bool_)
    again = np.empty_like(measured)
    panels = np.array([recipe["laboratory"][name]["panel"] for name in recipe.tests])
    shares = np.array([recipe["laboratory"][name]["again"] for name in recipe.tests])
    for panel, chance in recipe["laboratory_missing"].items():
        frail = recipe["laboratory_missing_frail"].get(panel, 0.0)
        risk = 1 / (1 + np.exp(-(logit(chance) + frail * world.people.frailty[who])))
        absent = happens(rng, risk, len(who)) & world.settings.missing_laboratory
        measured[:, panels == panel] = ~absent[:, None]
        again[:, panels == panel] = rng.random(len(who))[:, None] < shares[panels == panel]
    return measured, again
