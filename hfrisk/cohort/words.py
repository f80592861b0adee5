"""The definitions of a cohort in words, each with its source, as the report prints them."""

from __future__ import annotations

import pandas as pd

from hfrisk.codelists import read_yaml
from hfrisk.cohort.settings import CohortSettings

__all__ = ["definitions"]

_STRATEGIES = {
    "admission_method": "the recorded admission method (21 to 25, 2A, 2B, 2D, 28)",
    "observation": "the admission method recorded as an observation",
    "ae_segment": "an A&E visit that leads to the admission, on the same day or the day before",
    "admitted_from": "admitted from an emergency department",
    "assume_unplanned": "every admission is taken as unplanned",
}
_POSITIONS = {
    "condition_status": "the status of the diagnosis",
    "legacy_type": "the type of the diagnosis",
    "source_status": "the position as the source wrote it",
    "order": "the order of coding",
}
_TIMES = {
    "admission_24h": "24 hours after admission",
    "discharge": "at discharge",
    "coded": "after discharge, once the stay has been coded",
}
_SIGNS = {
    "previous_heart_failure": "heart failure recorded before this admission",
    "problem_list": "heart failure on the problem list",
    "team_list": "seen by the heart-failure team",
    "iv_loop_and_natriuretic_peptide": "an intravenous loop diuretic and a raised NT-proBNP in the stay",
}


def definitions(settings: CohortSettings) -> pd.DataFrame:
    """Item, value, source: one row a definition."""
    first, last = settings.window_days
    death = "a death without readmission is not an event and is counted apart"
    what = "first unplanned admission in the window"
    if settings.outcome == "cms":
        what += ", unless a planned one comes before it (CMS's rule)"
    if not settings.count_zero_day_readmissions:
        what += ", if it lasts at least one night"
    rows = [
        _heart_failure(settings),
        _position(settings),
        _spells(settings),
        (
            "Unplanned admission",
            "; otherwise ".join(_STRATEGIES[name] for name in settings.unplanned),
            "hfrisk decision 5",
        ),
        ("Window", f"days {first} to {last} after discharge, both included", "NHS indicator: 0 to 29"),
        (
            "Outcome",
            f"{what}; {death}" if settings.risk == "cumulative_incidence" else f"{what}, or death",
            "hfrisk decision 6",
        ),
        ("Discharged alive", "required" if settings.discharged_alive else "not required", ""),
        (
            "Sent on to another hospital",
            "kept" if settings.keep_transferred_out else "left out where the stay there is not in the source",
            "",
        ),
        ("Complete follow-up", "required" if settings.complete_follow_up else "not required", "hfrisk decision 7"),
        ("Time of prediction", _TIMES[settings.prediction_time], "hfrisk decision 8"),
        (
            "Who would be scored in practice",
            " or ".join(_SIGNS[name] for name in settings.eligibility.any_of) or "no rule declared",
            "hfrisk decision 8",
        ),
    ]
    if settings.nhs_exclusions:
        source = read_yaml("index_flags.yaml")["nhs_indicator"]["source"]
        rows.append(("Left out", "cancer, chemotherapy, maternity and mental-health specialties", source))
    if settings.minimum_look_back_days:
        rows.append(("Look-back", f"at least {settings.minimum_look_back_days} days of data before admission", ""))
    return pd.DataFrame(rows, columns=["item", "value", "source"])


def _heart_failure(settings: CohortSettings) -> tuple[str, str, str]:
    chosen = settings.heart_failure
    if chosen.concept_set is not None:
        return ("Heart failure", f"the concept set {chosen.concept_set.name}", "the study's own file")
    preset = read_yaml("heart_failure.yaml")[chosen.preset]
    codes = preset.get("codes") or [f"{', '.join(map(str, preset['concepts']))} and descendants"]
    return ("Heart failure", f"{preset['words']}: {', '.join(map(str, codes))}", preset["source"])


def _position(settings: CohortSettings) -> tuple[str, str, str]:
    chosen = settings.heart_failure
    episodes = {"first": "first episode", "any": "any episode", "last": "last episode"}[chosen.episode]
    if chosen.position == "any":
        return ("Position of the diagnosis", f"any, in {episodes} of the spell", "")
    told = ", else by ".join(_POSITIONS[name] for name in chosen.principal)
    return ("Position of the diagnosis", f"principal, told by {told}; in {episodes} of the spell", "")


def _spells(settings: CohortSettings) -> tuple[str, str, str]:
    merged = [
        words
        for on, words in (
            (settings.spells.merge_overlapping, "overlapping stays are one"),
            (settings.spells.merge_same_day, "stays that meet on one day are one"),
        )
        if on
    ]
    rule = read_yaml("admission.yaml")["transfer"]["rules"].get(settings.spells.rule)
    if rule is None:
        return ("Spells", "; ".join([*merged, "transfers are not joined"]), "hfrisk decisions 1 and 2")
    return ("Spells", "; ".join([*merged, rule["words"].format(days=rule["days"])]), rule["source"])
