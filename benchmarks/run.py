"""Every benchmark, into benchmarks/latest.json: a list of name, value, unit, bar, holds, detail."""

from __future__ import annotations

import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent
WORK = HERE / "work"
SHARED = ROOT.parent / "shared" / "data"
HFRISK = str(Path(sys.executable).with_name("hfrisk"))


def timed(arguments: list[str]) -> tuple[float, float]:
    """Seconds and peak memory (GB) of a command, children included."""
    began = time.perf_counter()
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    _, errors = process.communicate()
    if process.returncode:
        raise SystemExit(f"{' '.join(arguments)} failed:\n{errors}")
    return time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024**2


def entry(name: str, value: float, unit: str, bar: float, detail: str) -> dict[str, object]:
    return {"name": name, "value": round(value, 3), "unit": unit, "bar": bar, "holds": value <= bar, "detail": detail}


def help_is_fast() -> list[dict[str, object]]:
    seconds = [timed([HFRISK, "--help"])[0] for _ in range(7)]
    return [entry("help_seconds", statistics.median(seconds), "s", 0.5, "hfrisk --help, median of seven")]


def demo_from_nothing() -> list[dict[str, object]]:
    shutil.rmtree(WORK / "demo", ignore_errors=True)
    seconds, peak = timed([HFRISK, "demo", "--folder", str(WORK / "demo" / "reports")])
    again, _ = timed([HFRISK, "demo", "--folder", str(WORK / "demo" / "reports")])
    return [
        entry(
            "demo_seconds", seconds, "s", 300, "hfrisk demo: region of 10,000 index discharges, model, report, registry"
        ),
        entry("demo_peak_memory", peak, "GB", 4, "largest process of hfrisk demo"),
        entry(
            "demo_again_ratio", again / seconds, "ratio", 0.1, "a second run with nothing changed, against the first"
        ),
    ]


def desynpuf_from_nothing() -> list[dict[str, object]]:
    source = SHARED / "desynpuf_omop"
    if not source.is_dir():
        print(f"left out: {source} is not there", file=sys.stderr)
        return []
    shutil.rmtree(WORK / "desynpuf", ignore_errors=True)
    folders = [f"folders.reports={WORK / 'desynpuf' / 'reports'}", f"folders.models={WORK / 'desynpuf' / 'models'}"]
    overrides = [part for override in [f"source.path={source}", *folders] for part in ("--set", override)]
    seconds, peak = timed([HFRISK, "run", str(ROOT / "configs" / "desynpuf.yaml"), *overrides])
    return [
        entry("desynpuf_seconds", seconds, "s", 240, "DE-SynPUF from OMOP tables to report and registry"),
        entry("desynpuf_peak_memory", peak, "GB", 4, "largest process so far"),
    ]


def cohort_against_the_scan() -> list[dict[str, object]]:
    """The cohort on 100,000 people against DuckDB merely reading the same columns."""
    import duckdb

    from hfrisk.cdm import SourceSettings, connect
    from hfrisk.cohort import CohortSettings, build_cohort

    source = SHARED / "desynpuf_omop"
    if not source.is_dir():
        return []
    settings = CohortSettings(
        diagnosis_vocabulary="icd9_cm",
        unplanned="assume_unplanned",
        heart_failure={"preset": "icd9_428", "position": "any"},  # type: ignore[arg-type]
    )

    def cohort() -> float:
        began = time.perf_counter()
        build_cohort(connect(SourceSettings(path=source)), settings)
        return time.perf_counter() - began

    def scan() -> float:
        began = time.perf_counter()
        with duckdb.connect(config={"threads": 2}) as connection:
            for table in ("visit_occurrence", "condition_occurrence"):
                columns = [
                    row[0]
                    for row in connection.execute(f"DESCRIBE SELECT * FROM '{source}/{table}.parquet'").fetchall()
                ]
                connection.execute(
                    f"SELECT {', '.join(f'count({c})' for c in columns)} FROM '{source}/{table}.parquet'"
                ).fetchall()
        return time.perf_counter() - began

    pairs = [(cohort(), scan()) for _ in range(5)]
    seconds = statistics.median(a for a, _ in pairs)
    return [
        entry(
            "cohort_seconds",
            seconds,
            "s",
            5,
            f"cohort of DE-SynPUF (57,336 stays); the scan alone takes {min(b for _, b in pairs):.3f} s",
        )
    ]


def main() -> None:
    WORK.mkdir(exist_ok=True)
    os.chdir(ROOT)
    results: list[dict[str, object]] = []
    for benchmark in (help_is_fast, cohort_against_the_scan, demo_from_nothing, desynpuf_from_nothing):
        for row in benchmark():
            results.append(row)
            print(
                f"{row['name']:<24}{row['value']:>10} {row['unit']:<6} bar {row['bar']:<6} {'holds' if row['holds'] else 'DOES NOT HOLD'}"
            )
    (HERE / "latest.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
