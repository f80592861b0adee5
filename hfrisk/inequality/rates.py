"""How often people came back, died, or did either: by group and by two groups crossed, crude and standardised for age and sex."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from hfrisk.inequality.clustered import Floats, design_effects
from hfrisk.inequality.people import EVERYONE, People
from hfrisk.inequality.results import COLUMNS, OUTCOMES
from hfrisk.inequality.standardised import standardise

__all__ = ["pair_rates", "rates_by_group"]


def rates_by_group(
    people: People, groups: Sequence[str], weight: Floats, *, confidence: float, least_coverage: float
) -> pd.DataFrame:
    """Every outcome of everyone and of each level of each group; columns as `Inequality.rates`."""
    rows = _rows(people, (), weight, confidence, least_coverage)
    for group in groups:
        rows += _rows(people, (group,), weight, confidence, least_coverage)
    return pd.DataFrame(rows, columns=COLUMNS["rates"].split())


def pair_rates(
    people: People,
    pairs: Sequence[tuple[str, str]],
    weight: Floats,
    *,
    confidence: float,
    least_coverage: float,
) -> pd.DataFrame:
    """Every outcome of each cell of each pair of groups, empty cells among them; columns as `Inequality.pairs`."""
    rows = [row for pair in pairs for row in _rows(people, pair, weight, confidence, least_coverage)]
    return pd.DataFrame(rows, columns=COLUMNS["pairs"].split())


def _rows(
    people: People, names: Sequence[str], weight: Floats, confidence: float, least_coverage: float
) -> list[dict[str, Any]]:
    cells = people.cells(*names)
    count = len(cells.names)
    n = np.bincount(cells.place, minlength=count)
    possible = people.possible(names, cells)
    rows = []
    for outcome in OUTCOMES:
        event = people.event[outcome]
        events = np.bincount(cells.place, weights=event, minlength=count)
        design = design_effects(event, cells.place, people.person, count)
        found = standardise(event, cells.place, people.stratum, people.person, weight, possible, confidence)
        for place, levels in enumerate(cells.names):
            row = {"outcome": outcome, "n": int(n[place]), "events": int(events[place]), "design": float(design[place])}
            row |= _named(names, levels)
            enough = found.coverage[place] >= least_coverage
            row["standardised"], row["lower"], row["upper"] = (
                (float(part[place]) for part in found[:3]) if enough else (float("nan"),) * 3
            )
            row["reason"] = "" if enough else "not computed: too many ages and sexes of the standard are not among them"
            rows.append(row)
    return rows


def _named(names: Sequence[str], levels: Sequence[str]) -> dict[str, str]:
    if len(names) == 2:
        return dict(zip(("group", "with_group", "level", "with_level"), (*names, *levels), strict=True))
    return {"group": names[0] if names else EVERYONE, "level": levels[0]}
