"""What the assessment hands on: tidy frames, one row a number, and the numbered checks."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

import pandas as pd

from hfrisk.checks import Check

__all__ = ["COLUMNS", "CROSS", "NOBODY", "RATES", "TREAT_ALL", "Results", "at_capacity", "at_threshold", "at_weekly"]

CROSS = " x "
"""Stands between the names of groups that are taken together, and between their levels: ``sex x imd_quintile``, ``Female x 2``."""

TREAT_ALL = "treat_all"
"""Stands for a model in the comparison: choosing everyone. Choosing no one has net benefit 0."""

RATES = ("sensitivity", "specificity", "ppv", "npv", "nne", "selection_rate", "false_positive_rate")
"""What follows from who is chosen and who had the event; ``nne`` is the number needed to evaluate, 1 / PPV. The last two are named as
fairlearn names them, whose ``true_positive_rate`` is the sensitivity."""

NOBODY = "not computed: nobody, or nobody with the event, among those chosen or among the others"
"""Why such a rate is missing: its denominator is nought."""

COLUMNS = {
    "performance": "model split group level measure estimate lower upper n events reason",
    "calibration_curve": "model split group level predicted observed lower upper n events",
    "decision_curve": "model split threshold n events flagged true_positives net_benefit net_benefit_all",
    "risk_distribution": "model split bin_lower bin_upper n events",
    "risk_deciles": "model split decile n events died mean_risk",
    "capacity": "model split share n reviewed events events_found",
    "weekly": "model split reviews n reviewed events events_found",
    "sizes": "split measure width needed n",
    "threshold_groups": "model split group level threshold n events flagged true_positives false_positives "
    "false_negatives true_negatives selection_rate true_positive_rate false_positive_rate positive_predictive_value",
    "capacity_groups": "model split group level share n events reviewed events_found",
    "fairness_tests": "model split group measure fairlearn difference ratio statistic p p_adjusted levels levels_excluded reason",
    "shrunk": "model split group level measure raw raw_lower raw_upper shrunken lower upper weight reason",
    "by_period": "split period n events expected oe_ratio lower upper",
    "by_year": "split period quarters n events expected oe_ratio lower upper auroc auroc_lower auroc_upper",
    "table1": "section characteristic level statistic split value n unit",
    "table1_by_outcome": "section characteristic level statistic outcome value n unit group",
    "table1_differences": "section characteristic kind between estimate n_first n_second reason",
    "score_outcomes": "score made_for outcome split estimate lower upper n events reason",
    "comparison": "model_a model_b split measure difference lower upper n events",
    "competing": "outcome split band n events predicted observed lower upper",
    "competing_performance": "outcome split measure estimate lower upper n events reason",
    "competing_hazards": "cause split estimate lower upper n events reason",
}


def at_threshold(measure: str, threshold: float) -> str:
    """The name of a measure at a threshold, such as ``ppv@0.20``."""
    hundredths = f"{threshold:.2f}"
    return f"{measure}@{hundredths if abs(float(hundredths) - threshold) < 1e-9 else format(threshold, 'g')}"


def at_capacity(measure: str, share: float) -> str:
    """The name of a measure among those at highest risk, such as ``ppv@top0.05`` for one in twenty."""
    return f"{measure}@top{share:g}"


def at_weekly(measure: str, reviews: int) -> str:
    """The name of a measure among those whom each site chooses each week, such as ``ppv@week5`` for five a week."""
    return f"{measure}@week{reviews}"


def _empty(name: str) -> pd.DataFrame:
    return pd.DataFrame(columns=COLUMNS[name].split())


@dataclass(frozen=True)
class Results:
    """All numbers of the assessment, exact and unreleased: the disclosure gate comes next.

    ``split`` is ``cross-validation`` (development discharges, scored out of fold) or ``test``; ``group`` and ``level``
    are ``all`` for everyone; `n` and `events` are discharges and events; a number that could not be computed is NaN.

    Parameters
    ----------
    performance
        model, split, group, level, measure, estimate, lower, upper, n, events, reason. One row a number. `reason` says
        why a number is missing or imprecise. ICI, E50, E90 and Emax have no interval: ``ici_expected`` and
        ``ici_expected_95`` are the mean and the 95th centile of the ICI under perfect calibration at that n. Nor have
        ``brier_reliability``, ``brier_resolution`` and ``brier_uncertainty`` (`accuracy.brier_parts`).
        ``auroc_delong`` is the AUROC again, with the interval of DeLong that papers give: it overlooks that a person may
        have several discharges, so that the one of ``auroc`` is to be gone by. ``prevalence`` is the share with the event,
        the AUPRC of a model without inputs. Everyone has the net benefit at every threshold, and `RATES` at the decision
        threshold, at the edges of the bands (``ppv@0.20``), at the team's capacities (``ppv@top0.05``) and where each site sees so
        many a week (``ppv@week5``); groups have both at the decision threshold, and the model that is judged has `RATES` for groups at
        the team's capacities too: one for all, whoever is in it. Groups that are taken together (``sex x imd_quintile``) are those of
        that model only. ``ici_excess`` is the ICI less ``ici_expected``, by which groups are compared.
    calibration_curve
        model, split, group, level, predicted, observed, lower, upper, n, events; the last two are of people whose
        risk rounds to `predicted`.
    decision_curve
        model, split, threshold, n, events, flagged, true_positives, net_benefit, net_benefit_all.
    risk_distribution
        model, split, bin_lower, bin_upper, n, events.
    risk_deciles
        model, split, decile, n, events, died, mean_risk.
    capacity
        model, split, share, n, reviewed, events, events_found.
    weekly
        model, split, reviews (a week, at each site), n, reviewed, events, events_found; empty where no site is recorded.
    threshold_groups
        model, split, group, level, threshold, n, events, flagged, true_positives, false_positives, false_negatives,
        true_negatives, selection_rate, true_positive_rate, false_positive_rate, positive_predictive_value.
    by_period
        split, period, n, events, expected, oe_ratio, lower, upper; of the first model.
    table1
        section, characteristic, level, statistic, split, value, n, unit.
    by_year
        split, period (financial or calendar year), quarters (of the year that lie in the split), n, events, expected, oe_ratio, lower,
        upper, auroc, auroc_lower, auroc_upper; of the first model.
    table1_by_outcome
        section, characteristic, level, statistic, outcome (event, other, died), value, n, unit, group: `by_outcome.table_by_outcome`, of
        development and test together.
    table1_differences
        section, characteristic, kind, between (splits, outcomes), estimate, n_first, n_second, reason: `by_outcome.differences`.
    score_outcomes
        score, made_for, outcome (readmission, composite), split, estimate (AUROC of those who have the score), lower, upper, n, events,
        reason.
    comparison
        model_a, model_b, split, measure, difference (a minus b), lower, upper, n, events; everyone, from the same draws of
        persons. The net benefit is set at every threshold against each model beside it and against choosing everyone
        (`TREAT_ALL`); against choosing no one it is what `performance` has, as it is for a model that gives everyone the same
        risk, which therefore is not listed with it.
    sizes
        split (test), measure, width (of the interval that is wanted), needed, n: see `sizes.sizes_of_test`.
    competing
        outcome (readmitted, died, either), split, band (fifth of predicted risk, 0 everyone), n, events, predicted, observed, lower,
        upper: the model of three states against Aalen-Johansen at the horizon. Empty where it was not made, as are the next two.
    competing_performance
        outcome, split, measure, estimate, lower, upper, n, events, reason: everyone.
    competing_hazards
        cause (readmitted, died), split, estimate, lower, upper, n, events, reason: ratio of cause-specific hazards for twice the odds
        of the predicted risk of readmission; a sensitivity, and no risk.
    capacity_groups
        model, split, group, level, share, n, events, reviewed, events_found: of the people at highest risk of all, how many are of each
        level; the model that is judged.
    fairness_tests
        model, split, group, measure, fairlearn (the metric's name there, before ``_difference`` and ``_ratio``), difference, ratio
        (between the largest and the smallest of the levels), statistic, p, p_adjusted (Holm, over the groups), levels,
        levels_excluded, reason: whether levels differ by more than chance gives (`differences.difference_tests`); where the
        model is judged.
    shrunk
        model, split, group, level, measure, raw, raw_lower, raw_upper, shrunken, lower, upper, weight (on the raw), reason: each level
        drawn towards the others (`shrinkage.shrunk_levels`); where the model is judged.
    checks
        HFR101, HFR102, HFR130 to HFR137, HFR175 and HFR176.
    """

    performance: pd.DataFrame
    calibration_curve: pd.DataFrame
    decision_curve: pd.DataFrame
    risk_distribution: pd.DataFrame
    risk_deciles: pd.DataFrame
    capacity: pd.DataFrame
    threshold_groups: pd.DataFrame
    by_period: pd.DataFrame
    table1: pd.DataFrame
    score_outcomes: pd.DataFrame
    comparison: pd.DataFrame
    checks: list[Check]
    by_year: pd.DataFrame = field(default_factory=partial(_empty, "by_year"))
    table1_by_outcome: pd.DataFrame = field(default_factory=partial(_empty, "table1_by_outcome"))
    table1_differences: pd.DataFrame = field(default_factory=partial(_empty, "table1_differences"))
    weekly: pd.DataFrame = field(default_factory=partial(_empty, "weekly"))
    sizes: pd.DataFrame = field(default_factory=partial(_empty, "sizes"))
    competing: pd.DataFrame = field(default_factory=partial(_empty, "competing"))
    competing_performance: pd.DataFrame = field(default_factory=partial(_empty, "competing_performance"))
    competing_hazards: pd.DataFrame = field(default_factory=partial(_empty, "competing_hazards"))
    capacity_groups: pd.DataFrame = field(default_factory=partial(_empty, "capacity_groups"))
    fairness_tests: pd.DataFrame = field(default_factory=partial(_empty, "fairness_tests"))
    shrunk: pd.DataFrame = field(default_factory=partial(_empty, "shrunk"))
