"""Release of a recalibrated model: the model as it was released before, with one or two new numbers, and what they rest on."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from hfrisk.disclosure.bundle import release_calibration
from hfrisk.disclosure.description import headline
from hfrisk.disclosure.performance import release_performance
from hfrisk.disclosure.policy import Policy
from hfrisk.disclosure.released import _SEAL, Bundle, Released
from hfrisk.disclosure.settings import DisclosureSettings
from hfrisk.disclosure.wording import without_places

if TYPE_CHECKING:
    from hfrisk.cohort import Cohort
    from hfrisk.modelling.calibration.recalibration import Interval, Recalibration

__all__ = ["AFTER", "BEFORE", "release_recalibration"]

BEFORE, AFTER = "before_recalibration", "recalibrated"
"""Names of the model as it came and as it is now, in the table of performance."""

_COLUMNS = ["model", "split", "group", "level", "measure", "estimate", "lower", "upper", "n", "events", "reason"]
_ABSENT = (math.nan, math.nan, math.nan)
_CHECKS = ["code", "severity", "title", "finding", "consequence", "todo"]
_NO_SLOPE = "fewer events or non-events than a slope needs"


def release_recalibration(
    cohort: Cohort,
    recalibration: Recalibration,
    before: Bundle,
    settings: DisclosureSettings,
    *,
    study: Mapping[str, Any],
    provenance: Mapping[str, Any],
) -> Released:
    """Pass a recalibrated model through the gate.

    Parameters
    ----------
    cohort
        The index discharges that it was fitted on, and no others: every count that leaves is of them, so that none can be
        taken from another.
    recalibration
        As fitted.
    before
        The model as it was released; its trees and inputs stay as they are.
    settings
        The output rule of the environment.
    study
        Words and settings of the study, no data.
    provenance
        Hashes, versions and seeds of the recalibration, and what it came from.

    Returns
    -------
    Released
        ``performance`` has the models ``before_recalibration`` (as it came) and ``recalibrated`` (no row scored by a
        recalibration that saw its person), and the measures ``recalibration_intercept`` and ``recalibration_slope``. Tables that
        describe people or explain the model, and checks of the data, are left to the reports of the two studies.
    """
    policy = Policy.of(settings)
    nothing = pd.DataFrame({"suppressed": pd.Series(dtype=str)})
    performance = release_performance(_performance(recalibration), policy, {})
    calibration = release_calibration(recalibration.calibrator)
    contract = {**before.contract, "calibration": calibration}
    tables = {f.name: nothing for f in dataclasses.fields(Released) if f.type == "pd.DataFrame"}
    tables["performance"] = performance
    tables["checks"] = pd.DataFrame(columns=_CHECKS, dtype=str)
    tables["dictionary"] = pd.DataFrame(before.dictionary)
    numbers = headline(cohort, performance.iloc[:0], pd.DataFrame(columns=["split"]), policy)
    shown = int(performance.select_dtypes("number").notna().to_numpy().sum())
    rule = "counts rounded; estimates recomputed from the shown counts; two numbers of the calibration at four decimals"
    tables["ledger"] = pd.DataFrame(
        [("performance", len(performance), shown, 0, rule)],
        columns=["table", "rows", "cells_released", "cells_suppressed", "rule"],
    )
    return Released(
        study=without_places(study, keep_dates=True),
        headline=numbers,
        **tables,
        bundle=Bundle(before.model_text, calibration, contract, before.dictionary),
        tuning={},
        provenance=without_places(provenance),
        seal=_SEAL,
    )


def _performance(found: Recalibration) -> pd.DataFrame:
    # Not among them: the intercept with the slope fixed at one. Shown as if the rounded counts were the true ones, it would stand
    # beside the fitted intercept, which holds the true ones, and the two would give the exact share of events. O/E afterwards
    # is one by construction, whatever the counts are: it has a name of its own, since moved to the shown counts it would say
    # how far they are from the true ones.
    rows: list[tuple[str, str, str, Interval | None]] = [
        (BEFORE, "test", "oe_ratio", found.before["oe_ratio"]),
        (BEFORE, "test", "calibration_slope", found.before.get("calibration_slope")),
        (AFTER, "cross-validation", "oe_ratio_cross_fitted", found.after["oe_ratio"]),
        (AFTER, "cross-validation", "calibration_slope", found.after.get("calibration_slope")),
        (AFTER, "cross-validation", "recalibration_intercept", found.intercept),
        (AFTER, "cross-validation", "recalibration_slope", found.slope),
    ]
    frame = pd.DataFrame(
        [(model, split, "all", "all", measure, *(interval or _ABSENT)) for model, split, measure, interval in rows],
        columns=_COLUMNS[:8],
    )
    frame["n"], frame["events"] = float(found.n), float(found.events)
    frame["reason"] = frame["estimate"].map(lambda estimate: _NO_SLOPE if math.isnan(estimate) else "")
    return frame
