"""What the comparison of remedies hands on: tidy frames, one row a number, and the numbered checks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from hfrisk.checks import Check

__all__ = ["COLUMNS", "EVERYONE", "NONE", "Mitigation", "empty"]

EVERYONE = "all"
NONE = "none"
"""The model as it is, with the study's threshold for everyone."""

COLUMNS = {
    "remedies": "remedy done standing randomised reason",
    "remedy_rules": "remedy level rule value slope n events",
    "remedy_cells": "remedy group level threshold n events flagged true_positives false_positives false_negatives true_negatives",
    "remedy_calibration": "remedy group level measure estimate lower upper n events reason",
    "remedy_benefit": "remedy group level net_benefit difference lower upper n events",
    "remedy_gaps": "remedy measure estimate by_chance levels",
    "remedy_flags": "remedy group level n flagged newly newly_events no_longer no_longer_events",
    "label_bias": "group level sign estimate lower upper n events reason",
    "biased_proxies": "group level feature measure estimate lower upper n events reason",
    "shifted_groups": "group level split estimate lower upper n events reason",
}


def empty(name: str) -> pd.DataFrame:
    """The frame of what was not asked for."""
    return pd.DataFrame(columns=COLUMNS[name].split())


@dataclass(frozen=True)
class Mitigation:
    """Remedies side by side, exact and unreleased: the disclosure gate comes next. None of it is a model, and none can be exported.

    The remedies are made in development and judged on the test; `NONE` is the model as it is. ``group`` and ``level`` are ``all`` for
    everyone. `n` and `events` are discharges and events, exact. Where a remedy flags by chance, its counts are expected ones.

    Parameters
    ----------
    remedies
        remedy, done (1 or 0), standing (what may be done with it: ``in use``, ``analysis only``, ``needs assessment``), randomised (1 or
        0), reason (why it was not done).
    remedy_rules
        remedy (recalibration, group_thresholds), level, rule (``own``, ``everyone``: too few for one of its own), value (log-odds added,
        or threshold), slope (by which log-odds are multiplied; 1 in the large), n, events (of the level in development).
    remedy_cells
        remedy, group, level, threshold, n, events, flagged, true_positives, false_positives, false_negatives, true_negatives.
    remedy_calibration
        remedy, group, level, measure (oe_ratio; ici, ici_expected: its mean under perfect calibration), estimate, lower, upper, n, events,
        reason.
    remedy_benefit
        remedy, group, level, net_benefit, difference (from `NONE`), lower, upper (person-clustered), n, events.
    remedy_gaps
        remedy, measure (fairlearn's names: demographic_parity_difference, equal_opportunity_difference,
        false_positive_rate_difference, and positive_predictive_value_difference), estimate (largest less smallest rate), by_chance (95th
        centile if people were dealt to groups by lot), levels (how many).
    remedy_flags
        remedy, group, level, n, flagged (by `NONE`), newly, newly_events, no_longer, no_longer_events.
    label_bias
        group, level, sign (readmitted, died: observed over expected from the others at equal risk, age and sex; lost: share of
        readmissions that would be missing if deaths are the yardstick; or a feature: difference in standard deviations), estimate, lower,
        upper, n, events (of that sign), reason.
    biased_proxies
        group, level, feature, measure (recorded: recorded over expected from the others at equal age and sex; events: observed over
        expected from the others at the same recorded value), estimate, lower, upper, n, events, reason.
    shifted_groups
        group, level, split (test, cross-validation), estimate (observed over expected, over that of the others), lower, upper, n, events,
        reason.
    facts
        Settings that the words need.
    checks
        HFR177 to HFR179.
    """

    remedies: pd.DataFrame
    remedy_rules: pd.DataFrame
    remedy_cells: pd.DataFrame
    remedy_calibration: pd.DataFrame
    remedy_benefit: pd.DataFrame
    remedy_gaps: pd.DataFrame
    remedy_flags: pd.DataFrame
    label_bias: pd.DataFrame
    biased_proxies: pd.DataFrame
    shifted_groups: pd.DataFrame
    facts: dict[str, Any]
    checks: list[Check]
