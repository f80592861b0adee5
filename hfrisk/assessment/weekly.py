"""What teams find that can see a number of people each week at each site, as discharges come.

A capacity over the whole period would let a quiet week lend its room to a busy one; a team cannot. Here each site chooses anew each
week, from Monday to Sunday, those at highest risk among that week's discharges.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from hfrisk.assessment.groups import Group
from hfrisk.assessment.resampling import percentile_interval, person_weights
from hfrisk.assessment.results import NOBODY, RATES, at_weekly
from hfrisk.assessment.scored import Array, rates_of_cells, two_classes
from hfrisk.assessment.settings import AssessmentSettings

__all__ = ["SITE", "chosen_each_week", "weekly_rates", "weekly_table"]

SITE = "site_group"
"""The group that stands for the site."""

_PERFORMANCE = ["group", "level", "measure", "estimate", "lower", "upper", "n", "events", "reason"]
# about what stays in a processor's cache while a block of replicates is weighed
_BLOCK = 500_000


def chosen_each_week(
    risk: npt.ArrayLike, site: npt.ArrayLike, discharged: npt.ArrayLike, reviews: int
) -> npt.NDArray[np.float64]:
    """How surely each discharge is among the `reviews` at highest risk of its site and week.

    Parameters
    ----------
    risk
        One entry a discharge.
    site
        The site of each; missing is a site of its own.
    discharged
        The date of each; weeks begin on Mondays.
    reviews
        How many a site can see in a week.

    Returns
    -------
    ndarray
        1 for those who are seen, 0 for those who are not, and between those who tie at the edge the room that is left, shared.
    """
    frame = pd.DataFrame(
        {
            "risk": np.asarray(risk, dtype=np.float64),
            "site": pd.Series(np.asarray(site, dtype=object)).fillna("").astype(str).to_numpy(),
            "week": pd.to_datetime(pd.Series(np.asarray(discharged))).dt.to_period("W-SUN").to_numpy(),
        }
    )
    within = frame.groupby(["site", "week"], sort=False)["risk"]
    ahead = within.rank(method="min", ascending=False) - 1
    tied = frame.groupby(["site", "week", "risk"], sort=False)["risk"].transform("size")
    return np.asarray(((reviews - ahead).clip(lower=0, upper=tied) / tied).to_numpy(), dtype=np.float64)


def weekly_table(event: npt.ArrayLike, chosen: dict[int, Array]) -> pd.DataFrame:
    """How many would be reviewed, and how many events they would have.

    Parameters
    ----------
    event
        Outcome (0 or 1), one entry a discharge.
    chosen
        For each number of reviews, `chosen_each_week`.

    Returns
    -------
    DataFrame
        reviews, n, reviewed, events, events_found; one row a number. Of those who tie, the expected number of events is found (to the
        nearest whole one).
    """
    outcome = np.asarray(event, dtype=np.int64)
    return pd.DataFrame(
        {
            "reviews": reviews,
            "n": len(outcome),
            "reviewed": round(float(seen.sum())),
            "events": int(outcome.sum()),
            "events_found": round(float(seen @ outcome)),
        }
        for reviews, seen in chosen.items()
    )


def weekly_rates(
    event: npt.ArrayLike,
    risk: npt.ArrayLike,
    chosen: dict[int, Array],
    person: npt.ArrayLike,
    everyone: Group,
    settings: AssessmentSettings,
) -> pd.DataFrame:
    """Sensitivity, specificity, PPV, NPV and number needed to evaluate among those chosen each week, with clustered intervals.

    The interval is that of the choices as they were made: persons are drawn anew, not the weeks in which they compete.

    Returns
    -------
    DataFrame
        group, level, measure (``ppv@week5``), estimate, lower, upper, n, events, reason; one row a rate and number of reviews.
    """
    outcome = two_classes(event, risk)[0].astype(np.float64)
    allowed = everyone.size in ("no slope", "everything")
    drawn = _drawn(outcome, chosen, person, settings) if allowed else {}
    rows: list[tuple[Any, ...]] = []
    for reviews, seen in chosen.items():
        point = rates_of_cells(*_cells(np.ones((1, len(outcome))), outcome, seen)) if allowed else {}
        for rate in RATES:
            estimate, lower, upper, reason = np.nan, np.nan, np.nan, everyone.reason
            if not allowed:
                reason = everyone.reason.replace("imprecise:", "not computed:")
            elif np.isnan(value := float(point[rate][0])):
                reason = NOBODY
            else:
                estimate = value
                lower, upper = percentile_interval(drawn[reviews][rate], settings.confidence)
            where = (everyone.group, everyone.level, at_weekly(rate, reviews))
            rows.append((*where, estimate, lower, upper, everyone.n, everyone.events, reason))
    return pd.DataFrame(rows, columns=_PERFORMANCE)


def _drawn(
    outcome: Array, chosen: dict[int, Array], person: npt.ArrayLike, settings: AssessmentSettings
) -> dict[int, dict[str, Array]]:
    """The rates under every replicate; the draws are those of the other measures."""
    _, who = np.unique(np.asarray(person), return_inverse=True)
    persons = int(who.max()) + 1
    block = max(1, _BLOCK // len(outcome))
    found: dict[int, list[dict[str, Array]]] = {reviews: [] for reviews in chosen}
    for begin in range(0, settings.replicates, block):
        which = range(begin, min(begin + block, settings.replicates))
        weight = person_weights(persons, which, settings.seed).astype(np.float64)[:, who]
        for reviews, seen in chosen.items():
            found[reviews].append(rates_of_cells(*_cells(weight, outcome, seen)))
    return {
        reviews: {rate: np.concatenate([part[rate] for part in parts]) for rate in RATES}
        for reviews, parts in found.items()
    }


def _cells(weight: Array, outcome: Array, seen: Array) -> tuple[Array, Array, Array, Array]:
    """True and false positives, all events, all non-events, under each weighting."""
    sums = weight @ np.column_stack([seen * outcome, seen * (1 - outcome), outcome, 1 - outcome])
    return sums[:, 0], sums[:, 1], sums[:, 2], sums[:, 3]
