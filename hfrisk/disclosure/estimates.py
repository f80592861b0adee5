"""Estimates that carry the prevalence inside them, recomputed from the counts that are shown.

Brier score b and scaled Brier score 1 - b / (p (1 - p)) together give the prevalence p, and with n the exact events.
So do O/E with the mean risk, net benefit with n, and the calibration intercept with the mean risks by tenth. Each is
therefore recomputed as if the shown (rounded) counts were the true ones; the argument, measure by measure:

- *scaled Brier*: b is a mean of squared distances of risks, which no count determines. With the shown prevalence q the
  released value is 1 - b / (q (1 - q)): it says something about b, nothing about p beyond q.
- *parts of the Brier score* (b = reliability - resolution + uncertainty): the uncertainty is that of the shown counts, and the
  resolution is moved with it, so that the three add up to b as if the shown counts were the true ones. The reliability is a mean
  of squared distances, as b is.
- *O/E*: the expected share (a mean of risks) is not a count. Released is q over the expected share.
- *net benefit*: a function of true and false positives, n and the threshold, all four as shown; withheld where one of
  them is. Nothing but the shown counts goes into it.
- *sensitivity, specificity, PPV, NPV, number needed to evaluate*: functions of the four cells, all as shown; withheld where
  one of them is. The interval of the number needed to evaluate is that of the PPV turned over, after that was moved: moved
  apart, the two would narrow down by how much.
- *calibration intercept*: moved by logit q - logit p. What is left depends on p only through the spread of the risks
  (second order: about a twentieth for the risks that readmission models give), far below its three decimals.
- *intervals* from resampling are moved with their estimate, by the same factor or the same difference: else their middle
  would give back the value that was taken away. Intervals that are a function of a count are computed anew from the
  shown count.

- *prevalence*: the shown one. The AUPRC of a model without inputs is the exact prevalence, and is withheld.
- *Emax*: the largest distance over whole hundredths of risk among the middle 95 in 100; withheld where fewer than the
  threshold of people lie beyond either end, as an extreme of the risks would be.

For all of these, two data sets with the same shown counts and the same risks give the same released value (the intercept
to its precision): that is the property that the tests check. AUROC is a ratio of whole numbers too; the number of its
significant figures (`Policy.figures_for`) keeps many pairs of events and non-events possible. DeLong's interval rests on two
variances of placements besides, which nothing shown determines.
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import NamedTuple

import pandas as pd

from hfrisk.assessment.results import RATES
from hfrisk.disclosure.policy import Policy, significant

__all__ = [
    "Estimate",
    "People",
    "net_benefit",
    "poisson_limits",
    "released_difference",
    "released_estimate",
    "wilson_limits",
]

_INTERCEPT_DECIMALS = 3
_WITHOUT_INPUTS = frozenset({"null"})
_TELL_THE_PREVALENCE = frozenset({"brier", "brier_reliability", "brier_resolution", "log_loss", "auprc"})
_SHARE_BEYOND_EMAX = 0.025


class People(NamedTuple):
    """A set of people: exact size and events, and those that are shown (NaN where withheld)."""

    n: float
    events: float
    shown_n: float
    shown_events: float

    @property
    def shown(self) -> bool:
        """Whether size and events are both shown."""
        return not (math.isnan(self.shown_n) or math.isnan(self.shown_events))


class Estimate(NamedTuple):
    """A number and its interval; NaN where there is none."""

    value: float
    lower: float = math.nan
    upper: float = math.nan

    def moved(self, by: float) -> Estimate:
        """The estimate and its interval, shifted."""
        return Estimate(self.value + by, self.lower + by, self.upper + by)

    def scaled(self, by: float) -> Estimate:
        """The estimate and its interval, multiplied by a positive number."""
        return Estimate(self.value * by, self.lower * by, self.upper * by)

    def at(self, figures: int, decimals: int) -> Estimate:
        """At so many significant figures, and at most so many decimals."""
        return Estimate(*(significant(x, figures, decimals) for x in self))


def net_benefit(true_positives: float, false_positives: float, n: float, threshold: float) -> float:
    """Net benefit at a threshold, ``TP/n - FP/n * t/(1-t)``; NaN if a count is NaN."""
    return true_positives / n - false_positives / n * threshold / (1 - threshold)


def poisson_limits(events: pd.Series, confidence: float) -> tuple[pd.Series, pd.Series]:
    """Exact limits of a Poisson mean given shown events (Garwood, Biometrika 1936;28:437); NaN stays NaN."""
    from scipy.stats import chi2

    tail = (1 - confidence) / 2
    return (
        pd.Series(chi2.ppf(tail, 2 * events) / 2, index=events.index),
        pd.Series(chi2.ppf(1 - tail, 2 * events + 2) / 2, index=events.index),
    )


def wilson_limits(events: float, n: float, confidence: float) -> tuple[float, float]:
    """Limits of a share given shown counts (Wilson, J Am Stat Assoc 1927;22:209); NaN if a count is NaN.

    Each discharge counts once, so that people with several make the interval a little too narrow.
    """
    if math.isnan(events) or math.isnan(n) or n <= 0:
        return math.nan, math.nan
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share = events / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return max(0.0, middle - half), min(1.0, middle + half)


def released_estimate(
    model: str, measure: str, exact: Estimate, people: People, policy: Policy, benefit: float
) -> tuple[Estimate, str]:
    """One estimate as it may leave, and why not if it may not.

    Parameters
    ----------
    model, measure
        Names as in the results.
    exact
        Computed from the exact data; its value may be NaN (not computed).
    people
        Whose estimate it is.
    policy
        The rules.
    benefit
        The net benefit or the rate from shown counts, if that is what is asked for; NaN where one of them is withheld.

    Returns
    -------
    (Estimate, str)
        NaNs and a reason where it is withheld.
    """
    nothing = Estimate(math.nan)
    if math.isnan(exact.value):
        return nothing, ""
    if not people.shown:
        return nothing, policy.dependent
    if model in _WITHOUT_INPUTS and measure in _TELL_THE_PREVALENCE:
        return nothing, "what a model without inputs has here is the exact share of events itself"
    if measure == "emax" and people.shown_n * _SHARE_BEYOND_EMAX < policy.threshold:
        return nothing, policy.dependent
    was, now = people.events / people.n, people.shown_events / people.shown_n
    decimals = 4
    if measure == "prevalence":
        exact = exact.moved(now - exact.value)
    elif measure == "scaled_brier":
        exact = exact.moved((1 - exact.value) * (1 - _variance(was) / _variance(now)))
    elif measure in {"brier_resolution", "brier_uncertainty"}:
        exact = exact.moved(_uncertainty(now, people.shown_n) - _uncertainty(was, people.n))
    elif measure == "oe_ratio":
        exact = exact.scaled(now / was)
    elif measure == "calibration_intercept":
        exact, decimals = exact.moved(_logit(now) - _logit(was)), _INTERCEPT_DECIMALS
    elif measure.startswith("net_benefit@"):
        if math.isnan(benefit):
            return nothing, policy.dependent
        exact = exact.moved(benefit - exact.value)
    elif (rate := measure.partition("@")[0]) in RATES:
        if math.isnan(benefit):
            return nothing, policy.dependent
        exact = _turned(_moved_share(_turned(exact), 1 / benefit)) if rate == "nne" else _moved_share(exact, benefit)
    figures = policy.figures_for(people.shown_events, people.shown_n - people.shown_events)
    return exact.at(figures, decimals), ""


def released_difference(
    measure: str, exact: Estimate, people: People, policy: Policy, benefit: float
) -> tuple[Estimate, str]:
    """The difference of one measure between two models on the same people, as it may leave.

    A difference in scaled Brier is one in Brier over p (1 - p), and a difference in O/E is p times one of expected
    shares, so both are scaled to the shown prevalence; one in net benefit is `benefit`, taken between shown counts. Two net
    benefits are often nearer to each other than rounded counts can tell, so that its interval is widened on either side by
    as much as rounding can have moved it: it claims no difference that the exact counts do not have. Parameters and result
    as in `released_estimate`.
    """
    nothing = Estimate(math.nan)
    if math.isnan(exact.value):
        return nothing, ""
    if not people.shown:
        return nothing, policy.dependent
    was, now = people.events / people.n, people.shown_events / people.shown_n
    if measure == "scaled_brier":
        exact = exact.scaled(_variance(was) / _variance(now))
    elif measure == "oe_ratio":
        exact = exact.scaled(now / was)
    elif measure.startswith("net_benefit@"):
        if math.isnan(benefit):
            return nothing, policy.dependent
        exact = exact.moved(benefit - exact.value)
        threshold = float(measure.partition("@")[2])
        # True positives weigh 1 + odds and those flagged odds, each out by half a base at most, in either of the two.
        reach = policy.base * (1 + 2 * threshold / (1 - threshold)) / people.shown_n
        exact = Estimate(exact.value, exact.lower - reach, exact.upper + reach)
    figures = policy.figures_for(people.shown_events, people.shown_n - people.shown_events)
    return exact.at(figures, 4 if figures >= 3 else 3), ""


def _moved_share(share: Estimate, to: float) -> Estimate:
    """The share moved to `to` with its interval, which stays within 0 and 1."""
    moved = share.moved(to - share.value)
    if math.isnan(moved.lower) or math.isnan(moved.upper):
        return moved
    return Estimate(to, max(0.0, moved.lower), min(1.0, moved.upper))


def _turned(share: Estimate) -> Estimate:
    """One over it, without an interval where that would have no end."""
    if not share.lower > 0:
        return Estimate(1 / share.value)
    return Estimate(1 / share.value, 1 / share.upper, 1 / share.lower)


def _variance(share: float) -> float:
    return share * (1 - share)


def _uncertainty(share: float, n: float) -> float:
    return _variance(share) * n / (n - 1)


def _logit(share: float) -> float:
    return math.log(share / (1 - share))
