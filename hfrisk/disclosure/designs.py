"""Release of the validation designs: bootstrap models, trusts left out, growing development sets, and drift.

- Numbers of all of development, and of a trust, are shown with the counts that the table of performance shows of the same people, and
  no others; where it withholds a trust, or does not know it, the trust is withheld here too.
- The random-effects summaries carry no counts: those of the trusts that have a number, taken from the total, would be those of the
  small ones. They are ratios and areas at two decimals.
- Periods carry no counts: months that straddle quarters, whose counts are shown, would tell single months. Their ratios, and limits of
  them, are recomputed from rounded counts.
- Steps of the instability plot are means and centiles of risks over enough people; a risk says nothing of what happened to anyone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.stats import chi2

from hfrisk.disclosure.estimates import Estimate, People, released_difference, released_estimate
from hfrisk.disclosure.people import EVERYONE, released_sets
from hfrisk.disclosure.policy import Policy, significant

if TYPE_CHECKING:
    from hfrisk.designs import Designs

__all__ = ["DESIGNS", "RULES", "release_designs"]

DESIGNS = {
    "optimism": "measure apparent optimism estimate lower upper n events reason",
    "instability": "bin n risk low middle high error moved",
    "instability_summary": "measure estimate n events reason",
    "left_out": "level measure estimate lower upper n events reason",
    "across_trusts": "measure estimate lower upper prediction_lower prediction_upper tau levels reason",
    "learning_curve": "share measure estimate lower upper n reason",
    "drift": "period measure estimate lower upper reason",
    "feature_shifts": "feature words estimate expected reason",
    "stability": "feature words share median lower upper top_ten models",
}
RULES = {
    "optimism": "counts rounded; estimates recomputed from the shown counts",
    "instability": "means and centiles of risks over enough people; counts rounded",
    "instability_summary": "counts rounded",
    "left_out": "counts as in performance; estimates recomputed from the shown counts",
    "across_trusts": "no counts; two decimals",
    "learning_curve": "counts rounded; estimates at the figures that they support",
    "drift": "no counts; ratios from rounded counts, two decimals of the index",
    "feature_shifts": "no counts; two decimals",
    "stability": "no counts of people; three decimals",
}
_MODEL, _SPLIT = "lightgbm", "cross-validation"
_DECIMALS = 2
_NOT_SEEN = People(math.nan, math.nan, math.nan, math.nan)


def release_designs(
    designs: Designs | None,
    performance: pd.DataFrame,
    policy: Policy,
    confidence: float,
    words: Mapping[str, str],
) -> dict[str, pd.DataFrame]:
    """Every table of the designs.

    Parameters
    ----------
    designs
        As they were run; None where they were not.
    performance
        `Results.performance`, exact: the same people are shown there.
    policy
        The rules.
    confidence
        Confidence of the intervals (0 to 1).
    words
        What each feature is called.

    Returns
    -------
    dict
        Tables by name, columns as in `DESIGNS` and ``suppressed``; empty where a design was not run.

    Raises
    ------
    ValueError
        If a trust has other counts here than in the table of performance (a fault of ours).
    """
    if designs is None:
        return {name: _frame(name, []) for name in DESIGNS}
    seen = _people(performance, policy)
    everyone = seen.get((EVERYONE, EVERYONE), _NOT_SEEN)
    group = str(designs.facts.get("leave_out", ""))
    rows = {
        "optimism": [_corrected(row, everyone, policy) for row in _records(designs.optimism)],
        "instability": [_step(row, policy) for row in _records(designs.instability)],
        "instability_summary": [_unstable(row, everyone, policy) for row in _records(designs.instability_summary)],
        "left_out": [
            _trust(row, seen.get((group, str(row["level"])), _NOT_SEEN), policy) for row in _records(designs.left_out)
        ],
        "across_trusts": [_summary(row) for row in _records(designs.across_trusts)],
        "learning_curve": [_share(row, designs.facts, policy) for row in _records(designs.learning_curve)],
        "drift": [_period(row, policy, confidence) for row in _records(designs.drift)],
        "feature_shifts": [
            _shift(row, words.get(str(row["feature"]), str(row["feature"])), policy)
            for row in _records(designs.feature_shifts)
        ],
        "stability": [
            _stable(row, words.get(str(row["feature"]), str(row["feature"]))) for row in _records(designs.stability)
        ],
    }
    return {name: _frame(name, found) for name, found in rows.items()}


def _people(performance: pd.DataFrame, policy: Policy) -> dict[tuple[str, str], People]:
    sets = released_sets(performance, policy)
    mine = sets[(sets["model"] == _MODEL) & (sets["split"] == _SPLIT)]
    return {
        (str(row["group"]), str(row["level"])): People(row["n"], row["events"], row["shown_n"], row["shown_events"])
        for row in mine.to_dict("records")
    }


def _corrected(row: dict[str, Any], people: People, policy: Policy) -> dict[str, Any]:
    _same(row, people)
    measure = str(row["measure"])
    apparent, why = released_estimate(_MODEL, measure, Estimate(row["apparent"]), people, policy, math.nan)
    gap, _ = released_difference(measure, Estimate(row["optimism"]), people, policy, math.nan)
    exact = Estimate(row["estimate"], row["lower"], row["upper"])
    shown, _ = released_estimate(_MODEL, measure, exact, people, policy, math.nan)
    numbers = {"apparent": apparent.value, "optimism": gap.value, **_limits(shown)}
    return row | numbers | _counts(people) | {"suppressed": why or _held(people, policy)}


def _step(row: dict[str, Any], policy: Policy) -> dict[str, Any]:
    hide = bool(policy.small(row["n"]))
    numbers = ("risk", "low", "middle", "high", "error", "moved")
    shown = {name: math.nan if hide else policy.estimate(float(row[name])) for name in numbers}
    n = math.nan if hide else float(policy.rounded(row["n"]))
    return row | shown | {"n": n, "suppressed": policy.withheld if hide else ""}


def _unstable(row: dict[str, Any], people: People, policy: Policy) -> dict[str, Any]:
    _same(row, people)
    value = policy.estimate(float(row["estimate"])) if people.shown else math.nan
    return row | {"estimate": value} | _counts(people) | {"suppressed": _held(people, policy)}


def _trust(row: dict[str, Any], people: People, policy: Policy) -> dict[str, Any]:
    if not math.isnan(people.n):
        _same(row, people)
    exact = Estimate(float(row["estimate"]), float(row["lower"]), float(row["upper"]))
    shown, why = released_estimate(_MODEL, str(row["measure"]), exact, people, policy, math.nan)
    reason = row["reason"] if people.shown else ""
    return row | _limits(shown) | _counts(people) | {"reason": reason, "suppressed": why or _held(people, policy)}


def _summary(row: dict[str, Any]) -> dict[str, Any]:
    names = ("estimate", "lower", "upper", "prediction_lower", "prediction_upper", "tau")
    return row | {name: significant(float(row[name]), 3, _DECIMALS) for name in names} | {"suppressed": ""}


def _share(row: dict[str, Any], facts: Mapping[str, Any], policy: Policy) -> dict[str, Any]:
    judged, events = float(facts["held_out"]), float(facts["held_out_events"])
    hide = bool(policy.small(row["n"]) | policy.small(row["events"], row["n"]) | policy.small(events, judged))
    shown_events = float(policy.rounded(events))
    figures = policy.figures_for(shown_events, float(policy.rounded(judged)) - shown_events)
    numbers = {
        name: math.nan if hide else policy.estimate(float(row[name]), figures)
        for name in ("estimate", "lower", "upper")
    }
    n = math.nan if hide else float(policy.rounded(row["n"]))
    return row | numbers | {"n": n, "suppressed": policy.withheld if hide else ""}


def _period(row: dict[str, Any], policy: Policy, confidence: float) -> dict[str, Any]:
    n, events = float(row["n"]), float(row["events"])
    hide = bool(policy.small(events, n))
    exact = Estimate(float(row["estimate"]), float(row["lower"]), float(row["upper"]))
    shown_n, shown_events = (float(policy.rounded(x)) for x in (n, events))
    figures = policy.figures_for(shown_events, shown_n - shown_events)
    if hide:
        shown = Estimate(math.nan)
    elif str(row["measure"]).startswith("psi"):
        shown = exact.at(3, _DECIMALS)
    elif row["measure"] == "oe_ratio":
        shown = _ratio(exact, n, events, shown_n, shown_events, confidence).at(figures, 4)
    else:
        shown = exact.at(figures, 4)
    reason = "" if hide else row["reason"]
    return row | _limits(shown) | {"reason": reason, "suppressed": policy.withheld if hide else ""}


def _ratio(
    exact: Estimate, n: float, events: float, shown_n: float, shown_events: float, confidence: float
) -> Estimate:
    """Observed over expected, and Garwood's limits, as if the rounded counts were the true ones."""
    if math.isnan(exact.value):
        return exact
    expected = events / exact.value / n * shown_n
    tail = (1 - confidence) / 2
    low, high = chi2.ppf(tail, 2 * shown_events) / 2, chi2.ppf(1 - tail, 2 * shown_events + 2) / 2
    return Estimate(shown_events / expected, float(low) / expected, float(high) / expected)


def _shift(row: dict[str, Any], words: str, policy: Policy) -> dict[str, Any]:
    hide = bool(policy.small(row["n"]))
    numbers = {
        name: math.nan if hide else significant(float(row[name]), 3, _DECIMALS) for name in ("estimate", "expected")
    }
    return row | numbers | {"words": words, "suppressed": policy.withheld if hide else ""}


def _stable(row: dict[str, Any], words: str) -> dict[str, Any]:
    numbers = {name: significant(float(row[name]), 3, 3) for name in ("share", "median", "lower", "upper", "top_ten")}
    return row | numbers | {"words": words, "suppressed": ""}


def _same(row: Mapping[str, Any], people: People) -> None:
    if (float(row["n"]), float(row["events"])) != (people.n, people.events):
        raise ValueError("a design and the table of performance disagree about n or events of the same people")


def _held(people: People, policy: Policy) -> str:
    return "" if people.shown else policy.withheld


def _counts(people: People) -> dict[str, float]:
    return {"n": people.shown_n, "events": people.shown_events}


def _limits(shown: Estimate) -> dict[str, float]:
    return {"estimate": shown.value, "lower": shown.lower, "upper": shown.upper}


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]


def _frame(name: str, rows: list[dict[str, Any]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=[*DESIGNS[name].split(), "suppressed"])
    texts = {"measure", "reason", "level", "period", "feature", "words", "suppressed"}
    numbers = [column for column in frame.columns if column not in texts]
    return frame.astype(dict.fromkeys(numbers, np.float64)) if rows else frame
