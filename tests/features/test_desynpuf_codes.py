"""Conditions, Charlson, Elixhauser and frailty on DE-SynPUF (ICD-9-CM), person by person against the naive reference."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from hfrisk.cdm import SourceSettings, connect
from hfrisk.cohort import CohortSettings, build_cohort
from hfrisk.features import FeatureSettings
from tests.features import naive_codes
from tests.features.naive import Index, Source, differences

SAMPLE = 600


@pytest.mark.parametrize(
    "settings", [{"coding_is_live": True}, {"comorbidity_index_lookback_days": 180}], ids=["live", "later"]
)
def test_conditions_and_indices_equal_the_naive_reference(desynpuf: Path, settings: dict[str, Any]) -> None:
    cdm = connect(SourceSettings(path=desynpuf))
    cohort = build_cohort(
        cdm,
        CohortSettings(
            diagnosis_vocabulary="icd9_cm",
            unplanned="assume_unplanned",
            window="1-30",
            heart_failure={"preset": "icd9_428", "position": "any"},  # type: ignore[arg-type]
            spells={"rule": "none", "merge_overlapping": False},  # type: ignore[arg-type]
            keep_transferred_out=True,
        ),
    )
    people = set(cdm.frame(cohort.table, "cohort").sample(SAMPLE, random_state=1)["person_id"])
    source = Source({name: _of(desynpuf, name, people) for name in ("visit_occurrence", "condition_occurrence")})

    def expected(source: Source, index: Index, chosen: FeatureSettings) -> dict[str, float | None]:
        known = naive_codes.codes_known(source, index, chosen, "icd9_cm")
        return naive_codes.expected_of(known, index, chosen, "icd9_cm")

    found = differences(
        cdm, cohort, source, expected, naive_codes.FAMILIES, settings, vocabulary="icd9_cm", sample=SAMPLE
    )
    assert found[:10] == []


def _of(folder: Path, name: str, people: set[Any]) -> pd.DataFrame:
    frame = pd.read_parquet(folder / f"{name}.parquet")
    frame = frame[frame["person_id"].isin(people)]
    days = [column for column in frame if column.endswith("_date")]
    return frame.assign(**{column: pd.to_datetime(frame[column]) for column in days})
