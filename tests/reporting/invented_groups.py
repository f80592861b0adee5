"""What a made-up study knows of groups of people beyond their measures. Every number is invented."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from tests.reporting.invented_tables import FEW, GROUPS, HELD, five

PAIR = "sex x imd_quintile"
NO_COUNTS = "no counts are shown of groups taken together: with those of each group alone they could be worked out"
_PLACES = ("0.20", "top0.05", "top0.1", "top0.2")
_MEASURES = ("selection_rate", "sensitivity", "false_positive_rate", "ppv", "equalized_odds")


def _flag(theirs: float, place: str) -> float:
    base = 0.38 if place == "0.20" else float(place.removeprefix("top"))
    return round(base * (2 - (theirs if theirs == theirs else 1.0)), 3)


def of_groups(performance: pd.DataFrame, n: float, rate: float) -> pd.DataFrame:
    """The table of performance with rates and excess ICI of groups, and of groups taken together."""
    rows: list[tuple[Any, ...]] = []
    for group, levels in GROUPS.items():
        for level, share, theirs in levels:
            size, events = five(n * share), five(n * share * rate)
            held = level == "Mixed"
            few = "fewer than 10 events" if math.isnan(theirs) else FEW if events < 200 else ""

            measures = [
                ("ici", 0.012 + abs(theirs - 1) * 0.08, math.nan, few),
                ("ici_expected_95", 0.022, math.nan, few),
                ("ici_excess", 0.002 + abs(theirs - 1) * 0.08, math.nan, few),
                ("net_benefit@0.20", 0.02, 0.01, few),
            ]
            for place in _PLACES:
                seen, half = _flag(theirs, place), 1 / math.sqrt(max(size, 20))
                measures.append((f"selection_rate@{place}", seen, half, few if math.isnan(theirs) else ""))
                measures += [
                    (f"{name}@{place}", value, 2 * half, few)
                    for name, value in (
                        ("sensitivity", 1.35 * seen),
                        ("false_positive_rate", 0.9 * seen),
                        ("ppv", 1.36 * rate),
                    )
                ]
            for measure, value, half, reason in measures:
                gone = bool(reason) or held
                shown = (
                    [math.nan] * 3 if gone else [round(max(v, 0.01), 3) for v in (value, value - half, value + half)]
                )
                counts = [math.nan] * 2 if held else [size, events]
                rows.append(
                    (
                        "lightgbm",
                        "test",
                        group,
                        level,
                        measure,
                        *shown,
                        *counts,
                        *(["", HELD] if held else [reason, ""]),
                    )
                )
    for sex, extra in (("Female", 0.03), ("Male", -0.02)):
        for level, _, theirs in GROUPS["imd_quintile"]:
            small = sex == "Female" and level == "4"
            for measure, value, half in (
                ("oe_ratio", round(theirs + extra, 1 if theirs + extra >= 1 else 2), 0.2),
                ("auroc", 0.64, 0.05),
                ("selection_rate@0.20", round(_flag(theirs, "0.20"), 2), 0.05),
                ("sensitivity@0.20", math.nan, math.nan),
            ):
                numbers = [math.nan] * 3 if small else [round(v, 2) for v in (value, value - half, value + half)]
                reason = "" if small or value == value else FEW
                why = HELD if small else NO_COUNTS
                rows.append(
                    ("lightgbm", "test", PAIR, f"{sex} x {level}", measure, *numbers, math.nan, math.nan, reason, why)
                )
    rows.append(
        ("lightgbm", "test", "all", "all", "ici_excess", 0.003, math.nan, math.nan, five(n), five(n * rate), "", "")
    )
    return pd.concat([performance, pd.DataFrame(rows, columns=list(performance.columns))], ignore_index=True)


def capacity_groups_table(n: float, rate: float) -> pd.DataFrame:
    """Who would be seen at each capacity, by group."""
    rows: list[tuple[Any, ...]] = []
    for group, levels in {"all": [("all", 1.0, 1.0)], **GROUPS}.items():
        for level, share, theirs in levels:
            for room in (0.05, 0.1, 0.2):
                size, events = five(n * share), five(n * share * rate)
                seen = five(size * _flag(theirs, f"top{room}"))
                shown = [math.nan] * 4 if level == "Mixed" else [size, events, seen, five(seen * 0.35)]
                rows.append(("lightgbm", "test", group, level, room, *shown, HELD if level == "Mixed" else ""))
    columns = "model split group level share n events reviewed events_found suppressed"
    return pd.DataFrame(rows, columns=columns.split())


def tests_table(**p: float) -> pd.DataFrame:
    """Tests of differences: deprivation differs in all, nothing else in anything; `p` (by group) for other values."""
    adjusted = {"imd_quintile": 0.006, PAIR: 0.012} | p
    names = {"sensitivity": "equal_opportunity", "selection_rate": "demographic_parity", "equalized_odds": "equalized_odds",
             "false_positive_rate": "false_positive_rate"}  # fmt: skip
    rows: list[tuple[Any, ...]] = []
    for group in (*GROUPS, PAIR):
        levels = [level for level, _, theirs in GROUPS.get(group, []) if theirs == theirs]
        without = [level for level, _, theirs in GROUPS.get(group, []) if theirs != theirs]
        for measure in (
            "oe_ratio",
            "net_benefit@0.20",
            *(f"{m}@{place}" for place in _PLACES for m in _MEASURES),
            "auroc",
        ):
            value = adjusted.get(group, 0.61)
            fairlearn = names.get(measure.partition("@")[0], "")
            numbers = (0.15, 0.7 if not measure.startswith("net") else math.nan, 14.0, max(value / 6, 0.001), value)
            told = ("; ".join(levels), "; ".join(without), "", "")
            rows.append(("lightgbm", "test", group, measure, fairlearn, *numbers, *told))
    columns = "model split group measure fairlearn difference ratio statistic p p_adjusted levels levels_excluded reason suppressed"
    return pd.DataFrame(rows, columns=columns.split())


def drawn_table(performance: pd.DataFrame) -> pd.DataFrame:
    """Numbers drawn halfway to 1 (O/E) or as they are (AUROC); sex has two levels and is not drawn."""
    frame = performance[
        performance["measure"].isin(["oe_ratio", "auroc"])
        & (performance["group"] != "all")
        & (performance["model"] == "lightgbm")
        & (performance["split"] == "test")
        & performance["estimate"].notna()
    ]
    ratio = frame["measure"] == "oe_ratio"
    two = frame["group"] == "sex"
    found = pd.DataFrame(
        {
            **{name: frame[name] for name in ("model", "split", "group", "level", "measure")},
            "raw": frame["estimate"],
            "raw_lower": frame["lower"],
            "raw_upper": frame["upper"],
            "shrunken": ((1 + frame["estimate"]) / 2).where(ratio, frame["estimate"]).mask(two).round(2),
            "lower": ((1 + frame["lower"]) / 2).where(ratio, frame["lower"]).mask(two).round(2),
            "upper": ((1 + frame["upper"]) / 2).where(ratio, frame["upper"]).mask(two).round(2),
            "weight": pd.Series(0.5, index=frame.index).mask(two),
            "reason": pd.Series("", index=frame.index).mask(
                two, "not computed: fewer than 3 levels have this number with an interval"
            ),
            "suppressed": "",
        }
    )
    return found.reset_index(drop=True)
