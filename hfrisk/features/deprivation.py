"""Deprivation of the neighbourhood: recorded as an observation, or by the small area in which a person lives."""

from __future__ import annotations

import ibis.expr.types as ir

from hfrisk.cdm.maps import looked_up, matched
from hfrisk.checks import Check
from hfrisk.codelists import read_yaml
from hfrisk.features.family import KEYS, Context, on_grid

__all__ = ["has_deprivation", "scale_check", "with_deprivation"]

_GROUPS = {"quintile": 5, "decile": 10}
_DOUBTFUL = 0.05


def has_deprivation(context: Context) -> bool:
    """Whether the source can tell anybody's deprivation."""
    return context.cdm.has("observation") or bool(context.cdm.maps.imd)


def with_deprivation(context: Context, index: ir.Table) -> ir.Table:
    """`index` with `imd` (quintile, 1 is the most deprived): the latest observation known in time, else that of the small area.

    With a map of small areas there is also `area`: whether the person has one. A person's area is the one on record now; OMOP keeps
    no earlier address.
    """
    groups = _GROUPS[context.settings.imd_scale]
    seen = _observed(context)
    seen = seen.filter(seen.imd_value.between(1, groups))
    pairs = index.select(*KEYS, "discharge_date", "predicted_at").inner_join(seen, "person_id")
    pairs = pairs.filter(pairs.imd_on <= pairs.discharge_date, pairs.imd_on <= pairs.predicted_at.date())
    # two values on one day: the more deprived one, so that nobody's need is hidden
    daily = pairs.group_by([*KEYS, "imd_on"]).aggregate(imd_value=pairs.imd_value.min())
    latest = daily.group_by(list(KEYS)).aggregate(recorded=daily.imd_value.argmax(daily.imd_on))
    quintile = (latest.recorded.round(0) * 5 / groups).ceil()
    known = latest.select(*KEYS, imd=on_grid(quintile, 1))
    index = index.left_join(known, list(KEYS)).drop("person_id_right", "index_id_right")
    return _by_area(context, index) if context.cdm.maps.imd else index


def scale_check(context: Context) -> list[Check]:
    """HFR038: values of the observation that a quintile cannot have."""
    if context.settings.imd_scale == "decile" or not context.cdm.has("observation"):
        return []
    seen = _observed(context).semi_join(context.index.select("person_id").distinct(), "person_id")
    seen = seen.filter(seen.imd_value.between(1, 10))
    row = context.cdm.frame(
        seen.aggregate(values=seen.count(), beyond=(seen.imd_value > 5).sum().fill_null(0)), "deprivation"
    ).iloc[0]
    values, beyond = int(row["values"]), int(row["beyond"])
    if not beyond:
        return []
    return [
        Check(
            "HFR038",
            "error" if beyond > _DOUBTFUL * values else "warning",
            "Deprivation does not look like quintiles",
            "{beyond} of {values} recorded values of deprivation lie between 6 and 10.",
            "If the source holds deciles, the second to fifth tenths are taken for fifths, and the rest for missing: inequality by "
            "deprivation is then wrong.",
            "Ask what concept 35812882 holds here. For deciles, set features.imd_scale to decile.",
            counts={"beyond": beyond, "values": values},
        )
    ]


def _observed(context: Context) -> ir.Table:
    concept = read_yaml("social.yaml")["imd_quintile"]["concept"]
    seen = context.cdm.table("observation")
    seen = seen.filter(
        (seen.observation_source_concept_id == concept).fill_null(False)
        | (seen.observation_concept_id == concept).fill_null(False),
        seen.value_as_number.notnull(),
    )
    return seen.select("person_id", imd_on="observation_date", imd_value="value_as_number")


def _by_area(context: Context, index: ir.Table) -> ir.Table:
    cdm = context.cdm
    person, location = cdm.table("person"), cdm.table("location")
    areas = location.group_by("location_id").aggregate(at=matched(location.location_source_value).min())
    homes = person.filter(person.location_id.notnull()).inner_join(areas, "location_id").select("person_id", "at")
    homes = homes.filter(homes["at"].notnull()).group_by("person_id").aggregate(at=homes["at"].min())
    lookup = looked_up(cdm, cdm.maps.imd)
    found = homes.left_join(lookup, homes["at"] == lookup.key).select("person_id", area=homes["at"], here=lookup.value)
    joined = index.left_join(found, "person_id").drop("person_id_right")
    return joined.mutate(
        imd=joined.imd.fill_null(joined.here.cast("float64")), area=joined.area.notnull(), in_map=joined.here.notnull()
    ).drop("here")
