"""Counts and sums of every code over windows before the prediction: ours and those of meds-tab, on the same events.

meds-tab (PyPI, 0.2.0) is installed into an environment of its own beside the regions. It is run as published, and with its
defects worked around (`meds_tab_mended.py`). Both are given the same three steps: describe the codes, choose them, tabularize at the
labels. What helps it: it reads only the events of the cohort's people, already converted. Ours reads the tables of the whole region.
The times are those of one row an index discharge and code, as sparse as meds-tab's matrices; the wide table is timed beside it.
Its setting that leaves out codes seen less than ten times is turned off, so that nothing should differ.
"""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import sys
import time
import venv
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from features_engine import HERE, THREADS, rounded
from features_sweep import KEYS, MARK, WINDOWS

AGGREGATIONS = {"count": "code/count", "sum": "value/sum"}
PINNED = (
    "meds-tab==0.2.0",
    "meds==0.4.1",
    "MEDS-transforms==0.7.0",
    "polars==1.44.2",
    "numpy==2.4.6",
    "scipy==1.17.1",
    "pandas==3.1.1",
)
BAR = 100.0  # times faster, at least
SINGLE_PRECISION = 1e-5  # meds-tab adds in 32 bits


def environment(folder: Path) -> Path:
    """meds-tab's own environment, made if it is not there; the folder of its commands.

    Raises
    ------
    SystemExit
        If it cannot be installed.
    """
    commands = folder / "bin"
    ready = folder / "ready"
    if ready.exists() and ready.read_text() == "\n".join(PINNED):
        return commands
    print(f"installing {PINNED[0]} into an environment of its own ...", file=sys.stderr, flush=True)
    venv.create(folder, clear=True, with_pip=True)
    subprocess.run(
        [commands / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PINNED], check=True
    )
    ready.write_text("\n".join(PINNED))
    return commands


def meds_tab(commands: Path, meds: Path, *, mended: bool, shards: int, limit: float) -> dict[str, Any]:
    """Its three steps with a process a shard, until they end or the time is up, and how far they came."""
    out = meds / ("mended" if mended else "published")
    shutil.rmtree(out, ignore_errors=True)
    settings = [
        f"input_dir={meds / 'events'}",
        f"output_dir={out}",
        f"input_label_dir={meds / 'labels'}",
        "tabularization.min_code_inclusion_count=1",
        f"tabularization.window_sizes=[{','.join(WINDOWS)}]",
        f"tabularization.aggs=[{','.join(AGGREGATIONS.values())}]",
    ]
    last = (
        [str(commands / "python"), str(HERE / "meds_tab_mended.py")]
        if mended
        else [str(commands / "meds-tab-tabularize-time-series")]
    )
    steps = {
        "describe": [[str(commands / "meds-tab-describe"), *settings[:2]]],
        "choose": [[str(commands / "meds-tab-tabularize-static"), *settings]],
        "tabularize": [[*last, *settings, f"worker={worker}", f"seed={worker + 1}"] for worker in range(shards)],
    }
    spent: dict[str, float] = {}
    worked = _cpu_of_children()
    for name, started in steps.items():
        spent[name] = _all_of(started, limit - sum(spent.values()), out.with_suffix(".log"))
        if sum(spent.values()) >= limit:
            break
    files = sorted((out / "tabularize").rglob("*.npz"))
    wanted = shards * len(WINDOWS) * len(AGGREGATIONS)
    whole = sum(spent.values())
    ended = whole < limit and len(files) == wanted
    return {
        "ended": ended,
        "killed_at_seconds": None if ended else round(whole),
        "matrices": f"{len(files)} of {wanted}",
        "processes": shards,
        **rounded(
            {
                "seconds": whole,
                "cpu_seconds": _cpu_of_children() - worked,
                **{f"{name}_seconds": seconds for name, seconds in spent.items()},
            }
        ),
    }


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _all_of(commands: list[list[str]], limit: float, log: Path) -> float:
    """Seconds until every command has ended; at the limit they are killed."""
    began = time.perf_counter()
    surroundings = {**os.environ, "POLARS_MAX_THREADS": str(THREADS)}
    with log.open("a") as words:
        running = [
            subprocess.Popen(command, stdout=words, stderr=words, env=surroundings, start_new_session=True)
            for command in commands
        ]
        try:
            for process in running:
                if process.wait(max(0.1, limit - (time.perf_counter() - began))):
                    raise SystemExit(f"meds-tab failed; its words are in {log.name}")
        except subprocess.TimeoutExpired:
            return max(limit, time.perf_counter() - began)
        finally:
            for process in running:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait()
    return time.perf_counter() - began


def compared(meds: Path, which: str, shards: int) -> dict[str, Any]:
    """Cell by cell: how many counts and sums are ours. Matrices that were not made are left out."""
    import numpy as np
    import pandas as pd

    expected = pd.read_parquet(meds / "ours.parquet").set_index(list(KEYS))
    described = meds / which / "metadata" / "codes.parquet"
    names = sorted(pd.read_parquet(described)["code"]) if described.exists() else []
    result: dict[str, Any] = {}
    for statistic, aggregation in AGGREGATIONS.items():
        ending = "/" + aggregation.split("/")[0]
        codes = [name.removesuffix(ending) for name in names if name.endswith(ending)]
        cells = equal = 0
        total = ours_total = largest = 0.0
        for window in WINDOWS:
            for shard in range(shards):
                path = meds / which / "tabularize" / "train" / str(shard) / window / f"{aggregation}.npz"
                theirs = _dense(path)
                if theirs is None:
                    continue
                labels = pd.read_parquet(meds / "labels" / "train" / f"{shard}.parquet")
                keys = pd.MultiIndex.from_arrays([labels["subject_id"], labels["index_id"]], names=KEYS)
                chosen = [place for place, code in enumerate(codes) if code != MARK]
                columns = [f"{statistic}_{window}_{codes[place]}" for place in chosen]
                # a code that nobody had before a prediction has no column of ours
                here = expected.reindex(index=keys, columns=columns, fill_value=0.0).to_numpy()
                theirs = theirs[:, chosen]
                off = np.abs(theirs - here) / np.maximum(np.abs(here), 1.0)
                cells += here.size
                equal += int((off <= (0 if statistic == "count" else SINGLE_PRECISION)).sum())
                largest = max(largest, float(off.max(initial=0.0)))
                total, ours_total = total + float(theirs.sum()), ours_total + float(here.sum())
        result[statistic] = {
            "cells": cells,
            "equal": equal,
            "theirs_total": round(total, 1),
            "ours_total": round(ours_total, 1),
            "largest_relative_difference": float(f"{largest:.2g}"),
        }
    return result


def _dense(path: Path) -> Any:
    """The matrix in the file; None where there is none, or one that was cut short when the time was up."""
    import numpy as np

    try:
        with np.load(path) as stored:
            (data, row, column), shape = stored["array"], stored["shape"]
    except (FileNotFoundError, EOFError, zipfile.BadZipFile):
        return None
    dense = np.zeros(tuple(shape))
    np.add.at(dense, (row.astype(int), column.astype(int)), data)
    return dense


def summary(
    found: Mapping[str, Any], runs: Mapping[str, Mapping[str, Any]], cells: Mapping[str, Any]
) -> dict[str, Any]:
    """Equality first: the last lines say how many times faster only if every count and sum is equal."""
    row = {
        "installed": list(PINNED),
        "windows": list(WINDOWS),
        **found,
        **{f"meds_tab_{which}": {**run, "against_ours": cells[which]} for which, run in runs.items()},
    }
    mended = runs["mended"]
    parts = cells["mended"].values()
    row["equal"] = all(part["cells"] == part["equal"] for part in parts) and any(part["cells"] for part in parts)
    if row["equal"]:
        row["times_faster"] = round(mended["seconds"] / found["our_seconds"], 1)
        row["times_faster_without_its_start"] = round(mended["tabularize_seconds"] / found["our_seconds"], 1)
        row["times_less_cpu"] = round(mended["cpu_seconds"] / found["our_cpu_seconds"], 1)
        row["times_faster_wide"] = round(mended["seconds"] / found["our_wide_seconds"], 1)
        row["at_least"] = not mended["ended"]
    return {**row, "bar": BAR, "holds": row.get("times_faster", 0.0) >= BAR}


def against_meds_tab(commands: Path, found: Mapping[str, Any], meds: Path, shards: int, limit: float) -> dict[str, Any]:
    """meds-tab on the events that `ours` has put down, as published and mended, and what it found beside what we did."""
    runs = {
        which: meds_tab(commands, meds, mended=which == "mended", shards=shards, limit=limit)
        for which in ("published", "mended")
    }
    return summary(found, runs, {which: compared(meds, which, shards) for which in runs})
