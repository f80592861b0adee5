"""A study's folder while it is being worked in: the open source, the first stages, and what each took."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from hfrisk.cdm import Cdm, connect
from hfrisk.checks import Check
from hfrisk.cohort import Cohort, build_cohort
from hfrisk.errors import StudyError
from hfrisk.features import FeatureTable, build_features
from hfrisk.locking import locked
from hfrisk.progress import Quiet
from hfrisk.study import Study

__all__ = ["Workshop", "checks_of", "feature_summary", "open_workshop", "replace_whole"]


@dataclass
class Workshop:
    """A study's folder while it is being worked in: the open source, and what each stage took."""

    study: Study
    cdm: Cdm
    internal: Path
    progress: Quiet
    timings: dict[str, float] = field(default_factory=dict)
    reused: list[str] = field(default_factory=list)

    @contextmanager
    def stage(self, name: str, words: str) -> Iterator[None]:
        """Say what is being done, and how long it took."""
        self.progress.say(f"{words} ...")
        began = time.perf_counter()
        yield
        self.timings[name] = round(time.perf_counter() - began, 2)
        again = " (kept from before)" if name in self.reused else ""
        self.progress.say(f"  done in {self.timings[name]:.1f} s{again}")

    def cohort(self) -> Cohort:
        """The index discharges."""
        with self.stage("cohort", "Finding the index discharges"):
            cohort = build_cohort(self.cdm, self.study.cohort, self.study.source.data_end)
            self._note("cohort", cohort.reused)
        return cohort

    def features(self, cohort: Cohort) -> FeatureTable:
        """What was known at discharge."""
        with self.stage("features", "Working out what was known at discharge"):
            features = build_features(self.cdm, cohort, self.study.features, self.study.cohort.diagnosis_vocabulary)
            self._note("features", features.reused)
        return features

    def _note(self, name: str, reused: bool) -> None:
        if reused:
            self.reused.append(name)
        if name in self.cdm.rebuilt:
            self.progress.say(f"  the kept {name} file was damaged; it was built again")


@contextmanager
def open_workshop(study: Study, progress: Quiet) -> Iterator[Workshop]:
    """Open a study's folder and source; a second run in the same folder waits for the first."""
    internal = study.folder / "internal"
    try:
        internal.mkdir(parents=True, exist_ok=True)
        (internal / "written").write_text("", encoding="utf-8")
        study.folders.models.mkdir(parents=True, exist_ok=True)
    except OSError:
        raise StudyError(
            "The output folder cannot be written.",
            where=f"folders.reports ({study.folder}) or folders.models ({study.folders.models})",
            todo="Choose another, or ask for the right to write.",
        ) from None
    (study.folder / ".gitignore").write_text("internal/\n", encoding="utf-8")
    with locked(internal / ".lock", progress, what=f"Another run is at work in {study.folder}"):
        progress.say("Opening the source ...")
        yield Workshop(study, connect(study.source, stages=internal / "stages"), internal, progress)


def feature_summary(work: Workshop) -> dict[str, Any]:
    """The dictionary with the share of index discharges for which each feature is missing."""
    cohort = work.cohort()
    features = work.features(cohort)
    names = [entry.name for entry in features.dictionary]
    missing = work.cdm.frame(
        features.table.aggregate(**{name: features.table[name].isnull().mean() for name in names}), "features"
    ).iloc[0]
    return {
        "rows": cohort.index_discharges,
        "features": [
            {**asdict(entry), "missing": round(float(missing[entry.name]), 4)} for entry in features.dictionary
        ],
        "groups": list(features.groups),
        "notices": [{"code": c.code, "severity": c.severity, "finding": c.text()} for c in features.notices],
    }


def checks_of(cohort: Cohort, features: FeatureTable) -> list[Check]:
    """Everything that opening the source, finding the cohort and making the features showed."""
    return [*cohort.checks, *features.notices]


def replace_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Write a file beside its place and rename it, so that nobody ever sees half of it."""
    writing = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    write(writing)
    os.replace(writing, path)
