"""Released tables of two remedies, one of which could not be made, and of what was found about labels, with invented numbers."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from hfrisk.disclosure.mitigation import MITIGATION

__all__ = ["HELD", "NAN", "signs", "tables"]

HELD = "fewer than 10 here or in the rest, or needed to keep such a number from being worked out"
NAN = math.nan
GROUPS = (
    ("all", "all", 3000.0, 600.0),
    ("imd_quintile", "1 (most deprived)", 700.0, 150.0),
    ("imd_quintile", "2", 2300.0, 450.0),
)


def _table(name: str, *rows: tuple[Any, ...]) -> pd.DataFrame:
    return pd.DataFrame(
        [(*row, "")[: len(MITIGATION[name].split()) + 1] for row in rows],
        columns=[*MITIGATION[name].split(), "suppressed"],
    )


def tables(
    *, gap: float = 0.2, chance: float = 0.1, difference: tuple[float, float, float] = (-0.004, -0.007, -0.001),
    lost: tuple[float, float] = (40.0, 15.0), poorer: float = 0.35,
    flagged: float = 0.3,
) -> dict[str, pd.DataFrame]:  # fmt: skip
    """Released tables of two remedies, one of which could not be made."""
    cells, benefit, ratios, flags = [], [], [], []
    for remedy in ("none", "recalibration"):
        for group, level, n, events in GROUPS:
            found = poorer if level.startswith("1") else 0.5
            share = flagged if remedy != "none" and level.startswith("1") else 0.3
            cells.append(
                (
                    remedy,
                    group,
                    level,
                    0.2,
                    n,
                    events,
                    0.3 * n,
                    found * events,
                    0.2 * n,
                    (1 - found) * events,
                    0.6 * n,
                    share,
                    found,
                    0.22,
                    0.34,
                    "",
                )
            )
            benefit.append((remedy, group, level, 0.05, *((NAN,) * 3 if remedy == "none" else difference), n, events))
            for measure, value in (
                ("oe_ratio", 1.05),
                ("ici", 0.02 if group == "all" else NAN),
                ("ici_expected", 0.01 if group == "all" else NAN),
            ):
                reason = (
                    "" if group == "all" or measure == "oe_ratio" else "imprecise: fewer than 200 events or non-events"
                )
                ratios.append((remedy, group, level, measure, value, 0.9, 1.2, reason))
            if remedy != "none":
                flags.append((remedy, group, level, 55.0, 15.0, *lost))
    measures = ("demographic_parity_difference", "equal_opportunity_difference")
    return {
        "remedies": _table(
            "remedies",
            ("none", 1, "in use", 0, ""),
            ("recalibration", 1, "needs assessment", 0, ""),
            ("without_sensitive", 0, "analysis only", 0, "the model reads no feature that the dictionary calls sensitive"),
        ),
        "remedy_rules": _table("remedy_rules", ("recalibration", "2", "own", 0.1, 1.0)),
        "remedy_cells": _table("remedy_cells", *cells),
        "remedy_benefit": _table("remedy_benefit", *benefit),
        "remedy_calibration": _table("remedy_calibration", *ratios),
        "remedy_gaps": _table(
            "remedy_gaps",
            *[("none", measure, gap, chance, 2.0) for measure in measures],
            *[("recalibration", measure, gap / 2, chance, 2.0) for measure in measures],
        ),
        "remedy_flags": _table("remedy_flags", *flags),
    }  # fmt: skip


def signs() -> dict[str, pd.DataFrame]:
    """What was found about labels, proxies and risks."""
    place = ("imd_quintile", "1 (most deprived)")
    return {
        "label_bias": _table(
            "label_bias",
            (*place, "readmitted", "readmitted", 0.7, 0.6, 0.8, ""),
            (*place, "died", "died", 1.05, 0.8, 1.3, ""),
            (*place, "lost", "lost", 0.33, 0.1, 0.5, ""),
            (*place, "urea_last", "last urea", 0.1, 0.0, 0.2, ""),
        ),
        "biased_proxies": _table(
            "biased_proxies",
            (*place, "visits", "attendances", "recorded", 0.4, 0.35, 0.45, ""),
            (*place, "visits", "attendances", "events", 1.2, 1.1, 1.3, ""),
        ),
        "shifted_groups": _table(
            "shifted_groups",
            (*place, "cross-validation", 1.0, 0.9, 1.1, ""),
            (*place, "test", 1.4, 1.2, 1.6, ""),
        ),
    }
