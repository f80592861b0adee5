"""A study's folder while it is being worked in: the open source, the first stages, and what each took."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from hfrisk.cdm import Cdm, connect
from hfrisk.checks import Check
from hfrisk.cohort import Cohort, build_cohort, sensitivity_cohorts
from hfrisk.errors import DataError, StudyError
from hfrisk.features import FeatureTable, build_features
from hfrisk.locking import locked
from hfrisk.progress import Quiet
from hfrisk.quality import quality_checks
from hfrisk.study import Study

__all__ = ["FEW", "Workshop", "few", "open_workshop", "refuse_errors", "replace_whole"]

FEW = 10


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
        source = self.study.source
        with self.stage("cohort", "Finding the index discharges"):
            cohort = build_cohort(self.cdm, self.study.cohort, source.data_end, source.data_start)
            self._note("cohort", cohort.reused)
        return cohort

    def quality(self, cohort: Cohort) -> list[Check]:
        """What is wrong with the data, besides what finding the cohort showed."""
        study = self.study
        with self.stage("quality", "Checking the data"):
            return quality_checks(self.cdm, cohort, study.cohort, study.source, study.quality)

    def features(self, cohort: Cohort) -> FeatureTable:
        """What was known at discharge."""
        with self.stage("features", "Working out what was known at discharge"):
            features = build_features(self.cdm, cohort, self.study.features, self.study.cohort.diagnosis_vocabulary)
            self._note("features", features.reused)
        return features

    def other_definitions(self) -> pd.DataFrame:
        """The study's own definition and each other that it names, side by side (`hfrisk.cohort.sensitivity_cohorts`)."""
        source = self.study.source
        with self.stage("sensitivity", "Counting by other definitions"):
            return sensitivity_cohorts(
                self.cdm, self.study.sensitivity_settings(), source.data_end, source.data_start, self.progress
            )

    def back_for_heart_failure(self, cohort: Cohort) -> int:
        """Of those who came back, how many did for heart failure."""
        again = cohort.table.filter(
            cohort.table.state == "readmitted", cohort.table.readmission_for_heart_failure.fill_null(False)
        )
        return int(self.cdm.frame(again.aggregate(n=again.count()), "cohort")["n"].iloc[0])

    def _note(self, name: str, reused: bool) -> None:
        if reused:
            self.reused.append(name)
        if name in self.cdm.rebuilt:
            self.progress.say(f"  the kept {name} file was damaged; it was built again")


@contextmanager
def open_workshop(study: Study, progress: Quiet, fingerprint: str | None = None) -> Iterator[Workshop]:
    """Open a study's folder and source; a second run in the same folder waits for the first.

    Parameters
    ----------
    study
        The study.
    progress
        Who is told.
    fingerprint
        The source's fingerprint, where it was asked a moment ago.
    """
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
        with connect(study.source, stages=internal / "stages", fingerprint=fingerprint) as cdm:
            try:
                yield Workshop(study, cdm, internal, progress)
            finally:
                # Also after a failure: nothing of ours stays in somebody's database, unless the study says so.
                cdm.empty_scratch()


def refuse_errors(checks: Sequence[Check]) -> None:
    """Stop where a check of the data says that nothing can be made of it; no setting of the run can silence that.

    Raises
    ------
    DataError
        If a check has the severity ``error``.
    """
    errors = [check for check in checks if check.severity == "error"]
    if errors:
        named = ", ".join(check.code for check in errors)
        raise DataError(
            f"The data failed {'a check' if len(errors) == 1 else 'checks'} ({named}), so that no honest result can be made of it.",
            where="\n    ".join(f"{check.code}: {check.text(few)} {check.consequence}" for check in errors),
            todo="\n    ".join(f"{check.code}: {check.todo}" for check in errors),
        )


def few(count: int) -> str:
    """A count for the terminal: people who look over a shoulder see no small one."""
    return f"{count:,}" if count >= FEW else f"fewer than {FEW}"


def replace_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Write a file beside its place and rename it, so that nobody ever sees half of it."""
    writing = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    write(writing)
    os.replace(writing, path)
