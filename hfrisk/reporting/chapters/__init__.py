"""The chapters after page one, in the order in which they are read."""

from __future__ import annotations

from hfrisk.reporting.chapters.glossary import glossary
from hfrisk.reporting.chapters.groups import groups
from hfrisk.reporting.chapters.outcomes import crude
from hfrisk.reporting.chapters.people import flow, table_one
from hfrisk.reporting.chapters.performance import calibration, discrimination
from hfrisk.reporting.chapters.record import data_quality, definitions, dictionary, methods, reproduce
from hfrisk.reporting.chapters.use import over_time, usefulness
from hfrisk.reporting.chapters.why import why
from hfrisk.reporting.evidence import Evidence
from hfrisk.reporting.exhibits import Chapter
from hfrisk.reporting.settings import ReportingSettings

__all__ = ["all_chapters"]


def all_chapters(evidence: Evidence, settings: ReportingSettings) -> list[Chapter]:
    """Every chapter."""
    return [
        flow(evidence, settings),
        table_one(evidence),
        crude(evidence, settings),
        discrimination(evidence, settings),
        calibration(evidence, settings),
        usefulness(evidence, settings),
        over_time(evidence, settings),
        groups(evidence, settings),
        why(evidence, settings),
        data_quality(evidence),
        methods(evidence),
        definitions(evidence),
        dictionary(evidence),
        glossary(),
        reproduce(evidence),
    ]
