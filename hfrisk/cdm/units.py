"""From the unit of a laboratory to the UK unit: what the code list says of each analyte."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ibis.expr.types as ir

__all__ = ["conversions", "plain_unit", "plain_units"]


def conversions(entry: Mapping[str, Any]) -> dict[int, tuple[float, float]]:
    """For each unit in which an analyte of the code list may come: the factor and the offset to its UK unit."""
    found = {int(unit): (1.0, 0.0) for unit in entry["units"]}
    for unit, factor in entry.get("factors", {}).items():
        times, plus = factor if isinstance(factor, list) else (factor, 0.0)
        found[int(unit)] = (float(times), float(plus))
    return found


def plain_unit(text: str) -> str:
    """A unit as `units.yaml` spells it: in lower case, without blanks, and with one letter for micro."""
    return text.strip().lower().replace(" ", "").replace("µ", "u").replace("μ", "u")


def plain_units(text: ir.StringValue) -> ir.StringValue:
    """As `plain_unit`, in the engine."""
    return text.lower().replace(" ", "").replace("µ", "u").replace("μ", "u")
