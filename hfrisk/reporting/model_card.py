"""A short model card in Markdown, after Mitchell and others (2019): what it is, for what, how good, for whom."""

from __future__ import annotations

from collections.abc import Sequence

from hfrisk.disclosure import Bundle
from hfrisk.reporting.front import FrontPage

__all__ = ["model_card"]


def model_card(page: FrontPage, bundle: Bundle, leaving: Sequence[str] = ()) -> str:
    """The card.

    Parameters
    ----------
    page
        Page one of the report, whose sentences the card repeats.
    bundle
        The model as it left.
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
        "## Intended use",
        "",
        page.identity,
        "",
        "It is for researchers inside the secure environment who judge whether a risk model is worth testing further. "
        "It is not for deciding anyone's care, and not for people or places unlike those that it was tried on.",
        "",
    ]
    for answer in page.answers:
        lines += [f"## {answer.question}", ""]
        for paragraph in answer.paragraphs:
            lines += [paragraph, ""]
        if answer.items:
            lines += [*(f"- {item}" for item in answer.items), ""]
    lines += ["## What to worry about", ""]
    if page.worries:
        lines += [
            f"- **{w['title']}** ({w['code']}). {w['finding']} {w['consequence']} {w['todo']}" for w in page.worries
        ]
    else:
        lines += ["No check failed or warned."]
    lines += ["", "## What happens next", "", *(f"- {step}" for step in page.verdict.next_steps), ""]
    lines += [
        "## The model",
        "",
        f"{len(bundle.contract.get('inputs', []))} inputs, all known at discharge; calibration: "
        f"{bundle.calibration.get('method', 'none')}; the whole evaluation is in report.html.",
        "",
    ]
    if leaving:
        lines += ["## May it leave the environment?", "", *(f"- {sentence}" for sentence in leaving), ""]
    return "\n".join(lines)
