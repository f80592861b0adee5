"""The same study on another engine gives the same numbers, and nothing of ours stays in the database."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import hfrisk.workshop
from hfrisk.progress import Quiet
from hfrisk.run import run_study
from hfrisk.synthetic import RegionSettings, synthesise
from hfrisk.workshop import open_workshop
from tests.engines import EngineUnderTest
from tests.run.conftest import Place


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """400 index discharges."""
    folder = tmp_path_factory.mktemp("small") / "omop"
    synthesise(folder, RegionSettings(index_discharges=400, seed=3, background=0.5))
    return folder


def tables_of(place: Place, source: dict[str, Any]) -> dict[str, Any]:
    study = place.study(model="none", source={"path": None, **source})
    run_study(study)
    metrics: dict[str, Any] = json.loads((study.folder / "metrics.json").read_text())
    return {**metrics["tables"], "cohort": metrics["cohort"]}


def test_a_description_from_postgresql_is_that_from_files(
    only_postgres: EngineUnderTest, small: Path, tmp_path: Path
) -> None:
    from_files = tables_of(Place(small, tmp_path / "files"), {"path": str(small)})
    settings = only_postgres.settings_for(small)
    from_server = tables_of(Place(small, tmp_path / "server"), settings)
    assert set(from_files) == set(from_server)
    for name in set(from_files) - {"ledger"}:
        assert from_server[name] == from_files[name], name


class Source:
    """Stands for an open source; writes down what is done to it."""

    def __init__(self) -> None:
        self.done: list[str] = []

    @contextmanager
    def opened(self, *_: object, **__: object) -> Iterator[Source]:
        yield self
        self.done.append("closed")

    def empty_scratch(self) -> None:
        self.done.append("emptied")


def test_what_we_kept_in_a_database_is_dropped_when_the_run_ends_however_it_ends(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = Place(small, tmp_path).study()
    source = Source()
    monkeypatch.setattr(hfrisk.workshop, "connect", source.opened)
    with open_workshop(study, Quiet()):
        assert source.done == []
    assert source.done == ["emptied", "closed"]
    source.done.clear()
    with pytest.raises(RuntimeError), open_workshop(study, Quiet()):
        raise RuntimeError
    assert source.done == ["emptied"]
