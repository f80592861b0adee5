"""Ethnicity: the NHS category of each index discharge, and its groups as columns to look at."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from hfrisk.cdm.maps import looked_up, matched
from hfrisk.checks import Check
from hfrisk.codelists import read_csv
from hfrisk.features.dictionary import Feature
from hfrisk.features.family import KEYS, Context, Family, joined
from hfrisk.features.known import EVENTS, events, happened_at_latest, known_before_prediction
from hfrisk.features.parts import as_flag, flag

__all__ = ["NOT_KNOWN", "NOT_STATED", "ethnicity", "with_category"]

NOT_STATED = "Z"
"""The person was asked and did not say."""
NOT_KNOWN = ("99", "X")
"""Nobody asked, or it was not written down: as if there were no record."""

_THEME = "Ethnicity"
_WORTH_A_WARNING = 0.05


def ethnicity(context: Context) -> Family:
    """Five groups, not stated, not known, and the sixteen categories of the NHS Data Dictionary, each 1 or 0, to look at groups by.

    Made where ethnicity is recorded by NHS category. Those of the Census of 2021 cannot be told from them.
    """
    if context.settings.ethnicity_from != "nhs_category":
        return Family((), None)
    index = with_category(context, context.index.select(*KEYS))
    columns: dict[str, ir.Value] = {}
    entries: list[Feature] = []
    listed = read_csv("ethnicity.csv")
    groups = {row["column"]: row["group"] for row in listed}
    for name, group in groups.items():
        codes = [row["code"] for row in listed if row["column"] == name]
        found = index.category.isin(codes).fill_null(name == "not_known")
        columns[f"ethnicity_{name}"] = as_flag(found)
        words = {"not_stated": "ethnicity not stated", "not_known": "ethnicity not known"}.get(
            name, f"ethnicity: {group}"
        )
        entries.append(_entry(f"ethnicity_{name}", words, context))
    for row in listed:
        if row["column"] in ("not_stated", "not_known"):
            continue
        name = f"ethnicity_16_{row['code'].lower()}"
        columns[name] = as_flag((index.category == row["code"]).fill_null(False))
        entries.append(_entry(name, f"ethnic category: {row['category']}", context))
    return Family(tuple(entries), index.select(*KEYS, **columns), notices=_in_no_list(context))


def with_category(context: Context, index: ir.Table) -> ir.Table:
    """`index` with `category`, the code of the NHS Data Dictionary, NULL where nothing is known.

    The latest observation that says an ethnicity and was known when the risk was asked for; else what the table person says, which
    bears no date; else not stated, if that is what either says. Of two ethnicities of one moment it is the one later in the alphabet,
    since A is what systems fill in.
    """
    people = context.cdm.table("person")
    codes = _codes(context)
    told = people.select(
        "person_id",
        first=matched(people.race_source_value),
        # without a map, the second column holds something else
        second=matched(people.ethnicity_source_value) if context.cdm.maps.ethnicity else ibis.null("string"),
    )
    told = _categories(told, codes)
    persons = told.group_by("person_id").aggregate(on_file=told.code.max())
    index = index.left_join(persons, "person_id").drop("person_id_right")
    if not context.settings.ethnicity_observations:
        return index.mutate(category=index.on_file).drop("on_file")
    index = joined(index, _recorded(context, codes))
    on_file = index.on_file.nullif(NOT_STATED).nullif(NOT_KNOWN[0]).nullif(NOT_KNOWN[1])
    not_stated = ibis.ifelse(index.asked.notnull(), NOT_STATED, ibis.null("string"))
    return index.mutate(category=ibis.coalesce(index.latest, on_file, not_stated, index.on_file)).drop(
        "latest", "asked", "on_file"
    )


def _recorded(context: Context, codes: ir.Table) -> ir.Table:
    """What observations say: `latest`, the ethnicity, and `asked`, how often it was asked for."""
    pairs = known_before_prediction(context, _categories(_observed(context), codes))
    pairs = pairs.filter(pairs.code.notnull(), ~pairs.code.isin(NOT_KNOWN))
    moments = pairs.group_by([*KEYS, "at"]).aggregate(
        code=pairs.code.max(where=pairs.code != NOT_STATED), asked=pairs.count()
    )
    recorded = moments.group_by(list(KEYS)).aggregate(
        latest=moments.code.argmax(moments["at"], where=moments.code.notnull()), asked=moments.asked.sum()
    )
    return context.kept(recorded, "ethnicity")


def _codes(context: Context) -> ir.Table:
    """What the source may write (`key`), and the category that it means (`value`): the site's map, else the letters of the NHS."""
    if context.cdm.maps.ethnicity:
        return looked_up(context.cdm, context.cdm.maps.ethnicity)
    return looked_up(context.cdm, {row["code"].lower(): row["code"] for row in read_csv("ethnicity.csv")})


def _categories(rows: ir.Table, codes: ir.Table) -> ir.Table:
    """`rows` with `code`, the category that the text `first` means, else that of `second`."""
    again = codes.view()
    once = rows.left_join(codes, rows["first"] == codes.key).drop("key").rename(by_first="value")
    both = once.left_join(again, once.second == again.key).drop("key")
    return both.mutate(code=both.by_first.fill_null(both.value)).drop("by_first", "value", "first", "second")


def _observed(context: Context) -> ir.Table:
    rows = events(context, "observation")
    rows = rows.filter(rows.observation_concept_id.isin(context.settings.ethnicity_observations))
    at = happened_at_latest(context, rows, EVENTS["observation"])
    return rows.select(
        "person_id",
        "on",
        "known_at",
        at=at,
        first=matched(rows.value_as_string),
        second=matched(rows.observation_source_value),
    )


def _in_no_list(context: Context) -> list[Check]:
    """HFR090: observations of ethnicity whose code is no category."""
    if not context.settings.ethnicity_observations:
        return []
    observed = _categories(_observed(context), _codes(context))
    row = context.cdm.frame(observed.aggregate(rows=observed.count(), listed=observed.code.count()), "ethnicity").iloc[
        0
    ]
    rows, unlisted = int(row["rows"]), int(row["rows"]) - int(row["listed"])
    if rows and not unlisted:
        return []
    return [
        Check(
            "HFR090",
            "warning" if unlisted >= _WORTH_A_WARNING * rows else "note",
            "Observations of ethnicity are in no list",
            "{unlisted} of {rows} observations of ethnicity hold no category that is known here.",
            "They count as if they were not there.",
            "Look at value_as_string and observation_source_value of these observations, and list what they hold in the map "
            "source.maps.ethnicity; or look whether features.ethnicity_observations names the right concepts.",
            counts={"unlisted": unlisted, "rows": rows},
        )
    ]


def _entry(name: str, words: str, context: Context) -> Feature:
    observed = bool(context.settings.ethnicity_observations)
    return flag(
        name,
        words,
        family="demography",
        theme=_THEME,
        window="latest that was known" if observed else "on record",
        sources=("person", "observation") if observed else ("person",),
        sensitive=True,
        role="audit",
    )
