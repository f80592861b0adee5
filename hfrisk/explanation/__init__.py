"""What drives the risks: contributions by feature, by family, by theme.

Names are loaded when first used, so that reading a study's settings does not load the learners.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from hfrisk.explanation.settings import ExplanationSettings

if TYPE_CHECKING:
    from hfrisk.explanation.explaining import Explanation, explain, no_explanation

__all__ = ["Explanation", "ExplanationSettings", "explain", "no_explanation"]

_HOME = {"Explanation": "explaining", "explain": "explaining", "no_explanation": "explaining"}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"hfrisk.explanation.{_HOME[name]}"), name)
