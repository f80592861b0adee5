"""One region for all tests of the room, made once."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from hfrisk.synthetic import RegionSettings, synthesise


@pytest.fixture(scope="session")
def region(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("region")
    synthesise(folder, RegionSettings(index_discharges=20_000, seed=20260401, background=0.5))
    return folder


@pytest.fixture(scope="session")
def truth(region: Path) -> pd.DataFrame:
    return pd.read_parquet(region / "truth.parquet")
