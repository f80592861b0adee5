"""Outcomes and risks of one set of discharges, sorted once so that every re-weighting afterwards is cheap.

A bootstrap replicate of persons is a whole-number weight for each discharge. Sorting is done once for the
discharges, not once a replicate: a replicate then costs two running sums and a few weighted sums.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hfrisk.assessment.results import at_capacity, at_threshold

__all__ = ["Array", "Measures", "Scored", "logit", "rates_of_cells", "two_classes"]

Array = npt.NDArray[np.float64]
Index = npt.NDArray[np.intp]

# Net benefit of flagging everyone: no model's, and so no measure in the results, but there is one in every draw.
NET_BENEFIT_ALL = "net_benefit_all"

# A risk of exactly 0 or 1 has no finite logit and an infinite log loss: it is read as one in a million.
SMALLEST_RISK = 1e-6


def logit(risk: npt.ArrayLike) -> Array:
    """Log-odds of risks; 0 and 1 are read as one in a million and its complement."""
    clipped = np.clip(np.asarray(risk, dtype=np.float64), SMALLEST_RISK, 1 - SMALLEST_RISK)
    return np.asarray(np.log(clipped) - np.log1p(-clipped))


def two_classes(event: npt.ArrayLike, risk: npt.ArrayLike) -> tuple[Array, Array]:
    """Outcomes and risks as float arrays, refused if they are not outcomes and risks.

    Raises
    ------
    ValueError
        If lengths differ, an outcome is neither 0 nor 1, or a risk is missing or outside 0 to 1.
    """
    outcome = np.asarray(event, dtype=np.float64)
    probability = np.asarray(risk, dtype=np.float64)
    if outcome.ndim != 1 or outcome.shape != probability.shape:
        raise ValueError("outcomes and risks must be one-dimensional and equally long")
    if not np.isin(outcome, (0.0, 1.0)).all():
        raise ValueError("every outcome must be 0 or 1")
    if not ((probability >= 0) & (probability <= 1)).all():
        raise ValueError("every risk must lie between 0 and 1, none missing")
    return outcome, probability


@dataclass(frozen=True)
class Scored:
    """Discharges in the order that the measures want: non-events by rising risk, then events by rising risk.

    Parameters
    ----------
    order
        Position of each arranged discharge among those given to `arrange`.
    event, risk, log_odds
        Outcome (0 or 1), risk, and log-odds of the risk, arranged.
    non_events
        How many non-events; they come first.
    below, upto
        For each event, the number of non-events with a smaller risk, and with a risk no larger.
    first
        For each event, the number of events with a smaller risk.
    """

    order: Index
    event: Array
    risk: Array
    log_odds: Array
    non_events: int
    below: Index
    upto: Index
    first: Index

    @classmethod
    def arrange(cls, event: npt.ArrayLike, risk: npt.ArrayLike) -> Scored:
        """Sort the discharges. `event` (0 or 1) and `risk` (0 to 1) have one entry a discharge."""
        outcome, probability = two_classes(event, risk)
        order = np.lexsort((probability, outcome))
        outcome, probability = outcome[order], probability[order]
        non_events = int((outcome == 0).sum())
        without, with_event = probability[:non_events], probability[non_events:]
        return cls(
            order=order,
            event=outcome,
            risk=probability,
            log_odds=logit(probability),
            non_events=non_events,
            below=np.searchsorted(without, with_event, side="left"),
            upto=np.searchsorted(without, with_event, side="right"),
            first=np.searchsorted(with_event, with_event, side="left"),
        )

    @property
    def events(self) -> int:
        """How many events."""
        return len(self.event) - self.non_events

    @property
    def varies(self) -> bool:
        """Whether the risks differ at all; a slope needs that."""
        return len(self.risk) > 0 and float(self.log_odds.max() - self.log_odds.min()) > 1e-9


class Measures:
    """All measures of `scored` that need no fitting, for many weightings at once.

    Parameters
    ----------
    scored
        The discharges.
    thresholds
        Thresholds of the net benefit (risks).
    rates
        Those of them at which sensitivity, specificity, PPV, NPV and number needed to evaluate are wanted too.
    capacities
        Shares of the discharges, highest risk first, at which the same five are wanted. As in `utility.capacity_table`, of
        those who tie at the edge as many as there is room for are chosen, and the expected number of their events is found.

    Notes
    -----
    Every formula is that of the plain function of the same name in `discrimination`, `accuracy`, `calibration`
    and `utility`; the tests hold them equal to rounding error.
    """

    def __init__(
        self,
        scored: Scored,
        thresholds: Sequence[float] = (),
        rates: Sequence[float] = (),
        capacities: Sequence[float] = (),
    ) -> None:
        self._scored = scored
        self._thresholds = tuple(thresholds)
        self._rates = frozenset(rates)
        self._capacities = np.array(capacities, dtype=np.float64)
        cut = scored.non_events
        self._missed_non_events = np.searchsorted(scored.risk[:cut], self._thresholds, side="left")
        self._missed_events = np.searchsorted(scored.risk[cut:], self._thresholds, side="left")
        # The risks that occur, highest first; before each, the non-events and the events with a smaller one.
        self._levels = np.unique(scored.risk)[::-1] if len(self._capacities) else np.empty(0)
        self._under_non_events = np.searchsorted(scored.risk[:cut], self._levels, side="left")
        self._under_events = np.searchsorted(scored.risk[cut:], self._levels, side="left")
        self._columns = np.column_stack(
            [scored.risk, (scored.risk - scored.event) ** 2, losses(scored.event, scored.log_odds)]
        )

    def of(self, weight: Array) -> dict[str, Array]:
        """Measures under each weighting.

        Parameters
        ----------
        weight
            Weights, shape (weightings, discharges), columns in the arranged order.

        Returns
        -------
        dict
            Name of the measure to an array of shape (weightings,); NaN where a weighting leaves no event or no
            non-event and the measure needs it.
        """
        scored, cut = self._scored, self._scored.non_events
        without = _running(weight[:, :cut])
        with_event = _running(weight[:, cut:])
        negatives, positives = without[:, -1], with_event[:, -1]
        total = negatives + positives
        of_events = weight[:, cut:]
        expected, squares, loss = (weight @ self._columns).T
        out: dict[str, Array] = {}
        with np.errstate(divide="ignore", invalid="ignore"):
            lower = without.take(scored.below, axis=1)
            beaten = 0.5 * (lower + without.take(scored.upto, axis=1))
            out["auroc"] = np.einsum("ij,ij->i", of_events, beaten) / (negatives * positives)
            hits = positives[:, None] - with_event.take(scored.first, axis=1)
            called = hits + (negatives[:, None] - lower)
            precision = np.divide(hits, called, out=np.zeros_like(hits), where=called > 0)
            out["auprc"] = np.einsum("ij,ij->i", of_events, precision) / positives
            out["brier"] = squares / total
            out["prevalence"] = prevalence = positives / total
            out["scaled_brier"] = _finite(1 - out["brier"] / (prevalence * (1 - prevalence)))
            out["log_loss"] = loss / total
            out["oe_ratio"] = _finite(positives / expected)
            for threshold, missed0, missed1 in zip(
                self._thresholds, self._missed_non_events, self._missed_events, strict=True
            ):
                true_positives = positives - with_event[:, missed1]
                false_positives = negatives - without[:, missed0]
                benefit = (true_positives - false_positives * (threshold / (1 - threshold))) / total
                out[net_benefit_name(threshold)] = benefit
                of_all = positives - negatives * (threshold / (1 - threshold))
                out[at_threshold(NET_BENEFIT_ALL, threshold)] = of_all / total
                if threshold in self._rates:
                    rates = rates_of_cells(true_positives, false_positives, positives, negatives)
                    out |= {at_threshold(name, threshold): values for name, values in rates.items()}
            if len(self._capacities):
                reviewed, found = self._reviewed(without, with_event)
                for column, share in enumerate(self._capacities):
                    hits = found[:, column]
                    rates = rates_of_cells(hits, reviewed[:, column] - hits, positives, negatives)
                    out |= {at_capacity(name, float(share)): values for name, values in rates.items()}
        return out

    def _reviewed(self, without: Array, with_event: Array) -> tuple[Array, Array]:
        """How many are reviewed at each capacity, and how many events they have; shape (weightings, capacities)."""
        reached = np.zeros((len(without), len(self._levels) + 1))
        found = np.zeros_like(reached)
        found[:, 1:] = with_event[:, -1:] - with_event.take(self._under_events, axis=1)
        reached[:, 1:] = found[:, 1:] + without[:, -1:] - without.take(self._under_non_events, axis=1)
        reviewed = np.round(self._capacities * reached[:, -1:])
        each = zip(reviewed, reached, found, strict=True)
        return reviewed, np.array([np.interp(room, upto, events) for room, upto, events in each])


def net_benefit_name(threshold: float) -> str:
    """The measure's name, such as ``net_benefit@0.20``."""
    return at_threshold("net_benefit", threshold)


def losses(event: Array, log_odds: Array) -> Array:
    """Log loss of each discharge, from the log-odds of its risk."""
    return np.asarray(np.logaddexp(0.0, np.where(event == 1, -log_odds, log_odds)))


def rates_of_cells(
    true_positives: Array, false_positives: Array, positives: Array, negatives: Array
) -> dict[str, Array]:
    """`RATES` from the cells; NaN where a denominator is nought."""
    chosen = true_positives + false_positives
    true_negatives = negatives - false_positives
    with np.errstate(divide="ignore", invalid="ignore"):
        found = {
            "sensitivity": true_positives / positives,
            "specificity": true_negatives / negatives,
            "ppv": true_positives / chosen,
            "npv": true_negatives / (positives + negatives - chosen),
            "nne": chosen / true_positives,
            "selection_rate": chosen / (positives + negatives),
            "false_positive_rate": false_positives / negatives,
        }
    return {name: _finite(values) for name, values in found.items()}


def _running(weight: Array) -> Array:
    """Running sums along each row, starting at nought: shape (weightings, columns + 1)."""
    sums = np.zeros((weight.shape[0], weight.shape[1] + 1))
    np.cumsum(weight, axis=1, out=sums[:, 1:])
    return sums


def _finite(values: Array) -> Array:
    return np.where(np.isfinite(values), values, np.nan)
