"""What the validation designs hand on: tidy frames, one row a number, and the numbered checks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from hfrisk.checks import Check

__all__ = ["COLUMNS", "Designs", "empty"]

COLUMNS = {
    "optimism": "measure apparent optimism estimate lower upper n events reason",
    "instability": "bin n risk low middle high error moved",
    "instability_summary": "measure estimate lower upper n events reason",
    "left_out": "level measure estimate lower upper n events reason",
    "across_trusts": "measure estimate lower upper prediction_lower prediction_upper tau levels n events reason",
    "learning_curve": "share measure estimate lower upper n events reason",
    "drift": "period measure estimate lower upper n events reason",
    "feature_shifts": "feature estimate expected n reason",
    "stability": "feature share median lower upper top_ten models",
}


def empty(name: str) -> pd.DataFrame:
    """The frame of a design that was not run."""
    return pd.DataFrame(columns=COLUMNS[name].split())


@dataclass(frozen=True)
class Designs:
    """All numbers of the designs, exact and unreleased: the disclosure gate comes next.

    `n` and `events` are discharges and events; a number that could not be computed is NaN and has its `reason`. A design that was not
    run is an empty frame.

    Parameters
    ----------
    optimism
        measure (auroc, scaled_brier, oe_ratio, calibration_slope), apparent (the model on its own development discharges), optimism,
        estimate (apparent less optimism), lower, upper (location-shifted bootstrap interval, from 100 bootstrap models on), n, events.
    instability
        bin (twentieth of the model's risk, from 1), n, risk (mean of the model's), low, middle, high (2.5th, 50th and 97.5th centile of
        the bootstrap models' risks), error (mean absolute difference from the model's risk), moved (mean share of bootstrap models on
        the other side of the decision threshold).
    instability_summary
        measure (mape, mape_median, mape_95: mean absolute prediction error of a discharge, over discharges; moved: mean share of models
        on the other side of the threshold; moved_tenth: share of discharges for which more than a tenth are), estimate, n, events.
    left_out
        level (the trust left out), measure (auroc, oe_ratio, calibration_slope), estimate, lower, upper, n, events (of the trust).
    across_trusts
        measure, estimate, lower, upper (random-effects summary), prediction_lower, prediction_upper, tau (standard deviation between
        trusts, of the log-odds of AUROC, of log O/E, of the slope), levels (how many were summarised), n, events.
    learning_curve
        share, measure (auroc, log_loss), estimate, lower, upper (on the held-out people), n, events (learnt from).
    drift
        period (months joined, ``2023-01 to 2023-02``), measure (oe_ratio, auroc, psi, psi_expected: its 95th centile if nothing had
        changed), estimate, lower, upper, n, events; the test.
    feature_shifts
        feature, estimate (population stability index of the test against development), expected (its 95th centile if nothing had
        changed), n; largest first.
    facts
        ``leave_out`` (the group), ``held_out`` and ``held_out_events`` (of the learning curve, counts).
    checks
        HFR152, and HFR160 to HFR163.
    stability
        feature, share (of what moves the risk, in the model), median, lower, upper (of the shares in the bootstrap models, 5th to 95th
        centile), top_ten (share of the models in which it is among the ten that count most), models (how many); largest share first.
    """

    optimism: pd.DataFrame
    instability: pd.DataFrame
    instability_summary: pd.DataFrame
    left_out: pd.DataFrame
    across_trusts: pd.DataFrame
    learning_curve: pd.DataFrame
    drift: pd.DataFrame
    feature_shifts: pd.DataFrame
    facts: dict[str, Any]
    checks: list[Check]
    stability: pd.DataFrame = field(default_factory=lambda: empty("stability"))
