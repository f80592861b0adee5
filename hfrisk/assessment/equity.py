"""For whom it works, beyond the measures of each group: capacity, tests of differences, numbers drawn together, and the checks on them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from hfrisk.assessment.capacity import capacity_groups, capacity_rates
from hfrisk.assessment.differences import difference_tests
from hfrisk.assessment.groups import Group
from hfrisk.assessment.results import CROSS, at_threshold
from hfrisk.assessment.settings import AssessmentSettings
from hfrisk.assessment.shrinkage import shrunk_levels
from hfrisk.checks import Check, Severity
from hfrisk.progress import Quiet

__all__ = ["ALPHA", "by_group", "differing_groups", "place_of_threshold"]

ALPHA = 0.05
"""Adjusted p-value up to which a difference between groups is called one."""


def place_of_threshold(threshold: float) -> str:
    """How the decision threshold stands in the names of measures: ``0.20``."""
    return at_threshold("", threshold).removeprefix("@")


def by_group(
    rows: pd.DataFrame,
    risk: npt.NDArray[np.float64],
    groups: Sequence[Group],
    performance: pd.DataFrame,
    settings: AssessmentSettings,
    *,
    model: str,
    tested: bool,
    progress: Quiet | None = None,
    label: str = "",
) -> dict[str, pd.DataFrame]:
    """What is known of the groups of one split beyond `split_performance`.

    Parameters
    ----------
    rows
        person_id, discharge_date, event; one row a discharge.
    risk
        Risks (0 to 1) of the model that is judged.
    groups
        From `find_groups`.
    performance
        Measures of the split, without the column ``split``.
    settings
        Threshold, capacities, permutations, replicates, seed, confidence.
    model
        Name of the model that is judged.
    tested
        Whether it is judged on this split: differences are tested, and numbers drawn together, there only.
    progress, label
        Told of the tests; name of the split.

    Returns
    -------
    dict
        ``performance`` (rates at capacity, to be added), ``capacity_groups``, and where `tested` ``fairness_tests`` and ``shrunk``;
        without the column ``split``.
    """
    event, person = rows["event"].to_numpy(dtype=np.int64), rows["person_id"].to_numpy()
    found = {
        "performance": capacity_rates(event, risk, person, groups, settings).assign(model=model),
        "capacity_groups": capacity_groups(event, risk, groups, settings.capacities).assign(model=model),
    }
    if not tested or len(groups) < 2:
        return found
    with (progress or Quiet()).step(f"Testing differences between groups, {label}", 1) as step:
        tests = difference_tests(event, risk, person, rows["discharge_date"], groups, settings)
        step.advance()
    found["fairness_tests"] = tests.assign(model=model)
    found["shrunk"] = shrunk_levels(
        performance.assign(split=""),
        model=model,
        threshold=place_of_threshold(settings.threshold),
        confidence=settings.confidence,
    ).drop(columns="split")
    return found


def differing_groups(tests: pd.DataFrame, threshold: float) -> list[Check]:
    """HFR175 and HFR176: groups between which percentages, or who is found, differ by more than chance gives.

    Parameters
    ----------
    tests
        `Results.fairness_tests`.
    threshold
        The decision threshold (risk).
    """
    return _check(
        tests,
        "oe_ratio",
        code="HFR175",
        title="Risks are not equally true for all groups",
        finding="Observed over expected differs by more than chance gives between groups by: {names}.",
        consequence="For some people the risks are too high and for others too low, even where they are right on average.",
        todo="Read the chapter on groups: who they are, by how much, and in which direction; recalibrate, or find out what the data "
        "miss for them, before the model is used for anyone's care.",
    ) + _check(
        tests,
        f"sensitivity@{place_of_threshold(threshold)}",
        code="HFR176",
        title="Who is found differs between groups",
        finding="Of those who had the outcome, the share that is flagged at the threshold differs by more than chance gives between "
        "groups by: {names}.",
        consequence="Where fewer are flagged of those who come back, fewer are offered what the flag leads to.",
        todo="Look whether the groups differ in how ill they are, in what is recorded of them, or in how well they are ranked; decide "
        "with those concerned whether it is acceptable.",
    )


def _check(tests: pd.DataFrame, measure: str, **told: Any) -> list[Check]:
    # Groups taken together would say again what the groups themselves say.
    plain = tests[(tests["measure"] == measure) & ~tests["group"].astype(str).str.contains(CROSS, regex=False)]
    names = plain.loc[plain["p_adjusted"] <= ALPHA, "group"]
    if names.empty:
        return []
    severity: Severity = "warning" if measure == "oe_ratio" else "note"
    return [Check(severity=severity, facts={"names": ", ".join(str(n).replace("_", " ") for n in names)}, **told)]
