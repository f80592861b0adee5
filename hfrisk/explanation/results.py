"""What the explanation hands on: tidy frames without a row for anybody, and the numbered checks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from hfrisk.checks import Check

__all__ = ["COLUMNS", "Explanation", "no_explanation"]

COLUMNS = {
    "by_feature": "feature words family theme modifiable mean_abs share direction n indication",
    "by_family": "family mean_abs share n",
    "by_theme": "theme modifiable_share mean_abs share n",
    "dependence": "feature bin_lower bin_upper n mean_contribution",
    "by_modifiable": "modifiable mean_abs share n",
    "not_recorded": "feature n mean_contribution",
    "spread": "feature lower upper n share rank",
    "related": "feature_a feature_b correlation cluster n",
    "interactions": "feature_a feature_b mean_abs share n",
    "interaction_table": "feature_a feature_b a_lower a_upper b_lower b_upper n together beyond reason",
    "themes_by_group": "group level theme mean_abs share elsewhere difference chance n reason",
    "surrogate": "leaf feature lower upper unrecorded n risk fidelity",
}


@dataclass(frozen=True)
class Explanation:
    """Contributions to the log-odds before calibration, summed up so that no row can be read from them.

    Parameters
    ----------
    by_feature
        ``feature, words, family, theme, modifiable, mean_abs`` (log-odds), ``share`` (of the sum of `mean_abs`),
        ``direction`` (in words), ``n``, ``indication`` (what it may stand for instead, in words; `stands_for`); largest first.
    by_family
        ``family, mean_abs, share, n``: the mean absolute sum of a family's contributions.
    by_theme
        ``theme, modifiable_share`` (of the theme's features' `mean_abs`), ``mean_abs, share, n``.
    dependence
        ``feature, bin_lower, bin_upper, n, mean_contribution``; see `feature_dependence`.
    summary
        ``additivity_error`` (largest difference of the sum from the margin, log-odds), ``rows``, ``base`` (log-odds).
    checks
        HFR150, HFR151, HFR153, HFR154.
    by_modifiable
        ``modifiable`` (whether care can change it), ``mean_abs, share, n``: the mean absolute sum of all such contributions of a person.
    not_recorded
        ``feature, n, mean_contribution`` of the rows in which it is not recorded.
    spread
        Of the strongest features; see `contribution_spread`.
    related
        Of the strongest features; see `related`.
    interactions
        ``feature_a, feature_b, mean_abs`` (mean absolute interaction value, log-odds), ``share`` (of the sum of all features' mean
        absolute contributions), ``n``; the strongest pairs first.
    interaction_table
        Of the strongest pairs; see `joint_table`.
    themes_by_group
        See `hfrisk.explanation.leaning.themes_by_group`.
    surrogate
        See `hfrisk.explanation.surrogate.surrogate`.
    """

    by_feature: pd.DataFrame
    by_family: pd.DataFrame
    by_theme: pd.DataFrame
    dependence: pd.DataFrame
    summary: dict[str, Any]
    checks: list[Check]
    by_modifiable: pd.DataFrame
    not_recorded: pd.DataFrame
    spread: pd.DataFrame
    related: pd.DataFrame
    interactions: pd.DataFrame
    interaction_table: pd.DataFrame
    themes_by_group: pd.DataFrame
    surrogate: pd.DataFrame


def no_explanation() -> Explanation:
    """What there is to say where no model was learnt: nothing."""
    frames = {name: pd.DataFrame(columns=columns.split()) for name, columns in COLUMNS.items()}
    return Explanation(**frames, summary={}, checks=[])
