"""Medicines: what is being taken when the risk is asked for, what was begun or stopped in the stay, what was taken in the year before."""

from __future__ import annotations

from datetime import date
from typing import Any

import ibis
import ibis.expr.types as ir

from hfrisk.codelists import read_yaml
from hfrisk.features.bits import added, bits_of, holds
from hfrisk.features.dictionary import Feature
from hfrisk.features.doses import known_dose, with_strengths
from hfrisk.features.family import KEYS, Context, Family, joined, on_grid, small_table
from hfrisk.features.given import FIRST_HOURS, Told, given, told_by
from hfrisk.features.ingredients import classes_of_ingredients, has_hierarchy, ingredients_of_drugs, unless
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
    of_ingredient = classes_of_ingredients()
    bits = bits_of(sorted(set().union(*of_ingredient.values())))
    classes = small_table(
        context.cdm,
        [
            {"ingredient": concept, "bit": bits[name]}
            for concept, names in of_ingredient.items()
            for name in sorted(names)
        ],
    )
    pairs = found.select(*KEYS, "ingredient", *_WINDOWS).inner_join(classes, "ingredient")
    once = pairs.group_by([*KEYS, "bit"]).aggregate(**{name: pairs[name].any() for name in _WINDOWS})
    # each class is there once, so that the bits add up to the number that carries them all
    numbers = once.group_by(list(KEYS)).aggregate(
        **{f"classes_{name}": added(ibis.ifelse(once[name], once.bit, 0)) for name in _WINDOWS}
    )
    signs = [
        name for name in found.columns if name not in (*KEYS, "ingredient", *_WINDOWS) and not name.endswith("_sum")
    ]
    whole = found.group_by(list(KEYS)).aggregate(
        **{f"count_{name}": found[name].cast("int32").sum() for name in ("last", "year")},
        **{f"{name}_sum": found[f"{name}_sum"].sum() for name in ("last_day", "first_day")},
        **{name: found[name].any() for name in signs},
    )
    both = joined(context.index.select(*KEYS, "admitted_at", "predicted_at"), joined(whole, numbers))
    given = {
        f"{window}_{name}": _number(_in_class(both[f"classes_{window}"], name, entry, bits))
        for name, entry in read_yaml("medicines.yaml").items()
        for window in _WINDOWS
    }
    return both.select(
        *KEYS,
        "admitted_at",
        "predicted_at",
        "last_day_sum",
        "first_day_sum",
        **given,
        **{f"count_{name}": both[f"count_{name}"].fill_null(0) for name in ("last", "year")},
        **{name: both[name].fill_null(False) for name in signs},
    )


def _in_class(number: ir.IntegerValue, name: str, entry: dict[str, Any], bits: dict[str, int]) -> ir.BooleanValue:
    """Whether a class was given, by the number that carries all classes."""
    members_given = holds(number, bits[name]) if name in bits else ibis.literal(False)
    if "not_with" not in entry:
        return members_given
    other = entry["not_with"]["class"]
    return members_given | (holds(number, bits[unless(name, other)]) & ~holds(number, bits[other]))


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
    ever = {name: _sum([flags[f"{window}_{name}"] for window in _WINDOWS]) > 0 for name in since}

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
        add(words.into_a_vein(hours), _number(flags[f"vein_{hours}"]))
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
