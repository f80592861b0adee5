"""Medicines: what is being taken when the risk is asked for, what was begun or stopped in the stay, what was taken in the year before."""

from __future__ import annotations

from datetime import date
from typing import Any

import ibis
import ibis.expr.types as ir

from hfrisk.codelists import read_yaml
from hfrisk.features.dictionary import Feature
from hfrisk.features.doses import known_dose, with_strengths
from hfrisk.features.family import KEYS, Context, Family, joined, on_grid, small_table
from hfrisk.features.given import FIRST_HOURS, Told, given, told_by
from hfrisk.features.ingredients import classes_of_ingredients, has_hierarchy, ingredients_of_drugs
from hfrisk.features.medicine_checks import notices
from hfrisk.features.medicine_words import Words

__all__ = ["medicines"]

_WINDOWS = ("last", "first", "year")


def medicines(context: Context) -> Family:
    """Classes of medicines in the last hours, changes in the stay, doses of loop diuretics, how many, and which go badly together.

    A class that could not be had yet (`features.availability`) is not recorded rather than not given, unless it was given in the stay
    or in the year before. What began in the stay was given in the last hours, and neither in its first 24 hours nor in the year
    before; what stopped was given then and not in the last hours. Either is not recorded for a stay that was too short to tell: one
    of at most 24 hours, or of at most 24 hours and the last hours.
    """
    if not context.cdm.has("drug_exposure"):
        return Family((), None)
    hierarchy = has_hierarchy(context.cdm)
    links = context.kept(ingredients_of_drugs(context.cdm, hierarchy=hierarchy), "medicine_ingredients")
    found = given(context, with_strengths(context.cdm, links))
    told = told_by(context, found)
    flags = _flags(context, found)
    columns, entries = _columns(context, flags, told)
    return Family(entries, flags.select(*KEYS, **columns), notices=notices(context, links, told, hierarchy=hierarchy))


def available(context: Context) -> dict[str, date]:
    """Since when each class could be had, by the study's setting; a class that is not named could always be."""
    if context.settings.availability == "none":
        return {}
    listed = read_yaml("medicine_rules.yaml")["availability"][context.settings.availability]
    return {name: entry["since"] for name, entry in listed.items()}


def _flags(context: Context, found: ir.Table) -> ir.Table:
    """One row an index discharge: for each class and window 1 or 0 (``last_arni`` ...), how many, and the doses of two days."""
    classes = read_yaml("medicines.yaml")
    small = small_table(context.cdm, classes_of_ingredients())
    by_class = found.select(*KEYS, "ingredient", *_WINDOWS).inner_join(small, "ingredient")
    truths: dict[str, ir.BooleanValue] = {}
    for name, entry in classes.items():
        for window in _WINDOWS:
            mine = by_class["class"] == name
            truth = by_class[window].any(where=mine & (by_class.unless == ""))
            if "not_with" in entry:
                apart = by_class[window].any(where=mine & (by_class.unless != "")).fill_null(False)
                other = by_class[window].any(where=by_class["class"] == entry["not_with"]["class"]).fill_null(False)
                truth = truth.fill_null(False) | (apart & ~other)
            truths[f"{window}_{name}"] = truth
    # PostgreSQL turns a truth into a whole number only
    wide = by_class.group_by(list(KEYS)).aggregate(
        **{name: truth.fill_null(False).cast("int32").cast("float64") for name, truth in truths.items()}
    )
    sums = {
        name: found[name].sum()
        for name in found.columns
        if name.startswith(("last_day_", "first_day_"))
    }
    whole = found.group_by(list(KEYS)).aggregate(
        count_last=found["last"].cast("int32").sum(),
        count_year=found.year.cast("int32").sum(),
        vein_24=found.vein_24.any().cast("int32").cast("float64"),
        vein_48=found.vein_48.any().cast("int32").cast("float64"),
        **sums,
    )
    both = joined(joined(context.index.select(*KEYS, "admitted_at", "predicted_at"), whole), wide)
    # a sum of no doses is none
    numbers = [name for name in both.columns if name not in (*KEYS, "admitted_at", "predicted_at")]
    numbers = [name for name in numbers if not name.endswith("_sum")]
    return both.mutate(**{name: both[name].fill_null(0) for name in numbers})


def _columns(context: Context, flags: ir.Table, told: Told) -> tuple[dict[str, ir.Value], tuple[Feature, ...]]:
    classes = read_yaml("medicines.yaml")
    words = Words(context, lasting=told.lasting)
    columns: dict[str, ir.Value] = {}
    entries: list[Feature] = []

    def add(entry: Feature, value: ir.NumericValue) -> None:
        columns[entry.name] = on_grid(value, entry.precision)
        entries.append(entry)

    since = available(context)
    could = {name: flags.predicted_at >= ibis.timestamp(day.isoformat()) for name, day in since.items()}
    ever = {name: sum((flags[f"{window}_{name}"] for window in _WINDOWS[1:]), flags[f"last_{name}"]) > 0 for name in classes}

    def unless_unavailable(name: str, value: ir.NumericValue) -> ir.NumericValue:
        return ibis.ifelse(could[name] | ever[name], value, ibis.null("float64")) if name in could else value

    for name, entry in classes.items():
        add(words.last(name, entry, since.get(name)), unless_unavailable(name, flags[f"last_{name}"]))
    pillars = [name for name, entry in classes.items() if entry.get("pillar")]
    taken = _sum([flags[f"last_{name}"] for name in pillars])
    possible = _sum([_number(could[name] | ever[name]) if name in could else ibis.literal(1.0) for name in pillars])
    add(words.pillars(len(pillars)), taken)
    add(words.pillars_available(len(pillars)), possible)
    add(words.pillars_missing(len(pillars)), possible - taken)
    for name, entry in classes.items():
        if entry.get("changes"):
            for feature, value in _changes(context, flags, words, name, entry, since.get(name)):
                add(feature, unless_unavailable(name, value))
    for hours in (24, 48):
        add(words.into_a_vein(hours), flags[f"vein_{hours}"])
    if told.doses:
        add(words.dose(), known_dose(flags, "last_day"))
        if not context.early:
            long_enough = _longer_than(flags, 2 * FIRST_HOURS)
            change = known_dose(flags, "last_day") - known_dose(flags, "first_day")
            add(words.dose_change(), ibis.ifelse(long_enough, change, ibis.null("float64")))
    add(words.count(), flags.count_last)
    add(words.count_year(), flags.count_year)
    add(words.polypharmacy(), _number(flags.count_last >= words.many))
    for name, entry in read_yaml("medicine_rules.yaml")["together"].items():
        add(words.together(name, entry), _together(flags, entry["all_of"]))
    avoided = [name for name, entry in classes.items() if entry.get("avoid")]
    add(words.to_avoid(len(avoided)), _sum([flags[f"last_{name}"] for name in avoided]))
    return columns, tuple(entries)


def _changes(
    context: Context, flags: ir.Table, words: Words, name: str, entry: dict[str, Any], since: date | None
) -> list[tuple[Feature, ir.NumericValue]]:
    last, first, year = (flags[f"{window}_{name}"] for window in _WINDOWS)
    before = ibis.greatest(first, year)
    made: list[tuple[Feature, ir.NumericValue]] = [(words.year(name, entry, since), year)]
    if context.early:
        # a day after admission nothing can have been seen to start or stop
        return made
    started = ibis.ifelse(_longer_than(flags, FIRST_HOURS), last * (1 - before), ibis.null("float64"))
    hours = FIRST_HOURS + context.settings.medicines_hours
    stopped = ibis.ifelse(_longer_than(flags, hours), before * (1 - last), ibis.null("float64"))
    return [*made, (words.started(name, entry, since), started), (words.stopped(name, entry, since), stopped)]


def _longer_than(flags: ir.Table, hours: int) -> ir.BooleanValue:
    return flags.predicted_at > flags.admitted_at + ibis.interval(hours=hours)


def _together(flags: ir.Table, groups: list[list[str]]) -> ir.NumericValue:
    """1 where at least one class of each group was given in the last hours."""
    found = [_sum([flags[f"last_{name}"] for name in group]) > 0 for group in groups]
    every = found[0]
    for one in found[1:]:
        every = every & one
    return _number(every)


def _sum(values: list[ir.NumericValue]) -> ir.NumericValue:
    total = values[0]
    for value in values[1:]:
        total = total + value
    return total


def _number(truth: ir.BooleanValue) -> ir.NumericValue:
    return truth.cast("int32").cast("float64")
