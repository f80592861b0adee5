"""Groups of people: which of them are large enough for which numbers, and the table at the decision threshold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from hfrisk.assessment.results import CROSS
from hfrisk.assessment.scored import two_classes

__all__ = ["EVERYONE", "Group", "find_groups", "levels_of", "threshold_table"]

EVERYONE = "all"
Size = Literal["nothing", "imprecise", "no slope", "everything"]


@dataclass(frozen=True)
class Group:
    """People who share a level of a characteristic, or everyone (``group="all"``, ``level="all"``).

    Parameters
    ----------
    group, level
        The characteristic and its level.
    rows
        Positions of its discharges in the split.
    n, events
        Discharges and events.
    size
        What it is large enough for: ``nothing``; ``imprecise`` (AUROC and O/E); ``no slope`` (everything but slope,
        curve and ICI; everyone only); ``everything``.
    reason
        Why less than everything; empty otherwise.
    """

    group: str
    level: str
    rows: npt.NDArray[np.intp]
    n: int
    events: int
    size: Size
    reason: str

    @property
    def crossed(self) -> bool:
        """Whether several characteristics are taken together."""
        return CROSS in self.group


def find_groups(
    event: npt.ArrayLike,
    groups: pd.DataFrame,
    wanted: Sequence[str],
    *,
    intersections: Sequence[Sequence[str]] = (),
    least: int = 10,
    for_slope: int = 200,
) -> list[Group]:
    """Everyone, then each level of each wanted characteristic and of those taken together, with what it is large enough for.

    Parameters
    ----------
    event
        Outcome (0 or 1), one entry a discharge.
    groups
        One text column a characteristic, rows as in `event`; a missing entry counts as ``Not recorded``.
    wanted
        Columns to use; those that `groups` lacks are passed over.
    intersections
        Columns to take together; passed over where `groups` lacks one of them. Their name is joined by `CROSS`, and so are their levels.
    least
        Events, and non-events, below which nothing is computed: in the group, or in all others together, since what
        is known of everyone and of a group is known of the others too.
    for_slope
        Events, and non-events, below which there is no slope, curve or ICI (Van Calster et al., J Clin Epidemiol
        2016;74:167).

    Returns
    -------
    list
        Levels of a characteristic in alphabetical order.
    """
    outcome = np.asarray(event, dtype=np.int64)
    total, cases = len(outcome), int(outcome.sum())
    found = [_sized(EVERYONE, EVERYONE, np.arange(total), total, cases, (0, 0), least, for_slope)]
    for names in [*((name,) for name in wanted), *intersections]:
        if not set(names) <= set(groups.columns):
            continue
        level = levels_of(groups, names)
        for one in sorted(set(level)):
            rows = np.flatnonzero(level == one)
            n, events = len(rows), int(outcome[rows].sum())
            others = (total - n, cases - events)
            found.append(_sized(CROSS.join(names), one, rows, n, events, others, least, for_slope))
    return found


def levels_of(groups: pd.DataFrame, names: Sequence[str]) -> npt.NDArray[np.object_]:
    """The level of each row in one column of `groups`, or in several taken together; missing is ``Not recorded``."""
    parts = [groups[name].fillna("Not recorded").astype(str) for name in names]
    if len(parts) == 1:
        return np.asarray(parts[0], dtype=object)
    plain = [part.str.replace(CROSS, "/", regex=False) for part in parts]
    return np.asarray(plain[0].str.cat(plain[1:], sep=CROSS), dtype=object)


def threshold_table(
    event: npt.ArrayLike, risk: npt.ArrayLike, groups: Sequence[Group], threshold: float
) -> pd.DataFrame:
    """Who is flagged at the threshold, by group: fairlearn's MetricFrame, counts beside rates.

    Rates are NaN for groups too small for any number, and where a denominator is nought: fairlearn's own rates are 0
    there, which would read as "no one who came back was found".

    Parameters
    ----------
    event, risk
        Outcome (0 or 1) and risk (0 to 1), one entry a discharge.
    groups
        From `find_groups`.
    threshold
        People at or above it are flagged (risk).

    Returns
    -------
    DataFrame
        group, level, threshold, n, events, flagged, true_positives, false_positives, false_negatives,
        true_negatives, selection_rate, true_positive_rate, false_positive_rate, positive_predictive_value.
    """
    from fairlearn.metrics import MetricFrame, false_positive_rate, selection_rate, true_positive_rate
    from sklearn.metrics import precision_score

    outcome, probability = two_classes(event, risk)
    truth, flagged = outcome.astype(np.int64), (probability >= threshold).astype(np.int64)
    rates = {
        "selection_rate": selection_rate,
        "true_positive_rate": _where(lambda y, flag: bool(y.any()), true_positive_rate),
        "false_positive_rate": _where(lambda y, flag: not y.all(), false_positive_rate),
        "positive_predictive_value": _where(lambda y, flag: bool(flag.any()), precision_score),
    }
    rows = []
    for name in dict.fromkeys(one.group for one in groups):
        members = [one for one in groups if one.group == name]
        level = np.empty(len(truth), dtype=object)
        for one in members:
            level[one.rows] = one.level
        # fairlearn walks over rows in Python: it is given the four cells of each level, weighted by their counts.
        cells = pd.DataFrame({"level": level, "event": truth, "flag": flagged})
        cells = cells.groupby(["level", "event", "flag"]).size().rename("n").reset_index()
        frame = MetricFrame(
            metrics=rates,
            y_true=cells["event"],
            y_pred=cells["flag"],
            sensitive_features=cells["level"],
            sample_params={rate: {"sample_weight": cells["n"]} for rate in rates},
        )
        count = cells.set_index(["level", "event", "flag"])["n"]
        for one in members:
            hits, false = (int(count.get((one.level, event, 1), 0)) for event in (1, 0))
            misses, true_negatives = (int(count.get((one.level, event, 0), 0)) for event in (1, 0))
            found = dict(frame.by_group.loc[one.level]) if one.size != "nothing" else dict.fromkeys(rates, np.nan)
            if one.size == "imprecise":
                # who is flagged is a count; how rightly is performance, which so small a group cannot tell (decision 19)
                found = {rate: value if rate == "selection_rate" else np.nan for rate, value in found.items()}
            rows.append(
                {
                    "group": one.group,
                    "level": one.level,
                    "threshold": float(threshold),
                    "n": one.n,
                    "events": one.events,
                    "flagged": hits + false,
                    "true_positives": hits,
                    "false_positives": false,
                    "false_negatives": misses,
                    "true_negatives": true_negatives,
                    **{rate: float(found[rate]) for rate in rates},
                }
            )
    return pd.DataFrame(rows)


def _where(possible: Callable[..., bool], rate: Callable[..., float]) -> Callable[..., float]:
    """The rate where it has a denominator, else NaN."""

    def guarded(y_true: pd.Series, y_pred: pd.Series, sample_weight: pd.Series) -> float:
        truth, flag, weight = np.asarray(y_true), np.asarray(y_pred), np.asarray(sample_weight)
        return float(rate(truth, flag, sample_weight=weight)) if possible(truth, flag) else float("nan")

    return guarded


def _sized(
    group: str,
    level: str,
    rows: npt.NDArray[np.intp],
    n: int,
    events: int,
    others: tuple[int, int],
    least: int,
    for_slope: int,
) -> Group:
    size: Size = "everything"
    reason = ""
    others_fewest = min(others[1], others[0] - others[1])
    if n == 0:
        size, reason = "nothing", "not computed: no discharges"
    elif min(events, n - events) < least:
        size, reason = "nothing", f"not computed: fewer than {least} events or non-events"
    elif others[0] > 0 and others_fewest < least:
        size, reason = "nothing", f"not computed: fewer than {least} events or non-events among all others"
    elif min(events, n - events) < for_slope:
        size = "no slope" if group == EVERYONE else "imprecise"
        reason = f"imprecise: fewer than {for_slope} events or non-events"
    return Group(group, level, rows, n, events, size, reason)
