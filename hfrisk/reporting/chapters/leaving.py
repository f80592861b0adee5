"""May the model leave? What was tried on it, what it came to, and who answers for what failed."""

from __future__ import annotations

import pandas as pd

from hfrisk.reporting import words
from hfrisk.reporting.evidence import Evidence
from hfrisk.reporting.exhibits import Chapter, Prose, Tabulator

__all__ = ["leaving", "leaving_sentences"]

_TESTS = {
    "HFR144": "Parameters against people",
    "HFR145": "People who are given one risk",
    "HFR146": "Outcomes of those who are given one risk",
    "HFR147": "Membership, worst case",
    "HFR148": "Membership, models of the same kind",
}
_RESULT = {"yes": "passed", "no": "**failed**", "": "no limit"}


def leaving(evidence: Evidence) -> Chapter | None:
    """What the model gives away of those whom it learnt from; None where no model was learnt."""
    frame = evidence.released.model_egress
    if frame.empty:
        return None
    tab = Tabulator()
    rows: list[tuple[str, ...]] = []
    for test, mine in frame.groupby("test", sort=False):
        rows.append((f"{_TESTS.get(str(test), str(test))} ({test})",))
        rows += [(str(row["words"]), _number(row, tab), _limit(row), _result(row)) for _, row in mine.iterrows()]
    table = tab.table(
        "What was tried on the model", ("What was found", "Number", "Limit", "Result"), rows, left=(0, 3), folded=True
    )
    return Chapter(
        "leaving",
        "May the model leave?",
        "What the model gives away of the people whom it learnt from.",
        (Prose(tuple(leaving_sentences(evidence.released.model_egress))), table),
    )


def leaving_sentences(frame: pd.DataFrame) -> list[str]:
    """What the tests came to, in a few sentences; none where no model was learnt."""
    if frame.empty:
        return []
    judged = frame[frame["passed"] != ""]
    failed = judged[judged["passed"] == "no"]
    tests = list(dict.fromkeys(judged["test"]))
    told = [
        "The text of the model holds no range and no exact count of the people whom it learnt from; no leaf holds fewer of them than "
        "the threshold."
    ]
    if failed.empty:
        told.append(f"It passed the {words.in_words(len(tests))} tests of what else could be told from it.")
    else:
        names = words.listed(f"{_TESTS[test].lower()} ({test})" for test in dict.fromkeys(failed["test"]))
        told.append(
            f"It failed {words.in_words(failed['test'].nunique())} of {words.in_words(len(tests))} tests: {names}."
        )
        open_ones = failed[failed["exception"] == ""]
        if len(open_ones):
            told.append("It is therefore neither exported nor registered.")
        for test, mine in failed[failed["exception"] != ""].groupby("test"):
            told.append(f"An exception for {test} is recorded: {mine['exception'].iloc[0]}.")
    auc = frame[frame["measure"].isin(["worst_case_auc", "lira_auc"])]
    told += [str(text) for text in auc["words"]]
    shown = frame[(frame["measure"] == "risk_step") & (frame["test"] == "HFR146") & (frame["passed"] == "yes")]
    told += [str(text) for text in shown["words"]]
    return told


def _number(row: pd.Series, tab: Tabulator) -> str:
    value = row["value"]
    return tab.cell(_figure(value) if words.known(value) else "", value, row)


def _figure(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 2 else f"{value:.3g}"


def _limit(row: pd.Series) -> str:
    if not words.known(row["limit"]):
        return "none"
    least = row["measure"] in ("residual_degrees_of_freedom", "smallest_class", "fewest_of_an_outcome")
    return f"at {'least' if least else 'most'} {_figure(row['limit'])}"


def _result(row: pd.Series) -> str:
    return _RESULT[str(row["passed"])] + (", with an exception" if row["exception"] else "")
