"""Deprivation and rurality of the neighbourhood: recorded as an observation, or by the small area in which a person lives."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from hfrisk.cdm.maps import matched
from hfrisk.cdm.small_areas import areas
from hfrisk.checks import Check
from hfrisk.codelists import read_yaml
from hfrisk.features.dictionary import Direction, Feature, Role
from hfrisk.features.family import KEYS, Context, Family, joined, on_grid
from hfrisk.features.known import EVENTS, events, happened_at_latest, known_before_prediction
from hfrisk.features.parts import flag

__all__ = ["THEME", "deprivation", "with_deprivation"]

THEME = "Where and how people live"
_FAMILY = "deprivation"
_GROUPS = {"quintile": 5, "decile": 10}
_DOUBTFUL = 0.05
_SCORE_GRID = 0.001


def deprivation(context: Context) -> Family:
    """The index of multiple deprivation by fifth, tenth and score, and whether the neighbourhood is rural; each where the source tells it.

    A fifth is made of a tenth, never a tenth of a fifth. PARR-30 asks for the score.
    """
    maps = context.cdm.maps
    observed = context.cdm.has("observation")
    if not observed and not maps.imd:
        return Family((), None)
    table = with_deprivation(context, context.index.select(*KEYS))
    by_area = ("location",) if maps.imd else ()
    sources = ("observation", *by_area) if observed else by_area
    tenths = observed and context.settings.imd_scale == "decile"
    entries = [_entry("imd_quintile", "deprivation quintile of the neighbourhood (1 is the most deprived)", sources, 5)]
    columns: dict[str, ir.Value] = {"imd_quintile": table.imd}
    if tenths or maps.imd_decile:
        columns["imd_decile"] = table.imd_decile
        words = "deprivation decile of the neighbourhood (1 is the most deprived)"
        entries.append(_entry("imd_decile", words, sources if tenths else by_area, 10, role="more"))
    if maps.imd_score:
        columns["imd_score"] = on_grid(table.imd_score, _SCORE_GRID)
        words = "score of the index of multiple deprivation (higher is more deprived)"
        entries.append(
            _entry("imd_score", words, by_area, 100, role="more", lower=0, precision=_SCORE_GRID, direction="higher")
        )
    if maps.rural:
        columns["rural"] = table.rural.cast("float64")
        entries.append(
            flag("rural", "living in the country", family=_FAMILY, theme=THEME, window="on record", sources=by_area)
        )
    return Family(tuple(entries), table.select(*KEYS, **columns), notices=_scale_check(context))


def with_deprivation(context: Context, index: ir.Table) -> ir.Table:
    """`index` with `imd` (quintile), `imd_decile`, `imd_score` and `rural`.

    The latest observation known in time tells the quintile, and the decile where it holds deciles; else the small area does. Decile and
    score of the area are not taken where the observation says another quintile: it was made at another address. With a map of small
    areas there are also `area`, whether the person has one, and `in_map`. A person's area is the one on record now; OMOP keeps no
    earlier address.
    """
    index = joined(index, _recorded(context))
    if not context.cdm.maps.imd:
        nothing = {"imd_score": ibis.null("float64"), "rural": ibis.null("int64")}
        return index.rename(imd="recorded_quintile", imd_decile="recorded_decile").mutate(**nothing)
    index = index.left_join(_homes(context), "person_id").drop("person_id_right")
    here = index.here.cast("float64")
    same = index.recorded_quintile.isnull() | (index.recorded_quintile == here)
    decile = ibis.ifelse(same.fill_null(False), index.decile.cast("float64"), ibis.null("float64"))
    return index.mutate(
        imd=index.recorded_quintile.fill_null(here),
        imd_decile=index.recorded_decile.fill_null(decile),
        imd_score=ibis.ifelse(same.fill_null(False), index.score, ibis.null("float64")),
        area=index.area.notnull(),
        in_map=index.here.notnull(),
    ).drop("recorded_quintile", "recorded_decile", "here", "decile", "score")


def _recorded(context: Context) -> ir.Table:
    """What observations say: `recorded_quintile`, and `recorded_decile` where the study says that they hold deciles."""
    groups = _GROUPS[context.settings.imd_scale]
    seen = _observed(context)
    pairs = known_before_prediction(context, seen.filter(seen.imd_value.between(1, groups)))
    # two values of one moment: the more deprived one, so that nobody's need is hidden
    moments = pairs.group_by([*KEYS, "at"]).aggregate(imd_value=pairs.imd_value.min())
    latest = moments.group_by(list(KEYS)).aggregate(value=moments.imd_value.argmax(moments["at"]))
    value = on_grid(latest.value, 1)
    quintile = on_grid((value * 5 / groups).ceil(), 1)
    decile = value if context.settings.imd_scale == "decile" else ibis.null("float64")
    return context.kept(latest.select(*KEYS, recorded_quintile=quintile, recorded_decile=decile), "deprivation")


def _observed(context: Context) -> ir.Table:
    concept = read_yaml("social.yaml")["imd_quintile"]["concept"]
    seen = events(context, "observation")
    seen = seen.filter(
        (seen.observation_source_concept_id == concept).fill_null(False)
        | (seen.observation_concept_id == concept).fill_null(False),
        seen.value_as_number.notnull(),
    )
    at = happened_at_latest(context, seen, EVENTS["observation"])
    return seen.select("person_id", "on", "known_at", at=at, imd_value="value_as_number")


def _homes(context: Context) -> ir.Table:
    """The small area of each person: `area`, and what the map says of it: `here` (quintile), `decile`, `score`, `rural`."""
    cdm = context.cdm
    person, location = context.rows_of("person"), cdm.table("location")
    named = location.group_by("location_id").aggregate(area=matched(location.location_source_value).min())
    homes = person.filter(person.location_id.notnull()).inner_join(named, "location_id").select("person_id", "area")
    homes = homes.filter(homes.area.notnull()).group_by("person_id").aggregate(area=homes.area.min())
    lookup = areas(cdm)
    return homes.left_join(lookup, homes.area == lookup.key).drop("key").rename(here="quintile")


def _scale_check(context: Context) -> list[Check]:
    """HFR038: values of the observation that a quintile cannot have."""
    if context.settings.imd_scale == "decile" or not context.cdm.has("observation"):
        return []
    seen = _observed(context)
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


def _entry(
    name: str,
    words: str,
    sources: tuple[str, ...],
    upper: float,
    *,
    role: Role = "input",
    lower: float = 1,
    precision: float = 1,
    direction: Direction = "lower",
) -> Feature:
    return Feature(
        name,
        words,
        family=_FAMILY,
        theme=THEME,
        unit="",
        window="latest before the prediction" if "observation" in sources else "on record",
        sources=sources,
        precision=precision,
        lower=lower,
        upper=upper,
        direction=direction,
        sensitive=True,
        role=role,
    )
