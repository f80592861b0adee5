"""The inequality picture before any model: who comes back, who dies, who is treated and who is in the data, by group of people.

Names are loaded when first used, so that reading a study's settings does not load the statistics.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from hfrisk.inequality.settings import InequalitySettings

if TYPE_CHECKING:
    from hfrisk.inequality.looking import look_at_inequality, look_at_rows
    from hfrisk.inequality.results import Inequality

__all__ = ["Inequality", "InequalitySettings", "look_at_inequality", "look_at_rows"]

_HOME = {"Inequality": "results", "look_at_inequality": "looking", "look_at_rows": "looking"}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"hfrisk.inequality.{_HOME[name]}"), name)
