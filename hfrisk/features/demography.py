"""Who the person is and where they live: age, sex, ethnicity, deprivation, site."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from hfrisk.codelists import read_csv, read_yaml
from hfrisk.features.dictionary import Feature
from hfrisk.features.family import KEYS, Context, Family, on_grid

__all__ = ["GROUPS", "demography", "groups"]

GROUPS = ("sex", "age_band", "ethnicity", "imd_quintile", "site_group")
NOT_RECORDED = "Not recorded"

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
    table = _with_imd(context, context.index.left_join(_people(context), "person_id").drop("person_id_right"))
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
    if context.cdm.has("observation"):
        columns["imd_quintile"] = table.imd
        entries.append(
            Feature(
                "imd_quintile",
                "deprivation quintile of the neighbourhood (1 is the most deprived)",
                family="deprivation",
                theme="Where and how people live",
                unit="",
                window="latest before discharge",
                sources=("observation",),
                precision=1,
                lower=1,
                upper=5,
                direction="lower",
                sensitive=True,
            )
        )
    return Family(tuple(entries), table.select(*KEYS, **columns))


def groups(context: Context) -> ir.Table:
    """The inequality groups of each index discharge, as text columns `group_<name>`; missing is a group of its own."""
    people = _people(context)
    index = context.index.left_join(people, "person_id").drop("person_id_right")
    index = _with_imd(context, index)
    index = _with_site(context, index)
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
    person = context.cdm.table("person")
    return person.group_by("person_id").aggregate(
        gender=person.gender_concept_id.max(),
        race=person.race_concept_id.max(),
        race_text=person.race_source_value.strip().upper().max(),
        hispanic=person.ethnicity_concept_id.max(),
    )


def _with_imd(context: Context, index: ir.Table) -> ir.Table:
    """The latest deprivation quintile recorded by the day of discharge."""
    concept = read_yaml("social.yaml")["imd_quintile"]["concept"]
    seen = context.cdm.table("observation")
    seen = seen.filter(
        (seen.observation_source_concept_id == concept) | (seen.observation_concept_id == concept),
        seen.value_as_number.between(1, 5),
    ).select("person_id", imd_on="observation_date", imd_value="value_as_number")
    pairs = index.select(*KEYS, "discharge_date").inner_join(seen, "person_id")
    pairs = pairs.filter(pairs.imd_on <= pairs.discharge_date)
    # two values on one day: the more deprived one, so that nobody's need is hidden
    daily = pairs.group_by([*KEYS, "imd_on"]).aggregate(imd_value=pairs.imd_value.min())
    latest = daily.group_by(list(KEYS)).aggregate(imd=on_grid(daily.imd_value.argmax(daily.imd_on), 1))
    return index.left_join(latest, list(KEYS)).drop("person_id_right", "index_id_right")


def _with_site(context: Context, index: ir.Table) -> ir.Table:
    """The site that discharged the person; with many sites, four groups by volume."""
    sites = context.cdm.table("care_site")
    named = sites.group_by("care_site_id").aggregate(
        name=sites.care_site_name.fill_null(sites.care_site_source_value).min()
    )
    volumes = index.filter(index.care_site_id.notnull()).group_by("care_site_id").aggregate(volume=lambda t: t.count())
    if context.cohort.sites <= context.settings.most_sites:
        joined = volumes.left_join(named, "care_site_id")
        labels = joined.select(
            "care_site_id", site=joined.name.fill_null(ibis.literal("Site ") + joined.care_site_id.cast("string"))
        )
    else:
        ranked = volumes.mutate(
            before=volumes.volume.sum().over(
                ibis.window(order_by=[ibis.desc(volumes.volume), volumes.care_site_id], preceding=None, following=0)
            )
        )
        share = (ranked.before - ranked.volume) / ranked.volume.sum().over(ibis.window())
        labels = ranked.select(
            "care_site_id",
            site=ibis.cases(
                (share < 0.25, "1st quarter of sites by volume (busiest)"),
                (share < 0.50, "2nd quarter of sites by volume"),
                (share < 0.75, "3rd quarter of sites by volume"),
                else_="4th quarter of sites by volume (smallest)",
            ),
        )
    return index.left_join(labels, "care_site_id").drop("care_site_id_right")


def _ethnicity(context: Context, index: ir.Table) -> ir.StringValue:
    if context.settings.ethnicity_from == "nhs_category":
        table = [(row["code"], row["group"]) for row in read_csv("ethnicity.csv")]
        return ibis.cases(*[(index.race_text == code, group) for code, group in table], else_=NOT_RECORDED)
    races = [(index.race == concept, name) for concept, name in _RACES.items()]
    return ibis.cases(
        (index.hispanic == _HISPANIC, "Hispanic"),
        *races,
        (index.race_text.notnull(), "Other or not mapped"),
        else_=NOT_RECORDED,
    )
