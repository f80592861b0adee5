"""What the end of the stay tells: its length, where it led, how and on which day. A day after admission nobody knows it."""

from __future__ import annotations

import ibis.expr.types as ir

from hfrisk.features.arrival import STAY_THEME
from hfrisk.features.dictionary import Direction, Feature, Role
from hfrisk.features.family import KEYS, Context, Family, on_grid
from hfrisk.features.parts import as_flag, flag
from hfrisk.features.places import went_to

__all__ = ["departure"]

_FRIDAY, _SATURDAY = 4, 5
_TO = {
    "home": ("discharged_home", "discharged home"),
    "hospital": ("discharged_to_hospital", "discharged to another hospital"),
    "care_home": ("discharged_to_care_home", "discharged to a care home"),
    "elsewhere": ("discharged_elsewhere", "discharged to neither home, hospital nor care home"),
}


def departure(context: Context) -> Family:
    """Length of the continuous spell, transfers in it, destination, self-discharge, and the day of the week."""
    if context.early:
        return Family((), None)
    rows = context.index.select(*KEYS, "length_of_stay", "stays", "self_discharged", "discharge_date")
    rows = rows.left_join(went_to(context), list(KEYS)).drop("person_id_right", "index_id_right")
    day = rows.discharge_date.day_of_week.index()
    columns: dict[str, ir.Value] = {
        "length_of_stay": on_grid(rows.length_of_stay, 1),
        "transfers": on_grid(rows.stays - 1, 1),
        **{name: as_flag(rows.place == place) for place, (name, _) in _TO.items()},
        "self_discharge": as_flag(rows.self_discharged),
        "discharged_on_friday": as_flag(day == _FRIDAY),
        "discharged_at_weekend": as_flag(day >= _SATURDAY),
    }
    entries = (
        _number("length_of_stay", "length of stay", "days", 365, role="input", modifiable=True),
        _number("transfers", "transfers between hospitals in the stay", "count", 20),
        *[_flag(name, words) for name, words in _TO.values()],
        _flag("self_discharge", "discharged against advice", direction="higher"),
        _flag("discharged_on_friday", "discharged on a Friday", modifiable=True),
        _flag("discharged_at_weekend", "discharged on a Saturday or Sunday", modifiable=True),
    )
    return Family(entries, rows.select(*KEYS, **columns))


def _number(
    name: str, words: str, unit: str, upper: float, *, role: Role = "more", modifiable: bool = False
) -> Feature:
    return Feature(
        name,
        words,
        family="stay",
        theme=STAY_THEME,
        unit=unit,
        window="in the stay",
        sources=("visit_occurrence",),
        precision=1,
        lower=0,
        upper=upper,
        direction="higher",
        modifiable=modifiable,
        skewed=True,
        kind="count" if unit == "count" else "continuous",
        role=role,
    )


def _flag(name: str, words: str, *, direction: Direction = "either", modifiable: bool = False) -> Feature:
    return flag(
        name,
        words,
        family="stay",
        theme=STAY_THEME,
        window="at discharge",
        sources=("visit_occurrence",),
        direction=direction,
        modifiable=modifiable,
    )
