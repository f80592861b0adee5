"""Killed ten times at random moments of the search, a run ends with the model of an undisturbed one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import optuna
from optuna.trial import TrialState

# One process loads the libraries and makes the data; each attempt is a child of it, so that what is killed is the search.
NURSERY = """
import json, os, random, signal, sys, time
from dataclasses import replace
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from conftest import make_frames
from contextlib import contextmanager
from hfrisk.modelling import ModelSettings, develop
from hfrisk.progress import Quiet, Step

settings = ModelSettings(
    trials=24, startup_trials=8, repeats=1, max_rounds=60, early_stopping_rounds=10, objective="brier", monotone="search",
    choice="one_standard_error",
)
ways = {"prior_admissions": "increasing", "urea": "increasing", "sodium": "decreasing"}
frames = make_frames(1600)
frames = replace(frames, dictionary=tuple(replace(f, monotone=ways.get(f.name, "none")) for f in frames.dictionary))
data = frames.partition()
top = Path(sys.argv[1])

class Aloud(Quiet):
    def __init__(self, pipe):
        self.pipe = pipe

    @contextmanager
    def step(self, label, total):
        os.write(self.pipe, label[:1].encode())  # t: tuning, f: fitting
        yield Step(label, total)

def attempt(folder):
    reading, writing = os.pipe()
    child = os.fork()
    if child:
        os.close(writing)
        return child, reading
    try:
        model = develop(data, settings, folder=folder, progress=Aloud(writing))
        (folder / "model.txt").write_text(model.booster_text)
        (folder / "summary.json").write_text(json.dumps(model.summary, sort_keys=True))
        model.trials.to_csv(folder / "trials.csv", index=False)
        model.importances.to_csv(folder / "importances.csv", index=False)
        model.cross_validated.to_csv(folder / "cross_validated.csv", index=False)
        os._exit(0)
    finally:
        os._exit(1)

def wait(child):
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

(top / "undisturbed").mkdir()
(top / "killed").mkdir()
child, told = attempt(top / "undisturbed")
assert os.read(told, 1) == b"t"
began = time.monotonic()
assert os.read(told, 1) == b"f"
search = time.monotonic() - began
ends = [wait(child)]
moments = random.Random(20261129)
for _ in range(10):
    child, told = attempt(top / "killed")
    assert os.read(told, 1) == b"t"
    # ten of them together are shorter than the search, so that each is in its middle
    time.sleep(moments.uniform(0.0, search / 10))
    os.kill(child, signal.SIGKILL)
    ends.append(wait(child))
    assert os.read(told, 1) == b"", "the search had ended before the kill"
ends.append(wait(attempt(top / "killed")[0]))
print(json.dumps(ends))
"""


def test_a_search_killed_ten_times_at_random_moments_ends_as_the_undisturbed_one(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", NURSERY, str(tmp_path), str(Path(__file__).parent)],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(done.stdout) == [0, *[-9] * 10, 0], done.stderr[-2000:]
    for name in ("model.txt", "summary.json", "trials.csv", "importances.csv", "cross_validated.csv"):
        undisturbed = (tmp_path / "undisturbed" / name).read_bytes()
        assert undisturbed
        assert (tmp_path / "killed" / name).read_bytes() == undisturbed, name
    file = f"sqlite:///{tmp_path / 'killed' / 'tuning.db'}"
    (name,) = optuna.get_all_study_names(file)
    states = [trial.state for trial in optuna.load_study(study_name=name, storage=file).trials]
    assert states.count(TrialState.FAIL) >= 5, "the kills did hit running trials"
