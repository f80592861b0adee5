"""From log-odds to risk: calibrators that are plain numbers, fitted without ever scoring their own rows.

A calibrator is a dictionary that survives JSON. It never reverses the order in which the model puts people.
"""

from __future__ import annotations

from hfrisk.modelling.calibration.applying import apply_calibrator
from hfrisk.modelling.calibration.choosing import Choice, choose_method
from hfrisk.modelling.calibration.fitting import BUILT_IN, cross_fit, fit_calibrator, tells_apart
from hfrisk.modelling.calibration.logistic import LEAST_SLOPE
from hfrisk.modelling.calibration.outside import ENTRY_POINT, calibrator_version

__all__ = [
    "BUILT_IN",
    "ENTRY_POINT",
    "LEAST_SLOPE",
    "Choice",
    "apply_calibrator",
    "calibrator_version",
    "choose_method",
    "cross_fit",
    "fit_calibrator",
    "tells_apart",
]
