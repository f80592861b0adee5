"""The Elixhauser categories by Quan's map (Med Care 2005;43:1130-9), their number, and van Walraven's total (Med Care 2009;47:626-33)."""

from __future__ import annotations

from collections.abc import Sequence

import ibis.expr.types as ir

from hfrisk.codelists import read_csv, read_yaml
from hfrisk.features.code_maps import flag
from hfrisk.features.dictionary import Feature
from hfrisk.features.weighted import span, total

__all__ = ["CATEGORIES", "entries", "flags", "totals"]

CATEGORIES = tuple(row["category"] for row in read_csv("elixhauser_weights.csv"))
_THEME = "Other long-term conditions"


def flags(long: ir.Table, days: int) -> dict[str, ir.Value]:
    """The categories as aggregates of `code_maps.assigned`: ``elixhauser_<category>``."""
    return {f"elixhauser_{category}": flag(long, "elixhauser", category, days) for category in CATEGORIES}


def totals(table: ir.Table) -> dict[str, ir.Value]:
    """The total, which may be below zero, and the number of categories; in both the severer form takes the place of the milder."""
    there = {category: table[f"elixhauser_{category}"] for category in CATEGORIES}
    return {
        "elixhauser_van_walraven": total(there, _weights(), _replaces()),
        "elixhauser_count": total(there, dict.fromkeys(CATEGORIES, 1.0), _replaces()),
    }


def entries(window: str, sources: Sequence[str]) -> list[Feature]:
    """The dictionary: a binary for each category, before the hierarchies, and the two totals, after them."""
    weights = _weights()
    listed = [
        Feature(
            f"elixhauser_{row['category']}",
            f"{row['words']} (Elixhauser category)",
            family="comorbidity",
            theme=_THEME,
            unit="",
            window=window,
            sources=tuple(sources),
            precision=1,
            lower=0,
            upper=1,
            direction="lower" if weights[row["category"]] < 0 else "higher" if weights[row["category"]] else "either",
            kind="binary",
            role="more",
        )
        for row in read_csv("elixhauser_weights.csv")
    ]
    for name, words, unit, of, counts in (
        ("elixhauser_van_walraven", "Elixhauser score, van Walraven's weights", "points", weights, False),
        ("elixhauser_count", "number of Elixhauser conditions", "count", dict.fromkeys(weights, 1.0), True),
    ):
        lowest, highest = span(of, _replaces())
        listed.append(
            Feature(
                name,
                words,
                family="comorbidity",
                theme=_THEME,
                unit=unit,
                window=window,
                sources=tuple(sources),
                precision=1,
                lower=lowest,
                upper=highest,
                direction="higher",
                kind="count" if counts else "continuous",
                monotone="increasing" if counts else "none",
                role="more",
            )
        )
    return listed


def _weights() -> dict[str, float]:
    return {row["category"]: float(row["van_walraven"]) for row in read_csv("elixhauser_weights.csv")}


def _replaces() -> dict[str, str]:
    return dict(read_yaml("comorbidity.yaml")["elixhauser"]["hierarchies"])
