"""Who is learnt from and who is tested on; one tuned, calibrated model; and the comparator beside it.

Names are loaded when first used, so that reading a study's settings does not load the learners.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from hfrisk.modelling.settings import ModelSettings, ValidationSettings

if TYPE_CHECKING:
    from hfrisk.modelling.calibration import apply_calibrator, calibrator_version, cross_fit, fit_calibrator
    from hfrisk.modelling.calibration.recalibration import Recalibration, recalibrate
    from hfrisk.modelling.developing import develop, search
    from hfrisk.modelling.folds import person_folds
    from hfrisk.modelling.model import Model, StoredModel
    from hfrisk.modelling.partitioning import ModellingData, partition, partition_frames
    from hfrisk.modelling.sample_size import SampleSize, riley_sample_size
    from hfrisk.modelling.splines import spline_basis, to_grid

__all__ = [
    "Model",
    "ModelSettings",
    "ModellingData",
    "Recalibration",
    "SampleSize",
    "StoredModel",
    "ValidationSettings",
    "apply_calibrator",
    "calibrator_version",
    "cross_fit",
    "develop",
    "fit_calibrator",
    "partition",
    "partition_frames",
    "person_folds",
    "recalibrate",
    "riley_sample_size",
    "search",
    "spline_basis",
    "to_grid",
]

_HOME = {
    "Model": "model",
    "StoredModel": "model",
    "ModellingData": "partitioning",
    "SampleSize": "sample_size",
    "apply_calibrator": "calibration",
    "calibrator_version": "calibration",
    "cross_fit": "calibration",
    "develop": "developing",
    "fit_calibrator": "calibration",
    "partition": "partitioning",
    "partition_frames": "partitioning",
    "Recalibration": "calibration.recalibration",
    "person_folds": "folds",
    "recalibrate": "calibration.recalibration",
    "riley_sample_size": "sample_size",
    "search": "developing",
    "spline_basis": "splines",
    "to_grid": "splines",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"hfrisk.modelling.{_HOME[name]}"), name)
