"""Who is given what: treatment and access at discharge by group, and of whom it is not even recorded.

An item that the source cannot tell is one row with its reason: what nobody wrote down is not 0 per cent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from hfrisk.codelists import read_yaml
from hfrisk.inequality.clustered import Floats, design_effects
from hfrisk.inequality.people import EVERYONE, NOT_RECORDED, People
from hfrisk.inequality.results import COLUMNS

__all__ = ["care_gaps", "features_wanted", "not_recorded"]

NOT_OBSERVABLE = "not computed: this source does not tell it"


def features_wanted(recorded: Sequence[str]) -> list[str]:
    """The features that the room reads, where they were made."""
    return list(dict.fromkeys([*(entry["feature"] for entry in read_yaml("care_gaps.yaml").values()), *recorded]))


def care_gaps(people: People, features: pd.DataFrame, groups: Sequence[str]) -> pd.DataFrame:
    """Each item of ``care_gaps.yaml`` for everyone and each level of each group.

    Parameters
    ----------
    people
        The discharges.
    features
        Those of `features_wanted` that were made, rows as in `people`; NaN is not recorded.
    groups
        Groups to break down by.

    Returns
    -------
    DataFrame
        As `Inequality.gaps`. The share is given / observed.
    """
    rows: list[dict[str, Any]] = []
    for item, entry in read_yaml("care_gaps.yaml").items():
        known, given = _told(features, entry)
        named = {"item": item, "words": entry["words"]}
        if known is None or not known.any():
            absent = dict.fromkeys(("n", "observed", "given", "design"), np.nan)
            rows.append(named | {"group": EVERYONE, "level": EVERYONE, "reason": NOT_OBSERVABLE} | absent)
            continue
        for group in (EVERYONE, *groups):
            for cell in _counted(people, group, known, given):
                cell["given"] = cell.pop("yes")
                rows.append(named | cell)
    return pd.DataFrame(rows, columns=COLUMNS["gaps"].split())


def not_recorded(
    people: People, features: pd.DataFrame, recorded: Sequence[str], groups: Sequence[str], words: Mapping[str, str]
) -> pd.DataFrame:
    """How often a feature, or a group itself, is not recorded, for everyone and by each other group; as `Inequality.missing`."""
    unknown: dict[str, Floats | None] = {
        name: features[name].isna().to_numpy(dtype=float) if name in features else None for name in recorded
    }
    # a group that is recorded for everyone has no level of that name in any table
    lacking = [name for name in groups if (people.groups[name] == NOT_RECORDED).any()]
    unknown |= {f"group_{name}": (people.groups[name] == NOT_RECORDED).to_numpy(dtype=float) for name in lacking}
    rows: list[dict[str, Any]] = []
    for name, missing in unknown.items():
        named = {"feature": name, "words": words.get(name) or _called(name)}
        if missing is None:
            absent = dict.fromkeys(("n", "missing", "design"), np.nan)
            rows.append(named | {"group": EVERYONE, "level": EVERYONE, "reason": NOT_OBSERVABLE} | absent)
            continue
        everyone = np.ones(people.n, dtype=bool)
        for group in (EVERYONE, *(g for g in groups if f"group_{g}" != name)):
            for cell in _counted(people, group, everyone, missing):
                cell["missing"] = cell.pop("yes")
                rows.append(named | cell)
    return pd.DataFrame(rows, columns=COLUMNS["missing"].split())


def _called(name: str) -> str:
    """What a feature that was not made would have been called."""
    if name == "lvef":
        return "ejection fraction"
    analyte, _, statistic = name.rpartition("_")
    known = read_yaml("measurements.yaml").get(analyte)
    return f"{statistic} {known['words']}" if known else name.replace("_", " ")


def _told(features: pd.DataFrame, entry: Mapping[str, str]) -> tuple[np.ndarray | None, Floats]:
    """Of whom the item is known, and to whom it was given."""
    if entry["feature"] not in features:
        return None, np.zeros(len(features))
    value = features[entry["feature"]].to_numpy(dtype=float)
    if entry["told_by"] == "recorded":
        return np.ones(len(value), dtype=bool), (~np.isnan(value)).astype(float)
    wanted = 1.0 if entry["told_by"] == "yes" else 0.0
    return ~np.isnan(value), (value == wanted).astype(float)


def _counted(people: People, group: str, known: np.ndarray, yes: Floats) -> list[dict[str, Any]]:
    cells = people.cells(*(() if group == EVERYONE else (group,)))
    count = len(cells.names)
    n = np.bincount(cells.place, minlength=count)
    place = cells.place[known]
    observed = np.bincount(place, minlength=count)
    given = np.bincount(place, weights=yes[known], minlength=count)
    design = design_effects(yes[known], place, people.person[known], count)
    return [
        {
            "group": group,
            "level": levels[0],
            "n": int(n[at]),
            "observed": int(observed[at]),
            "yes": int(given[at]),
            "design": float(design[at]),
            "reason": "",
        }
        for at, levels in enumerate(cells.names)
    ]
