"""What drives the risks: contributions by feature, family and theme, for whom, with what, and how sure that is.

Names are loaded when first used, so that reading a study's settings does not load the learners.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from hfrisk.explanation.settings import ExplanationSettings

if TYPE_CHECKING:
    from hfrisk.explanation.explaining import explain
    from hfrisk.explanation.per_patient import reasons
    from hfrisk.explanation.results import Explanation, no_explanation

__all__ = ["Explanation", "ExplanationSettings", "explain", "no_explanation", "reasons"]

_HOME = {"Explanation": "results", "explain": "explaining", "no_explanation": "results", "reasons": "per_patient"}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"hfrisk.explanation.{_HOME[name]}"), name)
