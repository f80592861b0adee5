"""How good the model is, for whom, and how sure of it one can be: arrays in, tidy frames out.

Names are loaded when first used, so that reading a study's settings does not load the statistics.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from hfrisk.assessment.settings import AssessmentSettings

if TYPE_CHECKING:
    from hfrisk.assessment.assessing import assess
    from hfrisk.assessment.results import Results

__all__ = ["AssessmentSettings", "Results", "assess"]

_HOME = {"Results": "hfrisk.assessment.results", "assess": "hfrisk.assessment.assessing"}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
