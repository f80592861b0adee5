"""The gate says the same on every engine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from hfrisk.cdm import SourceSettings
from hfrisk.cohort import CohortSettings, build_cohort
from hfrisk.quality import quality_checks
from tests.quality.looking import look

if TYPE_CHECKING:
    from tests.engines import EngineUnderTest

MANY = {
    "hb_g_per_dl": 0.05,
    "dangling_visits": 0.02,
    "future_dates": 0.003,
    "duplicated_visits": 0.02,
    "duplicated_persons": 0.02,
    "thinning_end": 0.9,
    "no_condition_status": 0.05,
    "unmapped": 0.05,
    "transfers_uncoded": 0.05,
}


def test_the_gate_says_the_same_on_every_engine(engine: EngineUnderTest, region: Callable[..., Path]) -> None:
    folder = region(index_discharges=400, trusts=5, nhs_columns=False, defects=MANY)
    here = look(folder)
    cdm = engine.open_parquet(folder)
    source = SourceSettings(**engine.settings_of(cdm))
    cohort = build_cohort(cdm, CohortSettings(), here.cohort.data_end, here.cohort.data_start)
    elsewhere = quality_checks(cdm, cohort, CohortSettings(), source)
    assert elsewhere == here.checks
    assert len(elsewhere) >= 10
