"""Finding one released number, with its interval, its denominator, or the reason why it is not there."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from hfrisk.codelists import read_yaml
from hfrisk.disclosure import Released
from hfrisk.reporting import words
from hfrisk.reporting.naming import CROSS

__all__ = ["QUARTER", "Evidence", "Number", "clearly_apart", "firm", "held", "reason_of", "why_held"]

QUARTER = "quarter"
"""Under this name calendar quarters stand among the groups of the released outcomes."""

# the best known first
_SCORES = ("lace", "hospital", "parr30", "gwtg_hf", "maggic", "le")
_FIRM = 100  # as the disclosure gate has it
_NOT_HERE = f"{words.NOT_COMPUTED}: this run did not produce it"


@dataclass(frozen=True)
class Number:
    """One released number.

    Parameters
    ----------
    estimate, lower, upper
        The number and its 95% interval; NaN where there is none.
    n, events
        Discharges behind it and how many of them had the outcome; NaN where suppressed.
    reason
        Why there is no estimate; empty when there is one.
    group, level
        Whose number it is.
    """

    estimate: float = math.nan
    lower: float = math.nan
    upper: float = math.nan
    n: float = math.nan
    events: float = math.nan
    reason: str = _NOT_HERE
    group: str = "all"
    level: str = "all"

    @property
    def known(self) -> bool:
        """Whether there is an estimate."""
        return words.known(self.estimate)

    @property
    def with_interval(self) -> bool:
        """Whether there is an interval too."""
        return self.known and words.known(self.lower) and words.known(self.upper)

    def excludes(self, value: float, decimals: int = 2) -> bool:
        """Whether the interval, as it is shown, leaves `value` out, so that a difference is a difference."""
        return self.known and words.differs(self.lower, self.upper, value, decimals)

    def text(self, decimals: int = 2) -> str:
        """The number with its interval in brackets, or the word for why it is not there."""
        if not self.known:
            return held(self).split(":")[0]
        span = words.interval(self.lower, self.upper, lambda v: self.show(v, decimals))
        return self.show(self.estimate, decimals) + (f" ({span})" if span else "")

    def show(self, value: float, decimals: int = 2) -> str:
        """`value`, such as a limit of the interval, with no more figures than the events support."""
        return words.estimate(value, decimals, firm=firm(self.n, self.events) and CROSS not in self.group)


class Evidence:
    """What was released, asked by name.

    Parameters
    ----------
    released
        What the disclosure gate let through.
    """

    def __init__(self, released: Released) -> None:
        self.released = released
        #: Whether the study describes and makes no model.
        self.describes: bool = released.bundle is None and released.performance.empty
        #: Whether a model made elsewhere is tried, and whether it is about comparators, with no model of trees.
        learner = str((released.tuning.get("summary") or {}).get("learner", ""))
        self.stored: bool = learner == "stored"
        self.compares: bool = released.bundle is None and not self.describes and not self.stored
        models = list(dict.fromkeys(released.performance.get("model", pd.Series(dtype=str)).astype(str)))
        preferred = [m for m in ("lightgbm", "stored", "logistic") if m in models] + models
        #: The model that the report is about; empty when nothing was assessed.
        self.model: str = preferred[0] if preferred else ""
        #: The models that it is set beside.
        self.comparators: list[str] = [m for m in models if m not in (self.model, "null")]
        #: Those that page one and the pictures name: the simple model, and the best known clinical score that there is.
        self.chief: list[str] = [m for m in ("logistic",) if m in self.comparators]
        self.chief += [m for m in _SCORES if m in self.comparators][:1]
        #: Where it is judged: in the test when there is one, else in cross-validation.
        self.split: str = self._judged_on()
        study = released.study
        #: What is said of the test: by time, by trust, or both.
        kind = str(study.get("tested", "temporal"))
        self.tested: dict[str, str] = read_yaml("tested.yaml")[kind]
        #: What is said of cross-validation: of people, or forward in time.
        forward = bool((released.tuning.get("summary") or {}).get("folds_forward"))
        self.folds: dict[str, str] = read_yaml("folds.yaml")["forward" if forward else "people"]
        #: Whether development and test are of the same places.
        self.same_places: bool = kind == "temporal"
        self.threshold = float(study.get("threshold", 0.2))
        self.composite = study.get("risk") == "composite"
        self.outcome = str(study.get("outcome_words", "came back to hospital within 30 days"))
        #: The outcome in two or three words, once the whole of it has been said.
        self.came_back = "came back or died" if self.composite else "came back"
        self.to_come_back = "to come back or die" if self.composite else "to come back"
        self.come_back = "come back or die" if self.composite else "come back"

    @property
    def has_test(self) -> bool:
        """Whether there was a test to judge on."""
        return self.split == "test"

    def where(self, split: str = "") -> str:
        """Where a number was measured, such as "later discharges"."""
        return self.tested["discharges"] if (split or self.split) == "test" else (split or self.split)

    def number(
        self, measure: str, *, model: str = "", split: str = "", group: str = "all", level: str = "all"
    ) -> Number:
        """The released number, or one that says why it is not there."""
        frame = self.released.performance
        if frame.empty:
            return Number(group=group, level=level)
        mask = (
            (frame["measure"] == measure)
            & (frame["model"] == (model or self.model))
            & (frame["split"] == (split or self.split))
            & (frame["group"] == group)
            & (frame["level"] == level)
        )
        rows = frame[mask]
        return _number(rows.iloc[0]) if len(rows) else Number(group=group, level=level)

    def groups(self, measure: str, *, split: str = "", crossed: bool = False) -> Iterator[Number]:
        """The number of every group of people, or of those that are taken together, in the order of the released table."""
        frame = self.released.performance
        if frame.empty:
            return
        mask = (
            (frame["measure"] == measure)
            & (frame["model"] == self.model)
            & (frame["split"] == (split or self.split))
            & (frame["group"] != "all")
            & (frame["group"].astype(str).str.contains(CROSS, regex=False) == crossed)
        )
        for _, row in frame[mask].iterrows():
            yield _number(row)

    def gap(self, measure: str, against: str, *, split: str = "") -> Number:
        """The model less `against` on the same people, from the released comparison."""
        frame = self.released.comparison
        if frame.empty:
            return Number()
        rows = frame[(frame["measure"] == measure) & (frame["split"] == (split or self.split))]
        for first, second, sign in ((self.model, against, 1.0), (against, self.model, -1.0)):
            pair = rows[(rows["model_a"] == first) & (rows["model_b"] == second)]
            if len(pair):
                row = pair.iloc[0]
                low, high = sorted((sign * float(row["lower"]), sign * float(row["upper"])))
                return Number(
                    sign * float(row["difference"]),
                    low,
                    high,
                    float(row["n"]),
                    float(row["events"]),
                    reason_of(row),
                )
        return Number()

    def rows(self, name: str, *, split: str = "", model: str = "") -> pd.DataFrame:
        """The released table `name`, kept to one split and, where it has models, one model."""
        frame: pd.DataFrame = getattr(self.released, name)
        if frame.empty:
            return frame
        if "split" in frame:
            frame = frame[frame["split"] == (split or self.split)]
        if "model" in frame:
            frame = frame[frame["model"] == (model or self.model)]
        return frame.reset_index(drop=True)

    def overall(self, name: str, *, split: str = "", model: str = "") -> pd.DataFrame:
        """As `rows`, kept to everyone."""
        frame = self.rows(name, split=split, model=model)
        return frame[frame["group"] == "all"].reset_index(drop=True) if "group" in frame else frame

    def _judged_on(self) -> str:
        frame = self.released.performance
        if frame.empty:
            return "test"
        mine = frame[(frame["model"] == self.model) & (frame["group"] == "all")]
        splits = list(mine["split"])
        return "test" if "test" in splits or not splits else str(splits[0])


def clearly_apart(frame: pd.DataFrame, share: float) -> pd.DataFrame:
    """The rows (with lower, upper) whose interval leaves `share` out, as a reader sees it."""
    limits = zip(frame["lower"], frame["upper"], strict=True)
    clear = pd.Series([words.shares_differ(low, high, share) for low, high in limits], index=frame.index, dtype=bool)
    return frame[clear]


def firm(n: object, events: object) -> bool:
    """Whether there are events and non-events enough for more than two figures (100 of each)."""
    if not (words.known(n) and words.known(events)):
        return True
    return min(events, n - events) >= _FIRM


def held(number: Number) -> str:
    """Why a number is not there, to follow "is"."""
    return number.reason or words.NOT_COMPUTED


def why_held(frame: pd.DataFrame) -> str:
    """Why a table has nothing to draw, to follow "is" or "are"."""
    reasons = (reason_of(row) for _, row in frame.iterrows())
    return next((reason for reason in reasons if reason), _NOT_HERE)


def reason_of(row: Any) -> str:
    """Why a row's number is not there, in words; empty when nothing was held back."""
    for column in ("suppressed", "reason"):
        text = row.get(column, "")
        if isinstance(text, str) and text.strip():
            kind = words.SUPPRESSED if column == "suppressed" else words.NOT_COMPUTED
            stripped = text.strip()
            return stripped if stripped.lower().startswith(kind) else f"{kind}: {stripped}"
    return ""


def _number(row: Any) -> Number:
    estimate = _float(row, "estimate")
    return Number(
        estimate,
        _float(row, "lower"),
        _float(row, "upper"),
        _float(row, "n"),
        _float(row, "events"),
        "" if words.known(estimate) else (reason_of(row) or _NOT_HERE),
        str(row["group"]),
        str(row["level"]),
    )


def _float(row: Any, column: str) -> float:
    value = row.get(column)
    return float(value) if value is not None and not pd.isna(value) else math.nan
