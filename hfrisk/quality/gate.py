"""The data-quality gate: every check of this room, in the order of their numbers."""

from __future__ import annotations

import pandas as pd

from hfrisk.cdm import Cdm, SourceSettings
from hfrisk.checks import Check
from hfrisk.cohort import Cohort, CohortSettings
from hfrisk.quality.admissions import admission_checks
from hfrisk.quality.dates import date_checks
from hfrisk.quality.diagnoses import diagnosis_checks
from hfrisk.quality.evidence import Evidence
from hfrisk.quality.links import link_checks
from hfrisk.quality.look_back import look_back_checks
from hfrisk.quality.measurements import measurement_checks
from hfrisk.quality.over_time import over_time_checks, steps_by_site
from hfrisk.quality.people import people_checks
from hfrisk.quality.places import place_checks
from hfrisk.quality.settings import QualitySettings
from hfrisk.quality.visits import visit_checks

__all__ = ["quality_checks", "site_steps"]

_THEMES = (
    diagnosis_checks,
    link_checks,
    admission_checks,
    measurement_checks,
    date_checks,
    over_time_checks,
    people_checks,
    look_back_checks,
    place_checks,
    visit_checks,
)


def quality_checks(
    cdm: Cdm,
    cohort: Cohort,
    settings: CohortSettings,
    source: SourceSettings | None = None,
    quality: QualitySettings | None = None,
) -> list[Check]:
    """What the data cannot tell, or tell wrongly (HFR040 to HFR060), by about twenty queries in the engine.

    Parameters
    ----------
    cdm
        The open source.
    cohort
        The cohort that was built from it.
    settings
        The settings that it was built with.
    source
        Where the data is: says when it was declared to begin.
    quality
        From where on a finding is said, and from where on it stops the run.

    Returns
    -------
    list of Check
        By code. An ``error`` must stop the run: the cohort would not be the people that it is said to be.

    Raises
    ------
    StudyError
        If a file that the settings name cannot be read.
    """
    evidence = Evidence(cdm, cohort, settings, source, quality or QualitySettings())
    return sorted((check for theme in _THEMES for check in theme(evidence)), key=lambda check: check.code)


def site_steps(
    cdm: Cdm,
    cohort: Cohort,
    settings: CohortSettings,
    source: SourceSettings | None = None,
    quality: QualitySettings | None = None,
) -> pd.DataFrame:
    """The steps at single sites of which HFR050 and HFR055 tell without naming the site, for the researcher inside: do not take it out.

    Returns
    -------
    DataFrame
        ``site`` (trust by the site's map, else care_site_id), ``what`` (in words), ``month`` (the first at the new level), ``ratio`` (new
        level over old one).
    """
    return steps_by_site(Evidence(cdm, cohort, settings, source, quality or QualitySettings()))
