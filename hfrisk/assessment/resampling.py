"""The person-clustered bootstrap: all measures of all groups of all models, from the same draws of persons.

Persons are drawn with replacement and bring all their discharges, so that repeated discharges of one person do not
make an interval look narrower than it is (Field and Welsh, JRSS B 2007;69:369). A draw is a whole-number weight for
each person; discharges are sorted once, and a replicate only re-weights them. The numbers are those of copying rows
and computing again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hfrisk.assessment.calibration import Recalibrations
from hfrisk.assessment.parallel import side_by_side
from hfrisk.assessment.scored import Array, Measures, Scored
from hfrisk.progress import Step

__all__ = ["Resampled", "computed", "percentile_interval", "person_weights", "replicates_of"]

# About what stays in a processor's cache while a block of replicates goes through its measures.
_BLOCK = 500_000
# Replicates without events or non-events are left out; more of them than this share, and there is no honest interval.
_MOST_FAILED = 0.01


@dataclass(frozen=True)
class Resampled:
    """One set of discharges with one model's risks, whose measures are wanted under every replicate.

    Parameters
    ----------
    rows
        Positions of its discharges among those of the persons drawn.
    scored
        The discharges, arranged.
    plain
        The measures that need no fitting.
    recalibrations
        Calibration intercept and slope, if wanted.
    """

    rows: npt.NDArray[np.intp]
    scored: Scored
    plain: Measures
    recalibrations: Recalibrations | None

    @classmethod
    def of(
        cls,
        event: npt.ArrayLike,
        risk: npt.ArrayLike,
        rows: npt.ArrayLike | None = None,
        *,
        thresholds: Sequence[float] = (),
        rates: Sequence[float] = (),
        capacities: Sequence[float] = (),
        intercept: bool = True,
        slope: bool = True,
    ) -> Resampled:
        """Arrange the discharges `rows` (all by default) of `event` and `risk`.

        Parameters
        ----------
        event, risk
            Outcome (0 or 1) and risk (0 to 1), one entry a discharge.
        rows
            Positions of the discharges to measure.
        thresholds
            Thresholds of the net benefit (risks).
        rates, capacities
            Where sensitivity and its like are wanted: see `Measures`.
        intercept, slope
            Whether the calibration intercept, and the slope with it, are wanted.
        """
        outcome, probability = np.asarray(event), np.asarray(risk)
        chosen = np.arange(len(outcome)) if rows is None else np.asarray(rows, dtype=np.intp)
        scored = Scored.arrange(outcome[chosen], probability[chosen])
        fits = Recalibrations(scored, slope=slope) if intercept or slope else None
        return cls(chosen, scored, Measures(scored, thresholds, rates, capacities), fits)

    def measures(self) -> dict[str, float]:
        """The measures of the discharges as they are."""
        found = self.weighted(np.ones((1, len(self.rows))))
        return {name: float(values[0]) for name, values in found.items()}

    def weighted(self, weight: Array) -> dict[str, Array]:
        """The measures under weightings of shape (weightings, discharges), columns in the arranged order."""
        fitted = {} if self.recalibrations is None else self.recalibrations.of(weight)
        return self.plain.of(weight) | fitted


def person_weights(persons: int, replicates: range, seed: int) -> npt.NDArray[np.uint16]:
    """How often each person is drawn in each replicate.

    Each replicate has its own stream of random numbers, so it is the same whatever the block or thread it falls in.

    Returns
    -------
    ndarray
        Shape (replicates, persons); each row sums to `persons`.
    """
    weight = np.empty((len(replicates), persons), dtype=np.uint16)
    for row, replicate in enumerate(replicates):
        drawn = np.random.default_rng([seed, replicate]).integers(0, persons, persons)
        weight[row] = np.bincount(drawn, minlength=persons)
    return weight


def replicates_of(
    person: npt.ArrayLike,
    sets: Sequence[Resampled],
    *,
    replicates: int,
    seed: int,
    threads: int = 1,
    step: Step | None = None,
) -> list[dict[str, Array]]:
    """Measures of every set under every replicate.

    Parameters
    ----------
    person
        Identifier of the person of each discharge; any kind that can be sorted.
    sets
        What to measure; all share the draws, so differences between them are paired.
    replicates
        How many replicates.
    seed
        Seed of the draws.
    threads
        Threads; the numbers do not depend on them.
    step
        Is advanced by one for each replicate.

    Returns
    -------
    list
        For each set, the name of each measure to an array of shape (replicates,).
    """
    codes = np.unique(np.asarray(person), return_inverse=True)[1]
    persons = int(codes.max()) + 1
    columns = [codes[one.rows[one.scored.order]] for one in sets]
    several = max(1, min(replicates, _BLOCK // len(codes)))
    blocks = [range(first, min(replicates, first + several)) for first in range(0, replicates, several)]

    def block(which: range) -> list[dict[str, Array]]:
        weight = person_weights(persons, which, seed).astype(np.float64)
        return [one.weighted(weight.take(column, axis=1)) for one, column in zip(sets, columns, strict=True)]

    found: list[list[dict[str, Array]]] = []
    with side_by_side(threads) as pool:
        for which, measured in zip(blocks, pool.map(block, blocks), strict=True):
            found.append(measured)
            if step is not None:
                step.advance(len(which))
    return [
        {name: np.concatenate([measured[index][name] for measured in found]) for name in found[0][index]}
        for index in range(len(sets))
    ]


def computed(values: Array) -> Array:
    """The replicates that could be computed; none if more than one in a hundred could not."""
    finite = values[np.isfinite(values)]
    return finite if len(finite) >= (1 - _MOST_FAILED) * len(values) else finite[:0]


def percentile_interval(values: Array, confidence: float) -> tuple[float, float]:
    """Percentile interval of replicates, shape (replicates,).

    Replicates that could not be computed (no events drawn, say) are left out. NaN twice if they are more than one
    in a hundred: the interval would then describe only the lucky draws.
    """
    finite = computed(values)
    if len(finite) == 0:
        return float("nan"), float("nan")
    tail = (1 - confidence) / 2
    lower, upper = np.quantile(finite, (tail, 1 - tail))
    return float(lower), float(upper)
