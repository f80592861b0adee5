"""A family that is made of parts: each part has its own file, and the family puts them side by side."""

from __future__ import annotations

from collections.abc import Iterable

import ibis.expr.types as ir

from hfrisk.features.dictionary import Direction, Feature, Role
from hfrisk.features.family import KEYS, Context, Family, joined

__all__ = ["as_flag", "flag", "put_together"]


def put_together(context: Context, parts: Iterable[Family]) -> Family:
    """One family of several: a row for each index discharge, with what a missing row means already filled in part by part."""
    made = list(parts)
    table = context.index.select(*KEYS)
    for part in made:
        if part.table is None:
            continue
        names = [entry.name for entry in part.entries]
        table = joined(table, part.table.select(*KEYS, *names))
        if part.absent is not None:
            table = table.mutate(**{name: table[name].fill_null(part.absent) for name in names})
    entries = tuple(entry for part in made for entry in part.entries)
    notices = [notice for part in made for notice in part.notices]
    return Family(entries, table if entries else None, notices=notices)


def as_flag(truth: ir.BooleanValue) -> ir.FloatingValue:
    """1.0 or 0.0; NULL stays NULL. PostgreSQL turns a truth into a whole number only."""
    return truth.cast("int32").cast("float64")


def flag(
    name: str,
    words: str,
    *,
    family: str,
    theme: str,
    window: str,
    sources: tuple[str, ...],
    direction: Direction = "either",
    modifiable: bool = False,
    sensitive: bool = False,
    role: Role = "more",
) -> Feature:
    """The entry of a feature that is 1 or 0."""
    return Feature(
        name,
        words,
        family=family,
        theme=theme,
        unit="",
        window=window,
        sources=sources,
        precision=1,
        lower=0,
        upper=1,
        direction=direction,
        modifiable=modifiable,
        sensitive=sensitive,
        kind="binary",
        role=role,
    )
