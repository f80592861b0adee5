"""A small made-up region and one whole run on it, shared by the tests of this folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hfrisk.run import Finished, run_study
from hfrisk.study import Study, study_from
from hfrisk.synthetic import RegionSettings, synthesise

QUICK: dict[str, Any] = {
    "model": {"trials": 4, "max_rounds": 150},
    "assessment": {"replicates": 100, "redraws": 50, "permutations": 99},
    "designs": {"bootstraps": 2, "leave_out": "age_band", "shares": [1.0]},
}


@dataclass(frozen=True)
class Place:
    """Where a run lies, and how to describe it again with other settings."""

    region: Path
    folder: Path

    def study(self, **settings: Any) -> Study:
        given: dict[str, Any] = {
            "name": "small",
            "made_up": True,
            "environment": "A made-up region",
            "source": {"path": str(self.region)},
            "folders": {"reports": str(self.folder / "reports"), "models": str(self.folder / "models")},
            **QUICK,
        }
        for key, value in settings.items():
            given[key] = {**given.get(key, {}), **value} if isinstance(value, dict) else value
        return study_from(given, base=self.folder)

    def file(self, **settings: Any) -> Path:
        """The study as a file, for the command line."""
        import yaml

        study = self.study(**settings)
        path = self.folder / "study.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(study.model_dump(mode="json", exclude_defaults=True)), encoding="utf-8")
        return path


@pytest.fixture(scope="session")
def region(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """3,000 index discharges."""
    folder = tmp_path_factory.mktemp("region") / "omop"
    synthesise(folder, RegionSettings(index_discharges=3_000, seed=11))
    return folder


@pytest.fixture(scope="session")
def done(region: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Place, Finished]:
    """The whole job, once."""
    place = Place(region, tmp_path_factory.mktemp("run"))
    return place, run_study(place.study())


@pytest.fixture
def elsewhere(region: Path, tmp_path: Path) -> Place:
    """A folder of its own on the same region."""
    return Place(region, tmp_path)
