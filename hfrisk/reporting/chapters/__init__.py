"""The chapters after page one, in the order in which they are read."""

from __future__ import annotations

from hfrisk.reporting.chapters.card import score_card
from hfrisk.reporting.chapters.checklists import checklists
from hfrisk.reporting.chapters.counting import definitions, other_definitions
from hfrisk.reporting.chapters.elsewhere import elsewhere
from hfrisk.reporting.chapters.glossary import glossary
from hfrisk.reporting.chapters.groups import groups
from hfrisk.reporting.chapters.incidence import day_by_day
from hfrisk.reporting.chapters.inequality_picture import inequality_picture
from hfrisk.reporting.chapters.leaving import leaving
from hfrisk.reporting.chapters.mitigation import mitigation
from hfrisk.reporting.chapters.outcomes import by_group, crude
from hfrisk.reporting.chapters.over_time import over_time
from hfrisk.reporting.chapters.people import flow
from hfrisk.reporting.chapters.performance import calibration, discrimination
from hfrisk.reporting.chapters.record import data_quality, dictionary, methods, reproduce
from hfrisk.reporting.chapters.scores import clinical_scores
from hfrisk.reporting.chapters.search import search
from hfrisk.reporting.chapters.states import states
from hfrisk.reporting.chapters.table_one import table_one
from hfrisk.reporting.chapters.use import usefulness
from hfrisk.reporting.chapters.why import why
from hfrisk.reporting.chapters.years import over_the_years
from hfrisk.reporting.evidence import Evidence
from hfrisk.reporting.exhibits import Chapter
from hfrisk.reporting.settings import ReportingSettings

__all__ = ["all_chapters"]


def all_chapters(evidence: Evidence, settings: ReportingSettings) -> list[Chapter]:
    """Every chapter; a study without a model has none about one."""
    chosen = _of_a_description(evidence, settings) if evidence.describes else _of_a_model(evidence, settings)
    made = [chapter for chapter in chosen if chapter is not None]
    # The checklists name the others, and stand before the definitions.
    place = next(i for i, chapter in enumerate(made) if chapter.key == "definitions")
    lists = checklists(evidence, settings, {chapter.key: chapter.title for chapter in made})
    return [*made[:place], *lists, *made[place:]]


def _of_a_description(evidence: Evidence, settings: ReportingSettings) -> list[Chapter | None]:
    return [
        flow(evidence, settings),
        table_one(evidence),
        day_by_day(evidence, settings),
        by_group(evidence, settings),
        inequality_picture(evidence, settings),
        over_the_years(evidence, settings),
        other_definitions(evidence, settings),
        clinical_scores(evidence),
        data_quality(evidence),
        methods(evidence),
        definitions(evidence),
        dictionary(evidence),
        glossary(evidence),
        reproduce(evidence),
    ]


def _of_a_model(evidence: Evidence, settings: ReportingSettings) -> list[Chapter | None]:
    return [
        flow(evidence, settings),
        table_one(evidence),
        crude(evidence, settings),
        other_definitions(evidence, settings),
        discrimination(evidence, settings),
        calibration(evidence, settings),
        states(evidence),
        usefulness(evidence, settings),
        over_time(evidence, settings),
        elsewhere(evidence, settings),
        inequality_picture(evidence, settings),
        groups(evidence, settings),
        mitigation(evidence, settings),
        None if evidence.compares else why(evidence, settings),
        clinical_scores(evidence),
        score_card(evidence),
        data_quality(evidence),
        methods(evidence),
        search(evidence, settings),
        leaving(evidence),
        definitions(evidence),
        dictionary(evidence),
        glossary(evidence),
        reproduce(evidence),
    ]
