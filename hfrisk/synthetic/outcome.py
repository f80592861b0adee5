"""The truth: what each index discharge risks in the 30 days after it, and what then happened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from hfrisk.synthetic.draws import Floats, Ints, pick
from hfrisk.synthetic.recipe import Recipe

__all__ = ["DIED", "NONE", "READMITTED", "STATES", "WINDOW_DAYS", "Risk", "draw_day", "draw_state", "true_risk"]

READMITTED, DIED, NONE = range(3)
STATES = ("readmitted", "died", "none")
WINDOW_DAYS = 30  # days 0 to 29 after the date of discharge, as in the NHS indicator


@dataclass(frozen=True)
class Risk:
    """Probability of each first state. They add up to one."""

    readmitted: Floats
    died: Floats
    none: Floats

    def where(self, chosen: Any) -> Risk:
        """Some of them."""
        return Risk(self.readmitted[chosen], self.died[chosen], self.none[chosen])


def true_risk(inputs: Mapping[str, Any], recipe: Recipe) -> Risk:
    """Probability of each first state in the window, from what is written in the tables.

    Parameters
    ----------
    inputs
        Arrays named as the ``true_`` columns of truth.parquet, without the prefix. Tests are the last value before
        discharge, in UK units; the counts and the frailty score end the day before admission. `drift_readmission` and
        `drift_death` (log-odds) are there only in a region whose event rate drifts.

    Notes
    -----
    Readmission and death each have the recipe's log-odds. Where the two probabilities would add up to more than one,
    both are divided by their sum. One state is drawn for a discharge, so these are its true probabilities.
    """
    terms = _terms(inputs, recipe)
    readmitted = _expit(_linear(recipe["risk"]["readmission"], terms) + inputs.get("drift_readmission", 0.0))
    died = _expit(_linear(recipe["risk"]["death"], terms) + inputs.get("drift_death", 0.0))
    total = np.maximum(readmitted + died, 1.0)
    readmitted, died = readmitted / total, died / total
    return Risk(readmitted, died, np.maximum(1.0 - readmitted - died, 0.0))


def draw_state(rng: np.random.Generator, risk: Risk) -> Ints:
    """One state a discharge: `READMITTED`, `DIED` (without a readmission before) or `NONE`."""
    u = rng.random(len(risk.none))
    return np.where(u < risk.readmitted, READMITTED, np.where(u < risk.readmitted + risk.died, DIED, NONE))


def draw_day(rng: np.random.Generator, state: Ints, nights: Ints, recipe: Recipe) -> Ints:
    """Days from the discharge to the outcome (0 to 29), -1 where there was none; early days are likelier.

    A death falls on days 1 to 29, since a death on the day of discharge is a death in hospital to a reader. After a
    stay of no night a readmission falls on days 1 to 29, so that no two admissions of a person share a date.
    """
    numbers = recipe["within_30_days"]
    days = np.arange(WINDOW_DAYS)
    to_stay = np.exp(-days / numbers["readmission_day"]["decay"])
    to_stay[0] *= numbers["readmission_day"]["same_day"]
    later = np.where(days == 0, 0.0, to_stay)
    to_death = np.where(days == 0, 0.0, np.exp(-days / numbers["death_day"]["decay"]))
    readmission = np.where(nights == 0, pick(rng, later, len(state)), pick(rng, to_stay, len(state)))
    death = pick(rng, to_death, len(state))
    return np.select([state == READMITTED, state == DIED], [readmission, death], -1)


def _terms(inputs: Mapping[str, Any], recipe: Recipe) -> dict[str, Floats]:
    at_least = recipe["risk"]["nights_at_least"]
    return {
        "log1p_prior_admissions": np.log1p(inputs["prior_emergency_admissions_365"]),
        "log1p_attendances": np.log1p(inputs["ed_attendances_180"]),
        "log_nights_over_8": np.log(np.maximum(inputs["length_of_stay"], at_least) / 8),
        "frailty_score_up_to_20": np.minimum(inputs["hfrs"], 20),
        "log_urea_over_9_3": np.log(inputs["urea"] / 9.3),
        "sodium_minus_138": inputs["sodium"] - 138,
        "haemoglobin_minus_122": inputs["haemoglobin"] - 122,
        "systolic_minus_128": inputs["systolic_blood_pressure"] - 128,
        "log_nt_probnp_over_4200": np.log(inputs["nt_probnp"] / 4200),
        "copd": inputs["copd"],
        "diabetes": inputs["diabetes"],
        "atrial_fibrillation": inputs["atrial_fibrillation"],
        "living_alone": inputs["living_alone"],
        "three_minus_imd": 3 - inputs["imd"],
        "age_minus_79": inputs["age"] - 79,
    }


def _linear(coefficients: Mapping[str, float], terms: Mapping[str, Floats]) -> Floats:
    total = np.asarray(coefficients["intercept"], dtype=np.float64)
    for name, coefficient in coefficients.items():
        if name != "intercept":
            total = total + coefficient * terms[name]
    return total


def _expit(x: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-x)), dtype=np.float64)
