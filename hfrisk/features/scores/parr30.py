"""PARR-30 (Billings 2012): the probability of an emergency readmission in England, by logistic regression."""

from __future__ import annotations

from functools import reduce
from operator import add

import ibis.expr.types as ir

from hfrisk.features.charlson import categories
from hfrisk.features.coded import sources
from hfrisk.features.family import KEYS, on_grid
from hfrisk.features.scores.facts import SCORES
from hfrisk.features.scores.lace import with_heart_failure, without_lesser
from hfrisk.features.scores.points import Inputs, Made, flag, how_many, points, score_entry

__all__ = ["conditions_for_parr30", "parr30"]

_GRID = 0.001
_LOG_ODDS_GRID = 0.0001  # that of the coefficients, so that no sum of them lies halfway


def parr30(inputs: Inputs) -> Made:
    """PARR-30, after `conditions_for_parr30`; the trust's own term is 0, so the intercept is to be recalibrated.

    Its parts are what each input adds to the log odds. Nothing is taken as normal: nobody's deprivation or age can be guessed.
    """
    facts = SCORES["parr30"]
    names = list(facts.inputs)
    addends = {name: _log_odds(name, inputs[name]) for name in names if name in inputs}
    columns: dict[str, ir.Value] = {}
    entries = []
    grid = {"upper": 5, "unit": "", "precision": _LOG_ODDS_GRID, "monotone": "none"}
    for name, addend in addends.items():
        column = f"parr30_{name.removeprefix('parr30_')}"
        columns[column] = on_grid(addend, _LOG_ODDS_GRID)
        words = f"log odds for {facts.inputs[name]} in PARR-30"
        entries.append(score_entry(inputs, (name,), column, words, **grid))
    columns[facts.observed], entry = how_many(inputs, facts, names)
    entries.append(entry)
    if len(addends) == len(names):
        constant = facts.data["intercept"] + facts.data["hospital"]
        odds = (reduce(add, addends.values()) + constant).exp()
        columns[facts.total] = on_grid(odds / (odds + 1), _GRID)
        words = "PARR-30 probability of readmission (without the trust's own term)"
        entries.append(score_entry(inputs, names, facts.total, words, upper=1, unit="probability", precision=_GRID))
    return Made(facts, columns, tuple(entries), tuple(facts.inputs[name] for name in names if name not in inputs))


def _log_odds(name: str, value: ir.Value) -> ir.NumericValue:
    """What an input adds."""
    data = SCORES["parr30"].data
    if name == "age":
        return value * value * data["age_squared"]
    if name == "imd_score":
        return points(value, [(begins, float(given)) for begins, given in data["imd_score"]])
    if name == "emergency_admissions_365d":
        return value * data[name]
    if name == "parr30_conditions":
        return value
    return flag(value > 0) * data[name]


def conditions_for_parr30(inputs: Inputs) -> Inputs:
    """With `parr30_conditions`: what the conditions of the last two years add to the log odds."""
    data = SCORES["parr30"].data
    days = data["lookback_days"]
    found = with_heart_failure(inputs.context, categories(inputs.context, days))
    found = without_lesser(found, data["hierarchy"])
    total = reduce(add, [found[name] * coefficient for name, coefficient in data["conditions"].items()])
    entry = score_entry(
        inputs,
        (),
        "parr30_conditions",
        "conditions of the last two years in PARR-30",
        window=f"{days} days before admission",
        sources=sources(inputs.context),
        upper=5,
    )
    return inputs.beside(found.select(*KEYS, parr30_conditions=total.cast("float64")), [entry])
