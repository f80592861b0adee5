"""The person and the stay on DE-SynPUF, where there are dates only, and codes of ICD-9-CM, against the naive reference."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd
import pytest

from hfrisk.cdm import Cdm, SourceSettings, connect
from hfrisk.cohort import Cohort, CohortSettings, build_cohort
from tests.features import naive_demography, naive_stay
from tests.features.naive import Source, differences, indexes

SAMPLE = 400


@pytest.fixture(scope="module")
def opened(desynpuf: Path) -> tuple[Cdm, Cohort, Source]:
    cdm = connect(SourceSettings(path=desynpuf))
    settings = CohortSettings(
        diagnosis_vocabulary="icd9_cm",
        unplanned="assume_unplanned",
        window="1-30",
        heart_failure={"preset": "icd9_428", "position": "any"},  # type: ignore[arg-type]
        spells={"rule": "none", "merge_overlapping": False},  # type: ignore[arg-type]
        keep_transferred_out=True,
    )
    cohort = build_cohort(cdm, settings)
    people = {index.person_id for index in indexes(cdm, cohort, SAMPLE)}
    tables = {
        path.stem: frame[frame["person_id"].isin(people)]
        for path in sorted(desynpuf.glob("*.parquet"))
        for frame in [pd.read_parquet(path)]
        if "person_id" in frame
    }
    return cdm, cohort, Source(tables)


@pytest.mark.parametrize(
    ("naive", "more", "settings"),
    [
        (naive_demography, {"edition": "icd9"}, {"ethnicity_from": "omop_race"}),
        (naive_demography, {"edition": "icd9"}, {"ethnicity_from": "omop_race", "coding_is_live": True}),
        (naive_stay, {"icd9": True}, {}),
        (naive_stay, {"icd9": True}, {"coding_is_live": True, "dates_are_known": "start_of_day"}),
    ],
    ids=["demography", "demography, live coding", "stay", "stay, live coding, from the start of the day"],
)
def test_desynpuf_equals_the_naive_reference(
    opened: tuple[Cdm, Cohort, Source], naive: ModuleType, more: dict[str, Any], settings: dict[str, Any]
) -> None:
    cdm, cohort, source = opened
    expected = partial(naive.expected, **more)
    family = naive.__name__.rpartition("naive_")[2]
    found = differences(cdm, cohort, source, expected, (family,), settings, vocabulary="icd9_cm", sample=SAMPLE)
    assert found[:10] == []
