"""Long-term conditions from coded diagnoses, and the indices that are made of them."""

from __future__ import annotations

from typing import Any

import ibis.expr.types as ir

from hfrisk.codelists import read_yaml
from hfrisk.features import charlson, elixhauser
from hfrisk.features.code_maps import assigned, flag
from hfrisk.features.coded import history, sources, stay_is_coded
from hfrisk.features.condition_concepts import Route, cannot_be_made, how_it_was_told, route_of
from hfrisk.features.dictionary import Feature
from hfrisk.features.family import KEYS, Context, Family, absent_is, joined, on_grid

__all__ = ["comorbidity"]

_THEME = "Other long-term conditions"


def comorbidity(context: Context) -> Family:
    """A dozen long-term conditions, the number of different diagnoses, and the Charlson and Elixhauser indices.

    A condition counts as known from any diagnosis of it within ``condition_lookback_days`` before admission, and from those of the stay
    itself where coding is live.
    """
    route = route_of(context)
    long = assigned(context)
    days = context.settings.condition_lookback_days
    of_indices = context.settings.comorbidity_index_lookback_days or days
    flags: dict[str, ir.Value] = {}
    entries: list[Feature] = []
    if "condition" in route.maps:
        flags |= _conditions(long, days)
        entries += _entries(context, days)
    flags |= charlson.flags(long, route, of_indices)
    entries += charlson.entries(route, _window(context, of_indices), sources(context))
    if "elixhauser" in route.maps:
        flags |= elixhauser.flags(long, of_indices)
        entries += elixhauser.entries(_window(context, of_indices), sources(context))
    wide = absent_is(context, long.group_by(list(KEYS)).aggregate(**flags), dict.fromkeys(flags, 0.0))
    wide = joined(wide, absent_is(context, _different(context, route), {"diagnoses_365d": 0.0}))
    entries.append(_entry(context, "diagnoses_365d"))
    wide = joined(wide, context.index.select(*KEYS, "age"))
    totals = charlson.totals(wide, route)
    if "elixhauser" in route.maps:
        totals |= elixhauser.totals(wide)
    table = wide.mutate(**totals).select(*KEYS, *[entry.name for entry in entries])
    notices = how_it_was_told(context, route)
    if "condition" not in route.maps:
        notices.append(cannot_be_made("the single conditions, the Elixhauser score and the Charlson index of the SHMI"))
    return Family(tuple(entries), table, notices=notices)


def _conditions(long: ir.Table, days: int) -> dict[str, ir.Value]:
    made: dict[str, ir.Value] = {}
    for name in read_yaml("conditions.yaml"):
        # in the index stay everybody has heart failure
        nearest = "nearest_earlier" if name == "heart_failure_before" else "nearest"
        made[name] = flag(long, "condition", name, days, nearest=nearest)
    return made


def _different(context: Context, route: Route) -> ir.Table:
    """How many different diagnoses (three-character categories; concepts, where those are read) were recorded in the year before."""
    rows = history(context)
    recent = rows.filter(rows.earlier, rows.days_ago <= 365)
    what = recent.code.substr(0, 3) if route.by == "codes" else recent.concept.nullif(0)
    return recent.group_by(list(KEYS)).aggregate(diagnoses_365d=on_grid(what.nunique(), 1))


def _window(context: Context, days: int) -> str:
    return f"{days} days before admission" + (", and this stay" if stay_is_coded(context) else "")


def _entries(context: Context, days: int) -> list[Feature]:
    made = [
        _entry(context, name, days, words=entry["words"], direction=entry["direction"])
        for name, entry in read_yaml("conditions.yaml").items()
    ]
    return made


def _entry(context: Context, name: str, days: int = 0, **differs: Any) -> Feature:
    """A condition as a binary; without `days`, the number of different diagnoses."""
    settled: dict[str, Any] = {
        "family": "comorbidity",
        "theme": _THEME,
        "unit": "",
        "window": _window(context, days),
        "sources": sources(context),
        "precision": 1,
        "lower": 0,
        "upper": 1,
        "kind": "binary",
    }
    if name == "diagnoses_365d":
        settled |= {
            "words": "different diagnoses in the year before",
            "unit": "count",
            "window": "365 days before admission",
            "upper": 150,
            "direction": "higher",
            "skewed": True,
            "kind": "count",
        }
    return Feature(name=name, **(settled | differs))
