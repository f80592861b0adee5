"""Many yes-or-no facts in one whole number, so that an engine adds up one column instead of aggregating fifty."""

from __future__ import annotations

from collections.abc import Iterable

import ibis
import ibis.expr.types as ir

__all__ = ["added", "bits_of", "holds"]

_MOST = 52  # whole numbers that a double holds exactly


def bits_of(names: Iterable[str]) -> dict[str, int]:
    """A bit for each name, in order."""
    listed = list(names)
    if len(listed) > _MOST:
        raise ValueError(f"{len(listed)} facts do not fit into one whole number")
    return {name: 1 << place for place, name in enumerate(listed)}


def added(numbers: ir.IntegerColumn) -> ir.IntegerScalar:
    """The bits of a group in one number, where each is there once."""
    # PostgreSQL adds whole numbers up to a numeric, which has no bits; a cast to the type that Ibis takes it for would be left out
    total: ir.IntegerScalar = numbers.sum().cast("float64").cast("int64")
    return total


def holds(number: ir.IntegerValue, bit: int) -> ir.BooleanValue:
    """Whether the bit is in the number."""
    return ((number & ibis.literal(bit, "int64")) > 0).fill_null(False)
