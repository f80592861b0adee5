"""The features beside the scan: DuckDB merely reading the columns that they read, every value once."""

from __future__ import annotations

import json
import re
import shutil
import statistics
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from features_engine import THREADS, EngineClock, peak_memory_gb, rounded, with_kept_cohort

WINDOWS = ("features_measurements", "features_family_laboratory")
"""The stage results that hold the laboratory's windows, long and then wide; the rest of the stage is groups, contract and the last join."""

_NAMED = "__"  # between the table and the column in the copy that tells them apart


def columns_read(source: str, copy: str, families: Sequence[str]) -> dict[str, list[str]]:
    """The columns of the source that the plans of the feature stage read, by table.

    A plan names the columns of a scan and not its file. So the features are planned on a copy of the (small) region in which every
    column carries the name of its table.
    """
    from hfrisk.cdm import SourceSettings, connect
    from hfrisk.cohort import CohortSettings, build_cohort
    from hfrisk.features import FeatureSettings, build_features

    renamed = _copy_with_names(Path(source), Path(copy))
    settings = SourceSettings(path=Path(copy), columns=renamed, threads=THREADS)
    found: set[tuple[str, str]] = set()
    with connect(settings) as cdm:
        cohort = build_cohort(cdm, CohortSettings())
        compile_ = cdm.connection.compile

        def and_explain(*arguments: Any, **named: Any) -> str:
            query: str = compile_(*arguments, **named)
            ((_, plan),) = cdm.connection.con.execute(f"EXPLAIN (FORMAT json) {query}").fetchall()
            found.update(_scanned(json.loads(plan)))
            return query

        cdm.connection.compile = and_explain
        build_features(cdm, cohort, FeatureSettings(families=tuple(families)))
    tables = sorted({table for table, _ in found})
    return {table: sorted(column for of, column in found if of == table) for table in tables}


def _copy_with_names(source: Path, copy: Path) -> dict[str, str]:
    import duckdb

    from hfrisk.cdm.contract import TABLES

    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir(parents=True)
    renamed = {}
    with duckdb.connect(config={"threads": THREADS}) as connection:
        for path in sorted(source.glob("*.parquet")):
            if path.stem not in TABLES:
                continue
            columns = [
                row[0] for row in connection.execute(f"DESCRIBE SELECT * FROM read_parquet('{path}')").fetchall()
            ]
            known = {column.name for column in TABLES[path.stem].columns}
            renamed |= {
                f"{path.stem}.{column}": f"{path.stem}{_NAMED}{column}" for column in columns if column in known
            }
            listed = ", ".join(f'"{column}" AS "{path.stem}{_NAMED}{column}"' for column in columns)
            connection.execute(
                f"COPY (SELECT {listed} FROM read_parquet('{path}')) TO '{copy / path.name}' (FORMAT parquet)"
            )
    return renamed


def _scanned(nodes: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    for node in nodes:
        if node["name"].strip() == "READ_PARQUET":
            yield from re.findall(rf"\b([a-z_]+?){_NAMED}(\w+)\b", json.dumps(node["extra_info"]))
        yield from _scanned(node["children"])


def scan(source: str, columns: dict[str, list[str]]) -> tuple[float, float]:
    """Seconds by the clock, and of the processor, that DuckDB needs merely to read these columns.

    Every value is decoded and hashed, nothing is kept; a maximum would be answered from statistics.
    """
    import duckdb

    began, worked = time.perf_counter(), time.process_time()
    with duckdb.connect(config={"threads": THREADS}) as connection:
        for table, names in columns.items():
            wanted = ", ".join(f'bit_xor(hash("{name}"))' for name in names)
            connection.execute(f"SELECT {wanted} FROM read_parquet('{source}/{table}.parquet')").fetchall()
    return time.perf_counter() - began, time.process_time() - worked


def against_the_scan(
    source: str,
    kept: str,
    fingerprint: str,
    families: list[str],
    columns: dict[str, list[str]],
    repeats: int,
    memory_gb: float,
    bar: float,
) -> dict[str, Any]:
    """The feature stage and the scan in turn: the median of each, and the fastest."""
    import pyarrow.parquet as pq

    scan(source, columns)  # so that both find the files in the system's memory
    scans, stages, found = [], [], set()
    for _ in range(repeats):
        scans.append(scan(source, columns))
        with with_kept_cohort(source, kept, fingerprint, memory_gb) as (cdm, cohort):
            stages.append(_stage(cdm, cohort, families))
            index_discharges = cohort.index_discharges
        found.add(stages[-1].pop("contents"))
    median = {name: statistics.median(stage[name] for stage in stages) for name in stages[0]}
    fastest = {name: min(stage[name] for stage in stages) for name in stages[0]}
    scanned, worked = (statistics.median(values) for values in zip(*scans, strict=True))
    least = min(seconds for seconds, _ in scans)
    rows = {name: pq.ParquetFile(Path(source) / f"{name}.parquet").metadata.num_rows for name in (*columns, "person")}
    return {
        "families": families,
        "persons": rows["person"],
        "rows_read": sum(rows[name] for name in columns),
        "columns_read": sum(map(len, columns.values())),
        "values_read": sum(rows[name] * len(names) for name, names in columns.items()),
        "index_discharges": index_discharges,
        "features": int(median["features"]),
        "one_row_an_index_discharge": {(rows_, keys) for rows_, keys, _ in found} == {(index_discharges,) * 2},
        "every_repeat_equal": len(found) == 1,
        "repeats": repeats,
        **rounded(
            {
                "scan_seconds": scanned,
                "scan_seconds_least": least,
                "scan_cpu_seconds": worked,
                "feature_seconds": median["seconds"],
                "feature_seconds_least": fastest["seconds"],
                "feature_cpu_seconds": median["cpu_seconds"],
                "of_which_building_expressions": median["build"],
                "of_which_compiling": median["compile"],
                "of_which_the_engine": median["engine"],
                "of_the_engine_planning": median["planning"],
                "of_which_the_laboratory_windows": median["windows"],
            }
        ),
        "statements": int(median["statements"]),
        "times_the_scan": round(median["seconds"] / scanned, 2),
        "times_the_scan_least": round(fastest["seconds"] / least, 2),
        "cpu_times_the_scan": round(median["cpu_seconds"] / worked, 2),
        "engine_times_the_scan": round(median["engine"] / scanned, 2),
        "peak_memory_gb": round(peak_memory_gb(), 2),
        "windows_times_the_scan": round(median["windows"] / scanned, 2),
        "bar": bar,
        "holds": median["windows" if families == ["laboratory"] else "seconds"] / scanned <= bar,
    }


def _stage(cdm: Any, cohort: Any, families: list[str]) -> dict[str, Any]:
    from hfrisk.features import FeatureSettings, build_features

    clock = EngineClock(cdm.connection)
    began, worked = time.perf_counter(), time.process_time()
    made = build_features(cdm, cohort, FeatureSettings(families=tuple(families)))
    seconds, worked = time.perf_counter() - began, time.process_time() - worked
    spent, statements = dict(clock.spent), list(clock.statements)
    if made.reused:
        raise SystemExit("the features were found kept, so nothing was measured")
    (contents,) = cdm.connection.con.execute(
        f'SELECT count(*), count(DISTINCT (person_id, index_id)), bit_xor(hash(made)) FROM "{made.table.get_name()}" AS made'
    ).fetchall()
    return {
        "seconds": seconds,
        "cpu_seconds": worked,
        "build": seconds - sum(spent.values()),
        **spent,
        "planning": _planning(cdm, statements),
        "windows": sum(seconds for name, seconds in clock.written.items() if name in WINDOWS),
        "statements": len(statements),
        "features": len(made.catalogue),
        "contents": contents,
    }


def _planning(cdm: Any, statements: list[str]) -> float:
    """Seconds in which the engine only plans these statements, once more."""
    began = time.perf_counter()
    for query in statements:
        cdm.connection.con.execute(f"EXPLAIN {query}").fetchall()
    return time.perf_counter() - began
