"""The groups of people by which inequality is looked at, as text columns beside the features."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from hfrisk.cdm.maps import trusts
from hfrisk.codelists import read_csv
from hfrisk.features.deprivation import with_deprivation
from hfrisk.features.ethnicity import with_category
from hfrisk.features.family import KEYS, Context

__all__ = ["BY_VOLUME", "FEMALE", "GROUPS", "MALE", "NO_TRUST", "groups", "sexes"]

GROUPS = ("sex", "age_band", "ethnicity", "imd_quintile", "site_group")
NOT_RECORDED = "Not recorded"
NOT_IN_MAP = "Not in the list of trusts"
NO_TRUST = (NOT_RECORDED, NOT_IN_MAP)
"""Levels of ``site_group`` that are no place: nobody knows where the discharge was."""

BY_VOLUME = (
    "1st quarter of sites by volume (busiest)",
    "2nd quarter of sites by volume",
    "3rd quarter of sites by volume",
    "4th quarter of sites by volume (smallest)",
)
"""Levels of ``site_group`` where there are more sites than ``features.most_sites``."""

MALE, FEMALE = 8507, 8532
_HISPANIC = 38003563
_RACES = {
    8527: "White",
    8516: "Black or African American",
    8515: "Asian",
    8557: "Pacific Islander",
    8657: "American Indian or Alaska Native",
}


def groups(context: Context) -> ir.Table:
    """The inequality groups of each index discharge, as text columns `group_<name>`; missing is a group of its own."""
    index = context.index.left_join(sexes(context), "person_id").drop("person_id_right")
    index = _with_site(context, with_deprivation(context, _with_ethnicity(context, index)))
    age = index.age
    band = ibis.cases(
        (age < 65, "18-64"), (age < 75, "65-74"), (age < 85, "75-84"), (age >= 85, "85 and over"), else_=NOT_RECORDED
    )
    sex = ibis.cases((index.gender == MALE, "Male"), (index.gender == FEMALE, "Female"), else_=NOT_RECORDED)
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
        group_ethnicity=index.ethnicity,
        group_imd_quintile=imd,
        group_site_group=index.site.fill_null(NOT_RECORDED),
    )


def sexes(context: Context) -> ir.Table:
    """One row a person: `gender`."""
    person = context.cdm.table("person")
    return person.group_by("person_id").aggregate(gender=person.gender_concept_id.max())


def _with_ethnicity(context: Context, index: ir.Table) -> ir.Table:
    """`index` with `ethnicity`, the group in which a person is shown."""
    if context.settings.ethnicity_from == "nhs_category":
        index = with_category(context, index)
        shown = [(index.category == row["code"], _shown(context, row)) for row in read_csv("ethnicity.csv")]
        return index.mutate(ethnicity=ibis.cases(*shown, else_=NOT_RECORDED)).drop("category")
    person = context.cdm.table("person")
    people = person.group_by("person_id").aggregate(
        race=person.race_concept_id.max(),
        race_text=person.race_source_value.max(),
        hispanic=person.ethnicity_concept_id.max(),
    )
    index = index.left_join(people, "person_id").drop("person_id_right")
    shown = ibis.cases(
        (index.hispanic == _HISPANIC, "Hispanic"),
        *[(index.race == concept, name) for concept, name in _RACES.items()],
        (index.race_text.notnull(), "Other or not mapped"),
        else_=NOT_RECORDED,
    )
    return index.mutate(ethnicity=shown).drop("race", "race_text", "hispanic")


def _shown(context: Context, row: dict[str, str]) -> str:
    detailed = context.settings.ethnicity_detail == "sixteen" and row["group"] != NOT_RECORDED
    return row["category"] if detailed else row["group"]


def _with_site(context: Context, index: ir.Table) -> ir.Table:
    """The site that discharged the person, or its trust where the study has a map; with many of them, four groups by volume.

    A day after admission the site is the one that admitted: a later transfer is not known.
    """
    if context.early:
        index = _with_first_site(context, index)
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


def _with_first_site(context: Context, index: ir.Table) -> ir.Table:
    stays = context.stays
    first = stays.filter(stays.opening).select("index_id", first_site="care_site_id")
    joined = index.drop("care_site_id").left_join(first, "index_id").drop("index_id_right")
    return joined.rename(care_site_id="first_site")


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
            (share < 0.25, BY_VOLUME[0]),
            (share < 0.50, BY_VOLUME[1]),
            (share < 0.75, BY_VOLUME[2]),
            else_=BY_VOLUME[3],
        ),
    )
