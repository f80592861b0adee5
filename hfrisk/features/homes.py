"""How people live: alone, or in a care home."""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from hfrisk.codelists import read_yaml
from hfrisk.cohort import starts_with_any
from hfrisk.cohort.codes import normalised
from hfrisk.features.coded import history, holds_a_code
from hfrisk.features.deprivation import THEME
from hfrisk.features.family import KEYS, Context, Family, absent_is
from hfrisk.features.known import events, known_before_prediction
from hfrisk.features.parts import flag
from hfrisk.features.places import came_from

__all__ = ["homes"]


def homes(context: Context) -> Family:
    """Living alone and living in a care home: a diagnosis or an observation that says so, or a stay that began in a care home."""
    days = context.settings.condition_lookback_days
    window = f"{days} days before admission, and this stay"
    listed = read_yaml("social.yaml")
    found = [_diagnosed(context, listed), _noted(context, listed), _came_from_a_care_home(context)]
    signs = ibis.union(*found)
    both = signs.group_by(list(KEYS)).aggregate(
        living_alone=signs.living_alone.max().cast("float64"), care_home=signs.care_home.max().cast("float64")
    )
    entries = (
        flag(
            "living_alone",
            listed["living_alone"]["words"],
            family="deprivation",
            theme=THEME,
            window=window,
            sources=("condition_occurrence", "observation"),
            direction="higher",
            modifiable=True,
            sensitive=True,
            role="input",
        ),
        flag(
            "care_home",
            listed["care_home"]["words"],
            family="deprivation",
            theme=THEME,
            window=window,
            sources=("condition_occurrence", "observation", "visit_occurrence"),
            sensitive=True,
            role="input",
        ),
    )
    return Family(entries, absent_is(context, both, {"living_alone": 0.0, "care_home": 0.0}))


def _diagnosed(context: Context, listed: dict[str, Any]) -> ir.Table:
    rows = history(context)
    rows = rows.filter(rows.code.notnull(), rows.days_ago <= context.settings.condition_lookback_days)
    alone, home = (
        starts_with_any(rows.code, listed[name][_edition(context)]) for name in ("living_alone", "care_home")
    )
    return _signs(rows.filter(alone | home), alone, home)


def _noted(context: Context, listed: dict[str, Any]) -> ir.Table:
    """Observations that say it, by their concept, by that of their value, or by the SNOMED code that the source wrote.

    Those that hold a code of the ICD are diagnoses whatever their concept is, known once coded, and among `history`.
    """
    rows = events(context, "observation")
    chosen = {
        "living_alone": context.settings.living_alone_observations,
        "care_home": context.settings.care_home_observations,
    }
    no = listed["says_no"]["concepts"]
    rows = rows.filter(
        ~rows.value_as_concept_id.isin(no).fill_null(False), ~(rows.value_as_number == 0).fill_null(False)
    )
    rows = rows.mutate(code=normalised(rows.observation_source_value))
    told = {}
    for name, more in chosen.items():
        concepts = [*listed[name]["concepts"], *more]
        told[name] = rows.code.isin(listed[name]["snomed"]).fill_null(False)
        if concepts:
            told[name] |= rows.observation_concept_id.isin(concepts).fill_null(False)
            told[name] |= rows.value_as_concept_id.isin(concepts).fill_null(False)
    rows = rows.mutate(alone=told["living_alone"], home=told["care_home"])
    rows = rows.filter(rows.alone | rows.home)
    rows = rows.filter(~holds_a_code(context, rows.observation_source_value))
    pairs = known_before_prediction(context, rows.select("person_id", "on", "known_at", "alone", "home"))
    pairs = pairs.filter(pairs.days_ago <= context.settings.condition_lookback_days)
    return _signs(pairs, pairs.alone, pairs.home)


def _came_from_a_care_home(context: Context) -> ir.Table:
    opening = came_from(context)
    opening = opening.filter(opening.place == "care_home")
    return _signs(opening, ibis.literal(False), ibis.literal(True))


def _signs(rows: ir.Table, alone: ir.BooleanValue, home: ir.BooleanValue) -> ir.Table:
    return rows.select(*KEYS, living_alone=alone.cast("int32"), care_home=home.cast("int32"))


def _edition(context: Context) -> str:
    return "icd9" if context.vocabulary == "icd9_cm" else "icd10"
