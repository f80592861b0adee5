"""A search that is reproducible, and safe to kill."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import optuna
import pandas as pd
import pytest
from optuna.trial import TrialState
from sklearn.metrics import log_loss

from hfrisk.errors import DataError, StudyError
from hfrisk.modelling import Model, ModellingData, ModelSettings, develop
from hfrisk.modelling.boosting import BinnedFolds, booster_margin
from hfrisk.modelling.recorded import open_file
from hfrisk.modelling.space import at_the_edge, first_trial, search_space
from hfrisk.modelling.tuning import clearly_worse, final_rounds, tune
from hfrisk.progress import Quiet, Step

# What the test kills: the same data and settings as the fixtures, in another process that says where it is.
RUN = """
import sys
from contextlib import contextmanager
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from conftest import make_frames
from hfrisk.modelling import ModelSettings, develop
from hfrisk.progress import Quiet, Step

class Aloud(Quiet):
    @contextmanager
    def step(self, label, total):
        class Line(Step):
            def advance(self, parts=1, note=""):
                super().advance(parts, note)
                print(self.label, self.done, flush=True)
        print(label, 0, flush=True)
        yield Line(label, total)

settings = ModelSettings.model_validate_json(sys.argv[3])
data = make_frames(2400).partition()
print("ready", flush=True)
model = develop(data, settings, folder=Path(sys.argv[1]), progress=Aloud())
Path(sys.argv[1], "model.txt").write_text(model.booster_text)
model.trials.to_csv(Path(sys.argv[1], "trials.csv"), index=False)
model.cross_validated.to_csv(Path(sys.argv[1], "cross_validated.csv"), index=False)
"""


def start(folder: Path, settings: ModelSettings) -> subprocess.Popen[str]:
    here = str(Path(__file__).parent)
    command = [sys.executable, "-c", RUN, str(folder), here, settings.model_dump_json()]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])


def kill_at(run: subprocess.Popen[str], stage: str, done: int, wait: float) -> None:
    """Kill -9 a little after it has said that `done` parts of a stage, or more, are behind it."""
    assert run.stdout is not None
    for line in run.stdout:
        at, _, number = line.strip().partition(" ")
        if at == stage and int(number or 0) >= done:
            break
    else:
        pytest.fail(f"the run ended before it said {stage} {done}")
    time.sleep(wait)
    os.kill(run.pid, signal.SIGKILL)
    run.wait()
    run.stdout.close()


def test_a_run_killed_at_many_moments_ends_as_the_undisturbed_one(
    data: ModellingData, small: ModelSettings, tmp_path: Path
) -> None:
    settings = small.model_copy(update={"trials": 8, "repeats": 2})
    undisturbed = develop(data, settings, folder=tmp_path / "undisturbed")
    moments = [
        ("ready", 0, 0.05),  # while the file of the search is being made
        ("tuning", 0, 0.15),  # in the first, enqueued trial
        ("tuning", 0, 0.02),  # and again
        ("tuning", 2, 0.10),  # among the random trials
        ("tuning", 4, 0.07),  # among those that the search proposes
        ("fitting", 0, 0.0),  # after the search
    ]
    killed = tmp_path / "killed"
    killed.mkdir()
    for stage, done, wait in moments:
        kill_at(start(killed, settings), stage, done, wait)
    assert not (killed / "model.txt").exists()
    last = start(killed, settings)
    out, _ = last.communicate(timeout=120)
    assert last.returncode == 0, out
    assert (killed / "model.txt").read_text() == undisturbed.booster_text
    assert (killed / "trials.csv").read_text() == undisturbed.trials.to_csv(index=False)
    assert (killed / "cross_validated.csv").read_text() == undisturbed.cross_validated.to_csv(index=False)

    file = f"sqlite:///{killed / 'tuning.db'}"
    (name,) = optuna.get_all_study_names(file)
    states = [trial.state for trial in optuna.load_study(study_name=name, storage=file).trials]
    assert states.count(TrialState.FAIL) >= 1, "the kills did hit a running trial"
    assert states.count(TrialState.RUNNING) == 0


def test_two_runs_are_equal_to_the_last_digit(
    undisturbed: Model, data: ModellingData, small: ModelSettings, tmp_path: Path
) -> None:
    again = develop(data, small, folder=tmp_path)
    assert again.booster_text == undisturbed.booster_text
    assert again.calibration == undisturbed.calibration
    assert again.logistic == undisturbed.logistic
    assert again.summary == undisturbed.summary
    pd.testing.assert_frame_equal(again.trials, undisturbed.trials, check_exact=True)
    pd.testing.assert_frame_equal(again.cross_validated, undisturbed.cross_validated, check_exact=True)


def test_how_many_folds_run_side_by_side_changes_nothing(
    undisturbed: Model, data: ModellingData, small: ModelSettings, tmp_path: Path
) -> None:
    alone = develop(data, small.model_copy(update={"threads": 1}), folder=tmp_path)
    assert alone.booster_text == undisturbed.booster_text
    pd.testing.assert_frame_equal(alone.trials, undisturbed.trials, check_exact=True)


class StoppedError(Exception):
    """A Ctrl-C, as far as the search can tell."""


class StopsAfter(Quiet):
    def __init__(self, trials: int) -> None:
        self.trials = trials

    def step(self, label: str, total: int):  # type: ignore[no-untyped-def]
        from contextlib import contextmanager

        limit = self.trials

        class Line(Step):
            def advance(self, parts: int = 1, note: str = "") -> None:
                super().advance(parts, note)
                if label == "tuning" and self.done >= limit:
                    raise StoppedError

        @contextmanager
        def line():  # type: ignore[no-untyped-def]
            yield Line(label, total)

        return line()


@pytest.fixture(scope="module")
def folds(data: ModellingData, small: ModelSettings) -> BinnedFolds:
    part = data.part("development")
    return BinnedFolds(
        part.features.to_numpy(),
        part.rows["event"].to_numpy(),
        [part.rows["fold"].to_numpy()],
        list(part.features),
        small,
    )


def test_a_search_stopped_after_every_trial_ends_the_same(
    folds: BinnedFolds, small: ModelSettings, tmp_path: Path
) -> None:
    straight = tune(folds, small, folder=tmp_path / "straight")
    for trials in range(1, small.trials):
        with pytest.raises(StoppedError):
            tune(folds, small, folder=tmp_path / "stopped", progress=StopsAfter(trials))
    resumed = tune(folds, small, folder=tmp_path / "stopped")
    assert resumed.params == straight.params
    pd.testing.assert_frame_equal(resumed.trials, straight.trials, check_exact=True)


def test_failed_trials_do_not_change_what_the_search_tries_next(
    folds: BinnedFolds, small: ModelSettings, tmp_path: Path
) -> None:
    straight = tune(folds, small, folder=tmp_path / "straight")
    with pytest.raises(StoppedError):
        tune(folds, small, folder=tmp_path / "stale", progress=StopsAfter(4))
    file = f"sqlite:///{tmp_path / 'stale' / 'tuning.db'}"
    (name,) = optuna.get_all_study_names(file)
    study = optuna.load_study(study_name=name, storage=file)
    for _ in range(3):
        study.ask(search_space(small, len(folds.event)))  # left RUNNING, as a kill leaves them
    resumed = tune(folds, small, folder=tmp_path / "stale")
    pd.testing.assert_frame_equal(resumed.trials, straight.trials, check_exact=True)
    assert resumed.trials["trial"].tolist() == list(range(small.trials))


def test_more_trials_go_on_from_the_earlier_ones(folds: BinnedFolds, small: ModelSettings, tmp_path: Path) -> None:
    fewer = small.model_copy(update={"trials": 4})
    first = tune(folds, fewer, folder=tmp_path)
    more = tune(folds, small, folder=tmp_path)
    pd.testing.assert_frame_equal(more.trials.head(4), first.trials, check_exact=True)
    again = tune(folds, fewer, folder=tmp_path)
    pd.testing.assert_frame_equal(again.trials, first.trials, check_exact=True)


@pytest.mark.parametrize("change", ["outcome", "value", "seed", "range"])
def test_another_study_in_the_same_folder_is_not_continued(
    folds: BinnedFolds, data: ModellingData, small: ModelSettings, tmp_path: Path, change: str
) -> None:
    one = small.model_copy(update={"trials": 1})
    tune(folds, one, folder=tmp_path)
    part = data.part("development")
    features, event, settings = part.features.to_numpy().copy(), part.rows["event"].to_numpy().copy(), one
    if change == "outcome":
        event[0] = 1 - event[0]
    elif change == "value":
        features[0, 0] += 1
    elif change == "seed":
        settings = one.model_copy(update={"seed": 7})
    else:
        settings = one.model_copy(update={"learning_rate": (0.04, 0.2)})
    other = BinnedFolds(features, event, folds.folds, folds.inputs, settings)
    tune(other, settings, folder=tmp_path)
    assert len(optuna.get_all_study_names(f"sqlite:///{tmp_path / 'tuning.db'}")) == 2


def test_the_first_trial_is_the_sensible_default(undisturbed: Model, small: ModelSettings) -> None:
    expected = first_trial(search_space(small, undisturbed.summary["n_development"]))
    assert undisturbed.trials.iloc[0][list(expected)].to_dict() == expected
    assert undisturbed.trials.loc[0, "state"] == "complete"


def test_the_best_trial_is_complete_and_has_the_least_loss(undisturbed: Model) -> None:
    complete = undisturbed.trials[undisturbed.trials["state"] == "complete"]
    assert complete["value"].idxmin() == undisturbed.summary["best_trial"]
    losses = undisturbed.trials.filter(regex=r"^fold_\d+$")
    np.testing.assert_allclose(losses.mean(axis=1), undisturbed.trials["value"])


def test_the_judged_loss_is_that_of_a_model_of_the_other_folds(folds: BinnedFolds, small: ModelSettings) -> None:
    params = first_trial(search_space(small, len(folds.event)))
    judged = list(folds.judge(params))
    for k, (loss, rounds) in enumerate(judged):
        held_out = folds.folds[0] == k
        alone = BinnedFolds(folds.features, folds.event, folds.folds, folds.inputs, small)
        text = alone._fit(params, alone._parts[k][0], rounds)
        risk = 1 / (1 + np.exp(-booster_margin(text, folds.features[held_out])))
        assert loss == pytest.approx(log_loss(folds.event[held_out], risk), abs=1e-12)


def test_out_of_fold_predictions_do_not_know_the_rows_that_they_judge(folds: BinnedFolds, small: ModelSettings) -> None:
    params = first_trial(search_space(small, len(folds.event)))
    scored = folds.folds[0] == 1
    turned = BinnedFolds(
        folds.features, np.where(scored, 1 - folds.event, folds.event), folds.folds, folds.inputs, small
    )
    before, after = (each.out_of_fold(params, 40) for each in (folds, turned))
    np.testing.assert_array_equal(before[scored], after[scored])
    assert (before[~scored] != after[~scored]).any()


def test_a_trial_worse_in_every_fold_is_stopped_after_three() -> None:
    best = [0.48, 0.47, 0.50, 0.49, 0.46]
    assert not clearly_worse([0.50, 0.49], best, ratio=1 / 4)
    assert clearly_worse([0.50, 0.49, 0.52], best, ratio=1 / 4)


def test_a_trial_that_wins_some_folds_is_not_stopped() -> None:
    best = [0.48, 0.47, 0.50, 0.49, 0.46]
    assert not clearly_worse([0.485, 0.468, 0.503, 0.489, 0.462], best, ratio=1 / 4)
    assert not clearly_worse([0.47, 0.46, 0.49], best, ratio=1 / 4)


def test_the_pruning_rule_is_the_corrected_paired_test_by_hand() -> None:
    difference = np.array([0.003, 0.001, 0.004])
    # mean 0.002667, sd 0.001528; error = sd sqrt(1/3 + 1/4) = 0.001167; t(0.9, 2) = 1.8856; 0.0022 < 0.002667
    assert clearly_worse(list(0.48 + difference), [0.48] * 3, ratio=1 / 4)
    # with half the folds held out the sets overlap more: error = sd sqrt(1/3 + 1) = 0.001764; 0.0033 > 0.002667
    assert not clearly_worse(list(0.48 + difference), [0.48] * 3, ratio=1)


def test_hopeless_trials_are_stopped_and_cannot_win(data: ModellingData, small: ModelSettings, tmp_path: Path) -> None:
    part = data.part("development")
    settings = small.model_copy(
        update={"trials": 8, "startup_trials": 8, "learning_rate": (0.0005, 0.1), "max_rounds": 40}
    )
    five = np.arange(len(part.rows)) % 5
    folds = BinnedFolds(part.features.to_numpy(), part.rows["event"].to_numpy(), [five], list(part.features), settings)
    tuning = tune(folds, settings, folder=tmp_path)
    pruned = tuning.trials[tuning.trials["state"] == "pruned"]
    assert len(pruned) >= 1
    assert pruned["fold_4"].isna().all()
    assert tuning.best not in pruned.index


def test_the_kept_models_have_the_mean_number_of_trees_and_at_least_one() -> None:
    assert final_rounds([90, 110, 100, 100, 103]) == 101
    assert final_rounds([0, 0]) == 1


def test_no_leaf_need_hold_more_than_a_twentieth_of_the_rows() -> None:
    leaf = search_space(ModelSettings(), 1600)["min_data_in_leaf"]
    assert (leaf.low, leaf.high) == (50, 80)
    tiny = search_space(ModelSettings(), 300)["min_data_in_leaf"]
    assert (tiny.low, tiny.high) == (20, 20)


def test_only_ends_that_could_be_moved_count_as_an_edge() -> None:
    space = search_space(ModelSettings(), 100_000)
    middle = first_trial(space)
    assert at_the_edge(space, middle) == []
    natural = {**middle, "num_leaves": 2, "bagging_fraction": 1.0, "lambda_l1": 0.001}
    assert at_the_edge(space, natural) == []
    assert at_the_edge(space, {**middle, "num_leaves": 31, "lambda_l2": 199.0}) == ["num_leaves", "lambda_l2"]


def test_a_range_of_one_value_is_obeyed(folds: BinnedFolds, small: ModelSettings, tmp_path: Path) -> None:
    fixed = small.model_copy(update={"trials": 2, "num_leaves": (3, 3), "learning_rate": (0.1, 0.1)})
    trials = tune(folds, fixed, folder=tmp_path).trials
    assert set(trials["num_leaves"]) == {3}
    assert set(trials["learning_rate"]) == {0.1}


def test_the_folder_may_have_an_awkward_name(folds: BinnedFolds, small: ModelSettings, tmp_path: Path) -> None:
    folder = tmp_path / "heart failure? 100% #1 é"
    tune(folds, small.model_copy(update={"trials": 1}), folder=folder)
    assert (folder / "tuning.db").stat().st_size > 0


def test_a_folder_that_cannot_be_written_is_named(folds: BinnedFolds, small: ModelSettings, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    with pytest.raises(StudyError, match="cannot be written"):
        tune(folds, small, folder=blocked)


def test_a_damaged_record_of_the_search_is_named(folds: BinnedFolds, small: ModelSettings, tmp_path: Path) -> None:
    (tmp_path / "tuning.db").write_bytes(b"not a database at all" * 100)
    with pytest.raises(DataError, match="damaged"):
        tune(folds, small, folder=tmp_path)


def test_folds_that_nobody_waits_for_are_not_fitted_to_the_end(data: ModellingData, small: ModelSettings) -> None:
    finished: list[int] = []

    class Counting(BinnedFolds):
        def _judge_fold(self, params, at, stop):  # type: ignore[no-untyped-def]
            found = super()._judge_fold(params, at, stop)
            finished.append(at)
            return found

    part = data.part("development")
    settings = small.model_copy(update={"threads": 1})
    rows, event, fold = part.features.to_numpy(), part.rows["event"].to_numpy(), part.rows["fold"].to_numpy()
    folds = Counting(rows, event, [fold], list(part.features), settings)
    params = first_trial(search_space(settings, len(event)))
    assert [at for at, _ in enumerate(folds.judge(params))] == finished == list(range(folds.count))
    finished.clear()
    judged = folds.judge(params)
    next(judged)
    judged.close()
    assert finished == [0]


def test_the_record_of_a_search_does_not_wait_for_the_disk(tmp_path: Path) -> None:
    with open_file(tmp_path, "search", "minimize"), closing(sqlite3.connect(tmp_path / "tuning.db")) as beside:
        assert beside.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert not list(tmp_path.glob("tuning.db-*"))
