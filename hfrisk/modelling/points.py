"""A score-card on paper: a few items, whole points, and a risk for every total.

A tree model cannot always leave a secure environment, and nobody adds it up at a bedside. The card is made from development rows
alone, in four steps, all of them inside the fold for the risks that it is judged by:

1. *Bands* (`bands`): each input is cut, with *not recorded* as a band of its own.
2. *Order.* Items enter one by one, each a whole input with all its bands: that with the largest score statistic less twice its
   degrees of freedom (Akaike's price), given those that are there already. A score test needs no fit of the candidate, which is
   what makes selection inside folds inside folds affordable; a lasso on the bands would choose single bands, and leave a card with
   gaps, and its shrunk coefficients would have to be fitted again.
3. *How many.* The number of items, at most `items`, with the least out-of-fold log loss by person folds; by the other folds alone,
   and at least one, for the risks out of fold. Where none is best there is no card. (Readmission is foretold weakly: within one
   standard error of the best, over five folds, lies a card of a single item.)
4. *Points.* Coefficients (ridge with the weight of one observation; in order where the dictionary calls an input monotone) over a
   unit, rounded, the lowest band of an item at nought. The unit is the largest one, out of largest coefficients of 3 to 12 points,
   that keeps 98 % of what the exact coefficients gain over the event rate in log likelihood: few points, and no more rounding.

The total becomes a risk by two numbers, a logistic recalibration of the log-odds that cards of the other folds gave (decision 12).
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import special
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from hfrisk.features import Feature
from hfrisk.modelling.bands import band_of, bands_of
from hfrisk.modelling.calibration import cross_fit, fit_calibrator
from hfrisk.modelling.settings import PointsSettings

__all__ = ["CardFit", "fit_card", "points_risk", "points_total", "total_risk"]

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

# The strongest inputs alone, which are all that later steps look at.
_SHORT_LIST = 60
_LARGEST = range(3, 13)
_KEPT = 0.98


@dataclass(frozen=True)
class CardFit:
    """A score-card of all rows, and what cards of the other folds said of each row.

    Parameters
    ----------
    card
        JSON-able: ``items`` (each the bands of an input, with its ``points`` by band, and ``points_not_recorded``), ``intercept``
        and ``slope`` (log-odds of a total), ``unit`` (log-odds that one point stood for before recalibration), ``losses``
        (mean out-of-fold log loss by number of items) and ``fewest`` (discharges in the smallest band).
    risk
        Out-of-fold risk of each row, by a card and a recalibration that did not see its person.
    """

    card: dict[str, Any]
    risk: Floats


def fit_card(
    features: pd.DataFrame,
    event: ArrayLike,
    fold: ArrayLike,
    dictionary: Sequence[Feature],
    settings: PointsSettings,
    *,
    threads: int = 1,
) -> CardFit | None:
    """Make the card.

    Parameters
    ----------
    features
        Model inputs; NaN where not recorded.
    event
        0 or 1.
    fold
        The person fold of each row, the same as the learned model's.
    dictionary
        An entry for each input.
    settings
        Items, bands, and the fewest discharges in a band.
    threads
        Folds that are worked on side by side; the result does not depend on it.

    Returns
    -------
    CardFit or None
        None where no input says enough to be an item. A fold without which nothing enters is given the event rate.
    """
    y, folds = np.asarray(event, dtype=np.float64), np.asarray(fold)
    values = {entry.name: features[entry.name].to_numpy(dtype=np.float64) for entry in dictionary}
    parts = np.unique(folds).tolist()
    # All rows, all folds but one, all folds but two: the last are what the risks out of fold choose their number of items by.
    lacking = [(), *((k,) for k in parts), *combinations(parts, 2)]

    def path(without: tuple[int, ...]) -> _Path:
        return _path(values, y, dictionary, settings, ~np.isin(folds, without))

    def made(without: tuple[int, ...]) -> dict[str, Any] | None:
        others = [k for k in parts if k not in without]
        losses = np.array([paths[tuple(sorted((*without, k)))].losses(y, folds == k) for k in others])
        card = _card(
            paths[without].items[: _how_many(losses, 1 if without else 0)], values, y, ~np.isin(folds, without)
        )
        return card and card | {"losses": {str(count): float(loss) for count, loss in enumerate(losses.mean(axis=0))}}

    with threadpool_limits(limits=1), ThreadPoolExecutor(threads) as pool:
        paths = dict(zip(lacking, pool.map(path, lacking), strict=True))
        card, *held_out = [made(without) for without in lacking[: len(parts) + 1]]
    if card is None:
        return None
    margin = np.empty(len(y))
    for k, other in zip(parts, held_out, strict=True):
        inside = folds == k
        if other is None:  # a card without items says the event rate
            margin[inside] = special.logit(y[~inside].mean())
        else:
            margin[inside] = other["intercept"] + other["slope"] * points_total(other, features[inside])
    again = fit_calibrator("platt", margin, y)
    card["intercept"] = again["intercept"] + again["slope"] * card["intercept"]
    card["slope"] = again["slope"] * card["slope"]
    return CardFit(card, cross_fit("platt", margin, y, folds))


def points_total(card: dict[str, Any], features: pd.DataFrame) -> Whole:
    """Points of each row, added up; every row has a total."""
    total = np.zeros(len(features), dtype=np.int64)
    for item in card["items"]:
        points = np.array([*item["points"], item["points_not_recorded"]], dtype=np.int64)
        total += points[band_of(item, features[item["feature"]].to_numpy(dtype=np.float64))]
    return total


def total_risk(card: dict[str, Any], total: ArrayLike) -> Floats:
    """Risk of a total, by the card's two numbers."""
    return np.asarray(special.expit(card["intercept"] + card["slope"] * np.asarray(total, dtype=np.float64)))


def points_risk(card: dict[str, Any], features: pd.DataFrame) -> Floats:
    """Risk of each row by the card."""
    return total_risk(card, points_total(card, features))


@dataclass(frozen=True)
class _Path:
    """Items in the order in which they entered, and the log-odds of every row with none, the first, the first two ..."""

    items: list[dict[str, Any]]
    margins: list[Floats]
    most: int

    def losses(self, y: Floats, rows: NDArray[np.bool_]) -> list[float]:
        """Mean log loss of some rows by number of items. Where nothing more enters, more are no better and no worse."""
        found = [_loss(y[rows], margin[rows]) for margin in self.margins]
        return found + [found[-1]] * (self.most + 1 - len(found))


def _path(
    values: dict[str, Floats],
    y: Floats,
    dictionary: Sequence[Feature],
    settings: PointsSettings,
    learn: NDArray[np.bool_],
) -> _Path:
    outcome = y[learn]
    rate = float(outcome.mean())
    offered: list[tuple[float, dict[str, Any]]] = []
    for entry in dictionary:
        known = values[entry.name][learn]
        bands = bands_of(known, entry, least=settings.least_in_band, most=settings.bands)
        offered.append((_gain_alone(band_of(bands, known), outcome, rate), bands))
    offered.sort(key=lambda one: -one[0])
    candidates = [bands for gain, bands in offered[:_SHORT_LIST] if gain > 0]
    columns = [_columns(bands, values[bands["feature"]]) for bands in candidates]
    items: list[dict[str, Any]] = []
    everyone = np.empty((len(y), 0))
    margins = [np.full(len(y), special.logit(rate))]
    while candidates and len(items) < settings.items:
        gains = _gains([part[learn] for part in columns], outcome, margins[-1][learn], everyone[learn])
        best = int(np.argmax(gains))
        if gains[best] <= 0:
            break
        items.append(candidates.pop(best))
        everyone = np.hstack([everyone, columns.pop(best)])
        coefficients, intercept = _fitted(everyone[learn], outcome)
        margins.append(everyone @ coefficients + intercept)
    return _Path(items, margins, settings.items)


def _gain_alone(place: Whole, outcome: Floats, rate: float) -> float:
    """As `_gains`, of bands beside nothing: Pearson's chi-squared of outcome by band, less twice its degrees of freedom."""
    size = np.bincount(place).astype(np.float64)
    events = np.bincount(place, outcome)
    held = size > 0
    statistic = ((events[held] - size[held] * rate) ** 2 / (size[held] * rate * (1 - rate))).sum()
    return float(statistic) - 2 * (int(held.sum()) - 1)


def _columns(bands: dict[str, Any], values: Floats) -> Floats:
    """One column of 0 and 1 for each band but the commonest."""
    place = band_of(bands, values)
    others = [band for band in range(len(bands["cuts"]) + 1 + bands["not_recorded"]) if band != bands["common"]]
    return np.asarray(place[:, None] == np.array(others, dtype=np.int64), dtype=np.float64)


def _gains(candidates: Sequence[Floats], outcome: Floats, margin: Floats, design: Floats) -> list[float]:
    """Of each candidate Rao's score statistic beside the model of `design`, less twice its degrees of freedom."""
    risk = special.expit(margin)
    weight = risk * (1 - risk)
    columns = np.hstack(candidates)
    inside = np.column_stack([np.ones(len(outcome)), design])
    weighted = inside * weight[:, None]
    cross = columns.T @ weighted
    explained = np.linalg.solve(weighted.T @ inside + np.diag([0.0] + [1.0] * design.shape[1]), cross.T)
    slope, own = columns.T @ (outcome - risk), columns.T @ weight
    gains, at = [], 0
    for candidate in candidates:
        mine = slice(at, at := at + candidate.shape[1])
        # Bands of one input do not overlap, so that alone their information is a diagonal; one is the ridge.
        information = np.diag(own[mine] + 1.0) - cross[mine] @ explained[:, mine]
        gains.append(float(slope[mine] @ np.linalg.solve(information, slope[mine])) - 2 * candidate.shape[1])
    return gains


def _fitted(design: Floats, outcome: Floats) -> tuple[Floats, float]:
    model = LogisticRegression(C=1.0, solver="newton-cholesky", tol=1e-10, max_iter=100).fit(design, outcome)
    return model.coef_[0].astype(np.float64), float(model.intercept_[0])


def _how_many(losses: Floats, least: int) -> int:
    """The number of items with the least mean loss, from `least` on; the smaller of two that tie."""
    return least + int(losses.mean(axis=0)[least:].argmin())


def _card(
    items: list[dict[str, Any]], values: dict[str, Floats], y: Floats, used: NDArray[np.bool_]
) -> dict[str, Any] | None:
    if not items:
        return None
    outcome = y[used]
    places = [band_of(item, values[item["feature"]][used]) for item in items]
    design = np.hstack([_columns(item, values[item["feature"]][used]) for item in items])
    coefficients, intercept = _fitted(design, outcome)
    effects = [
        _in_order(item, effect, place)
        for item, effect, place in zip(items, _effects(items, coefficients), places, strict=True)
    ]
    reach = max(float(np.ptp(effect)) for effect in effects)
    null = _loss(outcome, np.full(len(outcome), special.logit(outcome.mean())))
    exact = null - _loss(outcome, design @ coefficients + intercept)
    for largest in _LARGEST:
        unit = reach / largest
        points = [np.rint((effect - effect.min()) / unit).astype(np.int64) for effect in effects]
        total = np.sum([given[place] for given, place in zip(points, places, strict=True)], axis=0)
        line = fit_calibrator("platt", total.astype(np.float64), outcome)
        kept = null - _loss(outcome, line["intercept"] + line["slope"] * total)
        if kept >= _KEPT * exact:
            break
    named = [_with_points(item, given) for item, given in zip(items, points, strict=True) if given.max() > 0]
    return {
        "items": named,
        "intercept": line["intercept"],
        "slope": line["slope"],
        "unit": unit,
        "fewest": min(item["fewest"] for item in named),
    }


def _effects(items: list[dict[str, Any]], coefficients: Floats) -> list[Floats]:
    effects, at = [], 0
    for item in items:
        bands = len(item["cuts"]) + 1 + item["not_recorded"]
        others = [band for band in range(bands) if band != item["common"]]
        effect = np.zeros(bands)
        effect[others] = coefficients[at : at + len(others)]
        at += len(others)
        effects.append(effect)
    return effects


def _in_order(item: dict[str, Any], effect: Floats, place: Whole) -> Floats:
    """Effects that only rise, or only fall, where the dictionary says so: neighbours that do not are given their mean."""
    if item["monotone"] == "none":
        return effect
    known = len(item["cuts"]) + 1
    size = np.bincount(place, minlength=len(effect))[:known]
    ordered = IsotonicRegression(increasing=item["monotone"] == "increasing").fit_transform(
        np.arange(known), effect[:known], sample_weight=size
    )
    return np.asarray(np.concatenate([ordered, effect[known:]]), dtype=np.float64)


def _with_points(item: dict[str, Any], given: Whole) -> dict[str, Any]:
    """The item with its points; neighbouring bands of equal points are one."""
    points = given.tolist()
    last = len(item["cuts"])
    missing = points[last + 1] if item["not_recorded"] else points[item["common"]]
    cuts, kept, common = [], [points[0]], 0
    for at, cut in enumerate(item["cuts"], start=1):
        if points[at] != kept[-1]:
            cuts.append(cut)
            kept.append(points[at])
        if at <= item["common"]:
            common = len(kept) - 1
    return item | {"cuts": cuts, "common": common, "points": kept, "points_not_recorded": missing}


def _loss(outcome: Floats, margin: Floats) -> float:
    return float(np.mean(np.logaddexp(0, margin) - outcome * margin))
