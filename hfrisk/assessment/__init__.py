"""How good the model is, for whom, and how sure of it one can be: arrays in, tidy frames out.

Names are loaded when first used, so that reading a study's settings does not load the statistics.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from hfrisk.assessment.settings import AssessmentSettings

if TYPE_CHECKING:
    from hfrisk.assessment.assessing import assess
    from hfrisk.assessment.population import Population, describe_everyone, describe_population
    from hfrisk.assessment.results import Results

__all__ = ["AssessmentSettings", "Population", "Results", "assess", "describe_everyone", "describe_population"]

_HOME = {
    "Population": "hfrisk.assessment.population",
    "Results": "hfrisk.assessment.results",
    "assess": "hfrisk.assessment.assessing",
    "describe_everyone": "hfrisk.assessment.population",
    "describe_population": "hfrisk.assessment.population",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
