"""The validation report that clinicians read, made from released numbers only."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hfrisk.reporting.pdf import to_pdf
    from hfrisk.reporting.report import Rendered, render
    from hfrisk.reporting.settings import ReportingSettings

__all__ = ["Rendered", "ReportingSettings", "render", "to_pdf"]

_HOME = {"Rendered": "report", "render": "report", "ReportingSettings": "settings", "to_pdf": "pdf"}


def __getattr__(name: str) -> Any:
    # Loading a study reads the settings only; matplotlib and Jinja2 wait until there is something to draw.
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
