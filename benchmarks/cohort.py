"""The cohort at 23,000, 230,000 and 2,300,000 persons, beside the scan of the same columns and a naive loop, equality first.

    python benchmarks/cohort.py [--persons 23000 230000 2300000] [--regions FOLDER]

Each size is measured in a process of its own. Regions are made where they are missing (2,300,000 persons take some minutes and
several gigabytes) and kept in the folder.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
BAR = 10.0  # at most this many times the scan of visits and conditions together
SIZES = (23_000, 230_000, 2_300_000)
NAIVE_UP_TO = 23_000
COLUMNS = {
    "visit_occurrence": (
        "person_id, visit_occurrence_id, visit_concept_id, care_site_id, visit_start_date, visit_start_datetime, visit_end_date,"
        "visit_end_datetime, admitted_from_concept_id, admitted_from_source_value, discharged_to_concept_id, discharged_to_source_value"
    ),
    "condition_occurrence": (
        "person_id, visit_occurrence_id, condition_source_value, condition_status_concept_id, condition_type_concept_id,"
        "condition_status_source_value, condition_start_date"
    ),
}


def scan(source: Path, threads: int) -> tuple[float, float]:
    """Seconds by the clock, and of the processor, that DuckDB needs merely to read these columns.

    Every value is decoded and hashed, nothing is kept; a maximum would be answered from statistics.
    """
    import duckdb

    began, worked = time.perf_counter(), time.process_time()
    with duckdb.connect(config={"threads": threads}) as connection:
        for table, columns in COLUMNS.items():
            wanted = ", ".join(f"bit_xor(hash({column.strip()}))" for column in columns.split(","))
            connection.execute(f"SELECT {wanted} FROM '{source}/{table}.parquet'").fetchall()
    return time.perf_counter() - began, time.process_time() - worked


def measured(source: Path, repeats: int) -> dict[str, Any]:
    """One size, in this process: the cohort and the scan in turn, the fastest and the median of each."""
    import pyarrow.parquet as pq

    from hfrisk.cdm import SourceSettings, connect
    from hfrisk.cohort import CohortSettings, build_cohort

    settings = SourceSettings(path=source, memory_gb=8, threads=2)
    scans, cohorts, opened, found = [], [], [], None
    for _ in range(repeats):
        scans.append(scan(source, 2))
        began = time.perf_counter()
        with connect(settings) as cdm:
            opened.append(time.perf_counter() - began)
            began, worked = time.perf_counter(), time.process_time()
            found = build_cohort(cdm, CohortSettings())
            cohorts.append((time.perf_counter() - began, time.process_time() - worked))
    assert found is not None
    rows = {name: pq.ParquetFile(source / f"{name}.parquet").metadata.num_rows for name in (*COLUMNS, "person")}
    seconds, worked = (statistics.median(values) for values in zip(*cohorts, strict=True))
    scan_seconds, scan_worked = (statistics.median(values) for values in zip(*scans, strict=True))
    return {
        "persons": rows["person"],
        "visits": rows["visit_occurrence"],
        "conditions": rows["condition_occurrence"],
        "stays": found.strategies["spells"]["stays"],
        "index_discharges": found.index_discharges,
        "open_seconds": round(statistics.median(opened), 3),
        "cohort_seconds": round(seconds, 3),
        "scan_seconds": round(scan_seconds, 3),
        "times_the_scan": round(seconds / scan_seconds, 2),
        "cohort_cpu_seconds": round(worked, 3),
        "scan_cpu_seconds": round(scan_worked, 3),
        "cpu_times_the_scan": round(worked / scan_worked, 2),
        "rows_per_second": round((rows["visit_occurrence"] + rows["condition_occurrence"]) / seconds),
        "peak_memory_gb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2, 2),
    }


def against_naive(source: Path) -> dict[str, Any]:
    """The same definitions in plain Python, one person after the other: the same index discharges, and how long that took."""
    import pandas as pd

    from hfrisk.cdm import SourceSettings, connect
    from hfrisk.cohort import CohortSettings, build_cohort
    from tests.cohort.naive import reference

    settings = CohortSettings()
    with connect(SourceSettings(path=source)) as cdm:
        cohort = build_cohort(cdm, settings)
        ours = cohort.table.select("person_id", "index_id", "state", "outcome_day").execute()
    tables = {}
    for name in ("person", "visit_occurrence", "condition_occurrence", "death"):
        frame = pd.read_parquet(source / f"{name}.parquet").astype("object")
        tables[name] = frame.where(frame.notna(), None).to_dict("records")
    began = time.perf_counter()
    theirs = reference({**tables, "observation": []}, settings, data_start=cohort.data_start, data_end=cohort.data_end)
    seconds = time.perf_counter() - began
    expected = {(s.person_id, s.first.key): (s.state, s.outcome_day) for s in theirs if not s.excluded}
    found = {
        (row.person_id, row.index_id): (row.state, None if pd.isna(row.outcome_day) else int(row.outcome_day))
        for row in ours.itertuples()
    }
    return {"naive_seconds": round(seconds, 2), "equal_to_naive": found == expected}


def region(folder: Path, persons: int) -> Path:
    """The region of that many persons, made if it is not there."""
    from hfrisk.progress import Progress
    from hfrisk.synthetic import RegionSettings, made_with, synthesise

    settings = RegionSettings(persons=persons, seed=1)
    out = folder / f"region_{persons // 1000}k"
    if not made_with(out, settings):
        print(f"making up {persons:,} persons ...", file=sys.stderr, flush=True)
        synthesise(out, settings, Progress())
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--persons", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--regions", type=Path, default=HERE / "work")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.one:
        print(json.dumps(measured(chosen.one, chosen.repeats)))
        return
    chosen.regions.mkdir(parents=True, exist_ok=True)
    results = []
    for persons in chosen.persons:
        source = region(chosen.regions, persons)
        done = subprocess.run(
            [sys.executable, __file__, "--repeats", str(chosen.repeats), "--one", str(source)],
            check=True,
            capture_output=True,
            text=True,
            env=os.environ,
        )
        row = json.loads(done.stdout)
        if persons <= NAIVE_UP_TO:
            row |= against_naive(source)
        row |= {"bar": BAR, "holds": row["times_the_scan"] <= BAR}
        results.append(row)
        print(json.dumps(row), flush=True)
    (HERE / "cohort.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
