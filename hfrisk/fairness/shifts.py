"""Are risks off for one group and not for the others? Observed over expected of a level, over that of all others.

In the test, where it shows, and out of fold in development, which is all that a remedy could have learnt from. The interval of the test
holds what development left unsure of the group too: a model knows a group no better than the discharges it learnt from. Where one level is
clearly off, the others are compared without it: else each would look off the other way.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import norm

from hfrisk.assessment.settings import AssessmentSettings
from hfrisk.fairness.against_others import Scene, by_person, error_of
from hfrisk.fairness.results import COLUMNS
from hfrisk.fairness.settings import FairnessSettings

__all__ = ["shifted_groups"]

Mask = npt.NDArray[np.bool_]
_SPLITS = {"cross-validation": "development", "test": "test"}


def shifted_groups(known: Scene, settings: FairnessSettings, assessment: AssessmentSettings) -> pd.DataFrame:
    """Observed over expected of each level over that of the others (`Mitigation.shifted_groups`)."""
    reach = float(norm.ppf(0.5 + assessment.confidence / 2))
    least = assessment.minimum_for_anything
    rows: list[dict[str, Any]] = []
    for group in settings.look_at:
        if group not in known.groups:
            continue
        level = known.levels(group)
        members = {str(one): np.asarray(level == one, dtype=np.bool_) for one in sorted(set(level))}
        worst = _clearly_off(known, members, least, settings.alarm)
        for one, mine in members.items():
            others = ~mine if worst in (None, one) else ~mine & ~members[str(worst)]
            rows += _of_level(known, group, one, mine, others, least, reach)
    return pd.DataFrame(rows, columns=COLUMNS["shifted_groups"].split())


def _clearly_off(known: Scene, members: dict[str, Mask], least: int, alarm: float) -> str | None:
    """The level that is furthest off in the test, if it is clearly so."""
    found = {}
    for one, mine in members.items():
        log, error = _in_test(known, mine, ~mine, least)
        if np.isfinite(log / error if error else np.nan):
            found[one] = abs(log / error)
    worst = max(found, key=lambda one: found[one], default=None)
    critical = norm.ppf(1 - alarm / 2 / max(len(found), 1))
    return worst if worst is not None and found[worst] > critical else None


def _of_level(
    known: Scene, group: str, level: str, mine: Mask, others: Mask, least: int, reach: float
) -> list[dict[str, Any]]:
    split, event = known.rows["split"].to_numpy(), known.rows["event"].to_numpy()
    rows = []
    for name, part in _SPLITS.items():
        inside = np.asarray(split == part, dtype=np.bool_)
        log, error = (
            _in_test(known, mine, others, least)
            if name == "test"
            else _relative(known, mine & inside, others & inside, least)
        )
        estimate, lower, upper = (float(x) for x in np.exp([log, log - reach * error, log + reach * error]))
        rows.append(
            {
                "group": group,
                "level": level,
                "split": name,
                "estimate": estimate,
                "lower": lower,
                "upper": upper,
                "n": int((mine & inside).sum()),
                "events": int(event[mine & inside].sum()),
                "reason": "" if np.isfinite(estimate) else "not computed: too few events or non-events in the group",
            }
        )
    return rows


def _in_test(known: Scene, mine: Mask, others: Mask, least: int) -> tuple[float, float]:
    split = known.rows["split"].to_numpy()
    test, development = (np.asarray(split == part, dtype=np.bool_) for part in ("test", "development"))
    log, error = _relative(known, mine & test, others & test, least)
    return log, float(np.hypot(error, _relative(known, mine & development, others & development, least)[1]))


def _relative(known: Scene, mine: Mask, others: Mask, least: int) -> tuple[float, float]:
    """Logarithm of the ratio of two O/E, and its standard error, clustered by person; NaN where there are too few."""
    event = known.rows["event"].to_numpy(dtype=np.float64)
    piece, log = np.zeros(len(event)), 0.0
    for who, sign in ((mine, 1.0), (others, -1.0)):
        observed, expected = float(event[who].sum()), float(known.risk[who].sum())
        if min(observed, who.sum() - observed) < least or not expected > 0:
            return float("nan"), float("nan")
        log += sign * float(np.log(observed / expected))
        piece[who] = sign * (event[who] - observed / expected * known.risk[who]) / observed
    return log, error_of(by_person(piece, known.person))
