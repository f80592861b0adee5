"""How many had come back, and how many had died first, day by day."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from hfrisk.reporting import words
from hfrisk.reporting.evidence import Evidence, firm, why_held
from hfrisk.reporting.exhibits import Chapter, Exhibit, Prose, Table, Tabulator
from hfrisk.reporting.figures.incidence import Curve, draw_incidence
from hfrisk.reporting.settings import ReportingSettings

__all__ = ["back_for_heart_failure", "by_the_end", "day_by_day", "half_of_them", "incidence"]

_WORDS = {"readmitted": "came back", "died": "died first"}
_AS_SAID = {"readmitted": "had come back", "died": "had died without coming back"}


@dataclass(frozen=True)
class _Point:
    """How many of everyone had the outcome by the end of a day."""

    day: int
    share: float
    lower: float
    upper: float


def day_by_day(evidence: Evidence, settings: ReportingSettings) -> Chapter:
    """The chapter of a study without a model."""
    first, last = (evidence.released.headline.get("window") or [0, 0])[:2]
    days = f" Day {first} is {'the day of discharge' if first == 0 else 'the day after discharge'}."
    about = Prose(
        (
            "Each curve is the share of everyone who left hospital. A person who dies can no longer come back, so the two "
            "are counted against each other (Aalen and Johansen's cumulative incidence). One minus Kaplan-Meier, which counts "
            "those who died as if they might still come back and so says too much, is not used.",
            back_for_heart_failure(evidence),
        )
    )
    return Chapter(
        "day-by-day",
        "Coming back and dying, day by day",
        f"What became of people after they left hospital, and when.{days if last else ''}",
        (incidence(evidence, settings), Prose(tuple(p for p in about.paragraphs if p))),
    )


def incidence(evidence: Evidence, settings: ReportingSettings, *, small: bool = False) -> Exhibit:
    """The two curves, what they find, and the numbers behind them."""
    key = "incidence-small" if small else "incidence"
    frame = evidence.released.incidence
    curves = [_curve(frame, state, state_words) for state, state_words in _WORDS.items()]
    drawn = [curve for curve in curves if curve is not None]
    table = _table(frame)
    if not drawn:
        return Exhibit(key, "How many came back by which day is not shown", f"It is {why_held(frame)}.", table=table)
    last_day = int(max(frame["day"]))
    picture = draw_incidence(key.replace("-", "_"), drawn, last_day, settings.dots_per_inch, small=small)
    sentence = "" if small else " ".join([*_marks(evidence), *_hidden(frame)])
    note = "" if small else _note(frame)
    return Exhibit(key, _title(evidence), sentence, _alt(evidence), picture, table, note)


def by_the_end(evidence: Evidence, state: str) -> _Point | None:
    """The last point of a curve; None where it is held back."""
    points = _points(evidence.released.incidence, state)
    return _point(points.iloc[-1]) if len(points) else None


def half_of_them(evidence: Evidence, state: str = "readmitted") -> int | None:
    """The first shown day by the end of which half of all with the outcome had had it."""
    points = _points(evidence.released.incidence, state)
    if len(points) < 4:
        return None  # steps too long for a day to mean anything
    half = points[points["events"] >= points["events"].iloc[-1] / 2]
    return int(half["day"].iloc[0])


def _points(frame: pd.DataFrame, state: str) -> pd.DataFrame:
    return frame[(frame["state"] == state) & frame["share"].notna()] if len(frame) else frame


def _point(row: pd.Series) -> _Point:
    return _Point(int(row["day"]), float(row["share"]), float(row["lower"]), float(row["upper"]))


def _with_interval(row: pd.Series) -> str:
    figures = _figures(row)
    share, lower, upper = (words.percent(float(row[c]), figures) for c in ("share", "lower", "upper"))
    return f"{share} ({lower} to {upper})"


def _figures(row: pd.Series) -> int:
    """Figures that the people behind a point support."""
    return 3 if firm(row["n"], row["events"]) else 2


def _curve(frame: pd.DataFrame, state: str, state_words: str) -> Curve | None:
    points = _points(frame, state)
    if points.empty:
        return None
    return Curve(state_words, words.percent(float(points["share"].iloc[-1])), points)


def _title(evidence: Evidence) -> str:
    back, died = by_the_end(evidence, "readmitted"), by_the_end(evidence, "died")
    half = half_of_them(evidence)
    if back is None:
        assert died is not None
        base = words.out_of(died.share)
        return f"{words.in_hundred(died.share, base)} of every {base:,} died first; how many came back is not shown"
    base = words.out_of(back.share)
    text = f"{words.in_hundred(back.share, base)} of every {base:,} came back by day {back.day}"
    return f"{text}, half of them by day {half}" if half is not None and half < back.day else text


def _marks(evidence: Evidence) -> list[str]:
    """What had happened after one week, two weeks and the whole window, as far as these days are shown."""
    told = []
    first = int((evidence.released.headline.get("window") or [0])[0])
    for state, said in _AS_SAID.items():
        points = _points(evidence.released.incidence, state)
        if points.empty:
            continue
        marks = []
        for mark in (first + 6, first + 13):
            near = points[(points["day"] <= mark) & (points["day"] > mark - 3)]
            if len(near):
                marks.append(f"{words.percent(float(near['share'].iloc[-1]))} by day {int(near['day'].iloc[-1])}")
        last = _point(points.iloc[-1])
        marks.append(f"{_with_interval(points.iloc[-1])} by day {last.day}")
        told.append(f"{words.capital(said)}: {words.listed(marks)}.")
    return told


def _hidden(frame: pd.DataFrame) -> list[str]:
    gone = [state for state in _WORDS if len(frame) and _points(frame, state).empty]
    return [f"How many {_WORDS[state]} is {why_held(frame[frame['state'] == state])}." for state in gone]


def _note(frame: pd.DataFrame) -> str:
    steps = len(frame.dropna(subset=["share"]))
    days = (int(max(frame["day"])) + 1) * frame.dropna(subset=["share"])["state"].nunique()
    return "Days with few people are joined with the next, so that nobody can be counted." if steps < days else ""


def _alt(evidence: Evidence) -> str:
    parts = []
    for state, state_words in _WORDS.items():
        points = _points(evidence.released.incidence, state)
        if len(points):
            every = max(1, len(points) // 5)
            chosen = pd.concat([points.iloc[:-1:every], points.tail(1)])
            told = "; ".join(
                f"day {int(row['day'])} {words.percent(float(row['share']), _figures(row))}"
                for _, row in chosen.iterrows()
            )
            parts.append(f"{words.capital(state_words)}: {told}.")
    return "Share of everyone who left hospital, by the end of each day. " + " ".join(parts)


def _table(frame: pd.DataFrame) -> Table:
    tab = Tabulator()
    rows: list[tuple[str, ...]] = []
    for state, state_words in _WORDS.items():
        rows.append((words.capital(state_words),))
        for _, row in (frame[frame["state"] == state] if len(frame) else frame).iterrows():
            share = _with_interval(row) if words.known(row["share"]) else tab.percent(row, "share")
            rows.append((f"Day {int(row['day'])}", tab.count(row, "events"), share))
    return tab.table(
        "By the end of each day, of everyone who left hospital",
        ("Day", "People so far", "Share (95% interval)"),
        rows if len(frame) else [],
        notes=("Intervals (Wilson) are from the rounded counts and count each discharge once.",),
    )


def back_for_heart_failure(evidence: Evidence) -> str:
    """How many of those who came back were admitted for heart failure again."""
    head = evidence.released.headline
    found, back = head.get("readmitted_for_heart_failure"), head.get("readmitted")
    if not (words.known(found) and words.known(back) and back > 0):
        return ""
    share = float(found) / float(back)
    return (
        f"Of every 100 who came back, **{words.in_hundred(share)}** were admitted for heart failure again "
        f"({words.count(found)} of {words.count(back)})."
    )
