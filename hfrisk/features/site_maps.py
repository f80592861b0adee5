"""How much of the data the site's maps cover (HFR034)."""

from __future__ import annotations

from collections.abc import Mapping

import ibis.expr.types as ir

from hfrisk.cdm import Cdm
from hfrisk.checks import Check

__all__ = ["unmatched"]

_WORTH_A_WARNING = 0.05
_MAPS = {
    "analyte": (
        "measurements",
        "laboratory name",
        "Those under a concept that hfrisk knows are read by it; others are not read.",
    ),
    "ethnicity": ("index discharges", "code of ethnicity", "Their ethnicity counts as not recorded."),
    "imd": ("index discharges", "small area", "Their deprivation is not known, unless an observation tells it."),
    "trust": ("index discharges", "site", "They are shown as a group of their own."),
}


def unmatched(
    cdm: Cdm, table: ir.Table, counted: Mapping[str, tuple[ir.BooleanValue, ir.BooleanValue]], *, note: bool = False
) -> list[Check]:
    """HFR034 for each map that does not list every value that occurs.

    Parameters
    ----------
    table
        The rows that are counted.
    counted
        For each map: whether a row has a source value, and whether the map lists it.
    note
        Whether it is no more than worth knowing, since a map need not list everything.
    """
    columns = {}
    for name, (given, listed) in counted.items():
        columns[f"{name}_rows"] = given.fill_null(False).sum().fill_null(0)
        columns[f"{name}_unmatched"] = (given.fill_null(False) & ~listed.fill_null(False)).sum().fill_null(0)
    row = cdm.frame(table.aggregate(**columns), "site maps").iloc[0]
    checks = []
    for name in counted:
        rows, missing = int(row[f"{name}_rows"]), int(row[f"{name}_unmatched"])
        if not missing:
            continue
        of, what, consequence = _MAPS[name]
        share = missing / rows
        checks.append(
            Check(
                "HFR034",
                "warning" if share > _WORTH_A_WARNING and not note else "note",
                "A site map does not list every value",
                "The {what} of {unmatched} of {rows} {of} (about {share}) is not in the map source.maps.{map}.",
                consequence,
                "Add the missing values to the map, or look whether the source writes them otherwise than the map.",
                counts={"unmatched": missing, "rows": rows},
                facts={"what": what, "of": of, "map": name, "share": _percent(share)},
            )
        )
    return checks


def _percent(share: float) -> str:
    return "under 1 %" if share < 0.01 else "over 99 %" if share > 0.99 else f"{share:.0%}".replace("%", " %")
