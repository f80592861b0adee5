"""Many yes-or-no facts in one whole number, so that an engine aggregates one column where it would aggregate fifty."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import ibis
import ibis.expr.types as ir

__all__ = ["bits_of", "holds", "packed", "unpacked"]

_MOST = 62  # of a 64-bit whole number with a sign


def bits_of(names: Iterable[str]) -> dict[str, int]:
    """A bit for each name, in order."""
    listed = list(names)
    if len(listed) > _MOST:
        raise ValueError(f"{len(listed)} facts do not fit into one whole number")
    return {name: 1 << place for place, name in enumerate(listed)}


def packed(truths: Mapping[str, ir.BooleanValue]) -> ir.IntegerValue:
    """The truths, none of which may be NULL, in one number: to be aggregated by ``bit_or``."""
    total: ir.IntegerValue = ibis.literal(0, "int64")
    for name, bit in bits_of(truths).items():
        total = total + ibis.ifelse(truths[name], ibis.literal(bit, "int64"), ibis.literal(0, "int64"))
    return total


def unpacked(number: ir.IntegerValue, names: Iterable[str]) -> dict[str, ir.BooleanValue]:
    """Each fact again; none where there is no number."""
    return {name: holds(number, bit) for name, bit in bits_of(names).items()}


def holds(number: ir.IntegerValue, bit: int) -> ir.BooleanValue:
    """Whether the bit is in the number."""
    return ((number & ibis.literal(bit, "int64")) > 0).fill_null(False)
