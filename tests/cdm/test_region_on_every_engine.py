"""Features of a made-up region are the same on DuckDB, PostgreSQL and Spark, to the last digit that is written."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from hfrisk.cdm import Cdm, SourceSettings, connect
from hfrisk.cohort import CohortSettings, build_cohort
from hfrisk.features import FeatureSettings, build_features
from hfrisk.features.family import on_grid
from hfrisk.synthetic import RegionSettings, synthesise
from tests.engines import EngineUnderTest
from tests.omop_text import rows

PERSON = rows("person_id gender_concept_id year_of_birth\n10 8507 1940")
# value, grid, on the grid: halves away from zero, and 0.145 is a double just below the half
ROUNDED = [
    (0.5, 1.0, 1.0),
    (2.5, 1.0, 3.0),
    (-2.5, 1.0, -3.0),
    (7.4999, 1.0, 7.0),
    (0.25, 0.1, 0.3),
    (0.1, 0.1, 0.1),
    (33.3333, 0.1, 33.3),
    (0.145, 0.01, 0.14),
    (7.245, 0.01, 7.25),
    (100.25, 0.5, 100.5),
    (12.345, 5.0, 10.0),
    (2.5, 5.0, 5.0),
]


@pytest.fixture(scope="module")
def region(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("region")
    synthesise(folder, RegionSettings(index_discharges=300))
    return folder


@pytest.fixture(scope="module")
def expected(region: Path) -> dict[str, pd.DataFrame]:
    """What the embedded engine makes of the region."""
    with connect(SourceSettings(path=region)) as cdm:
        return made_of(cdm)


def made_of(cdm: Cdm) -> dict[str, pd.DataFrame]:
    """The features and the spells, in the order of their keys."""
    cohort = build_cohort(cdm, CohortSettings())
    made = build_features(cdm, cohort, FeatureSettings())
    spells = cohort.spells.select(
        "person_id", "index_id", "spell", "unplanned", "state", "outcome_day", "discharged_at"
    )
    return {
        name: cdm.frame(table, name).sort_values(["person_id", "index_id"], ignore_index=True)
        for name, table in (("features", made.table), ("spells", spells))
    }


def test_halves_go_the_same_way(engine: EngineUnderTest) -> None:
    cdm = engine.open({"person": PERSON})
    for grid in sorted({grid for _, grid, _ in ROUNDED}):
        listed = [(value, want) for value, on, want in ROUNDED if on == grid]
        table = cdm.values(
            [{"k": k, "value": value} for k, (value, _) in enumerate(listed)], {"k": "int64", "value": "float64"}
        )
        found = cdm.frame(table.select("k", rounded=on_grid(table.value, grid)).order_by("k"), "rounding")
        assert list(found["rounded"]) == [want for _, want in listed]


def test_cohort_and_features_of_a_region(
    engine: EngineUnderTest, region: Path, expected: dict[str, pd.DataFrame]
) -> None:
    found = made_of(engine.open_parquet(region))
    for name, frame in expected.items():
        assert len(frame) >= 300
        pd.testing.assert_frame_equal(found[name], frame, check_dtype=False, check_exact=False, rtol=0, atol=1e-9)
