"""Would it hold elsewhere, and again? Bootstrap models, trusts left out, growing development sets, and drift.

Names are loaded when first used, so that reading a study's settings does not load the learners.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from hfrisk.designs.settings import DesignSettings

if TYPE_CHECKING:
    from hfrisk.designs.results import Designs
    from hfrisk.designs.running import run_designs

__all__ = ["DesignSettings", "Designs", "run_designs"]

_HOME = {"Designs": "results", "run_designs": "running"}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"hfrisk.designs.{_HOME[name]}"), name)
