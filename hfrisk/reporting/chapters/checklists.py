"""Where the published checklists are answered: TRIPOD+AI, PROBAST+AI, RECORD, and the model card."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from itertools import groupby
from typing import Any

from hfrisk.codelists import read_yaml
from hfrisk.reporting import words
from hfrisk.reporting.checklists import AGAINST, QUESTIONS, Answered, Judged, answers
from hfrisk.reporting.evidence import Evidence
from hfrisk.reporting.exhibits import Chapter, Linked, Prose, Table
from hfrisk.reporting.settings import ReportingSettings

__all__ = ["checklists"]

_WORDS = frozenset({0, 1})


def checklists(evidence: Evidence, settings: ReportingSettings, chapters: Mapping[str, str]) -> list[Chapter]:
    """Every checklist that applies.

    Parameters
    ----------
    evidence, settings
        What was released, and how strict the verdict is.
    chapters
        Id and title of every other chapter of the report; only these are linked.
    """
    there = {"front": "Page one", "worries": "What to worry about", "next": "What happens next", **chapters}
    made = [] if evidence.describes else [_tripod(evidence, settings, there), _probast(evidence)]
    made.append(_record(evidence, settings, there))
    if evidence.released.bundle is not None:
        made.append(_card(evidence, settings, there))
    return made


def _tripod(evidence: Evidence, settings: ReportingSettings, there: Mapping[str, str]) -> Chapter:
    found = answers("tripod_ai.yaml", "items", evidence, settings, there)
    return Chapter(
        "tripod",
        "Reporting checklist: TRIPOD+AI",
        "What a paper about a prediction model should say, and where this report says it. What no run can know is left to the authors.",
        (Prose((_counted(found),)), _answered("tripod_ai.yaml", "The items of TRIPOD+AI", found)),
    )


def _record(evidence: Evidence, settings: ReportingSettings, there: Mapping[str, str]) -> Chapter:
    found = answers("record.yaml", "items", evidence, settings, there)
    return Chapter(
        "record",
        "Reporting checklist: RECORD",
        "What a study of routine records should say beyond STROBE, and where this report says it.",
        (Prose((_counted(found),)), _answered("record.yaml", "The items of RECORD", found)),
    )


def _counted(found: list[Answered]) -> str:
    """How many items are answered, and which are not."""
    states = Counter(a.state for a in found)
    blank = [str(a.item["item"]) for a in found if a.state == "for the authors"]
    absent = [str(a.item["item"]) for a in found if a.state == "not in this run"]
    text = f"Of {len(found)} items, **{states['answered']}** {_are(states['answered'])} answered here"
    if states["in part"]:
        text += f" and **{states['in part']}** in part"
    text += f"; **{len(blank)}** {_are(len(blank))} left to the authors ({words.listed(blank)})." if blank else "."
    if states["not applicable"]:
        text += (
            f" {words.capital(words.in_words(states['not applicable']))} do not apply, since no model was made here."
        )
    if absent:
        text += f" Nothing in this run answers {words.listed(absent)}."
    return text


def _are(number: int) -> str:
    return "is" if number == 1 else "are"


def _answered(name: str, caption: str, found: list[Answered]) -> Table:
    rows: list[tuple[str, ...]] = []
    for section, mine in groupby(found, key=lambda a: str(a.item["section"])):
        rows.append((section,))
        rows += [(f"{a.item['item']} {a.item['topic']}: {a.item['asks']}", _cell(a)) for a in mine]
    return Table(
        caption,
        ("Item, and what it asks for", "In this report"),
        tuple(rows),
        notes=(f"Source: {read_yaml(name)['source']}; items in our words.",),
        left=_WORDS,
        folded=True,
    )


def _cell(answered: Answered) -> Linked:
    said = answered.said
    if answered.state == "not in this run":
        said = "Nothing in this run answers it."
    return Linked(said, answered.places, answered.authors)


# ------------------------------------------------------------------ PROBAST+AI


def _probast(evidence: Evidence) -> Chapter:
    parts = [p for p in read_yaml("probast_ai.yaml")["parts"] if not (p["part"] == "development" and evidence.stored)]
    judged = [(part, [(domain, _judged(evidence, domain)) for domain in part["domains"]]) for part in parts]
    return Chapter(
        "probast",
        "Self-audit: PROBAST+AI",
        "Questions about how the model was made and judged, answered from what the run knows. No domain is rated: that is for assessors "
        "who had no part in the work.",
        (
            _in_brief(judged),
            *(_audit(part, domains) for part, domains in judged),
        ),
    )


_Domains = list[tuple[Mapping[str, Any], list[tuple[str, str, Judged]]]]


def _judged(evidence: Evidence, domain: Mapping[str, Any]) -> list[tuple[str, str, Judged]]:
    return [
        (str(q["item"]), str(q["asks"]), QUESTIONS[str(q["answered_by"]).removeprefix("judged:")](evidence))
        for q in domain["questions"]
    ]


def _in_brief(judged: list[tuple[Mapping[str, Any], _Domains]]) -> Prose:
    """How many questions have an answer, and every answer that speaks against the work."""
    replies = [j.reply for _, domains in judged for _, questions in domains for _, _, j in questions]
    open_ = sum(reply in ("For the authors", "No information") for reply in replies)
    text = (
        f"Of {len(replies)} questions this run can answer **{len(replies) - open_}**; {words.in_words(open_)} are open."
    )
    against = tuple(
        f"**{'Making' if part['part'] == 'development' else 'Evaluating'} {item}: {asks} {j.reply}.** {j.why}"
        for part, domains in judged
        for _, questions in domains
        for item, asks, j in questions
        if j.reply in AGAINST
    )
    if not against:
        return Prose(
            (f"{text} Nothing that this run can see speaks against it, which is not the same as a low risk of bias.",)
        )
    return Prose((f"{text} What speaks against it:",), items=against)


def _audit(part: Mapping[str, Any], domains: _Domains) -> Table:
    rows: list[tuple[str, ...]] = []
    for domain, questions in domains:
        rows.append((str(domain["domain"]),))
        rows += [(f"{item} {asks}", Linked(f"**{judged.reply}.** {judged.why}")) for item, asks, judged in questions]
        against = [item for item, _, judged in questions if judged.reply in AGAINST]
        told = f"Against it: {words.listed(against)}." if against else "The run sees nothing against it."
        rows.append(("Rating and applicability", Linked(f"**For independent assessors.** {told}")))
    return Table(
        str(part["title"]),
        ("Question", "Answer, and what it rests on"),
        tuple(rows),
        notes=(
            "That nothing speaks against a domain does not mean that its risk of bias is low.",
            f"Source: {read_yaml('probast_ai.yaml')['source']}; questions in our words.",
        ),
        left=_WORDS,
        folded=True,
    )


# ------------------------------------------------------------------ the model card


def _card(evidence: Evidence, settings: ReportingSettings, there: Mapping[str, str]) -> Chapter:
    mitchell, chai = (answers("chai_card.yaml", part, evidence, settings, there) for part in ("mitchell", "chai"))
    sections = tuple((str(a.item["section"]), _cell(a)) for a in mitchell)
    rows: list[tuple[str, ...]] = []
    for group, mine in groupby(chai, key=lambda a: str(a.item["group"])):
        rows.append((group,))
        rows += [(str(a.item["words"]), _cell(a)) for a in mine]
    blank = sum(a.state == "for the authors" for a in chai)
    return Chapter(
        "model-card",
        "Model card",
        "The model in short, by Mitchell's sections and by the fields of CHAI's applied model card. The same card is model_card.md.",
        (
            Prose(
                (
                    f"Of CHAI's {len(chai)} fields this run fills **{len(chai) - blank}**; {words.in_words(blank)} are for the authors.",
                )
            ),
            Table("The card", ("Section", "What it says"), sections, left=_WORDS, folded=True),
            Table("The fields of CHAI's card", ("Field", "What it says"), tuple(rows), left=_WORDS, folded=True),
        ),
    )
