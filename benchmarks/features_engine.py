"""What the benchmarks of the features share: the cohort kept beforehand, a clock on the engine, memory, regions."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
THREADS = 2


class EngineClock:
    """Where the seconds of a stage go: the engine at work, Ibis writing SQL, and the rest, which builds expressions in Python.

    Time spent in one within the other is counted once, in the inner one.
    """

    WORK = ("execute", "to_parquet", "to_pyarrow", "to_pyarrow_batches", "raw_sql", "read_parquet", "get_schema")

    def __init__(self, connection: Any) -> None:
        self.spent = {"engine": 0.0, "compile": 0.0}
        self.statements: list[str] = []
        self.written: dict[str, float] = {}  # seconds in which each stage result was composed and written, by its name
        self._inner = [0.0]
        for name in self.WORK:
            setattr(connection, name, self._timed("engine", getattr(connection, name)))
        connection.compile = self._timed("compile", connection.compile)

    def _timed(self, kind: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def within(*arguments: Any, **named: Any) -> Any:
            self._inner.append(0.0)
            began = time.perf_counter()
            try:
                result = function(*arguments, **named)
                if kind == "compile":
                    self.statements.append(result)
                return result
            finally:
                whole = time.perf_counter() - began
                self.spent[kind] += whole - self._inner.pop()
                self._inner[-1] += whole
                if function.__name__ == "to_parquet":
                    name = Path(arguments[1] if len(arguments) > 1 else named["path"]).name.partition("-")[0]
                    self.written[name] = self.written.get(name, 0.0) + whole

        return within


def peak_memory_gb() -> float:
    """The most memory that this process has held, in gigabytes."""
    status = Path("/proc/self/status")
    if status.exists():
        # ru_maxrss begins with what the parent held when it started this process
        (line,) = [line for line in status.read_text().splitlines() if line.startswith("VmHWM")]
        return int(line.split()[1]) / 1024**2
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2


def in_a_process(script: Path, task: str, **settings: Any) -> dict[str, Any]:
    """A task of a script in a process of its own, which prints its result as JSON in its last line."""
    done = subprocess.run(
        [sys.executable, str(script), "--task", task, "--settings", json.dumps(settings, default=str)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ,
    )
    if done.returncode:
        raise SystemExit(f"{script.name}: {task} failed (its words are above)")
    return dict(json.loads(done.stdout.splitlines()[-1]))


def keep_cohort(source: str, kept: str, memory_gb: float) -> dict[str, Any]:
    """The cohort, kept in a folder, so that the features begin with a cohort that was there before."""
    from hfrisk.cdm import SourceSettings, connect
    from hfrisk.cdm.connect import source_fingerprint
    from hfrisk.cohort import CohortSettings, build_cohort

    settings = SourceSettings(path=Path(source), memory_gb=memory_gb, threads=THREADS)
    fingerprint = source_fingerprint(settings)
    shutil.rmtree(kept, ignore_errors=True)
    began = time.perf_counter()
    with connect(settings, stages=Path(kept), fingerprint=fingerprint) as cdm:
        cohort = build_cohort(cdm, CohortSettings())
    return {
        "fingerprint": fingerprint,
        "index_discharges": cohort.index_discharges,
        "cohort_seconds": round(time.perf_counter() - began, 3),
        "cohort_peak_memory_gb": round(peak_memory_gb(), 2),
    }


@contextmanager
def with_kept_cohort(source: str, kept: str, fingerprint: str, memory_gb: float) -> Iterator[tuple[Any, Any]]:
    """The open source and the cohort that is there already, with a fresh folder of stages in which no feature lies."""
    from hfrisk.cdm import SourceSettings, connect
    from hfrisk.cohort import CohortSettings, build_cohort

    fresh = Path(f"{kept}_fresh_{os.getpid()}")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    for path in Path(kept).iterdir():
        if path.is_file():
            os.link(path, fresh / path.name)
    settings = SourceSettings(path=Path(source), memory_gb=memory_gb, threads=THREADS)
    try:
        with connect(settings, stages=fresh, fingerprint=fingerprint) as cdm:
            cohort = build_cohort(cdm, CohortSettings())
            if not cohort.reused:
                raise SystemExit("the kept cohort was not found: it would be counted as the features' time")
            yield cdm, cohort
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def rounded(row: dict[str, Any], digits: int = 3) -> dict[str, Any]:
    return {key: round(value, digits) if isinstance(value, float) else value for key, value in row.items()}


def task_of(tasks: Sequence[Callable[..., dict[str, Any]]], name: str, settings: str) -> None:
    """Do the named task, and print its result for `in_a_process`."""
    (task,) = [task for task in tasks if task.__name__ == name]
    print(json.dumps(task(**json.loads(settings))))
