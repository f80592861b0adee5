"""Log-odds of people whom a model had not seen, and the calibration that is made of them (decision 12)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hfrisk.modelling.calibration import Choice, choose_method, cross_fit, fit_calibrator

__all__ = ["HeldOut"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class HeldOut:
    """Out-of-fold log-odds of development, NaN where a row was never held out (`hfrisk.modelling.forward`).

    Calibrators are fitted on the rows that have one, and cross-fitted by person fold however the log-odds were made.

    Parameters
    ----------
    margin
        One a row.
    rows
        ``person_id``, ``event`` and ``fold`` of the same rows.
    """

    margin: Floats
    rows: pd.DataFrame

    @property
    def known(self) -> NDArray[np.bool_]:
        """Which rows have one."""
        return ~np.isnan(self.margin)

    def choose(self, setting: str) -> Choice:
        """`choose_method` on the rows that have one."""
        event, fold, person = (self.rows[name].to_numpy()[self.known] for name in ("event", "fold", "person_id"))
        return choose_method(setting, self.margin[self.known], event, fold, person)

    def calibrator(self, method: str) -> dict[str, Any]:
        """The calibrator of all rows that have one."""
        return fit_calibrator(method, self.margin[self.known], self.rows["event"].to_numpy()[self.known])

    def risks(self, method: str) -> Floats:
        """Calibrated by the other person folds; NaN where there is nothing to calibrate."""
        risk = np.full(len(self.margin), np.nan)
        event, fold = (self.rows[name].to_numpy()[self.known] for name in ("event", "fold"))
        risk[self.known] = cross_fit(method, self.margin[self.known], event, fold)
        return risk

    def log_loss(self) -> float:
        """Mean over the rows that have one, before calibration."""
        margin, event = self.margin[self.known], self.rows["event"].to_numpy(dtype=np.float64)[self.known]
        return float(np.mean(np.logaddexp(0, margin) - event * margin))
