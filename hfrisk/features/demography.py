"""Who the person is and where they live: age, sex, ethnicity, deprivation, living alone, care home."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from hfrisk.cdm.maps import looked_up, matched, trusts
from hfrisk.checks import Check
from hfrisk.features.deprivation import deprivation, with_deprivation
from hfrisk.features.dictionary import Feature
from hfrisk.features.ethnicity import ethnicity
from hfrisk.features.family import KEYS, Context, Family, on_grid
from hfrisk.features.groups import FEMALE, MALE, sexes
from hfrisk.features.homes import homes
from hfrisk.features.parts import flag, put_together
from hfrisk.features.site_maps import unmatched

__all__ = ["demography"]

_THEME = "Age and sex"


def demography(context: Context) -> Family:
    """Age and sex, ethnicity, deprivation and rurality of the neighbourhood, living alone and in a care home."""
    parts = [_age_and_sex(context), ethnicity(context), deprivation(context), homes(context)]
    made = put_together(context, parts)
    return Family(made.entries, made.table, notices=[*made.notices, *_not_in_the_maps(context)])


def _age_and_sex(context: Context) -> Family:
    index = context.index.left_join(sexes(context), "person_id").drop("person_id_right")
    age = Feature(
        "age",
        "age",
        family="demography",
        theme=_THEME,
        unit="years",
        window="at admission",
        sources=("person",),
        precision=1,
        lower=18,
        upper=110,
        direction="either",
        sensitive=True,
    )
    male = flag(
        "male",
        "being a man",
        family="demography",
        theme=_THEME,
        window="at admission",
        sources=("person",),
        sensitive=True,
        role="input",
    )
    table = index.select(
        *KEYS,
        age=on_grid(index.age, 1),
        male=ibis.cases((index.gender == MALE, 1.0), (index.gender == FEMALE, 0.0), else_=ibis.null("float64")),
    )
    return Family((age, male), table)


def _not_in_the_maps(context: Context) -> list[Check]:
    """HFR034 for the maps of ethnicity, small areas and trusts: index discharges whose source value is in no line."""
    maps = context.cdm.maps
    table = context.index.select(*KEYS, "care_site_id")
    counted: dict[str, tuple[ir.BooleanValue, ir.BooleanValue]] = {}
    if maps.ethnicity:
        table = table.left_join(_told_ethnicity(context), "person_id").drop("person_id_right")
    if maps.imd:
        table = with_deprivation(context, table)
    if maps.trust:
        known = trusts(context.cdm).rename(trust_site="care_site_id")
        table = table.left_join(known, table.care_site_id == known.trust_site)
    if maps.ethnicity:
        counted["ethnicity"] = (table.told, table.listed)
    if maps.imd:
        counted["imd"] = (table.area, table.in_map)
    if maps.trust:
        counted["trust"] = (table.care_site_id.notnull(), table.trust.notnull())
    return unmatched(context.cdm, table, counted) if counted else []


def _told_ethnicity(context: Context) -> ir.Table:
    """Whether the table person has a text of ethnicity (`told`), and whether the site's map lists it (`listed`)."""
    people = context.cdm.table("person")
    first, second = matched(people.race_source_value), matched(people.ethnicity_source_value)
    people = people.select("person_id", first=first, second=second)
    codes = looked_up(context.cdm, context.cdm.maps.ethnicity)
    again = codes.view()
    once = people.left_join(codes, people["first"] == codes.key).drop("key").rename(by_first="value")
    both = once.left_join(again, once.second == again.key)
    return both.group_by("person_id").aggregate(
        told=(both["first"].notnull() | both.second.notnull()).any(),
        listed=(both.by_first.notnull() | both.value.notnull()).any(),
    )
