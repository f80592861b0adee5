"""The rules by which people were counted, as sentences, and the code lists that they use."""

from __future__ import annotations

from collections.abc import Callable

from hfrisk.reporting.evidence import Evidence
from hfrisk.reporting.exhibits import Prose, Table

__all__ = ["code_lists", "rules"]


def rules(evidence: Evidence) -> Prose | None:
    """The rules in the order in which they are applied; None where no definition was released."""
    items = {str(r["item"]): str(r["value"]) for _, r in evidence.released.definitions.iterrows()}
    told = [sentence(items[item]) for item, sentence in _SENTENCES.items() if item in items]
    cohort = (evidence.released.study.get("settings") or {}).get("cohort") or {}
    age = cohort.get("minimum_age")
    if age:
        told.append(f"Admissions of people younger than {age} are left out.")
    if cohort.get("require_unplanned_index"):
        told.append("A stay that began as a planned admission is no index stay.")
    told += [words for name, words in _OF_SEVERAL.items() if cohort.get("index") == name]
    return Prose((), heading="The rules, one after another", items=tuple(told)) if told else None


def _heart_failure(value: str) -> str:
    name, _, codes = value.partition(":")
    return f"A stay is one for heart failure by its codes: {name}{', listed below' if codes else ''}."


def _position(value: str) -> str:
    if value.startswith("any, "):
        return f"The code may stand in any position, {value.removeprefix('any, ')}."
    return f"The code must be the {value.replace('; in', ', in').replace('principal', 'principal diagnosis', 1)}."


_SENTENCES: dict[str, Callable[[str], str]] = {
    "Spells": lambda value: f"Stays that belong together are one spell: {value}.",
    "Heart failure": _heart_failure,
    "Position of the diagnosis": _position,
    "Unplanned admission": lambda value: (
        f"An admission is an emergency by {value}. What none of these tells is taken as planned."
        if "every admission" not in value
        else f"Whether an admission is an emergency: {value}."
    ),
    "Discharged alive": lambda value: f"Stays that end in death are {'left out' if value == 'required' else 'kept'}.",
    "Sent on to another hospital": lambda value: f"Discharges to another hospital are {value}.",
    "Complete follow-up": lambda value: (
        "Discharges less than a whole window before the end of the data are left out."
        if value == "required"
        else "Discharges are kept although the data end before their window does."
    ),
    "Look-back": lambda value: f"A stay counts with {value}.",
    "Left out": lambda value: f"Also left out, as the NHS indicator does: {value}.",
    "Window": lambda value: f"The days that count are {value}.",
    "Outcome": lambda value: f"The outcome is the {value}.",
    "Time of prediction": lambda value: f"The risk is asked for {value}, and only what was known by then is used.",
    "Who would be scored in practice": lambda value: f"Before a stay is coded, people would be picked out by {value}.",
}
_OF_SEVERAL = {
    "every": "A person counts once for each such discharge.",
    "first": "A person counts once, with the first such discharge.",
    "random": "A person counts once, with one such discharge drawn at random.",
}


def code_lists(evidence: Evidence) -> Table | None:
    """Every code in use, under its list; None where none was released."""
    frame = evidence.released.code_lists
    if frame.empty:
        return None
    rows: list[tuple[str, ...]] = []
    sources: dict[str, None] = {}
    for name, mine in frame.groupby("list", sort=False):
        rows.append((str(name),))
        rows += [(str(row["code"]), str(row["words"]) or "its term is in the source") for _, row in mine.iterrows()]
        sources |= dict.fromkeys(str(source) for source in mine["source"])
    return Table(
        "The code lists in use",
        ("Code", "What it means"),
        tuple(rows),
        notes=(
            "Codes of ICD stand for all that begin with them.",
            f"Sources: {'; '.join(sources)}. [V]: read there; [M]: from memory.",
        ),
        left=frozenset({0, 1}),
        folded=True,
    )
