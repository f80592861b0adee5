"""`hfrisk tune STUDY`: the search alone, which `hfrisk run` then finds done."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hfrisk.errors import StudyError
from hfrisk.progress import Quiet
from hfrisk.searching import searched
from hfrisk.terminal import search_in_words
from tests.postgres_server import PostgresServer
from tests.run.conftest import Place
from tests.run.test_command_line import hfrisk


def test_a_search_on_several_workers_is_picked_up(elsewhere: Place, shared_searches: PostgresServer) -> None:
    model: dict[str, Any] = {"trials": 4, "max_rounds": 30, "repeats": 1, "storage": "postgres"}
    first = hfrisk("tune", elsewhere.file(model=model), "--workers", 2, "--json")
    assert first.returncode == 0, first.stderr
    found = json.loads(first.stdout)
    assert (found["finished"], found["trials"], found["storage"]) == (4, 4, "postgres")
    assert found["complete"] + found["pruned"] == 4
    study = elsewhere.study(model=model)
    internal = study.folder / "internal"
    assert not (internal / "search").exists()
    assert not (internal / "tuning.db").exists()

    again = searched(study, Quiet())
    assert again == found
    assert search_in_words(again).startswith("4 of 4 trials are finished")


def test_what_cannot_be_shared_is_refused_before_any_data_is_read(elsewhere: Place) -> None:
    def refused(words: str, *, workers: int = 1, **settings: Any) -> None:
        with pytest.raises(StudyError, match=words):
            searched(elsewhere.study(**settings), Quiet(), workers=workers)

    refused("recorded in a file", workers=3)
    refused("makes no model", model=None)
    refused("does not say where", model={"storage": "postgres"})
    assert not (elsewhere.study().folder / "internal").exists()


def test_leaves_below_the_disclosure_threshold_are_refused(elsewhere: Place) -> None:
    with pytest.raises(StudyError, match=r"disclosure.threshold \(60\)"):
        elsewhere.study(disclosure={"threshold": 60})
    assert elsewhere.study(disclosure={"threshold": 60}, model={"min_data_in_leaf": [60, 600]}).model is not None
