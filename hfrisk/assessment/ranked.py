"""Whether the AUROC within levels of a group differs: the statistic, under many labellings of the persons."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hfrisk.assessment.scored import Array

__all__ = ["AreaTest"]

Index = npt.NDArray[np.intp]


@dataclass(frozen=True)
class AreaTest:
    """Discharges sorted once: events and non-events by rising risk, and for each where it stands among the others.

    Parameters
    ----------
    person
        Whole-number code of the person of each discharge, from 0, events first.
    events
        How many events.
    below, upto
        For each discharge, how many of the other outcome have a smaller risk, and one no larger.
    by_person, starts
        Order that brings the discharges of one person together, and where each person begins.
    """

    person: Index
    events: int
    below: Index
    upto: Index
    by_person: Index
    starts: Index

    @classmethod
    def of(cls, event: Array, risk: Array, person: npt.NDArray[np.int64]) -> AreaTest:
        """From outcome (0 or 1), risk and person, one entry a discharge; every code up to the largest is met."""
        order = np.lexsort((risk, 1 - event))
        events = int(event.sum())
        ordered = risk[order]
        high, low = ordered[:events], ordered[events:]
        below, upto = (
            np.concatenate([np.searchsorted(low, high, side=side), np.searchsorted(high, low, side=side)])
            for side in ("left", "right")
        )
        who = person[order].astype(np.intp)
        by_person = np.argsort(who, kind="stable")
        starts = np.unique(who[by_person], return_index=True)[1]
        return cls(who, events, below, upto, by_person, starts)

    def statistics(self, labels: npt.NDArray[np.int64], levels: int) -> Array:
        """Chi-square between the levels' AUROCs, each weighed by its clustered variance; shape (labellings,).

        Parameters
        ----------
        labels
            Level of each person, from 0, shape (labellings, persons).
        levels
            How many levels. One with fewer than two events or non-events under a labelling takes no part there.
        """
        areas, variances = self.areas(labels, levels)
        weight = np.where(np.isfinite(variances), 1.0, 0.0)
        weight = np.divide(weight, variances, out=np.zeros_like(weight), where=weight > 0)
        areas = np.where(weight > 0, areas, 0.0)
        of_all = weight.sum(axis=1, keepdims=True)
        mean = np.divide(
            (weight * areas).sum(axis=1, keepdims=True), of_all, out=np.zeros_like(of_all), where=of_all > 0
        )
        return np.asarray((weight * (areas - mean) ** 2).sum(axis=1))

    def areas(self, labels: npt.NDArray[np.int64], levels: int) -> tuple[Array, Array]:
        """AUROC and clustered variance of each level, shape (labellings, levels); NaN where it has too few."""
        cut = self.events
        level = labels[:, self.person]
        pull = np.zeros(level.shape)
        area, pairs = np.full((2, len(labels), levels), np.nan)
        for one in range(levels):
            mine = level == one
            has, lacks = mine[:, :cut], mine[:, cut:]
            positives, negatives = has.sum(axis=1), lacks.sum(axis=1)
            running = [np.pad(np.cumsum(part, axis=1, dtype=np.int32), ((0, 0), (1, 0))) for part in (lacks, has)]
            beaten = 0.5 * (running[0][:, self.below[:cut]] + running[0][:, self.upto[:cut]])
            ahead = positives[:, None] - 0.5 * (running[1][:, self.below[cut:]] + running[1][:, self.upto[cut:]])
            pairs[:, one] = positives * negatives
            with np.errstate(divide="ignore", invalid="ignore"):
                area[:, one] = np.einsum("ij,ij->i", beaten, has) / pairs[:, one]
                middle = area[:, one][:, None]
                pull[:, :cut] += np.where(has, (beaten / negatives[:, None] - middle) / positives[:, None], 0.0)
                pull[:, cut:] += np.where(lacks, (ahead / positives[:, None] - middle) / negatives[:, None], 0.0)
            area[(positives < 2) | (negatives < 2), one] = np.nan
        square = np.add.reduceat(pull[:, self.by_person], self.starts, axis=1) ** 2
        variance = np.stack([np.where(labels == one, square, 0.0).sum(axis=1) for one in range(levels)], axis=1)
        # far under any that is met, so that a handful that is ranked rightly throughout does not count for everything
        variance = np.maximum(variance, 1 / (12 * np.maximum(pairs, 1)))
        return area, np.where(np.isnan(area), np.nan, variance)
