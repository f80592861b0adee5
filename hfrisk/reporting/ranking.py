"""Does it pick out the right people: how often it ranks two of them rightly, and what a review would find."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd

from hfrisk.reporting import words
from hfrisk.reporting.evidence import Evidence, Number, held, reason_of
from hfrisk.reporting.figures.people import Hundred
from hfrisk.reporting.naming import model_name

__all__ = ["Review", "chosen_review", "hundred_people", "ranking", "review", "worth"]


def ranking(evidence: Evidence) -> list[str]:
    """How often it ranks two people rightly, and the chief comparators, with a gap only where there is one."""
    auroc = evidence.number("auroc")
    if not auroc.known:
        return [f"How well it tells people apart is {held(auroc)}."]
    where = "" if evidence.has_test else f" (in cross-validation: {evidence.tested['none']} were there to try it on)"
    first = (
        f"Of two people, one who {evidence.came_back} and one who did not, it ranks them rightly "
        f"**{_hundredths(auroc.estimate)} times in 100**{_bracket(auroc)}{where}. "
        "A toss of a coin would be right 50 times."
    )
    others = [_beside(evidence, name) for name in evidence.chief]
    sentences = [first]
    if auroc.with_interval and auroc.lower <= 0.5 <= auroc.upper:
        sentences.append("**It is not shown to do better than the coin.**")
    elif auroc.with_interval and auroc.upper < 0.5:
        sentences.append("**It does worse than the coin.**")
    sentences.extend(s for s in others if s)
    return sentences


def _beside(evidence: Evidence, other: str) -> str:
    theirs = evidence.number("auroc", model=other)
    name = words.capital(model_name(other))
    if not theirs.known:
        return f"{name}: {held(theirs)}."
    text = f"{name}: {_hundredths(theirs.estimate)} times{_bracket(theirs)}"
    gap = evidence.gap("auroc", other)
    if not gap.with_interval:
        return f"{text}; whether that differs was {words.NOT_COMPUTED}."
    span = words.interval(100 * gap.lower, 100 * gap.upper, lambda v: words.signed(v))
    if not gap.excludes(0, decimals=3):
        return f"{text}: no clear difference (interval of the gap {span})."
    better = "this model does better" if gap.estimate > 0 else "this model does worse"
    return f"{text}: {better}, by {words.significant(abs(100 * gap.estimate), 2)} in 100 (interval of the gap {span})."


@dataclass(frozen=True)
class Review:
    """What reviewing those at highest risk would have found.

    Parameters
    ----------
    share
        Share of people reviewed.
    found
        Of those with the outcome, the share among the reviewed.
    yield_
        Of the reviewed, the share with the outcome.
    base
        Of everyone, the share with the outcome.
    n, reviewed, events, events_found
        The counts behind them.
    """

    share: float
    found: float
    yield_: float
    base: float
    n: float
    reviewed: float
    events: float
    events_found: float


def review(row: pd.Series) -> Review | None:
    """The shares behind one row of the capacity table; None where a count is held back."""
    counts = [row["n"], row["reviewed"], row["events"], row["events_found"]]
    if not all(words.known(float(v)) for v in counts) or min(float(v) for v in counts[:3]) <= 0:
        return None
    n, reviewed, events, found = (float(v) for v in counts)
    return Review(float(row["share"]), found / events, found / reviewed, events / n, n, reviewed, events, found)


def chosen_review(evidence: Evidence, share: float = 0.2) -> tuple[Review | None, str]:
    """The row of the capacity table nearest to `share`, or why there is none."""
    table = evidence.rows("capacity")
    if table.empty:
        return None, f"{words.NOT_COMPUTED}: this run has no capacity table"
    row = table.iloc[(table["share"] - share).abs().argmin()]
    found = review(row)
    return found, "" if found else reason_of(row) or words.NOT_COMPUTED


def worth(evidence: Evidence) -> str:
    """What reviewing the people at highest risk would have been worth."""
    seen, why = chosen_review(evidence)
    if seen is None:
        return f"What reviewing the people at highest risk would have found is {why}."
    return (
        f"Reviewing the **{words.in_hundred(seen.share)} in every 100** at highest risk would have found "
        f"**{words.in_hundred(seen.found)} of every 100** who {evidence.came_back}. Of every 100 reviewed, "
        f"{words.in_hundred(seen.yield_)} {evidence.came_back}, against {words.in_hundred(seen.base)} of every 100 "
        f"people overall ({words.count(seen.n)} discharges)."
    )


def hundred_people(evidence: Evidence) -> Hundred | None:
    """The same as whole people out of 100."""
    seen, _ = chosen_review(evidence)
    if seen is None:
        return None
    reviewed = round(100 * seen.reviewed / seen.n)
    if not 0 < reviewed < 100:
        return None
    found = round(100 * seen.events_found / seen.n)
    # Those missed are the rest of all who had the outcome, so that the picture adds up as the sentence does.
    missed = max(round(100 * seen.base) - found, 0)
    return Hundred(reviewed, min(found, reviewed), 100 - reviewed, min(missed, 100 - reviewed))


def _hundredths(value: float) -> str:
    return f"{100 * value:.0f}" if math.isfinite(value) else words.NOT_COMPUTED


def _bracket(number: Number) -> str:
    if not number.with_interval:
        return ""
    return f" ({_hundredths(number.lower)} to {_hundredths(number.upper)})"
