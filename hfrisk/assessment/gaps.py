"""The gap between the levels of a group that differ most, named and defined as fairlearn does.

fairlearn's own functions walk over rows in Python for every metric; these give the same numbers (the tests hold them equal) from the four
cells of each level, also where those who tie at the edge of a capacity are chosen in part.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from hfrisk.assessment.discrimination import auroc
from hfrisk.assessment.groups import EVERYONE, Group
from hfrisk.assessment.scored import Array

__all__ = ["gap", "level_gaps"]


def gap(values: Sequence[float]) -> tuple[float, float]:
    """Largest less smallest, and smallest over largest, as fairlearn's ``between_groups``; NaN for fewer than two."""
    known = [value for value in values if np.isfinite(value)]
    if len(known) < 2:
        return float("nan"), float("nan")
    low, high = min(known), max(known)
    return high - low, low / high if high > 0 else float("nan")


def level_gaps(
    event: Array, risk: Array, groups: Sequence[Group], chosen: Mapping[str, Array]
) -> dict[tuple[str, str], tuple[float, float]]:
    """Difference and ratio between the levels of each group, for each measure.

    Parameters
    ----------
    event, risk
        Outcome (0 or 1) and risk (0 to 1), one entry a discharge.
    groups
        From `find_groups`. Rates among those with (or without) the event are compared between levels that are large enough for them,
        the others between all that are large enough for any number.
    chosen
        How surely each discharge is chosen, by the place in the names of measures.

    Returns
    -------
    dict
        Difference and ratio by group and measure; those without two levels are left out.
    """
    found: dict[tuple[str, str], tuple[float, float]] = {}
    for name in dict.fromkeys(one.group for one in groups if one.group != EVERYONE):
        judged = [one for one in groups if one.group == name and one.size != "nothing"]
        large = [one for one in judged if one.size == "everything"]
        if len(judged) > 1:
            with np.errstate(divide="ignore", invalid="ignore"):
                ratios = [float(event[one.rows].sum() / risk[one.rows].sum()) for one in judged]
            found[name, "oe_ratio"] = gap(ratios)
            found[name, "auroc"] = gap([auroc(event[one.rows], risk[one.rows]) for one in judged])
        for place, seen in chosen.items():
            if len(judged) > 1:
                found[name, f"selection_rate@{place}"] = gap([float(seen[one.rows].mean()) for one in judged])
            if len(large) > 1:
                rates = [_rates(event[one.rows], seen[one.rows]) for one in large]
                gaps = {rate: gap([of_level[rate] for of_level in rates]) for rate in rates[0]}
                found |= {(name, f"{rate}@{place}"): pair for rate, pair in gaps.items()}
                odds_of = [gaps["sensitivity"], gaps["false_positive_rate"]]
                found[name, f"equalized_odds@{place}"] = (max(d for d, _ in odds_of), min(r for _, r in odds_of))
                if not place.startswith("top"):
                    odds = float(place) / (1 - float(place))
                    benefit = seen * (event - (1 - event) * odds)
                    worth = gap([float(benefit[one.rows].mean()) for one in large])
                    found[name, f"net_benefit@{place}"] = (worth[0], float("nan"))  # a net benefit may be negative
    return found


def _rates(event: Array, seen: Array) -> dict[str, float]:
    """Rates of one level, which has events and non-events."""
    hits, chosen, positives = float(seen @ event), float(seen.sum()), float(event.sum())
    return {
        "sensitivity": hits / positives,
        "false_positive_rate": (chosen - hits) / (len(event) - positives),
        "ppv": hits / chosen if chosen > 0 else float("nan"),
    }
