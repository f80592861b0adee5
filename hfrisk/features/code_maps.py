"""Which conditions a person was known to have, by every map at once: Charlson, Elixhauser, frailty and single conditions.

Each code that occurs is looked up once, in one table of the prefixes of all maps; the history is then read once, and what comes of it
is long and small: one row an index discharge, map and category.
"""

from __future__ import annotations

import ibis.expr.types as ir

from hfrisk.features.code_lists import lines, looked_up
from hfrisk.features.coded import history
from hfrisk.features.condition_concepts import by_concept, route_of
from hfrisk.features.family import KEYS, Context

__all__ = ["assigned", "flag"]


def assigned(context: Context) -> ir.Table:
    """The categories of every map that each index discharge's person was known to have, kept.

    Returns
    -------
    Table
        One row an index discharge, map and category: the key, ``code_map`` (of `code_lists.MAPS`), ``category``, ``nearest`` (days from
        the latest diagnosis of it to the admission; 0 or less in the stay itself) and ``nearest_earlier`` (the same among earlier
        diagnoses; NULL where there is none). A category is known within so many days if ``nearest`` is not more than that.
    """
    route = route_of(context)
    rows = history(context)
    by = "code" if route.by == "codes" else "concept"
    rows = rows.filter(rows[by].notnull())
    once = rows.group_by([*KEYS, by]).aggregate(
        nearest=rows.days_ago.min(), nearest_earlier=rows.days_ago.min(where=rows.earlier)
    )
    codes = once.select(by).distinct()
    found = looked_up(context.cdm, codes, lines(route.edition)) if by == "code" else by_concept(context, route)
    known = once.inner_join(found, by)
    long = known.group_by([*KEYS, "code_map", "category"]).aggregate(
        nearest=known.nearest.min(), nearest_earlier=known.nearest_earlier.min()
    )
    return context.kept(long, "categories")


def flag(long: ir.Table, code_map: str, category: str, days: int, *, nearest: str = "nearest") -> ir.FloatingValue:
    """Whether a category was known within so many days, 1 or 0, over the rows of `assigned` that belong together."""
    within = (long[nearest] <= days).fill_null(False)
    of_it = (long.code_map == code_map) & (long.category == category) & within
    # PostgreSQL turns a truth into a whole number only
    return of_it.any().cast("int32").cast("float64")
