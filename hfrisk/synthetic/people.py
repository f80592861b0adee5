"""Who lives in the region: age, sex, deprivation, ethnicity, trust, frailty and long-term conditions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from hfrisk.synthetic.draws import (
    DAY,
    Bools,
    Floats,
    Ints,
    by_sex,
    completed_years,
    day_number,
    happens,
    logit,
    pick,
    split_normal,
)
from hfrisk.synthetic.drift import case_mix, entry_after_the_dip
from hfrisk.synthetic.recipe import Recipe
from hfrisk.synthetic.settings import RegionSettings

__all__ = ["People", "Trusts", "draw_background", "draw_patients", "draw_trusts"]

_DAYS_IN_YEAR = 365.25


@dataclass(frozen=True)
class Trusts:
    """The region's hospital trusts: relative size, and how deprived and diverse their patients are (log scale)."""

    size: Floats
    deprivation: Floats
    diversity: Floats


@dataclass(frozen=True)
class People:
    """One row a person; every array has the same length.

    `entry` is the minute of the first heart-failure admission (0 for people without heart failure); `frailty` is
    the recipe's z + 0.03 (age - 79); `imd` is 1 (most deprived) to 5; `conditions` has a column for each long-term
    condition and `condition_codes` the code that this person's records use for it; `levels` holds the person's part
    of each test (standard normal); `drug_tendency` and `drug_choice` are uniform draws for each line of treatment.
    """

    female: Bools
    birth_day: Ints
    imd: Ints
    ethnicity: Ints
    trust: Ints
    neighbourhood: Ints
    frailty: Floats
    low_ejection_fraction: Bools
    entry: Ints
    conditions: Bools
    condition_codes: Ints
    levels: Floats
    drug_tendency: Floats
    drug_choice: Floats
    frailty_noise: Floats

    def __len__(self) -> int:
        return len(self.female)

    def age(self, who: Ints, day: Ints) -> Ints:
        """Completed years of age of these people on these days."""
        return completed_years(self.birth_day[who], day)


def draw_trusts(rng: np.random.Generator, settings: RegionSettings, recipe: Recipe) -> Trusts:
    """Trusts of unequal size, with the largest first."""
    spread = recipe["trusts"]
    n = settings.trusts
    size = np.sort(np.exp(spread["size_spread"] * rng.standard_normal(n)))[::-1]
    deprivation = spread["deprivation_spread"] * rng.standard_normal(n)
    return Trusts(size / size.sum(), deprivation, spread["diversity_spread"] * rng.standard_normal(n))


def draw_patients(rng: np.random.Generator, n: int, trusts: Trusts, settings: RegionSettings, recipe: Recipe) -> People:
    """People whose first heart-failure admission falls in the period, on any day of it alike."""
    numbers = recipe["people"]
    first = day_number(settings.discharges_from)
    days = day_number(settings.discharges_to) - first + 1
    entry = (first + rng.integers(0, days, n)) * DAY + rng.integers(10, 1350, n)
    entry = entry_after_the_dip(rng, entry, settings, recipe)
    female = happens(rng, numbers["female"], n)
    quartiles = numbers["age_quartiles"]
    table = np.array([quartiles["male"], quartiles["female"]], dtype=np.float64)[female.astype(np.int64)]
    older, fewer_low = case_mix(entry // DAY, settings, recipe)
    age = split_normal(rng, table) + by_sex(numbers["age_at_entry"], female) + older
    low = by_sex(numbers["low_ejection_fraction"], female) + fewer_low
    return _people(rng, age, female, low, entry, entry // DAY, 1.0, settings, recipe, trusts)


def draw_background(
    rng: np.random.Generator, n: int, trusts: Trusts, settings: RegionSettings, recipe: Recipe
) -> People:
    """People without heart failure, aged as in the middle of the period."""
    middle = (day_number(settings.data_start) + day_number(settings.data_end)) // 2
    table = np.tile(np.array(recipe["background"]["age_quartiles"], dtype=np.float64), (n, 1))
    age = split_normal(rng, table)
    female = happens(rng, 0.5, n)
    entry = np.zeros(n, dtype=np.int64)
    share = recipe["background"]["long_term"]
    low = by_sex(recipe["people"]["low_ejection_fraction"], female)
    return _people(rng, age, female, low, entry, np.full(n, middle), share, settings, recipe, trusts)


def _people(
    rng: np.random.Generator,
    age: Floats,
    female: Bools,
    low_ejection_fraction: Floats,
    entry: Ints,
    age_day: Ints,
    long_term_share: float,
    settings: RegionSettings,
    recipe: Recipe,
    trusts: Trusts,
) -> People:
    n = len(age)
    numbers = recipe["people"]
    imd = pick(rng, numbers["imd_quintiles"], n) + 1
    ethnicity, group = _ethnicity(rng, imd, recipe)
    shift = numbers["age_by_ethnic_group"]
    age = age + numbers["age_by_imd"] * (imd - _mean_quintile(numbers["imd_quintiles"]))
    age = age + np.select([group == "asian", group == "black"], [shift["asian"], shift["black"]], 0.0)
    age = np.clip(age, *numbers["age_limits"])
    trust = _trust(rng, imd, np.isin(group, ["white"], invert=True), trusts)
    frailty = rng.standard_normal(n) + numbers["frailty_by_age"] * (age - numbers["frailty_centre_age"])
    low = happens(rng, low_ejection_fraction, n)
    levels = rng.standard_normal((n, len(recipe.tests)))
    conditions, codes = _conditions(rng, age, female, group == "asian", frailty, levels, long_term_share, recipe)
    missing = happens(rng, settings.ethnicity_missing, n)
    letters = len(recipe["ethnicity"]["shares"])
    ethnicity = np.where(missing, letters + pick(rng, recipe["ethnicity"]["missing"], n), ethnicity)
    per_quintile = recipe["trusts"]["neighbourhoods"]
    return People(
        female=female,
        birth_day=age_day - np.floor(age * _DAYS_IN_YEAR).astype(np.int64) - 1,
        imd=imd,
        ethnicity=ethnicity,
        trust=trust,
        neighbourhood=(trust * 5 + imd - 1) * per_quintile + rng.integers(0, per_quintile, n),
        frailty=frailty,
        low_ejection_fraction=low,
        entry=entry,
        conditions=conditions,
        condition_codes=codes,
        levels=levels,
        drug_tendency=rng.random((n, len(recipe["drugs"]))),
        drug_choice=rng.random((n, len(recipe["drugs"]))),
        frailty_noise=rng.standard_normal(n),
    )


def _mean_quintile(shares: list[float]) -> float:
    return float(np.dot(shares, np.arange(1, 6)) / np.sum(shares))


def _ethnicity(rng: np.random.Generator, imd: Ints, recipe: Recipe) -> tuple[Ints, Any]:
    """NHS category (position) and broad group; minorities are more often deprived, the overall shares hold."""
    numbers = recipe["ethnicity"]
    letters = np.array(list(numbers["shares"]))
    shares = np.array(list(numbers["shares"].values()))
    white = np.isin(letters, numbers["white"])
    quintiles = np.arange(1, 6)
    tilt = np.exp(numbers["deprivation"] * (3 - quintiles))
    tilt = tilt / np.average(tilt, weights=recipe["people"]["imd_quintiles"])
    minority = shares[~white].sum() / shares.sum() * tilt
    is_white = rng.random(len(imd)) >= minority[imd - 1]
    drawn = np.where(
        is_white,
        pick(rng, np.where(white, shares, 0.0), len(imd)),
        pick(rng, np.where(white, 0.0, shares), len(imd)),
    )
    group = np.full(len(letters), "other", dtype=object)
    for name in ("white", "asian", "black"):
        group[np.isin(letters, numbers[name])] = name
    return drawn, group[drawn]


def _trust(rng: np.random.Generator, imd: Ints, minority: Bools, trusts: Trusts) -> Ints:
    """The trust of each person, likelier where its patients are alike; deprivation and ethnicity stay as drawn."""
    trust = np.zeros(len(imd), dtype=np.int64)
    for quintile in range(1, 6):
        for is_minority in (False, True):
            chosen = np.flatnonzero((imd == quintile) & (minority == is_minority))
            tilt = trusts.deprivation * (3 - quintile) + trusts.diversity * is_minority
            trust[chosen] = pick(rng, trusts.size * np.exp(tilt), len(chosen))
    return trust


def _conditions(
    rng: np.random.Generator,
    age: Floats,
    female: Bools,
    asian: Bools,
    frailty: Floats,
    levels: Floats,
    share: float,
    recipe: Recipe,
) -> tuple[Bools, Ints]:
    """Which long-term conditions each person has, and the code that their records use for each."""
    n = len(age)
    has = np.zeros((n, len(recipe.long_term)), dtype=np.bool_)
    code = np.zeros((n, len(recipe.long_term)), dtype=np.int64)
    for column, name in enumerate(recipe.long_term):
        numbers = recipe["long_term"][name]
        code[:, column] = recipe.codes.draw(rng, numbers["codes"], n)
        if "recorded_below" in numbers:
            kidney = recipe["kidney_function"]
            usual = kidney["mean_at_60"] + kidney["per_year"] * (age - 60)
            usual = usual + kidney["spread"] * levels[:, recipe.test("eGFR")]
            recorded = numbers["recorded"] if share == 1.0 else recipe["background"]["kidney_disease"]
            chance = np.where(usual < numbers["recorded_below"], recorded, 0.0)
        else:
            chance = by_sex(numbers["prevalence"], female) + numbers.get("asian_excess", 0.0) * asian
            chance = chance * share
            if "frailty" in numbers:
                chance = 1 / (1 + np.exp(-(logit(chance) + numbers["frailty"] * frailty)))
        has[:, column] = happens(rng, chance, n)
    return has, code
