"""Whom a team that can see a share of all discharges would see, by group: one capacity for all, whoever is in it.

Everyone is ranked together and those at highest risk are chosen; within a group those chosen are then only counted. A capacity for each
group would be another policy.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from hfrisk.assessment.groups import EVERYONE, Group
from hfrisk.assessment.resampling import percentile_interval, person_weights
from hfrisk.assessment.results import NOBODY, RATES, at_capacity
from hfrisk.assessment.scored import Array, rates_of_cells, two_classes
from hfrisk.assessment.settings import AssessmentSettings

__all__ = ["Ranking", "capacity_groups", "capacity_rates", "chosen_at_capacity"]

_PERFORMANCE = ["group", "level", "measure", "estimate", "lower", "upper", "n", "events", "reason"]
_COUNTS = ["group", "level", "share", "n", "events", "reviewed", "events_found"]
# about what stays in a processor's cache while a block of replicates is weighed
_BLOCK = 500_000


class Ranking:
    """Discharges by falling risk, so that those at highest risk can be chosen under many weightings.

    Parameters
    ----------
    risk
        One entry a discharge.
    """

    def __init__(self, risk: npt.ArrayLike) -> None:
        values = -np.asarray(risk, dtype=np.float64)
        self.order = np.argsort(values, kind="stable")
        _, first, self._level = np.unique(values[self.order], return_index=True, return_inverse=True)
        self._edges = np.append(first, len(values))

    def chosen(self, weight: Array, share: float) -> Array:
        """How surely each is chosen, shape (weightings, discharges), columns by falling risk.

        Parameters
        ----------
        weight
            Weights, columns by falling risk.
        share
            The capacity, as a share of all (0 to 1). Those who tie at the edge share the room that is left.
        """
        upto = np.zeros((len(weight), weight.shape[1] + 1))
        np.cumsum(weight, axis=1, out=upto[:, 1:])
        reached = upto[:, self._edges]
        room = np.round(share * upto[:, -1:])
        with np.errstate(divide="ignore", invalid="ignore"):
            part = np.clip((room - reached[:, :-1]) / np.diff(reached, axis=1), 0.0, 1.0)
        return np.nan_to_num(part, nan=0.0)[:, self._level]


def chosen_at_capacity(risk: npt.ArrayLike, share: float) -> Array:
    """How surely each discharge is among the `share` of all at highest risk: 1, 0, or the room shared by those who tie at the edge."""
    ranking = Ranking(risk)
    found = np.empty(len(ranking.order))
    found[ranking.order] = ranking.chosen(np.ones((1, len(found))), share)[0]
    return found


def capacity_groups(
    event: npt.ArrayLike, risk: npt.ArrayLike, groups: Sequence[Group], shares: Sequence[float]
) -> pd.DataFrame:
    """How many of each group are among those at highest risk of all, and how many events they have.

    Parameters
    ----------
    event, risk
        Outcome (0 or 1) and risk (0 to 1), one entry a discharge.
    groups
        From `find_groups`.
    shares
        Capacities (0 to 1).

    Returns
    -------
    DataFrame
        group, level, share, n, events, reviewed, events_found; of those who tie at the edge, the expected number (to the nearest
        whole one).
    """
    outcome, probability = two_classes(event, risk)
    rows = []
    for share in shares:
        seen = chosen_at_capacity(probability, share)
        for one in groups:
            reviewed, found = float(seen[one.rows].sum()), float(seen[one.rows] @ outcome[one.rows])
            rows.append(
                (
                    one.group,
                    one.level,
                    float(share),
                    one.n,
                    one.events,
                    round(reviewed),
                    min(round(found), round(reviewed)),
                )
            )
    return pd.DataFrame(rows, columns=_COUNTS)


def capacity_rates(
    event: npt.ArrayLike,
    risk: npt.ArrayLike,
    person: npt.ArrayLike,
    groups: Sequence[Group],
    settings: AssessmentSettings,
) -> pd.DataFrame:
    """`RATES` of each group among those at highest risk of all, with clustered intervals; everyone's stand elsewhere.

    In each replicate everyone is ranked anew, so that whom a group competes with is drawn too.

    Parameters
    ----------
    event, risk, person
        Outcome (0 or 1), risk (0 to 1) and person, one entry a discharge.
    groups
        From `find_groups`. Of groups too small for slope and curve only ``selection_rate`` is told: it is a count, the others are
        performance (decision 19).
    settings
        Capacities, replicates, seed, confidence.

    Returns
    -------
    DataFrame
        group, level, measure (``ppv@top0.1``), estimate, lower, upper, n, events, reason.
    """
    outcome, probability = two_classes(event, risk)
    told = [one for one in groups if one.group != EVERYONE]
    ranking = Ranking(probability)
    varies = len(probability) > 0 and float(np.ptp(probability)) > 0
    counted = [one for one in told if one.size != "nothing"] if varies else []
    members = _members(counted, outcome, ranking)
    points = _rates(np.ones((1, len(outcome))), ranking, members, settings.capacities) if counted else {}
    drawn = _drawn(person, ranking, members, settings) if counted else {}
    place = {(one.group, one.level): column for column, one in enumerate(counted)}
    rows: list[tuple[Any, ...]] = []
    for one in told:
        column = place.get((one.group, one.level))
        for share in settings.capacities:
            for rate in RATES:
                measure = at_capacity(rate, share)
                estimate, lower, upper, reason = np.nan, np.nan, np.nan, one.reason
                if column is None or (one.size == "imprecise" and rate != "selection_rate"):
                    reason = one.reason.replace("imprecise:", "not computed:")
                    reason = reason or "not computed: everyone has the same risk, which chooses nobody"
                elif np.isnan(value := float(points[measure][0, column])):
                    reason = NOBODY
                else:
                    estimate = value
                    lower, upper = percentile_interval(drawn[measure][:, column], settings.confidence)
                    if np.isnan(lower):
                        reason = "no interval: too many resamples were without events or non-events"
                rows.append((one.group, one.level, measure, estimate, lower, upper, one.n, one.events, reason))
    return pd.DataFrame(rows, columns=_PERFORMANCE)


def _members(groups: Sequence[Group], outcome: Array, ranking: Ranking) -> sparse.csr_matrix:
    """Who is in each group, and which of them have the event: shape (2 groups, discharges), columns by falling risk."""
    inside = sparse.lil_matrix((2 * len(groups), len(outcome)))
    for row, one in enumerate(groups):
        inside[row, one.rows] = 1.0
        inside[len(groups) + row, one.rows[outcome[one.rows] == 1]] = 1.0
    return inside.tocsc()[:, ranking.order].tocsr()


def _drawn(
    person: npt.ArrayLike, ranking: Ranking, members: sparse.csr_matrix, settings: AssessmentSettings
) -> dict[str, Array]:
    """The rates under every replicate; the draws are those of the other measures."""
    who = np.unique(np.asarray(person), return_inverse=True)[1]
    persons = int(who.max()) + 1
    who = who[ranking.order]
    block = max(1, _BLOCK // len(who))
    parts = []
    for begin in range(0, settings.replicates, block):
        which = range(begin, min(begin + block, settings.replicates))
        weight = person_weights(persons, which, settings.seed).astype(np.float64)[:, who]
        parts.append(_rates(weight, ranking, members, settings.capacities))
    return {measure: np.concatenate([part[measure] for part in parts]) for measure in parts[0]}


def _rates(weight: Array, ranking: Ranking, members: sparse.csr_matrix, shares: Sequence[float]) -> dict[str, Array]:
    """Rates by measure, shape (weightings, groups)."""
    n, positives = np.split(_summed(members, weight), 2, axis=1)
    found: dict[str, Array] = {}
    for share in shares:
        reviewed, hits = np.split(_summed(members, weight * ranking.chosen(weight, share)), 2, axis=1)
        # what a sum leaves of nought is noise, and no denominator
        reviewed, hits = (np.where(np.abs(sums) < 1e-9, 0.0, sums) for sums in (reviewed, hits))
        rates = rates_of_cells(hits, reviewed - hits, positives, n - positives)
        found |= {at_capacity(name, share): values for name, values in rates.items()}
    return found


def _summed(members: sparse.csr_matrix, weight: Array) -> Array:
    return np.asarray((members @ weight.T).T)
