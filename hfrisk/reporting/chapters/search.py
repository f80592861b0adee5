"""How the model's settings were found: how the search went, what mattered, and where it ended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from hfrisk.reporting import words
from hfrisk.reporting.evidence import Evidence
from hfrisk.reporting.exhibits import Chapter, Exhibit, Prose, Table
from hfrisk.reporting.figures.search import draw_search
from hfrisk.reporting.settings import ReportingSettings

__all__ = ["search"]

_FIGURES = 3  # as the disclosure gate gives them


def search(evidence: Evidence, settings: ReportingSettings) -> Chapter | None:
    """The search, where there was one."""
    tuning = evidence.released.tuning
    trials = _trials(tuning.get("trials") or [])
    if trials.empty:
        return None
    summary: Mapping[str, Any] = tuning.get("summary") or {}
    measure = str(summary.get("objective_words", "log loss"))
    importances: Mapping[str, Any] = tuning.get("importances") or {}
    return Chapter(
        "search",
        "How its settings were found",
        "Each trial is one set of settings, judged on people whom its models had not seen.",
        (
            _history(trials, summary, measure, settings),
            *((_importances(importances),) if importances else (_no_importances(),)),
            Prose(tuple(_told(summary, measure, evidence.folds)), heading="What was chosen"),
        ),
    )


def _trials(rows: list[dict[str, Any]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows)
    if frame.empty or "value" not in frame:
        return pd.DataFrame()
    numbers = frame.reindex(columns=["trial", "value", "best_so_far"]).apply(pd.to_numeric)
    complete = frame["state"] == "complete" if "state" in frame else pd.Series(True, index=frame.index)
    return numbers.assign(complete=complete).dropna(subset=["value"])


def _history(trials: pd.DataFrame, summary: Mapping[str, Any], measure: str, settings: ReportingSettings) -> Exhibit:
    better = "larger" if summary.get("objective_better") == "higher" else "smaller"
    whole, early = int(trials["complete"].sum()), int((~trials["complete"]).sum())
    sentence = f"{words.count(whole)} trials were run on every fold" + (
        f"; {words.count(early)} were stopped once they were clearly worse than the best." if early else "."
    )
    place = summary.get("best_trial")
    best = trials[trials["trial"] == place] if place is not None else trials.iloc[:0]
    title = "How the search went"
    if len(best):
        value = words.significant(float(best["value"].iloc[0]), _FIGURES)
        title = f"The best {measure} was {value}, in trial {words.count(float(best['trial'].iloc[0]))}"
    rows = tuple(
        (
            words.count(row["trial"]),
            "run on every fold" if row["complete"] else "stopped early",
            words.significant(row["value"], _FIGURES),
            words.significant(row["best_so_far"], _FIGURES) if words.known(row["best_so_far"]) else words.NOT_COMPUTED,
        )
        for row in trials.to_dict("records")
    )
    table = Table(
        "Every trial", ("Trial", "How far", words.capital(measure), "Best so far"), rows, left=frozenset({0, 1})
    )
    return Exhibit(
        "search-history",
        title,
        f"{sentence} A {better} value is better. Values carry three figures, so that small differences look like none.",
        f"{words.capital(measure)} of {words.count(len(trials))} trials in the order in which they were begun, and the best so far.",
        draw_search("search-history", trials, measure, settings.dots_per_inch),
        table,
        "A trial that was stopped early shows the mean of the folds that it was run on, which are not those of the others."
        if early
        else "",
    )


def _importances(shares: Mapping[str, Any]) -> Table:
    rows = tuple(
        (name.replace("_", " "), words.percent(float(share))) for name, share in shares.items() if share is not None
    )
    return Table(
        "How much of the differences between trials each setting explains",
        ("Setting", "Share"),
        rows,
        notes=("Functional analysis of variance (fANOVA) of the trials that were run on every fold.",),
    )


def _no_importances() -> Prose:
    return Prose(
        ("Which settings mattered is not computed: too few trials were run on every fold, or all came to the same.",)
    )


def _told(summary: Mapping[str, Any], measure: str, folds: Mapping[str, str]) -> list[str]:
    best, chosen = summary.get("best_trial"), summary.get("chosen_trial")
    if summary.get("choice") == "one_standard_error":
        told = [
            "The simplest trial was chosen (fewest leaves times trees) of those that were worse than the best by no more than one "
            f"standard error of the difference {folds['same']}: "
            + (
                f"trial {chosen} instead of trial {best}."
                if chosen != best
                else f"that was the best itself, trial {best}."
            )
        ]
    else:
        told = [f"The trial with the best {measure} was chosen."]
    told += [folds["once"]] if folds["once"] else []
    constrained = summary.get("monotone_features") or {}
    if constrained:
        told.append(
            f"With {words.listed(name.replace('_', ' ') for name in constrained)} the model's risk can only rise, or only fall, as the "
            "feature dictionary says."
        )
    edge = summary.get("edge_of_space") or []
    told.append(
        f"The best settings lie at an end of the range that was searched for {words.listed(str(name).replace('_', ' ') for name in edge)} "
        "(HFR120): a wider range might give a slightly better model."
        if edge
        else "The best settings lie inside the ranges that were searched, or at ends beyond which there is nothing."
    )
    return told
