"""The facts that checklists and cards may ask for, by key."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from hfrisk.reporting.checklists.of_the_data import FACTS_OF_THE_DATA
from hfrisk.reporting.checklists.of_the_model import FACTS_OF_THE_MODEL
from hfrisk.reporting.checklists.of_the_results import FACTS_OF_THE_RESULTS
from hfrisk.reporting.evidence import Evidence
from hfrisk.reporting.settings import ReportingSettings
from hfrisk.reporting.verdict import reach

__all__ = ["facts"]


def facts(settings: ReportingSettings) -> Mapping[str, Callable[[Evidence], str]]:
    """Every fact: a function from what was released to a sentence or two, empty where the run does not know.

    Parameters
    ----------
    settings
        How strict the verdict is, which is a fact too.
    """
    return {
        **FACTS_OF_THE_DATA,
        **FACTS_OF_THE_MODEL,
        **FACTS_OF_THE_RESULTS,
        "verdict": partial(_verdict, settings=settings),
        "next_step": partial(_next_step, settings=settings),
    }


def _verdict(evidence: Evidence, *, settings: ReportingSettings) -> str:
    if evidence.describes:
        return ""
    found = reach(evidence, settings)
    return f"{found.words}. {found.reasons[0]}".replace("**", "") if found.reasons else f"{found.words}."


def _next_step(evidence: Evidence, *, settings: ReportingSettings) -> str:
    return "" if evidence.describes else reach(evidence, settings).next_steps[0].replace("**", "")
