"""The left-ventricular ejection fraction, and the kind of heart failure that it tells."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from hfrisk.checks import Check
from hfrisk.codelists import read_yaml
from hfrisk.cohort import starts_with_any
from hfrisk.features.coded import history
from hfrisk.features.dictionary import Direction, Feature
from hfrisk.features.family import KEYS, Context, Family, joined, on_grid
from hfrisk.features.known import EVENTS, events, happened_at_latest, known_before_prediction
from hfrisk.features.parts import as_flag, flag

__all__ = ["ejection_fraction"]

_THEME = "Heart function"
_KINDS: dict[str, tuple[str, Direction]] = {
    "hfref": ("heart failure with reduced ejection fraction (40 % or less)", "either"),
    "hfmref": ("heart failure with mildly reduced ejection fraction (41 to 49 %)", "either"),
    "hfpef": ("heart failure with preserved ejection fraction (50 % or more)", "either"),
}


def ejection_fraction(context: Context) -> Family:
    """The most recent ejection fraction, and the kind of heart failure: by its value, else by a diagnosis that says it, else unknown.

    Classes of NICE NG106 and the ESC guideline of 2021.
    """
    days = context.settings.ejection_fraction_lookback_days
    window = f"latest in the stay or the {days} days before"
    value = _latest_value(context)
    measured = not context.cdm.frame(value.limit(1).select("index_id"), "ejection fraction").empty
    rows = joined(joined(context.index.select(*KEYS), value), _diagnosed(context))
    listed = read_yaml("stay.yaml")["ejection_fraction"]
    by_value = ibis.cases(
        (rows.lvef <= listed["reduced_up_to"], "hfref"),
        (rows.lvef >= listed["preserved_from"], "hfpef"),
        (rows.lvef.notnull(), "hfmref"),
        else_=ibis.null("string"),
    )
    rows = rows.mutate(kind=by_value.fill_null(rows.told))
    columns: dict[str, ir.Value] = {name: as_flag((rows.kind == name).fill_null(False)) for name in _KINDS}
    columns["ef_unknown"] = as_flag(rows.kind.isnull())
    entries = [
        *[_flag(name, words, window, direction) for name, (words, direction) in _KINDS.items()],
        _flag("ef_unknown", "ejection fraction not known", window, "either"),
    ]
    if measured:
        columns["lvef"] = rows.lvef
        entries.insert(0, _value_entry(window))
    return Family(tuple(entries), rows.select(*KEYS, **columns), notices=[] if measured else [_none_found()])


def _latest_value(context: Context) -> ir.Table:
    """The key and `lvef` in per cent, whole. Several values of one moment: their mean.

    A fraction (0.05 to 0.85) is taken times a hundred, since no percentage is so small; what lies outside 5 to 85 % is none.
    """
    listed = read_yaml("stay.yaml")["ejection_fraction"]
    concepts = [*listed["concepts"], *context.settings.ejection_fraction_measurements]
    rows = events(context, "measurement")
    rows = rows.filter(
        rows.value_as_number.notnull(),
        rows.measurement_concept_id.isin(concepts)
        | rows.measurement_source_value.strip().isin(listed["codes"]).fill_null(False),
    )
    raw = rows.value_as_number
    is_fraction = raw.between(listed["lower"] / 100, listed["upper"] / 100)
    rows = rows.select(
        "person_id",
        "on",
        "known_at",
        at=happened_at_latest(context, rows, EVENTS["measurement"]),
        # in whole tenths, so that no sum depends on the order of the rows
        tenths=on_grid(ibis.ifelse(is_fraction, raw * 100, raw), 0.1) * 10,
    )
    rows = rows.filter(rows.tenths.between(listed["lower"] * 10, listed["upper"] * 10))
    rows = rows.mutate(tenths=on_grid(rows.tenths, 1).cast("int64"))
    pairs = known_before_prediction(context, rows)
    pairs = pairs.filter(pairs.days_ago <= context.settings.ejection_fraction_lookback_days)
    moments = pairs.group_by([*KEYS, "at"]).aggregate(total=pairs.tenths.sum(), values=pairs.count())
    moments = moments.mutate(mean=moments.total.cast("float64") / moments["values"].cast("float64") / 10)
    latest = moments.group_by(list(KEYS)).aggregate(lvef=moments["mean"].argmax(moments["at"]))
    return context.kept(latest.select(*KEYS, lvef=on_grid(latest.lvef, 1)), "ejection_fraction")


def _diagnosed(context: Context) -> ir.Table:
    """The key and `told`, the kind that the latest diagnosis known in time says; of one day's, the lowest ejection fraction."""
    listed = read_yaml("stay.yaml")["phenotypes"]
    rows = history(context)
    rows = rows.filter(rows.days_ago <= context.settings.ejection_fraction_lookback_days)
    says = []
    for name in _KINDS:
        codes, concepts = listed[name][context.vocabulary], listed[name]["concepts"]
        said = starts_with_any(rows.code, codes)
        if concepts:
            said = said | rows.concept.isin(concepts).fill_null(False)
        says.append((said, name))
    order = list(_KINDS)
    rows = rows.mutate(place=ibis.cases(*[(said, order.index(name)) for said, name in says], else_=None))
    rows = rows.filter(rows.place.notnull())
    daily = rows.group_by([*KEYS, "days_ago"]).aggregate(place=rows.place.min())
    latest = daily.group_by(list(KEYS)).aggregate(place=daily.place.argmin(daily.days_ago))
    told = ibis.cases(*[(latest.place == order.index(name), name) for name in order], else_=ibis.null("string"))
    return latest.select(*KEYS, told=told)


def _value_entry(window: str) -> Feature:
    listed = read_yaml("stay.yaml")["ejection_fraction"]
    return Feature(
        "lvef",
        "left-ventricular ejection fraction",
        family="stay",
        theme=_THEME,
        unit="%",
        window=window,
        sources=("measurement",),
        precision=1,
        lower=listed["lower"],
        upper=listed["upper"],
        direction="either",
    )


def _flag(name: str, words: str, window: str, direction: Direction) -> Feature:
    return flag(
        name,
        words,
        family="stay",
        theme=_THEME,
        window=window,
        sources=("measurement", "condition_occurrence"),
        direction=direction,
    )


def _none_found() -> Check:
    return Check(
        "HFR091",
        "note",
        "No ejection fraction in the source",
        "No index discharge has a usable value of the left-ventricular ejection fraction.",
        "The kind of heart failure is known from diagnoses only, and scores that need the value cannot be computed.",
        "Echocardiography is often free text. If values are recorded, name their concepts in features.ejection_fraction_measurements.",
    )
