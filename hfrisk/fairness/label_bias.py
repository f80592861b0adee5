"""Is the label itself biased? A group that dies as often, or oftener, at equal predicted risk, and yet comes back less.

A readmission is care that was had. A group that comes to hospital less than it needs, or elsewhere, has fewer readmissions than illness,
and a model that learns them takes its people for well (Obermeyer and others, Science 2019;366:447). Deaths do not depend on coming back.
So for each level, at equal predicted risk of readmission, age and sex (`settings.adjust`), readmissions are set over those that the other
levels would have, and deaths without readmission likewise:

``gap = log(deaths seen / expected) - log(readmissions seen / expected)``

If illness as deaths show it is the yardstick, ``1 - exp(-gap)`` of the readmissions are not recorded. What the model gives to a level as
such is taken out of the risk first (`against_others.blind_log_odds`): it has learnt it from the readmissions that are in doubt. The test is
the gap over its standard error, clustered by person, one-sided, and corrected for the number of levels (Bonferroni).

Signs of illness that the model may read are shown beside, in standard deviations, and raise no alarm: at equal risk they differ between
groups for many reasons. A real difference in dying that is no matter of readmission looks the same: this is a possibility to look into, and
no proof.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import norm

from hfrisk.assessment.settings import AssessmentSettings
from hfrisk.fairness.against_others import (
    Ratio,
    Scene,
    bent,
    blind_log_odds,
    columns_for,
    error_of,
    mean_gap,
    ratio_to_others,
)
from hfrisk.fairness.material import Floats
from hfrisk.fairness.results import COLUMNS
from hfrisk.fairness.settings import FairnessSettings

__all__ = ["label_bias"]

_TOO_FEW = "not computed: too few deaths or readmissions in the group or among the others"


def label_bias(known: Scene, settings: FairnessSettings, assessment: AssessmentSettings) -> pd.DataFrame:
    """Readmissions, deaths and signs of illness of each level at equal predicted risk (`Mitigation.label_bias`).

    Parameters
    ----------
    known
        Development, with risks out of fold, and the test together; deaths are few.
    settings
        Groups, what is held equal, signs of illness.
    assessment
        Confidence.
    """
    reach = float(norm.ppf(0.5 + assessment.confidence / 2))
    rows: list[dict[str, Any]] = []
    for group in settings.look_at:
        if group not in known.groups:
            continue
        level = known.levels(group)
        columns = [*bent(blind_log_odds(known, level)), *columns_for(known, settings.adjust)]
        for one in sorted(set(level)):
            rows += _of_level(known, group, str(one), level == one, columns, settings, reach)
    return pd.DataFrame(rows, columns=COLUMNS["label_bias"].split())


def _of_level(
    known: Scene,
    group: str,
    level: str,
    chosen: npt.NDArray[np.bool_],
    columns: Sequence[Floats],
    settings: FairnessSettings,
    reach: float,
) -> list[dict[str, Any]]:
    state = known.rows["state"].to_numpy()
    place = {"group": group, "level": level, "n": int(chosen.sum())}
    found: dict[str, Ratio | None] = {}
    rows = []
    for sign in ("readmitted", "died"):
        values = (state == sign).astype(np.float64)
        found[sign] = ratio_to_others(values, columns, chosen, known.person)
        rows.append(place | _ratio(sign, found[sign], float(values[chosen].sum()), reach))
    rows.append(place | _lost(found["readmitted"], found["died"], int((state[chosen] == "died").sum()), reach))
    for name in settings.severity:
        if name in known.features:
            rows.append(place | _sign(known, name, chosen, columns, reach))
    return rows


def _ratio(sign: str, found: Ratio | None, events: float, reach: float) -> dict[str, Any]:
    if found is None:
        return _row(sign, (np.nan, np.nan, np.nan), events, _TOO_FEW)
    limits = [found.log, found.log - reach * found.error, found.log + reach * found.error]
    return _row(sign, tuple(np.exp(limits)), events, "")


def _lost(readmitted: Ratio | None, died: Ratio | None, deaths: int, reach: float) -> dict[str, Any]:
    if readmitted is None or died is None:
        return _row("lost", (np.nan, np.nan, np.nan), deaths, _TOO_FEW)
    gap, error = died.log - readmitted.log, error_of(died.influence - readmitted.influence)
    limits = np.array([gap, gap - reach * error, gap + reach * error])
    return _row("lost", tuple(1 - np.exp(-limits)), deaths, "")


def _sign(
    known: Scene, name: str, chosen: npt.NDArray[np.bool_], columns: Sequence[Floats], reach: float
) -> dict[str, Any]:
    values = known.features[name].to_numpy(dtype=np.float64)
    entry = known.entries.get(name)
    if entry is not None and entry.skewed:
        values = np.log1p(np.maximum(values, 0.0))
    recorded = ~np.isnan(values)
    person = pd.factorize(known.person[recorded])[0].astype(np.int64)
    gap = mean_gap(values[recorded], [column[recorded] for column in columns], chosen[recorded], person)
    n = int((chosen & recorded).sum())
    if gap is None:
        return _row(name, (np.nan, np.nan, np.nan), n, "not computed: too few have it recorded")
    return _row(name, (gap[0], gap[0] - reach * gap[1], gap[0] + reach * gap[1]), n, "")


def _row(sign: str, values: Sequence[float], events: float, reason: str) -> dict[str, Any]:
    estimate, lower, upper = (float(value) for value in values)
    return {
        "sign": sign,
        "estimate": estimate,
        "lower": lower,
        "upper": upper,
        "events": int(events),
        "reason": reason,
    }
