"""From released numbers to one page that opens anywhere."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from hfrisk.disclosure import Released
from hfrisk.reporting.chapters import all_chapters
from hfrisk.reporting.chapters.leaving import leaving_sentences
from hfrisk.reporting.description import description_page
from hfrisk.reporting.evidence import Evidence
from hfrisk.reporting.exhibits import Chapter, Exhibit, Picture
from hfrisk.reporting.front import FrontPage, front_page
from hfrisk.reporting.model_card import model_card
from hfrisk.reporting.pdf import to_pdf
from hfrisk.reporting.settings import ReportingSettings
from hfrisk.reporting.templates_of import environment

__all__ = ["Rendered", "render"]


@dataclass(frozen=True)
class Rendered:
    """What the reporting room made; the caller writes it.

    Parameters
    ----------
    html
        The whole report: style and figures inside, no script, nothing fetched.
    model_card
        A short model card in Markdown; None where there is no model.
    figures
        The figures again, as PNG bytes by file name without ending.
    tables
        The released tables behind them, by file name without ending, and the computed sentences of page one
        (``statements``).
    verdict
        One of the three verdicts on a model, or of the three on the data where there is no model.
    pdf
        The page on paper, when the settings ask for it.
    """

    html: str
    model_card: str | None
    figures: dict[str, bytes]
    tables: dict[str, pd.DataFrame]
    verdict: str
    pdf: bytes | None = None


def render(released: Released, settings: ReportingSettings) -> Rendered:
    """Make the validation report, or the descriptive one where there is no model.

    Parameters
    ----------
    released
        What the disclosure gate let through; the only input.
    settings
        How strict the verdict is and how much is shown.

    Raises
    ------
    StudyError
        When the PDF is asked for and WeasyPrint is not installed.

    Notes
    -----
    The same input gives the same bytes: nothing is read from clock, network, folder or environment.
    """
    evidence = Evidence(released)
    page = description_page(evidence, settings) if evidence.describes else front_page(evidence, settings)
    chapters = all_chapters(evidence, settings)
    html = environment().get_template("report.html").render(page=page, chapters=chapters, evidence=evidence)
    return Rendered(
        html=html,
        model_card=None
        if released.bundle is None
        else model_card(page, evidence, settings, leaving_sentences(released.model_egress)),
        figures={p.name: p.wide for p in _pictures(page, chapters)},
        tables=_tables(released, page),
        verdict=page.verdict.words,
        pdf=to_pdf(html) if settings.pdf else None,
    )


def _pictures(page: FrontPage, chapters: list[Chapter]) -> list[Picture]:
    first = [a.exhibit.picture for a in page.answers if a.exhibit and a.exhibit.picture]
    rest = [b.picture for c in chapters for b in c.blocks if isinstance(b, Exhibit) and b.picture]
    return [*first, *rest]


def _tables(released: Released, page: FrontPage) -> dict[str, pd.DataFrame]:
    tables = {name: frame for name, frame in released.tables().items() if len(frame)}
    tables["statements"] = pd.DataFrame(page.statements(), columns=["where", "words"])
    return tables
