"""The one gate through which every number, table, figure and model leaves.

Names are loaded when first used, so that reading a study's settings stays quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from hfrisk.disclosure.settings import DisclosureSettings

if TYPE_CHECKING:
    from hfrisk.disclosure.gate import release
    from hfrisk.disclosure.metrics import metrics_schema
    from hfrisk.disclosure.recalibration import release_recalibration
    from hfrisk.disclosure.released import Bundle, Released

__all__ = ["Bundle", "DisclosureSettings", "Released", "metrics_schema", "release", "release_recalibration"]

_HOME = {
    "Bundle": "released",
    "Released": "released",
    "metrics_schema": "metrics",
    "release": "gate",
    "release_recalibration": "recalibration",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"hfrisk.disclosure.{_HOME[name]}"), name)
