"""Continuous inputs in bands, as a score on paper needs them: at published cut points, else at rounded quantiles."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hfrisk.codelists import read_yaml
from hfrisk.features import Feature
from hfrisk.modelling.splines import to_grid

__all__ = ["band_of", "bands_of", "published_cuts"]

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

_COUNT_CUTS = (1.0, 2.0, 3.0, 5.0, 10.0)
_QUANTILES = (0.2, 0.4, 0.6, 0.8)
_FIGURES = 2
# The same test at another moment has the same clinical limits.
_MOMENTS = ("_last", "_first", "_lowest", "_highest")


def bands_of(values: Floats, feature: Feature, *, least: int, most: int) -> dict[str, Any]:
    """Where a feature is cut.

    Parameters
    ----------
    values
        Of the rows that are learnt from; NaN where not recorded.
    feature
        Its kind, its grid, and its name, under which cut points may have been published.
    least
        Fewest discharges in a band. A smaller one joins its smaller neighbour, and *not recorded*, which has no neighbour,
        is read as the commonest band if it is smaller.
    most
        Most bands, *not recorded* aside.

    Returns
    -------
    dict
        ``feature``; ``cuts``, rising: a band reaches from one cut up to, not including, the next; ``common``, the place of the
        commonest band; ``not_recorded``, whether that is a band of its own; ``source``: ``published``, ``counts``, ``quantiles``
        or ``yes or no``; ``monotone``, the feature's; and ``fewest``, the size of the smallest band.

    Notes
    -----
    Published cut points are those of the clinical scores (``codelists/scores.yaml``) for this feature, or for the same test at
    another moment. Quantiles are rounded to two figures and to the feature's grid, so that no cut is a person's value.
    """
    known = values[~np.isnan(values)]
    cuts, source = _proposed(known, feature)
    cuts, sizes = _merged(known, cuts, least, most)
    missing = len(values) - len(known)
    apart = missing >= least
    return {
        "feature": feature.name,
        "cuts": cuts,
        "common": int(np.argmax(sizes)),
        "not_recorded": apart,
        "source": source,
        "monotone": feature.monotone,
        "fewest": int(min([*sizes, missing] if apart else sizes)),
    }


def band_of(bands: dict[str, Any], values: Floats) -> Whole:
    """The band of each value: 0 is below the first cut; *not recorded* is one more than the last, or the commonest."""
    place = np.searchsorted(np.asarray(bands["cuts"], dtype=np.float64), values, side="right").astype(np.int64)
    last = len(bands["cuts"])
    return np.where(np.isnan(values), last + 1 if bands["not_recorded"] else bands["common"], place)


@cache
def published_cuts() -> dict[str, tuple[float, ...]]:
    """Cut points of the clinical scores by the name of the feature that they cut, rising."""
    found: dict[str, set[float]] = {}
    for score in read_yaml("scores.yaml").values():
        for part in score.get("parts", {}).values() if isinstance(score, dict) else ():
            found.setdefault(part["of"], set()).update(_limits(part))
    return {name: tuple(sorted(cuts)) for name, cuts in found.items() if cuts}


def _limits(part: dict[str, Any]) -> Iterator[float]:
    tables: Iterable[Any] = [part["points"]] if "points" in part else part.get("variants", {}).values()
    for table in [*tables, *(table for _, table in part.get("tables", []))]:
        yield from (float(limit) for limit, _ in table if limit is not None)


def _proposed(known: Floats, feature: Feature) -> tuple[list[float], str]:
    if feature.kind == "binary":
        return [1.0], "yes or no"
    cuts: Sequence[float] = _published(feature.name)
    source = "published"
    if not cuts and feature.kind == "count":
        cuts, source = _COUNT_CUTS, "counts"
    if not cuts and len(known):
        source = "quantiles"
        coarse = [float(f"{cut:.{_FIGURES - 1}e}") for cut in np.quantile(known, _QUANTILES)]
        cuts = np.unique(to_grid(coarse, feature.precision)).tolist()
    if len(known) == 0:
        return [], source
    return [cut for cut in cuts if known.min() < cut <= known.max()], source


def _published(name: str) -> tuple[float, ...]:
    table = published_cuts()
    if name in table:
        return table[name]
    stem = next((name.removesuffix(moment) for moment in _MOMENTS if name.endswith(moment)), None)
    return next((table[stem + moment] for moment in _MOMENTS if stem and stem + moment in table), ())


def _merged(known: Floats, cuts: list[float], least: int, most: int) -> tuple[list[float], list[int]]:
    place = np.searchsorted(np.asarray(cuts, dtype=np.float64), known, side="right")
    sizes = np.bincount(place, minlength=len(cuts) + 1).tolist()
    cuts = list(cuts)
    while cuts and (min(sizes) < least or len(sizes) > most):
        at = int(np.argmin(sizes))
        before, after = (sizes[at - 1] if at else math.inf), (sizes[at + 1] if at + 1 < len(sizes) else math.inf)
        low = at - 1 if before <= after else at
        sizes[low : low + 2] = [sizes[low] + sizes[low + 1]]
        del cuts[low]
    return cuts, sizes
