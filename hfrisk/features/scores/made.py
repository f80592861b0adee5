"""The family of the scores: which can be made, and what is said of the others."""

from __future__ import annotations

from collections.abc import Sequence

from hfrisk.checks import Check
from hfrisk.features.family import KEYS, Context, Family, joined
from hfrisk.features.scores.facts import SCORES
from hfrisk.features.scores.gwtg_hf import gwtg_hf
from hfrisk.features.scores.hospital import hospital
from hfrisk.features.scores.lace import charlson_for_lace, lace, le
from hfrisk.features.scores.maggic import maggic, risk_entries, with_risks
from hfrisk.features.scores.parr30 import conditions_for_parr30, parr30
from hfrisk.features.scores.points import Inputs, Made, flag
from hfrisk.features.scores.statements import statements

__all__ = ["scores"]

_MAKERS = {"lace": lace, "le": le, "hospital": hospital, "parr30": parr30, "gwtg_hf": gwtg_hf, "maggic": maggic}


def scores(context: Context) -> Family:
    """LACE, LE, HOSPITAL, PARR-30, GWTG-HF and MAGGIC: each with its parts, its total and how many of its inputs were observed.

    An input whose family was not made, or whose table the source lacks, is not observed. A score that nobody can have has no total;
    one that needs the length of the stay is not made a day after admission.
    """
    inputs = _inputs(context)
    late = [name for name, facts in SCORES.items() if facts.needs_length_of_stay]
    made = [make(inputs) for name, make in _MAKERS.items() if not (context.early and name in late)]
    columns = {column: value for score in made for column, value in score.columns.items()}
    entries = [entry for score in made for entry in score.entries]
    stated = [entry for entry in inputs.entries.values() if entry.family == "scores" and entry.role == "more"]
    columns |= {entry.name: inputs[entry.name] for entry in stated}
    table = inputs.table.select(*KEYS, **columns)
    if SCORES["maggic"].total in columns:
        table = with_risks(context, table)
        entries += risk_entries(inputs)
    return Family((*stated, *entries), table, notices=_notices(context, made, late if context.early else []))


def _inputs(context: Context) -> Inputs:
    """The index discharges with what was made, and what the scores find out themselves."""
    index = context.index.select(
        *KEYS, "look_back_days", emergency_admission=flag(context.index.unplanned)
    )
    entries = {entry.name: entry for entry in context.made_entries}
    if "emergency_admission" in entries:
        index = index.drop("emergency_admission")
    table = joined(index, context.made) if context.made is not None else index
    inputs = Inputs(context, table, entries)
    if not context.early:
        inputs = charlson_for_lace(inputs)
    inputs = conditions_for_parr30(inputs)
    stated, found = statements(context)
    return inputs.beside(stated, found) if stated is not None else inputs


def _notices(context: Context, made: Sequence[Made], late: Sequence[str]) -> list[Check]:
    found = []
    if late:
        found.append(_too_early([SCORES[name].words for name in late]))
    lacking = {score.facts.words: score.absent for score in made if score.absent}
    if lacking:
        found.append(_lacking(context, lacking))
    if context.settings.gwtg_race_term == "as_published":
        found.append(_race())
    if set(context.cohort.strategies["unplanned"]) <= {"assume_unplanned", "planned"}:
        found.append(_assumed())
    return found
