"""Remedies for unfairness, side by side with what each costs; and signs that a label, a feature or a risk is wrong for a group.

Everything here is analysis: no remedy reaches the bundle, an exported model or the registry (decision 22). Names are loaded when first
used, so that reading a study's settings does not load the learners.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from hfrisk.fairness.settings import FairnessSettings

if TYPE_CHECKING:
    from hfrisk.fairness.mitigations import mitigate
    from hfrisk.fairness.results import Mitigation

__all__ = ["FairnessSettings", "Mitigation", "mitigate"]

_HOME = {"Mitigation": "results", "mitigate": "mitigations"}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"hfrisk.fairness.{_HOME[name]}"), name)
