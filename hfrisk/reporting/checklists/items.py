"""An item of a checklist, and what this report answers to it: facts of the run, where to look, and what is left for the authors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from hfrisk.codelists import read_yaml
from hfrisk.reporting.checklists.facts import facts
from hfrisk.reporting.evidence import Evidence
from hfrisk.reporting.settings import ReportingSettings

__all__ = ["Answered", "State", "answer", "answers"]

State = Literal["answered", "in part", "for the authors", "not applicable", "not in this run"]


@dataclass(frozen=True)
class Answered:
    """What the report answers to one item.

    Parameters
    ----------
    item
        As the checklist's file has it.
    state
        Whether the report answers it, answers it in part, leaves it to the authors, or cannot.
    said
        Facts of this run, in sentences; empty where it has none.
    places
        Chapters that answer it: id and title. Only such as this report has.
    authors
        What the authors have to add; empty where nothing.
    """

    item: Mapping[str, Any]
    state: State
    said: str = ""
    places: tuple[tuple[str, str], ...] = ()
    authors: str = ""


def answers(
    name: str, part: str, evidence: Evidence, settings: ReportingSettings, chapters: Mapping[str, str]
) -> list[Answered]:
    """Every item of the list `part` of the checklist file `name`, answered.

    Parameters
    ----------
    name, part
        Such as ``tripod_ai.yaml`` and ``items``.
    evidence, settings
        What was released, and how strict the verdict is.
    chapters
        Id and title of every chapter that the report has.
    """
    return [answer(item, evidence, settings, chapters) for item in read_yaml(name)[part]]


def answer(
    item: Mapping[str, Any], evidence: Evidence, settings: ReportingSettings, chapters: Mapping[str, str]
) -> Answered:
    """One item, answered from the keys that its file names.

    Raises
    ------
    KeyError
        When the file names a fact or a statement that there is not (a fault of ours).
    """
    if not _applies(str(item.get("for", "DE")), evidence):
        return Answered(item, "not applicable", said="No model was made here, so that this does not apply.")
    asked = [key.partition(":")[::2] for key in item["answered_by"]]
    said = " ".join(_said(asked, evidence, settings))
    places = tuple((key, chapters[key]) for kind, key in asked if kind == "chapter" and key in chapters)
    authors = str(item.get("authors", ""))
    state: State = "in part" if authors else "answered"
    if not (said or places):
        state = "for the authors" if authors else "not in this run"
    return Answered(item, state, said, places, authors)


def _said(asked: Iterable[tuple[str, str]], evidence: Evidence, settings: ReportingSettings) -> list[str]:
    known, always = facts(settings), read_yaml("report_statements.yaml")
    told = [
        known[key](evidence) if kind == "fact" else str(always[key])
        for kind, key in asked
        if kind in ("fact", "always")
    ]
    return [text for text in told if text]


def _applies(whose: str, evidence: Evidence) -> bool:
    """Items on development do not apply to a model that was made elsewhere."""
    return whose != "D" or not evidence.stored
