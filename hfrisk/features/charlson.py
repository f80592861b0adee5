"""The Charlson index: its categories by the map of Quan or of the SHMI, before the hierarchies, and its totals."""

from __future__ import annotations

from typing import Literal

import ibis.expr.types as ir

from hfrisk.features.code_maps import assigned, flag
from hfrisk.features.family import KEYS, Context

__all__ = ["CATEGORIES", "categories"]

CATEGORIES = (
    "ami",
    "chf",
    "pvd",
    "cevd",
    "dementia",
    "copd",
    "rheumd",
    "pud",
    "mld",
    "diab",
    "diabwc",
    "hp",
    "rend",
    "canc",
    "msld",
    "metacanc",
    "aids",
)
_MAPS = {"quan": "charlson", "shmi": "charlson_shmi"}


def categories(context: Context, days: int, *, map_name: Literal["quan", "shmi"] = "quan") -> ir.Table:
    """Which Charlson categories a person was known to have, before the hierarchies.

    Parameters
    ----------
    days
        How far before admission a diagnosis counts, in days.
    map_name
        The code map: ``quan`` (Quan 2005) or ``shmi`` (Summary Hospital-level Mortality Indicator; there is none for ICD-9-CM).

    Returns
    -------
    Table
        The key and one float64 column, 0 or 1, for each of `CATEGORIES`. An index discharge without any category has no row.
    """
    name = _MAPS[map_name]
    long = assigned(context)
    long = long.filter(long.code_map == name, long.nearest <= days)
    return long.group_by(list(KEYS)).aggregate(
        **{category: flag(long, name, category, days) for category in CATEGORIES}
    )
