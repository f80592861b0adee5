"""The cohort of one example on the embedded engine, for what the examples of the rules do not show."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from hfrisk.cdm import SourceSettings, made_up
from hfrisk.cohort import Assurance, Cohort, CohortSettings, build_cohort
from hfrisk.cohort.assurances import small_tables
from tests.spec.example import BASE, DATA_END

__all__ = ["cohort_of", "first"]


def cohort_of(
    visits: str,
    *,
    data_end: date | None = DATA_END,
    data_start: date | None = None,
    more: dict[str, pd.DataFrame] | None = None,
    hf: str = "",
    diagnoses: str = "",
    deaths: str = "",
    **settings: Any,
) -> Cohort:
    """The cohort of these stays; `more` adds or replaces whole tables."""
    chosen = CohortSettings(**{**BASE, **settings})
    told = Assurance(name="made", visits=visits, heart_failure=hf, diagnoses=diagnoses, deaths=deaths, expect="")
    tables = {**small_tables(told, chosen), **(more or {})}
    return build_cohort(made_up(_SOURCE, tables), chosen, data_end, data_start)


_SOURCE = SourceSettings(path=Path("nowhere"), memory_gb=1.0)


def first(cohort: Cohort) -> pd.Series:
    """The only index discharge, or the first by its id."""
    return cohort.table.execute().sort_values("index_id").iloc[0]
