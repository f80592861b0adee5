"""Numbered method checks on what the designs found: HFR152, and HFR160 to HFR163.

Their numbers are words or two figures: exact ratios of a month or a trust beside the released ones would tell counts.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from hfrisk.assessment.calibration import exact_oe_interval
from hfrisk.assessment.findings import factor_in_words
from hfrisk.checks import Check
from hfrisk.codelists import read_yaml
from hfrisk.designs.settings import DesignSettings

__all__ = ["design_checks"]

_MOST_NAMED = 5
_FIRST = 5
_HALF = 0.5
_FEWEST_MODELS = 10


def design_checks(
    frames: Mapping[str, pd.DataFrame],
    settings: DesignSettings,
    *,
    confidence: float,
    words: Mapping[str, str],
    tested: str = "temporal",
) -> list[Check]:
    """Checks of all designs that were run.

    Parameters
    ----------
    frames
        As in `Designs`, by name.
    settings
        Limits.
    confidence
        Of the intervals, over all periods together.
    words
        What each feature is called.
    tested
        What the test asks (`hfrisk.modelling.settings.Tested`).
    """
    return [
        *_other_drivers(frames["stability"], words),
        *_unstable(frames["instability_summary"], settings),
        *_not_steady(frames["drift"], settings, confidence, read_yaml("tested.yaml")[tested]),
        *_other_people(frames["feature_shifts"], frames["drift"], settings, words),
        *_other_trusts(frames["across_trusts"], settings),
    ]


def _other_drivers(stability: pd.DataFrame, words: Mapping[str, str]) -> list[Check]:
    """HFR152: features among the first five of the model that fewer than half of the bootstrap models have among their first ten."""
    if len(stability) and int(stability["models"].iloc[0]) < _FEWEST_MODELS:
        return []
    first = stability[stability["share"] > 0].head(_FIRST)
    named = [words.get(str(row.feature), str(row.feature)) for row in first.itertuples() if row.top_ten < _HALF]
    if not named:
        return []
    return [
        Check(
            code="HFR152",
            severity="note",
            title="What drives the model would be told otherwise with other people",
            finding="Among the five features that count most, some are not among the first ten in most models made in the same way from "
            "other samples of the same people: {named}.",
            consequence="That they count, and their order, may be chance; features that go with them may take their place.",
            todo="Speak of themes rather than of single features, and use more bootstrap models (designs.bootstraps) or more discharges.",
            facts={"named": "; ".join(named)},
        )
    ]


def _unstable(summary: pd.DataFrame, settings: DesignSettings) -> list[Check]:
    moved = _value(summary, "moved")
    if not moved >= settings.unstable:
        return []
    return [
        Check(
            code="HFR160",
            severity="warning",
            title="The model would be another with other people",
            finding="Models made in the same way from other samples of the same people put a person on the other side of the decision "
            "threshold in {moved} in 100 cases; {limit} is the limit of this study.",
            consequence="Who is flagged depends much on who happened to be in development.",
            todo="Use more discharges, fewer features or a simpler model, and do not read small differences between two people's risks.",
            facts={"moved": f"{100 * moved:.0f}", "limit": f"{100 * settings.unstable:.0f}"},
        )
    ]


def _not_steady(
    drift: pd.DataFrame, settings: DesignSettings, confidence: float, tested: Mapping[str, str]
) -> list[Check]:
    """HFR161: periods outside the limits whose interval, at a confidence that holds for all periods together, leaves 1 out."""
    ratios = drift[(drift["measure"] == "oe_ratio") & drift["estimate"].notna()]
    low, high = settings.oe_within
    together = 1 - (1 - confidence) / max(len(ratios), 1)
    said = []
    for row in ratios.itertuples():
        ratio, events = float(str(row.estimate)), int(str(row.events))
        if low <= ratio <= high:
            continue
        lower, upper = exact_oe_interval(events, events / ratio, together)
        if not lower <= 1 <= upper:
            way = "too high" if ratio < 1 else "too low"
            said.append(f"{row.period} ({way} {factor_in_words(ratio)})")
    if not said:
        return []
    return [
        Check(
            code="HFR161",
            severity="warning",
            title=tested["unsteady"],
            finding="In {some} of {all} periods of the test, risks were off by more than chance allows: {periods}.",
            consequence=tested["unsteady_means"],
            todo=tested["unsteady_todo"],
            facts={"some": len(said), "all": len(ratios), "periods": _named(said)},
        )
    ]


def _other_people(
    shifts: pd.DataFrame, drift: pd.DataFrame, settings: DesignSettings, words: Mapping[str, str]
) -> list[Check]:
    """HFR162: features, or the risks of a period, that are distributed otherwise than in development."""
    moved = shifts[(shifts["estimate"] >= settings.psi_note) & (shifts["estimate"] > shifts["expected"])]
    told = [(float(r.estimate), words.get(str(r.feature), str(r.feature))) for r in moved.itertuples()]
    wide = drift.pivot(index="period", columns="measure", values="estimate") if len(drift) else pd.DataFrame()
    if len(wide):
        far = wide[(wide["psi"] >= settings.psi_note) & (wide["psi"] > wide["psi_expected"])]
        told += [(float(index), f"risk in {period}") for period, index in far["psi"].items()]
    if not told:
        return []
    told.sort(key=lambda each: (-each[0], each[1]))
    return [
        Check(
            code="HFR162",
            severity="warning" if told[0][0] >= settings.psi_warning else "note",
            title="The people of the test are not those of development",
            finding="Population stability index of {limit} or more, and more than chance gives: {features}.",
            consequence="The model is used on other people, or on values recorded in another way, than it learnt from.",
            todo="See whether a test, a code list or a site's recording changed, and whether the risks stayed true nonetheless.",
            facts={
                "limit": f"{settings.psi_note:.2f}",
                "features": _named([f"{name} ({index:.2f})" for index, name in told]),
            },
        )
    ]


def _other_trusts(across: pd.DataFrame, settings: DesignSettings) -> list[Check]:
    """HFR163: where a new trust may lie, by the prediction interval of observed over expected."""
    rows = across[across["measure"] == "oe_ratio"] if len(across) else across
    if rows.empty or rows["estimate"].isna().all():
        return []
    row = rows.iloc[0]
    low, high = float(row["prediction_lower"]), float(row["prediction_upper"])
    if settings.oe_within[0] <= low and high <= settings.oe_within[1]:
        return []
    return [
        Check(
            code="HFR163",
            severity="note",
            title="Risks may not be true at another trust",
            finding="With each trust left out once, observed over expected at a trust like these is expected between {low} and {high} "
            "(prediction interval).",
            consequence="At a trust that it has not seen, its percentages may be wrong on average.",
            todo="Before using it at a new trust, test it there, and recalibrate if its risks are off.",
            facts={"low": f"{low:#.2g}", "high": f"{high:#.2g}"},
        )
    ]


def _named(parts: list[str]) -> str:
    more = len(parts) - _MOST_NAMED
    return ", ".join(parts[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _value(frame: pd.DataFrame, measure: str) -> float:
    found = frame.loc[frame["measure"] == measure, "estimate"]
    return float(found.iloc[0]) if len(found) else float(np.nan)
