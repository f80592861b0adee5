"""Made-up regions, each made once for all tests that ask for it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hfrisk.fingerprints import text_fingerprint
from hfrisk.synthetic import synthesise
from hfrisk.synthetic.settings import RegionSettings
from tests.quality.looking import Seen, look


@pytest.fixture(scope="session")
def region(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Gives the folder of a region with these settings; by default 2,500 index discharges and the admission method."""
    made: dict[str, Path] = {}

    def make(**settings: Any) -> Path:
        asked = RegionSettings(**{"index_discharges": 2500, "seed": 7, "nhs_columns": True, **settings})
        key = text_fingerprint([asked.model_dump_json()])
        if key not in made:
            made[key] = tmp_path_factory.mktemp("region")
            synthesise(made[key], asked)
        return made[key]

    return make


@pytest.fixture(scope="session")
def clean(region: Callable[..., Path]) -> Path:
    """A region without any defect."""
    return region()


@pytest.fixture(scope="session")
def seen(region: Callable[..., Path]) -> Callable[..., Seen]:
    """Gives what the gate says of a region with these settings, with the default study; looked at once."""
    looked: dict[Path, Seen] = {}

    def at(**settings: Any) -> Seen:
        folder = region(**settings)
        if folder not in looked:
            looked[folder] = look(folder)
        return looked[folder]

    return at
