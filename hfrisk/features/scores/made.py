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

# what the scores read of other families besides the inputs that they show, which are worked out from it
_MORE = (
    "urea_first",
    "ethnicity_black",
    "ethnicity_not_stated",
    "ethnicity_not_known",
    "days_since_first_heart_failure",
    "age",
)


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
    index = context.index.select(*KEYS, "look_back_days", emergency_admission=flag(context.index.unplanned))
    entries = {entry.name: entry for entry in context.made_entries}
    if "emergency_admission" in entries:
        index = index.drop("emergency_admission")
    table = index
    if context.made is not None:
        used = [*dict.fromkeys([*_MORE, *(name for facts in SCORES.values() for name in facts.inputs)])]
        table = joined(index, context.made.select(*KEYS, *[name for name in used if name in context.made.columns]))
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
    if any(score.absent for score in made):
        found.append(_lacking(made))
    if context.settings.gwtg_race_term == "as_published":
        found.append(_race())
    assumed = [score.facts.words for score in made if score.has_total and score.facts.normal]
    if context.settings.scores_missing == "normal" and assumed:
        found.append(_assumed(assumed))
    return found


def _too_early(names: Sequence[str]) -> Check:
    return Check(
        "HFR080",
        "note",
        "Scores that need the length of the stay are not made",
        "The risk is asked for a day after admission; these scores need the length of the stay: {names}.",
        "They cannot be compared with the model.",
        "Nothing needs to be done. To compare with them, predict at discharge.",
        facts={"names": ", ".join(names)},
    )


def _lacking(made: Sequence[Made]) -> Check:
    lacks = "; ".join(f"{score.facts.words}: {', '.join(score.absent)}" for score in made if score.absent)
    without = ", ".join(score.facts.words for score in made if not score.has_total)
    return Check(
        "HFR081",
        "warning" if without else "note",
        "Inputs of clinical scores are not in the source",
        "Nobody has these inputs: {lacks}. Scores without a total: {without}.",
        "A score without a total cannot be compared with the model; one whose missing inputs are taken as normal is less than it could be.",
        "Add the tables or the families of features that hold them, or say how missing inputs count (features.scores_missing).",
        facts={"lacks": lacks, "without": without or "none"},
    )


def _race() -> Check:
    return Check(
        "HFR082",
        "warning",
        "GWTG-HF takes ethnicity into account",
        "The race term of the GWTG-HF score is used as published: Black patients have three points less.",
        "The same illness is rated as less grave in Black patients. A decision that rests on it may treat them unfairly.",
        "Leave features.gwtg_race_term at omit, unless the score as published is what is studied.",
    )


def _assumed(names: Sequence[str]) -> Check:
    return Check(
        "HFR083",
        "note",
        "Missing inputs of clinical scores count as normal",
        "By features.scores_missing, missing tests and facts are taken as normal in: {names}.",
        "More patients have a score; those whose tests were not done or not recorded are rated as if all were well.",
        "Look at the share of patients for whom each input was observed.",
        facts={"names": ", ".join(names)},
    )
