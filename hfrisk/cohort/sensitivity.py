"""The same people by other definitions, side by side."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pandas as pd

from hfrisk.cdm import Cdm
from hfrisk.cohort.build import build_cohort
from hfrisk.cohort.settings import CohortSettings
from hfrisk.errors import DataError
from hfrisk.progress import Quiet

__all__ = ["sensitivity_cohorts"]


def sensitivity_cohorts(
    cdm: Cdm,
    variants: Mapping[str, CohortSettings],
    data_end: date | None = None,
    data_start: date | None = None,
    progress: Quiet | None = None,
) -> pd.DataFrame:
    """One row a definition: how many index discharges it gives, and how many came back.

    Parameters
    ----------
    variants
        Name and definition; the first is the study's own.

    Returns
    -------
    DataFrame
        ``name``, ``index_discharges``, ``persons``, ``events``, ``rate`` (events over discharges that are not censored),
        ``incidence_day`` (last day of the window), ``readmission`` with ``_low`` and ``_high``, ``death`` (cumulative incidences there).
        A definition that finds nobody has zeros and missing proportions.
    """
    rows = []
    with (progress or Quiet()).step("sensitivity cohorts", len(variants)) as step:
        for name, settings in variants.items():
            rows.append({"name": name, **_one(cdm, settings, data_end, data_start)})
            step.advance(1, name)
    return pd.DataFrame(rows)


def _one(cdm: Cdm, settings: CohortSettings, data_end: date | None, data_start: date | None) -> dict[str, float]:
    last = settings.window_days[1]
    try:
        cohort = build_cohort(cdm, settings, data_end, data_start)
    except DataError as error:
        if not str(error).startswith("No "):
            raise
        nothing = {"index_discharges": 0, "persons": 0, "events": 0, "incidence_day": last}
        return nothing | dict.fromkeys(
            ["rate", "readmission", "readmission_low", "readmission_high", "death"], float("nan")
        )
    known = cohort.index_discharges - cohort.states["censored"]
    at_the_end = cohort.incidence.iloc[-1]
    return {
        "index_discharges": cohort.index_discharges,
        "persons": cohort.persons,
        "events": cohort.events,
        "rate": cohort.events / known if known else float("nan"),
        "incidence_day": last,
        **{name: float(at_the_end[name]) for name in ("readmission", "readmission_low", "readmission_high", "death")},
    }
