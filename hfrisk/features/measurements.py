"""Blood tests and vital signs in UK units: in the stay, and in the year before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ibis.expr.types as ir

from hfrisk.checks import Check
from hfrisk.features.derived import derived
from hfrisk.features.dictionary import Direction, Feature, Kind
from hfrisk.features.family import KEYS, Context, Family
from hfrisk.features.known import events
from hfrisk.features.site_maps import unmatched
from hfrisk.features.trends import slot, values_in_windows
from hfrisk.features.uk_units import PARTS, analytes, by_site_map

__all__ = ["laboratory"]

THEME = "Blood tests and vital signs"

# by window, the statistics in the order of the dictionary: name, words, column of `values_in_windows`
_STAY = (
    ("last", "last {words}", "last"),
    ("lowest", "lowest {words}", "lowest"),
    ("highest", "highest {words}", "highest"),
    ("count", "number of {words} values", "values"),
    ("first", "first {words}", "first"),
    ("mean", "mean {words}", "mean"),
    ("change", "change of {words}, last minus first", "change"),
    ("slope", "trend of {words}", "slope"),
    ("hours_since", "hours since the last {words}", "since"),
    ("censored", "number of {words} values that are only a bound", "censored"),
)
_YEAR = tuple(
    (
        f"year_{'days_since' if name == 'hours_since' else name}",
        f"{words.replace('hours since', 'days since')} in the year before",
        column,
    )
    for name, words, column in _STAY
    if name != "censored"
)
_COUNTS = {"values", "censored"}


def laboratory(context: Context) -> Family:
    """What each blood test and vital sign was, how it moved and how old it is, by the time of prediction.

    Computed long (one row an index discharge, analyte and window) and turned wide at the end. Tests of the day before admission belong
    to the stay, since blood is often taken in A&E before midnight; those of 2 to 365 days before it to the year before. Only analytes
    that occur have columns. A result that is only a bound (``>35000``) takes part at that bound, so that a highest value may be one.
    """
    if not context.cdm.has("measurement"):
        return Family((), None)
    long = values_in_windows(context)
    totals = context.cdm.frame(
        long.group_by("slot").aggregate(values=long["values"].sum()), "analytes"
    )
    found: dict[int, float] = dict(zip(totals["slot"].astype(int), totals["values"].astype(float), strict=True))
    listed = analytes()
    notices = _notices(context, listed, found)
    windows = [
        (name, year)
        for name in listed
        for year in (False, True)
        if slot(name, year=year) in found
    ]
    if not windows:
        return Family((), None, notices=notices)
    # every index discharge is there, so that a count of nothing is 0
    index = context.index.select(*KEYS)
    rows = index.left_join(long, list(KEYS)).drop("person_id_right", "index_id_right")
    columns: dict[str, ir.Value] = {}
    entries: list[Feature] = []
    for name, year in windows:
        here = rows.slot == slot(name, year=year)
        for statistic, words, column in _YEAR if year else _STAY:
            value = rows[column].max(where=here)
            columns[f"{name}_{statistic}"] = value.fill_null(0.0) if column in _COUNTS else value
            entries.append(_entry(context, name, listed[name], statistic, words, column, year=year))
    wide = rows.group_by(list(KEYS)).aggregate(**columns)
    table, more = derived(context, wide)
    return Family((*entries, *more), table, notices=notices)


def _entry(
    context: Context, name: str, entry: Mapping[str, Any], statistic: str, words: str, column: str, *, year: bool
) -> Feature:
    grid, lower, upper = (float(entry[key]) for key in ("grid", "lower", "upper"))
    unit: str = entry["unit"]
    direction: Direction = entry["direction"]
    skewed, kind, modifiable = bool(entry["skewed"]), "continuous", bool(entry["modifiable"])
    if column in _COUNTS:
        unit, grid, lower, upper, direction, skewed, kind, modifiable = "count", 1.0, 0.0, 500.0, "higher", True, "count", False
    elif column == "since":
        unit = "days" if year else "hours"
        grid, lower, upper, direction, skewed, modifiable = 1.0, 0.0, 600.0 if year else 4400.0, "either", True, False
    elif column in {"change", "slope"}:
        lower, upper, skewed = lower - upper, upper - lower, False
        direction = entry.get("change_direction", direction)
        if column == "slope":
            unit, grid = f"{unit} per day", grid / PARTS
    window = "first 24 hours" if context.early else "in the stay"
    return Feature(
        f"{name}_{statistic}",
        words.format(words=entry["words"]),
        family="laboratory",
        theme=THEME,
        unit=unit,
        window="2 to 365 days before admission" if year else window,
        sources=("measurement",),
        precision=grid,
        lower=lower,
        upper=upper,
        direction=direction,
        modifiable=modifiable,
        skewed=skewed,
        kind=_kind(kind),
        role="input" if statistic in entry.get("inputs", ()) else "more",
    )


def _kind(kind: str) -> Kind:
    return "count" if kind == "count" else "continuous"


def _notices(context: Context, listed: Mapping[str, Any], found: Mapping[int, float]) -> list[Check]:
    missing = [name for name in listed if not any(slot(name, year=year) in found for year in (False, True))]
    foreign = {
        name: sum(found.get(slot(name, year=year, foreign=True), 0.0) for year in (False, True)) for name in listed
    }
    foreign = {name: values for name, values in foreign.items() if values}
    checks = [_not_found(listed, sorted(missing))] if missing else []
    if foreign:
        checks.append(_other_unit(listed, foreign))
    return [*checks, *_not_in_the_map(context)]


def _not_in_the_map(context: Context) -> list[Check]:
    """HFR034 for the map of laboratory names, which need not list every test."""
    if not context.cdm.maps.analyte:
        return []
    rows = events(context, "measurement")
    rows = by_site_map(context.cdm, rows.filter(rows.value_as_number.notnull()))
    in_map = rows.by_source_and_concept.notnull() | rows.by_source.notnull()
    return unmatched(context.cdm, rows, {"analyte": (rows.source.notnull(), in_map)}, note=True)


def _not_found(listed: Mapping[str, Any], names: list[str]) -> Check:
    return Check(
        "HFR032",
        "note",
        "Some blood tests or vital signs are not in the source",
        "No usable value was found for: {names}.",
        "The model does not know them.",
        "If they are recorded under other concepts or names, list those in the map source.maps.analyte.",
        facts={"names": ", ".join(listed[name]["words"] for name in names)},
    )


def _other_unit(listed: Mapping[str, Any], foreign: Mapping[str, float]) -> Check:
    return Check(
        "HFR070",
        "note",
        "Some values are in a unit that is not converted",
        "{values} values are in a unit that is neither the UK unit nor one from which the test is converted: {names}.",
        "They are not used: these people look as if they had not had the test.",
        "Ask whether the unit is right. If it is the unit field that is wrong, say the right one for the laboratory's name in the map "
        "source.maps.analyte.",
        counts={"values": round(sum(foreign.values()))},
        facts={"names": ", ".join(listed[name]["words"] for name in sorted(foreign))},
    )
