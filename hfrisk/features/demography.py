"""Who the person is and where they live: age, sex, ethnicity, deprivation, site."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from hfrisk.cdm.maps import looked_up, matched, trusts
from hfrisk.checks import Check
from hfrisk.codelists import read_csv
from hfrisk.features.deprivation import has_deprivation, scale_check, with_deprivation
from hfrisk.features.dictionary import Feature
from hfrisk.features.family import KEYS, Context, Family, on_grid
from hfrisk.features.site_maps import unmatched

__all__ = ["GROUPS", "demography", "groups"]

GROUPS = ("sex", "age_band", "ethnicity", "imd_quintile", "site_group")
NOT_RECORDED = "Not recorded"
NOT_IN_MAP = "Not in the list of trusts"

_MALE, _FEMALE = 8507, 8532
_HISPANIC = 38003563
_RACES = {
    8527: "White",
    8516: "Black or African American",
    8515: "Asian",
    8557: "Pacific Islander",
    8657: "American Indian or Alaska Native",
}


def demography(context: Context) -> Family:
    """Age, sex and, where it is recorded, the deprivation quintile of the neighbourhood."""
    table = context.index.left_join(_people(context), "person_id").drop("person_id_right")
    table = with_deprivation(context, table)
    columns = {
        "age": on_grid(table.age, 1),
        "male": ibis.cases((table.gender == _MALE, 1.0), (table.gender == _FEMALE, 0.0), else_=ibis.null("float64")),
    }
    entries = [
        Feature(
            "age",
            "age",
            family="demography",
            theme="Age and sex",
            unit="years",
            window="at admission",
            sources=("person",),
            precision=1,
            lower=18,
            upper=110,
            direction="either",
            sensitive=True,
        ),
        Feature(
            "male",
            "being a man",
            family="demography",
            theme="Age and sex",
            unit="",
            window="at admission",
            sources=("person",),
            precision=1,
            lower=0,
            upper=1,
            direction="either",
            sensitive=True,
            kind="binary",
        ),
    ]
    if has_deprivation(context):
        columns["imd_quintile"] = table.imd
        entries.append(
            Feature(
                "imd_quintile",
                "deprivation quintile of the neighbourhood (1 is the most deprived)",
                family="deprivation",
                theme="Where and how people live",
                unit="",
                window="latest before discharge",
                sources=("observation", "location") if context.cdm.maps.imd else ("observation",),
                precision=1,
                lower=1,
                upper=5,
                direction="lower",
                sensitive=True,
            )
        )
    notices = [*scale_check(context), *_not_in_the_maps(context, table)]
    return Family(tuple(entries), table.select(*KEYS, **columns), notices=notices)


def groups(context: Context) -> ir.Table:
    """The inequality groups of each index discharge, as text columns `group_<name>`; missing is a group of its own."""
    index = context.index.left_join(_people(context), "person_id").drop("person_id_right")
    index = _with_site(context, with_deprivation(context, index))
    age = index.age
    band = ibis.cases(
        (age < 65, "18-64"), (age < 75, "65-74"), (age < 85, "75-84"), (age >= 85, "85 and over"), else_=NOT_RECORDED
    )
    sex = ibis.cases((index.gender == _MALE, "Male"), (index.gender == _FEMALE, "Female"), else_=NOT_RECORDED)
    imd = ibis.cases(
        (index.imd == 1, "1 (most deprived)"),
        (index.imd == 2, "2"),
        (index.imd == 3, "3"),
        (index.imd == 4, "4"),
        (index.imd == 5, "5 (least deprived)"),
        else_=NOT_RECORDED,
    )
    return index.select(
        *KEYS,
        group_sex=sex,
        group_age_band=band,
        group_ethnicity=_ethnicity(context, index),
        group_imd_quintile=imd,
        group_site_group=index.site.fill_null(NOT_RECORDED),
    )


def _people(context: Context) -> ir.Table:
    """One row a person: `gender`, `race`, `race_text`, `hispanic`, and `category`, the NHS category of ethnicity."""
    person = context.cdm.table("person")
    people = person.group_by("person_id").aggregate(
        gender=person.gender_concept_id.max(),
        race=person.race_concept_id.max(),
        race_text=person.race_source_value.strip().upper().max(),
        other_text=person.ethnicity_source_value.strip().upper().max(),
        hispanic=person.ethnicity_concept_id.max(),
    )
    if not context.cdm.maps.ethnicity:
        return people.mutate(category=people.race_text)
    codes = looked_up(context.cdm, context.cdm.maps.ethnicity)
    more = codes.view()
    by_race = people.left_join(codes, matched(people.race_text) == codes.key).drop("key").rename(by_race="value")
    both = by_race.left_join(more, matched(by_race.other_text) == more.key)
    return both.mutate(category=both.by_race.fill_null(both.value)).drop("by_race", "key", "value")


def _ethnicity(context: Context, index: ir.Table) -> ir.StringValue:
    if context.settings.ethnicity_from == "nhs_category":
        return ibis.cases(
            *[(index.category == row["code"], _shown(context, row)) for row in read_csv("ethnicity.csv")],
            else_=NOT_RECORDED,
        )
    races = [(index.race == concept, name) for concept, name in _RACES.items()]
    return ibis.cases(
        (index.hispanic == _HISPANIC, "Hispanic"),
        *races,
        (index.race_text.notnull(), "Other or not mapped"),
        else_=NOT_RECORDED,
    )


def _shown(context: Context, row: dict[str, str]) -> str:
    detailed = context.settings.ethnicity_detail == "sixteen" and row["group"] != NOT_RECORDED
    return row["category"] if detailed else row["group"]


def _with_site(context: Context, index: ir.Table) -> ir.Table:
    """The site that discharged the person, or its trust where the study has a map; with many of them, four groups by volume."""
    if context.cdm.maps.trust:
        known = trusts(context.cdm)
        index = index.left_join(known, "care_site_id").drop("care_site_id_right")
        at = ibis.ifelse(index.care_site_id.notnull(), index.trust.fill_null(NOT_IN_MAP), ibis.null("string"))
        index = index.mutate(site_key=at).drop("trust")
        many = len(set(context.cdm.maps.trust.values())) > context.settings.most_sites
    else:
        index = index.mutate(site_key=index.care_site_id.cast("string"))
        many = context.cohort.sites > context.settings.most_sites
    volumes = index.filter(index.site_key.notnull()).group_by("site_key").aggregate(volume=lambda t: t.count())
    labels = _by_volume(volumes) if many else _by_name(context, volumes)
    return index.left_join(labels, "site_key").drop("site_key_right", "site_key")


def _by_name(context: Context, volumes: ir.Table) -> ir.Table:
    if context.cdm.maps.trust:
        return volumes.select("site_key", site=volumes.site_key)
    sites = context.cdm.table("care_site")
    named = sites.group_by(named_key=sites.care_site_id.cast("string")).aggregate(
        name=sites.care_site_name.fill_null(sites.care_site_source_value).min()
    )
    joined = volumes.left_join(named, volumes.site_key == named.named_key)
    return joined.select("site_key", site=joined.name.fill_null(ibis.literal("Site ") + joined.site_key))


def _by_volume(volumes: ir.Table) -> ir.Table:
    ranked = volumes.mutate(
        before=volumes.volume.sum().over(
            ibis.window(order_by=[ibis.desc(volumes.volume), volumes.site_key], preceding=None, following=0)
        )
    )
    share = (ranked.before - ranked.volume) / ranked.volume.sum().over(ibis.window())
    return ranked.select(
        "site_key",
        site=ibis.cases(
            (share < 0.25, "1st quarter of sites by volume (busiest)"),
            (share < 0.50, "2nd quarter of sites by volume"),
            (share < 0.75, "3rd quarter of sites by volume"),
            else_="4th quarter of sites by volume (smallest)",
        ),
    )


def _not_in_the_maps(context: Context, table: ir.Table) -> list[Check]:
    """HFR034 for the maps of ethnicity, small areas and trusts: index discharges whose source value is in no line."""
    maps = context.cdm.maps
    counted: dict[str, tuple[ir.BooleanValue, ir.BooleanValue]] = {}
    if maps.ethnicity:
        told = table.race_text.notnull() | table.other_text.notnull()
        counted["ethnicity"] = (told, table.category.notnull())
    if maps.imd:
        counted["imd"] = (table.area, table.in_map)
    if maps.trust:
        known = trusts(context.cdm).rename(trust_site="care_site_id")
        table = table.left_join(known, table.care_site_id == known.trust_site)
        counted["trust"] = (table.care_site_id.notnull(), table.trust.notnull())
    return unmatched(context.cdm, table, counted) if counted else []
