"""The Charlson index: its categories by the map of Quan or of the SHMI, and its totals by three sets of weights.

Sources: Quan 2005 (Med Care 43:1130-9) for the map, Charlson 1987 (J Chron Dis 40:373-83), Quan 2011 (Am J Epidemiol 173:676-82) and the
SHMI's specification for the weights; see `codelists/charlson_*.csv`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import ibis
import ibis.expr.types as ir

from hfrisk.codelists import read_csv, read_yaml
from hfrisk.features.code_maps import assigned, flag
from hfrisk.features.condition_concepts import Route
from hfrisk.features.dictionary import Feature
from hfrisk.features.family import KEYS, Context
from hfrisk.features.weighted import span, total

__all__ = ["CATEGORIES", "categories", "entries", "flags", "totals"]

CATEGORIES = tuple(row["category"] for row in read_csv("charlson_weights.csv"))
_MAPS = {"quan": "charlson", "shmi": "charlson_shmi"}
_THEME = "Other long-term conditions"


def categories(context: Context, days: int, *, map_name: Literal["quan", "shmi"] = "quan") -> ir.Table:
    """Which Charlson categories a person was known to have, before the hierarchies.

    Parameters
    ----------
    days
        How far before admission a diagnosis counts, in days.
    map_name
        The code map: ``quan`` (Quan 2005) or ``shmi`` (Summary Hospital-level Mortality Indicator; there is none for ICD-9-CM).

    Returns
    -------
    Table
        The key and one float64 column, 0 or 1, for each of `CATEGORIES`. An index discharge without any category has no row.
    """
    name = _MAPS[map_name]
    long = assigned(context)
    long = long.filter(long.code_map == name, long.nearest <= days)
    return long.group_by(list(KEYS)).aggregate(
        **{category: flag(long, name, category, days) for category in CATEGORIES}
    )


def flags(long: ir.Table, route: Route, days: int) -> dict[str, ir.Value]:
    """The categories as aggregates of `assigned`: ``charlson_<category>`` by Quan's map, ``shmi_<category>`` by the SHMI's."""
    made: dict[str, ir.Value] = {
        f"charlson_{category}": flag(long, "charlson", category, days) for category in CATEGORIES
    }
    if "charlson_shmi" in route.maps:
        made |= {f"shmi_{category}": flag(long, "charlson_shmi", category, days) for category in CATEGORIES}
    return made


def totals(table: ir.Table, route: Route) -> dict[str, ir.Value]:
    """The totals from the columns of `flags` and ``age``; that with points for age is missing where the age is."""
    replaces = _replaces()
    quan = {category: table[f"charlson_{category}"] for category in CATEGORIES}
    original = total(quan, _weights("charlson_1987"), replaces)
    made: dict[str, ir.Value] = {
        "charlson_1987": original,
        "charlson_1987_age": original + _points_for_age(table.age),
        "charlson_quan_2011": total(quan, _weights("quan_2011"), replaces),
    }
    if "charlson_shmi" in route.maps:
        shmi = {category: table[f"shmi_{category}"] for category in CATEGORIES}
        made["charlson_shmi"] = total(shmi, _weights("shmi"), replaces)
    return made


def entries(route: Route, window: str, sources: Sequence[str]) -> list[Feature]:
    """The dictionary: a binary for each category of Quan's map, before the hierarchies, and the totals, after them."""
    listed = [
        Feature(
            f"charlson_{row['category']}",
            f"{row['words']} (Charlson category{route.words})",
            family="comorbidity",
            theme=_THEME,
            unit="",
            window=window,
            sources=tuple(sources),
            precision=1,
            lower=0,
            upper=1,
            direction="higher",
            kind="binary",
            role="more",
        )
        for row in read_csv("charlson_weights.csv")
    ]
    age = max(float(row["points"]) for row in read_csv("charlson_age.csv"))
    for name, weights, words, older in (
        ("charlson_1987", "charlson_1987", "Charlson index, original weights of 1987", 0.0),
        ("charlson_1987_age", "charlson_1987", "Charlson index, original weights of 1987, with points for age", age),
        ("charlson_quan_2011", "quan_2011", "Charlson index, Quan's weights of 2011", 0.0),
        ("charlson_shmi", "shmi", "Charlson index of the SHMI, its own codes and weights", 0.0),
    ):
        if name == "charlson_shmi" and "charlson_shmi" not in route.maps:
            continue
        lowest, highest = span(_weights(weights), _replaces())
        listed.append(
            Feature(
                name,
                words + route.words,
                family="comorbidity",
                theme=_THEME,
                unit="points",
                window=window,
                sources=tuple(sources) if not older else (*sources, "person"),
                precision=1,
                lower=lowest,
                upper=highest + older,
                direction="higher",
                # the SHMI's weights are not all above zero
                monotone="none" if name == "charlson_shmi" else "increasing",
                role="input" if name == "charlson_quan_2011" else "more",
            )
        )
    return listed


def _weights(name: str) -> dict[str, float]:
    return {row["category"]: float(row[name]) for row in read_csv("charlson_weights.csv")}


def _replaces() -> dict[str, str]:
    return dict(read_yaml("comorbidity.yaml")["charlson"]["hierarchies"])


def _points_for_age(age: ir.NumericValue) -> ir.Value:
    reached = [
        ibis.ifelse(age >= float(row["from_age"]), float(row["points"]), 0.0) for row in read_csv("charlson_age.csv")
    ]
    # no line is reached by an unknown age, which must not become no points
    return ibis.ifelse(age.isnull(), ibis.null("float64"), ibis.greatest(*reached))
