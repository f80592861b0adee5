"""For how many patients each input of each score was observed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from hfrisk.cdm import Cdm
from hfrisk.features.scores.facts import SCORES, ScoreFacts
from hfrisk.features.settings import FeatureSettings

if TYPE_CHECKING:
    from hfrisk.features.build import FeatureTable

__all__ = ["score_inputs"]

_COLUMNS = ["score", "input", "words", "observed", "rows", "share", "made", "always"]


def score_inputs(cdm: Cdm, features: FeatureTable, settings: FeatureSettings) -> pd.DataFrame:
    """For how many index discharges each input of each score was observed, and how many have the total.

    Counted in the engine, in one query. An input that is not in the source was observed for nobody.

    Returns
    -------
    DataFrame
        ``score`` (short name), ``input`` (a column, ``score_<name>`` for the total), ``words``, ``observed`` and ``rows`` (index
        discharges), ``share``, ``made`` (whether there is such a column at all), ``always`` (whether every index discharge has it by
        what it is, as a stay has a length); empty where no score was made.
    """
    columns = {entry.name for entry in features.catalogue}
    wanted = [
        (name, column, words, _seen_in(facts, column, columns))
        for name, facts in SCORES.items()
        if facts.observed in columns
        for column, words in {**_used(facts, settings), facts.total: facts.words}.items()
    ]
    if not wanted:
        return pd.DataFrame(columns=_COLUMNS)
    table = features.table
    there = dict.fromkeys(seen for *_, seen in wanted if seen)
    counts = table.aggregate(rows=table.count(), **{f"n_{seen}": table[seen].count() for seen in there})
    found = cdm.frame(counts, "inputs of scores").iloc[0]
    rows = int(found["rows"])
    lines = []
    for name, column, words, seen in wanted:
        observed = int(found[f"n_{seen}"]) if seen else 0
        share = observed / rows if rows else float("nan")
        always = seen is not None and observed == rows and _by_what_it_is(SCORES[name], column, settings)
        lines.append((name, column, words, observed, rows, share, seen is not None, always))
    return pd.DataFrame(lines, columns=_COLUMNS)


def _by_what_it_is(facts: ScoreFacts, column: str, settings: FeatureSettings) -> bool:
    """Whether nobody can lack an input, or a total, whatever the data hold."""
    needed = _used(facts, settings) if column == facts.total else [column]
    return set(needed) <= set(facts.always)


def _used(facts: ScoreFacts, settings: FeatureSettings) -> dict[str, str]:
    """The inputs that the study's version of the score reads."""
    unread = {"black_ethnicity"} if settings.gwtg_race_term == "omit" else set()
    return {column: words for column, words in facts.inputs.items() if column not in unread}


def _seen_in(facts: ScoreFacts, column: str, columns: set[str]) -> str | None:
    """The column that tells whether an input was observed: its own, or that of the part that reads nothing else."""
    if column in columns:
        return column
    for name, part in facts.data.get("parts", {}).items():
        if part["of"] == column and "by" not in part and name in columns:
            return str(name)
    return next((name for name in (f"{facts.name}_{column}",) if name in columns), None)
