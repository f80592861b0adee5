"""Is a feature a worse sign of need for one group? It is recorded less for them, and at the same recorded value they come back oftener.

Either alone is no sign of it: a group may really have less of a condition, or be iller for other reasons. Both together are what a record
looks like that misses part of what a group has: visits elsewhere, conditions that nobody coded, tests that were not asked for.

For each level and each feature of `settings.proxies`:

- *recorded*: the sum recorded over what the others of the same age and sex would have (a feature that is missing for more than one in
  twenty counts as recorded or not);
- *events*: events over those that others with the same recorded value, age and sex would have.

An alarm needs the first below one at ``alarm / (levels x features)`` and the second above one at ``alarm / levels``, one-sided. That holds
the chance of any false alarm to `alarm`: within a level either the second is null, so that all its alarms need one event of chance
``alarm / levels``; or it is not, and each feature that is recorded alike must fail the first, of chance ``alarm / (levels x features)``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import norm

from hfrisk.assessment.settings import AssessmentSettings
from hfrisk.fairness.against_others import Ratio, Scene, bent, columns_for, ratio_to_others
from hfrisk.fairness.material import Floats
from hfrisk.fairness.results import COLUMNS
from hfrisk.fairness.settings import FairnessSettings

__all__ = ["biased_proxies"]

_OFTEN_MISSING = 0.05
_TOO_FEW = "not computed: too few in the group or among the others, or nothing recorded"


def biased_proxies(known: Scene, settings: FairnessSettings, assessment: AssessmentSettings) -> pd.DataFrame:
    """How much is recorded, and how often the outcome comes at the same record (`Mitigation.biased_proxies`)."""
    reach = float(norm.ppf(0.5 + assessment.confidence / 2))
    event = known.rows["event"].to_numpy(dtype=np.float64)
    equal = columns_for(known, settings.adjust)
    rows: list[dict[str, Any]] = []
    for group in settings.look_at:
        if group not in known.groups:
            continue
        level = known.levels(group)
        for one in sorted(set(level)):
            chosen = np.asarray(level == one, dtype=np.bool_)
            place = {"group": group, "level": str(one), "n": int(chosen.sum()), "events": int(event[chosen].sum())}
            for name in settings.proxies:
                if name not in known.features or name in settings.adjust:
                    continue
                found = _both(known, name, chosen, event, equal)
                for measure, ratio in found.items():
                    rows.append({**place, "feature": name, "measure": measure, **_limits(ratio, reach)})
    return pd.DataFrame(rows, columns=COLUMNS["biased_proxies"].split())


def _both(
    known: Scene, name: str, chosen: npt.NDArray[np.bool_], event: Floats, equal: list[Floats]
) -> dict[str, Ratio | None]:
    values = known.features[name].to_numpy(dtype=np.float64)
    missing = np.isnan(values)
    if missing.mean() > _OFTEN_MISSING:
        recorded = ratio_to_others((~missing).astype(np.float64), equal, chosen, known.person)
    else:
        filled = np.where(missing, 0.0, np.maximum(values, 0.0))
        recorded = ratio_to_others(filled, equal, chosen, known.person, binary=False)
    seen = bent(np.log1p(np.maximum(values, 0.0)))
    return {"recorded": recorded, "events": ratio_to_others(event, [*seen, *equal], chosen, known.person)}


def _limits(ratio: Ratio | None, reach: float) -> dict[str, Any]:
    if ratio is None:
        return {"estimate": np.nan, "lower": np.nan, "upper": np.nan, "reason": _TOO_FEW}
    estimate, lower, upper = np.exp([ratio.log, ratio.log - reach * ratio.error, ratio.log + reach * ratio.error])
    return {"estimate": float(estimate), "lower": float(lower), "upper": float(upper), "reason": ""}
