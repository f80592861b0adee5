"""The hospital stay itself."""

from __future__ import annotations

import ibis.expr.types as ir

from hfrisk.features.dictionary import Feature
from hfrisk.features.family import KEYS, Context, Family, on_grid

__all__ = ["stay"]

_THEME = "This hospital stay"


def stay(context: Context) -> Family:
    """Length of the continuous spell, and the year where a study asks for it; a day after admission nobody knows the length."""
    index = context.index
    entries: list[Feature] = []
    columns: dict[str, ir.Value] = {}
    if context.cohort.prediction_time != "admission_24h":
        entries.append(
            Feature(
                "length_of_stay",
                "length of stay",
                family="stay",
                theme=_THEME,
                unit="days",
                window="in the stay",
                sources=("visit_occurrence",),
                precision=1,
                lower=0,
                upper=365,
                direction="higher",
                modifiable=True,
                skewed=True,
            )
        )
        columns["length_of_stay"] = on_grid(index.length_of_stay, 1)
    if context.settings.calendar_year:
        entries.append(
            Feature(
                "calendar_year",
                "year of the prediction",
                family="stay",
                theme=_THEME,
                unit="year",
                window="when the risk is asked for",
                sources=("visit_occurrence",),
                precision=1,
                lower=2000,
                upper=2100,
            )
        )
        columns["calendar_year"] = on_grid(index.predicted_at.year(), 1)
    return Family(tuple(entries), index.select(*KEYS, **columns) if entries else None)
