"""Several workers of one search on this machine: each a process of its own, that reads the same rows and asks the database for trials."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from hfrisk.errors import StudyError
from hfrisk.modelling.boosting import BinnedFolds
from hfrisk.modelling.folds import Division
from hfrisk.modelling.recorded import tuning_url
from hfrisk.modelling.settings import ModelSettings
from hfrisk.modelling.tuning import Tuning, tune
from hfrisk.progress import Quiet

__all__ = ["refuse_workers", "tune_with_workers", "work"]


def refuse_workers(settings: ModelSettings, workers: int) -> None:
    """Refuse several workers where they could not share the search, before anything is done.

    Raises
    ------
    StudyError
        If the search is recorded in a file, or the environment does not say where it is shared.
    """
    if settings.storage == "postgres":
        tuning_url()
    elif workers > 1:
        raise StudyError(
            "Several workers cannot share a search that is recorded in a file.",
            where="--workers, model.storage",
            todo="Set model.storage to postgres and HFRISK_TUNING_URL to the database's address, or use one worker.",
        )


def tune_with_workers(
    folds: BinnedFolds,
    settings: ModelSettings,
    *,
    folder: Path,
    workers: int,
    least_leaf: int,
    progress: Quiet | None = None,
) -> Tuning:
    """Search with several processes; see `tune`.

    What a worker that dies was at is run again by another. This process is one of the workers, so the search ends even if all others
    die; their words then are in ``worker-N.log`` in the folder.

    Parameters
    ----------
    folds, settings, least_leaf, progress
        As for `tune`. The workers share out `settings.threads`.
    folder
        Holds the rows for as long as the search lasts.
    workers
        How many, this process included.
    """
    refuse_workers(settings, workers)
    shared = settings.model_copy(update={"threads": max(1, settings.threads // workers)})
    rows = folder / "search"
    put_down(rows, folds, shared, least_leaf)
    started: list[subprocess.Popen[bytes]] = []
    try:
        for number in range(1, workers):
            with (folder / f"worker-{number}.log").open("wb") as log:
                started.append(
                    subprocess.Popen(
                        [sys.executable, "-m", "hfrisk.modelling.workers", str(rows)],
                        stdin=subprocess.DEVNULL,
                        stdout=log,
                        stderr=log,
                    )
                )
        found = tune(folds, shared, folder=folder, least_leaf=least_leaf, progress=progress)
        _say_who_died(started, folder, progress or Quiet())
        return found
    finally:
        for process in started:
            if process.poll() is None:
                process.terminate()
            process.wait()
        shutil.rmtree(rows, ignore_errors=True)


def put_down(rows: Path, folds: BinnedFolds, settings: ModelSettings, least_leaf: int) -> None:
    """Write what a worker needs. The rows are patient-level: the folder is inside, and is emptied afterwards."""
    shutil.rmtree(rows, ignore_errors=True)
    rows.mkdir(parents=True)
    np.savez(
        rows / "rows.npz",
        features=folds.features,
        event=folds.event,
        folds=np.stack(folds.folds),
        learn=np.stack([division.learn for division in folds.divisions]),
        monotone=np.asarray(folds.monotone, dtype=np.int64),
    )
    facts = {"inputs": folds.inputs, "least_leaf": least_leaf, "settings": settings.model_dump(mode="json")}
    (rows / "facts.json").write_text(json.dumps(facts), encoding="utf-8")


def work(rows: Path) -> Tuning:
    """Search on what was put down until the shared budget is spent."""
    facts = json.loads((rows / "facts.json").read_text(encoding="utf-8"))
    settings = ModelSettings.model_validate(facts["settings"])
    with np.load(rows / "rows.npz", allow_pickle=False) as held:
        folds = BinnedFolds(
            held["features"],
            held["event"],
            [Division(fold, learn) for fold, learn in zip(held["folds"], held["learn"], strict=True)],
            facts["inputs"],
            settings,
            monotone=[int(each) for each in held["monotone"]],
        )
    return tune(folds, settings, folder=rows, least_leaf=int(facts["least_leaf"]))


def _say_who_died(started: Sequence[subprocess.Popen[bytes]], folder: Path, progress: Quiet) -> None:
    for number, process in enumerate(started, start=1):
        try:
            code = process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            continue
        if code:
            progress.say(
                f"  worker {number} ended early; others did its part. Its words are in {folder / f'worker-{number}.log'}, which may "
                "hold patients' values."
            )


if __name__ == "__main__":
    work(Path(sys.argv[1]))
