"""The model card in Markdown: Mitchell's sections, with page one's answers among them, and the fields of CHAI's applied model card."""

from __future__ import annotations

from collections.abc import Sequence

from hfrisk.reporting.checklists import Answered, answers
from hfrisk.reporting.evidence import Evidence
from hfrisk.reporting.front import FrontPage
from hfrisk.reporting.settings import ReportingSettings

__all__ = ["model_card"]

#: The section under which page one's questions are answered.
_ANALYSES = "Quantitative analyses"
_CAVEATS = "Caveats and recommendations"


def model_card(page: FrontPage, evidence: Evidence, settings: ReportingSettings, leaving: Sequence[str] = ()) -> str:
    """The card.

    Parameters
    ----------
    page
        Page one of the report, whose sentences the card repeats.
    evidence, settings
        What was released, and how strict the verdict is.
    leaving
        What the tests of what may leave came to, in sentences.
    """
    made_up = ["> The people behind these numbers are made up.", ""] if page.made_up else []
    lines = [
        f"# Model card: {page.title}",
        "",
        " · ".join(page.facts),
        "",
        *made_up,
        f"**Verdict: {page.verdict.words}.** {page.verdict.meaning}",
        "",
        *(f"- {reason}" for reason in page.verdict.reasons),
        "",
        page.identity,
        "",
    ]
    for answered in answers("chai_card.yaml", "mitchell", evidence, settings, {}):
        section = str(answered.item["section"])
        lines += [f"## {section}", "", *_paragraphs(answered)]
        if section == _ANALYSES:
            lines += _page_one(page)
        if section == _CAVEATS:
            lines += [
                *_worries(page),
                "### What happens next",
                "",
                *(f"- {step}" for step in page.verdict.next_steps),
                "",
            ]
    if leaving:
        lines += ["## May it leave the environment?", "", *(f"- {sentence}" for sentence in leaving), ""]
    lines += ["## The fields of CHAI's applied model card", "", "| Field | What it says |", "|---|---|"]
    lines += [
        f"| {answered.item['field']} | {' '.join(_paragraphs(answered)).replace('|', '/').strip()} |"
        for answered in answers("chai_card.yaml", "chai", evidence, settings, {})
    ]
    return "\n".join([*lines, ""])


def _paragraphs(answered: Answered) -> list[str]:
    told = [answered.said] if answered.said else []
    if answered.authors:
        told.append(f"*For the authors: {answered.authors}.*")
    if not told:
        told.append("Nothing in this run answers it.")
    return [line for paragraph in told for line in (paragraph, "")]


def _page_one(page: FrontPage) -> list[str]:
    lines: list[str] = []
    for answer in page.answers:
        lines += [f"### {answer.question}", ""]
        for paragraph in answer.paragraphs:
            lines += [paragraph, ""]
        if answer.items:
            lines += [*(f"- {item}" for item in answer.items), ""]
    return lines


def _worries(page: FrontPage) -> list[str]:
    told = [f"- **{w['title']}** ({w['code']}). {w['finding']} {w['consequence']} {w['todo']}" for w in page.worries]
    return ["### What to worry about", "", *(told or ["No check failed or warned."]), ""]
