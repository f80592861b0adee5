"""One made-up run for all tests of the gate."""

from __future__ import annotations

import pytest

from hfrisk.disclosure import Released
from tests.disclosure.made_up import Run, made_up_run


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run up to the door of the gate."""
    return made_up_run(tmp_path_factory.mktemp("made_up"))


@pytest.fixture(scope="session")
def released(run: Run) -> Released:
    """The same run on the other side."""
    return run.release()
