"""Whether the levels of a group differ by more than chance gives: permutation tests over persons.

An interval of the gap between the largest and the smallest level cannot cover nought, and thirty intervals of thirty levels leave out
the truth once or twice by chance. So the levels of a group are asked one question, whether they differ at all, and the answer is
adjusted for how many groups were asked.

*The draw.* Levels are dealt out anew among the persons; each person keeps all discharges. A person whose level changes (age, hospital)
counts with the level of the first discharge.

*The statistic* is a chi-square between levels, each weighed by what its own persons vary: with ``S`` the sum over a level's persons of
(numerator - rate of all x denominator), ``Q`` the sum of its squares and ``B`` that of the denominators, ``sum S^2 / Q`` at the common
rate at which that is smallest. For AUROC: that of each level, weighed by its clustered variance (Obuchowski, Biometrics 1997;53:567).
Being weighed so, the test holds its level also where groups differ in something else, such as in need, as long as they are not tiny
(Janssen, Stat Probab Lett 1997;36:9; Chung and Romano, Ann Stat 2013;41:484; Pauly, Brunner and Konietschke, J R Stat Soc B 2015;77:461).

*The p-value* is ``(b + 1) / (m + 1)``, ``b`` of ``m`` draws with a statistic as large (Phipson and Smyth, Stat Appl Genet Mol Biol
2010;9:39), and beside it Holm's over all groups asked about the same measure (Scand J Stat 1979;6:65).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from hfrisk.assessment.capacity import chosen_at_capacity
from hfrisk.assessment.gaps import level_gaps
from hfrisk.assessment.groups import EVERYONE, Group
from hfrisk.assessment.parallel import side_by_side
from hfrisk.assessment.ranked import AreaTest
from hfrisk.assessment.results import COLUMNS, at_capacity, at_threshold
from hfrisk.assessment.scored import Array, two_classes
from hfrisk.assessment.settings import AssessmentSettings

__all__ = ["Codes", "RatioTest", "difference_tests", "holm", "permutation_p"]

Codes = npt.NDArray[np.int64]

FAIRLEARN = {
    "selection_rate": "demographic_parity",
    "sensitivity": "equal_opportunity",
    "false_positive_rate": "false_positive_rate",
    "equalized_odds": "equalized_odds",
}
"""What fairlearn calls the difference and the ratio of these: ``demographic_parity_difference``."""
_ODDS = "equalized_odds"
_FEW = "not computed: fewer than two levels are large enough"
# labels of a block of draws, in all
_BLOCK = 400_000


@dataclass(frozen=True)
class RatioTest:
    """Statistics of many ratios at once, each a sum over persons divided by another.

    Parameters
    ----------
    columns
        For each person and ratio: residual, its square, denominator; shape (persons, ratios, 3).
    """

    columns: Array

    @classmethod
    def of(cls, numerators: Array, denominators: Array) -> RatioTest:
        """From the sums of each person, shape (persons, ratios) both."""
        whole = denominators.sum(axis=0)
        rate = np.divide(numerators.sum(axis=0), whole, out=np.zeros_like(whole), where=whole != 0)
        left = numerators - rate * denominators
        return cls(np.stack([left, left**2, denominators], axis=2))

    def statistics(self, labels: Codes, levels: int) -> Array:
        """The statistic of each ratio under each labelling.

        Parameters
        ----------
        labels
            Level of each person, from 0, shape (labellings, persons).
        levels
            How many levels.

        Returns
        -------
        ndarray
            Shape (labellings, ratios).
        """
        draws, persons = labels.shape
        place = labels + levels * np.arange(draws)[:, None]
        dealt = sparse.csc_matrix(
            (np.ones(draws * persons), place.T.ravel(), np.arange(persons + 1) * draws), shape=(draws * levels, persons)
        )
        sums = np.asarray(dealt @ self.columns.reshape(persons, -1)).reshape(draws, levels, -1, 3)
        total, square, size = sums[..., 0], sums[..., 1], sums[..., 2]
        weight = np.divide(1.0, square, out=np.zeros_like(square), where=square > 0)
        cross, own = (total * size * weight).sum(axis=1), (size**2 * weight).sum(axis=1)
        moved = np.divide(cross**2, own, out=np.zeros_like(own), where=own > 0)
        return np.asarray((total**2 * weight).sum(axis=1) - moved)


def permutation_p(observed: Array, drawn: Array) -> Array:
    """``(b + 1) / (m + 1)`` for observed statistics, shape (k,), and drawn ones, shape (m, k)."""
    as_large = (drawn >= observed * (1 - 1e-9) - 1e-12).sum(axis=0)
    return np.asarray((as_large + 1) / (len(drawn) + 1))


def holm(p: npt.ArrayLike) -> Array:
    """p-values adjusted for their number, so that a false alarm among all is as rare as each was to be; NaN stays, and counts for none."""
    values = np.asarray(p, dtype=np.float64)
    known = np.flatnonzero(np.isfinite(values))
    order = known[np.argsort(values[known], kind="stable")]
    adjusted = np.full(len(values), np.nan)
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(values[order] * np.arange(len(order), 0, -1)))
    return adjusted


def difference_tests(
    event: npt.ArrayLike,
    risk: npt.ArrayLike,
    person: npt.ArrayLike,
    discharged: npt.ArrayLike,
    groups: Sequence[Group],
    settings: AssessmentSettings,
) -> pd.DataFrame:
    """Test every group, and every group taken with another, on every measure.

    Parameters
    ----------
    event, risk, person, discharged
        Outcome (0 or 1), risk (0 to 1), person and date, one entry a discharge.
    groups
        From `find_groups`. Levels too small for any number take no part, nor do those who belong to them.
    settings
        Threshold, capacities, permutations, seed.

    Returns
    -------
    DataFrame
        group, measure, fairlearn, difference, ratio, statistic, p, p_adjusted, levels, levels_excluded, reason; levels
        are joined by ``; ``.
        Gaps are those between levels that are large enough for the rate itself.
    """
    outcome, probability = two_classes(event, risk)
    chosen = _chosen(probability, settings)
    sums = _Sums.of(outcome, probability, person, discharged, chosen)
    gaps = level_gaps(outcome, probability, groups, chosen)
    rows: list[dict[str, Any]] = []
    for name in dict.fromkeys(one.group for one in groups if one.group != EVERYONE):
        members = [one for one in groups if one.group == name]
        judged = [one for one in members if one.size != "nothing"]
        tested = _tested(sums, judged, settings) if len(judged) > 1 else {}
        told = {
            "group": name,
            "levels": "; ".join(one.level for one in judged),
            "levels_excluded": "; ".join(one.level for one in members if one.size == "nothing"),
        }
        for measure in (*sums.measures, *(f"{_ODDS}@{place}" for place in chosen), "auroc"):
            statistic, p = tested.get(measure, (np.nan, np.nan))
            difference, ratio = gaps.get((name, measure), (np.nan, np.nan))
            metric = FAIRLEARN.get(measure.partition("@")[0], "")
            numbers = {"difference": difference, "ratio": ratio, "statistic": statistic, "p": p}
            rows.append(told | {"measure": measure, "fairlearn": metric, **numbers, "reason": "" if tested else _FEW})
    columns = [column for column in COLUMNS["fairness_tests"].split() if column not in ("model", "split")]
    frame = pd.DataFrame(rows, columns=columns)
    frame["p_adjusted"] = frame.groupby("measure")["p"].transform(lambda p: holm(p.to_numpy())) if rows else np.nan
    return frame


def _chosen(risk: Array, settings: AssessmentSettings) -> dict[str, Array]:
    """How surely each discharge is chosen, at the threshold and at each capacity, by the place in the names of measures."""
    found = {at_threshold("", settings.threshold).removeprefix("@"): (risk >= settings.threshold).astype(np.float64)}
    return found | {at_capacity("", s).removeprefix("@"): chosen_at_capacity(risk, s) for s in settings.capacities}


@dataclass(frozen=True)
class _Sums:
    """What each person brings to each ratio, and what is needed to rank."""

    who: Codes
    first: Codes
    measures: tuple[str, ...]
    numerators: Array
    denominators: Array
    event: Array
    risk: Array

    @classmethod
    def of(
        cls, event: Array, risk: Array, person: npt.ArrayLike, discharged: npt.ArrayLike, chosen: Mapping[str, Array]
    ) -> _Sums:
        _, who = np.unique(np.asarray(person), return_inverse=True)
        in_time = np.argsort(pd.to_datetime(pd.Series(np.asarray(discharged))).to_numpy(), kind="stable")
        first = in_time[np.unique(who[in_time], return_index=True)[1]]
        pairs: dict[str, tuple[Array, Array]] = {"oe_ratio": (event, risk)}
        every = np.ones_like(event)
        for place, seen in chosen.items():
            if not place.startswith("top"):
                odds = float(place) / (1 - float(place))
                pairs[f"net_benefit@{place}"] = (seen * (event - (1 - event) * odds), every)
            pairs[f"selection_rate@{place}"] = (seen, every)
            pairs[f"sensitivity@{place}"] = (seen * event, event)
            pairs[f"false_positive_rate@{place}"] = (seen * (1 - event), 1 - event)
            pairs[f"ppv@{place}"] = (seen * event, seen)
        gathered = sparse.csr_matrix((every, (who, np.arange(len(who)))), shape=(len(first), len(who)))
        top, bottom = (
            np.asarray(gathered @ np.column_stack([pair[side] for pair in pairs.values()])) for side in (0, 1)
        )
        return cls(who, first, tuple(pairs), top, bottom, event, risk)


def _tested(sums: _Sums, judged: Sequence[Group], settings: AssessmentSettings) -> dict[str, tuple[float, float]]:
    """Statistic and p of each measure, for the levels of one group."""
    levels = len(judged)
    code = np.full(len(sums.who), -1, dtype=np.int64)
    for number, one in enumerate(judged):
        code[one.rows] = number
    label = code[sums.first]
    inside = label >= 0
    label = label[inside]
    ratios = RatioTest.of(sums.numerators[inside], sums.denominators[inside])
    place = np.cumsum(inside) - 1
    rows = inside[sums.who]
    area = AreaTest.of(sums.event[rows], sums.risk[rows], place[sums.who[rows]])

    def statistics(labels: Codes) -> Array:
        found = ratios.statistics(labels, levels)
        return np.column_stack([found, _both(found, sums.measures), area.statistics(labels, levels)])

    observed = statistics(label[None, :])[0]
    drawn = _dealt(label, statistics, len(rows), settings)
    names = (*sums.measures, *(f"{_ODDS}@{where}" for where in _places(sums.measures)), "auroc")
    p = permutation_p(observed, drawn)
    return {name: (float(observed[i]), float(p[i])) for i, name in enumerate(names)}


def _dealt(label: Codes, statistics: Callable[[Codes], Array], rows: int, settings: AssessmentSettings) -> Array:
    """Statistics with the levels dealt out anew; each draw has its own stream, whatever the block or thread it falls in."""
    block = max(1, _BLOCK // max(1, rows))
    draws = [
        range(begin, min(begin + block, settings.permutations)) for begin in range(0, settings.permutations, block)
    ]

    def one(which: range) -> Array:
        return statistics(np.stack([np.random.default_rng([settings.seed, 7, i]).permutation(label) for i in which]))

    with side_by_side(settings.threads) as pool:
        return np.concatenate(list(pool.map(one, draws)))


def _places(measures: Sequence[str]) -> list[str]:
    return [name.partition("@")[2] for name in measures if name.startswith("sensitivity@")]


def _both(found: Array, measures: Sequence[str]) -> Array:
    """Statistic of true and false positive rates together, at each place."""
    where = {name: column for column, name in enumerate(measures)}
    return np.column_stack(
        [
            found[:, where[f"sensitivity@{place}"]] + found[:, where[f"false_positive_rate@{place}"]]
            for place in _places(measures)
        ]
    )
