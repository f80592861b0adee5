"""Several workers on one real PostgreSQL: no trial lost, none run twice, a budget shared exactly."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import optuna
import pandas as pd
import pytest
from optuna.samplers import RandomSampler
from optuna.trial import FrozenTrial, Trial, TrialState
from sqlalchemy import text

from hfrisk.errors import StudyError
from hfrisk.modelling import ModellingData, ModelSettings, develop, search
from hfrisk.modelling.boosting import BinnedFolds
from hfrisk.modelling.claims import Budget, Record
from hfrisk.modelling.recorded import TUNING_URL, open_shared, tuning_url
from hfrisk.modelling.space import first_trial, search_space
from hfrisk.modelling.tuning import tune
from hfrisk.modelling.workers import put_down, refuse_workers
from tests.postgres_server import PostgresServer

FINISHED = {TrialState.COMPLETE, TrialState.PRUNED}


@dataclass(frozen=True)
class Shared:
    """A schema of the tests' server in which a search may be recorded."""

    server: PostgresServer

    def begun(self) -> int:
        """How many trials there are."""
        with self.server.admin() as session:
            (there,) = session.execute("SELECT to_regclass('scratch.trials')").fetchone()
            return session.execute("SELECT count(*) FROM scratch.trials").fetchone()[0] if there else 0

    def held_by(self, process: int) -> list[int]:
        """Numbers of the running trials that the server holds for the process."""
        if not self.begun():
            return []
        with self.server.admin() as session:
            rows = session.execute(
                "SELECT l.objid FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid "
                "JOIN scratch.trials t ON t.number = l.objid::int - 1 AND t.state = 'RUNNING' "
                "WHERE l.locktype = 'advisory' AND l.objid > 0 AND l.granted AND a.application_name = %s",
                [f"hfrisk tune {process}"],
            ).fetchall()
        return [number - 1 for (number,) in rows]

    def stop_in_the_middle_of_a_trial(self, processes: list[int]) -> tuple[int, int]:
        """Freeze whichever process is first seen to hold a trial; its place in the list, and the trial's number."""
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            for place, process in enumerate(processes):
                if self.held_by(process):
                    os.kill(process, signal.SIGSTOP)
                    time.sleep(0.1)
                    if held := self.held_by(process):
                        return place, held[0]
                    os.kill(process, signal.SIGCONT)
            time.sleep(0.02)
        raise AssertionError("no worker ever held a trial")


@pytest.fixture
def shared(shared_searches: PostgresServer) -> Shared:
    """Where a search may be recorded."""
    return Shared(shared_searches)


@pytest.fixture(scope="module")
def shared_settings(small: ModelSettings) -> ModelSettings:
    return small.model_copy(update={"trials": 9, "startup_trials": 5, "threads": 1, "storage": "postgres"})


@pytest.fixture(scope="module")
def folds(data: ModellingData, shared_settings: ModelSettings) -> BinnedFolds:
    part = data.part("development")
    return BinnedFolds(
        part.features.to_numpy(),
        part.rows["event"].to_numpy(),
        [part.rows["fold"].to_numpy()],
        list(part.features),
        shared_settings,
    )


def trials_of_the_search() -> list[FrozenTrial]:
    storage = optuna.storages.RDBStorage(tuning_url().render_as_string(hide_password=False))
    try:
        (study,) = optuna.get_all_study_summaries(storage)
        return optuna.load_study(study_name=study.study_name, storage=storage).get_trials()
    finally:
        storage.remove_session()
        storage.engine.dispose()


def worker(rows: Path) -> subprocess.Popen[bytes]:
    root = Path(__file__).parents[2]
    return subprocess.Popen(
        [sys.executable, "-m", "hfrisk.modelling.workers", str(rows)], cwd=root, stderr=subprocess.PIPE
    )


def assert_every_trial_of_the_budget_is_finished_once(trials: list[FrozenTrial], budget: int) -> None:
    finished = [trial for trial in trials if trial.state in FINISHED]
    assert len(finished) == budget
    assert {trial.state for trial in trials} <= {*FINISHED, TrialState.FAIL}
    tried = Counter(tuple(sorted(trial.params.items())) for trial in finished)
    assert set(tried.values()) == {1}, "settings were run to the end twice"
    # what failed was run again: each with the same settings, each once
    again = Counter(trial.user_attrs.get("again_for") for trial in trials if "again_for" in trial.user_attrs)
    whole = {trial.number for trial in trials if trial.state == TrialState.FAIL and trial.params}
    assert again == Counter(whole)
    by_number = {trial.number: trial for trial in trials}
    for trial in trials:
        if "again_for" in trial.user_attrs:
            assert trial.params == by_number[trial.user_attrs["again_for"]].params


def test_three_workers_of_which_one_is_killed_finish_every_trial_exactly_once(
    shared: Shared, folds: BinnedFolds, shared_settings: ModelSettings, tmp_path: Path
) -> None:
    put_down(tmp_path / "rows", folds, shared_settings, 20)
    workers = [worker(tmp_path / "rows") for _ in range(3)]
    place, lost = shared.stop_in_the_middle_of_a_trial([each.pid for each in workers])
    victim = workers.pop(place)
    os.kill(victim.pid, signal.SIGKILL)
    victim.wait()
    for each in workers:
        _, words = each.communicate(timeout=240)
        assert each.returncode == 0, words.decode()[-2000:]
    assert victim.stderr is not None
    victim.stderr.close()
    trials = trials_of_the_search()
    assert_every_trial_of_the_budget_is_finished_once(trials, shared_settings.trials)
    assert trials[lost].state == TrialState.FAIL

    before = len(trials)
    found = tune(folds, shared_settings, folder=tmp_path)
    assert len(found.trials) == shared_settings.trials, "the search is found done"
    assert len(trials_of_the_search()) == before
    complete = found.trials[found.trials["state"] == "complete"]
    assert complete["value"].min() == found.trials["value"].iloc[found.best]


def test_a_worker_that_lost_its_trial_does_not_write_its_result(
    shared: Shared, folds: BinnedFolds, shared_settings: ModelSettings
) -> None:
    space = search_space(shared_settings, len(folds.event))
    first = first_trial(space)

    def ask(record: Record, budget: Budget) -> Trial:
        trial = record.begin(budget, space, first, lambda before: RandomSampler(before), lambda: None)
        assert trial is not None
        return trial

    with open_shared("one", "minimize") as slow, open_shared("one", "minimize") as quick:
        trial = ask(slow, Budget(2))
        (process,) = slow._session.execute(text("SELECT pg_backend_pid()")).one()
        with shared.server.admin() as session:
            session.execute("SELECT pg_terminate_backend(%s, 10000)", [process])
        again = ask(quick, Budget(2))
        assert again.params == trial.params == first
        assert again.number != trial.number
        slow._session = quick._session  # its own is gone; what matters here is what it writes
        slow.finish(trial, 0.1, {"values": [0.1], "rounds": [1]}, pruned_after=None)
        quick.finish(again, 0.5, {"values": [0.5], "rounds": [1]}, pruned_after=None)
        assert [each.state for each in quick.trials()] == [TrialState.FAIL, TrialState.COMPLETE]
        assert quick.finished()[0].value == 0.5


def test_a_lost_server_is_told_as_such(shared: Shared, folds: BinnedFolds, shared_settings: ModelSettings) -> None:
    space = search_space(shared_settings, len(folds.event))

    def lose() -> None:
        with open_shared("lost", "minimize") as record:
            with shared.server.admin() as session:
                session.execute(
                    "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE usename = 'analyst'"
                )
            record.begin(Budget(1), space, first_trial(space), lambda before: RandomSampler(before), lambda: None)

    with pytest.raises(StudyError, match="was lost"):
        lose()


def test_half_a_trial_is_given_up_and_its_place_is_free(
    shared: Shared, folds: BinnedFolds, shared_settings: ModelSettings
) -> None:
    space = search_space(shared_settings, len(folds.event))
    with open_shared("half", "minimize") as record:
        # begun by a process that died before it had told any of its settings
        record.study.ask()
        trial = record.begin(Budget(1), space, first_trial(space), lambda before: RandomSampler(before), lambda: None)
        assert trial is not None
        assert trial.params == first_trial(space)
        record.finish(trial, 0.5, {"values": [0.5], "rounds": [1]}, pruned_after=None)
        done = record.begin(Budget(1), space, first_trial(space), lambda before: RandomSampler(before), lambda: None)
        assert done is None


def test_several_processes_of_one_call_share_the_budget(
    shared: Shared, data: ModellingData, shared_settings: ModelSettings, tmp_path: Path
) -> None:
    settings = shared_settings.model_copy(update={"trials": 6})
    found = search(data, settings, folder=tmp_path, workers=2)
    assert len(found.trials) == 6
    assert_every_trial_of_the_budget_is_finished_once(trials_of_the_search(), 6)
    assert not (tmp_path / "search").exists(), "rows of patients were left behind"
    model = develop(data, settings, folder=tmp_path)
    pd.testing.assert_frame_equal(model.trials, found.trials, check_exact=True)
    assert model.summary["params"] == found.params


def test_one_worker_alone_tries_in_postgresql_what_it_tries_in_a_file_at_random(
    shared: Shared, folds: BinnedFolds, shared_settings: ModelSettings, tmp_path: Path
) -> None:
    settings = shared_settings.model_copy(update={"trials": 4})
    database = tune(folds, settings, folder=tmp_path / "database")
    file = tune(folds, settings.model_copy(update={"storage": "file"}), folder=tmp_path / "file")
    np.testing.assert_allclose(database.trials["value"], file.trials["value"], rtol=0, atol=0)


def test_several_workers_on_a_file_are_refused(small: ModelSettings) -> None:
    with pytest.raises(StudyError, match="cannot share a search that is recorded in a file"):
        refuse_workers(small, 3)
    refuse_workers(small, 1)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("", "does not say where"),
        ("sqlite:///tuning.db", "in PostgreSQL only"),
        ("not an address", "cannot be understood"),
        ("postgresql://somebody:secret-word@127.0.0.1:1/nowhere", "cannot be reached"),
    ],
)
def test_an_address_that_does_not_work_is_told_without_repeating_it(
    monkeypatch: pytest.MonkeyPatch, address: str, words: str
) -> None:
    monkeypatch.setenv(TUNING_URL, address)
    with pytest.raises(StudyError, match=words) as caught, open_shared("any", "minimize"):
        pass
    assert "secret-word" not in str(caught.value)
    assert TUNING_URL in str(caught.value)
