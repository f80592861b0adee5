"""The features beside the scan of the columns that they read, beside plain pandas, and beside meds-tab; equality first, then time.

    python benchmarks/features.py [--persons 23000 230000 2300000] [--parts scan pandas meds_tab] [--regions FOLDER]

The bar of one laboratory window is held against the statements that make the laboratory's windows (two of them, the stay and the year
before, with all their statistics), the bar of all families against the whole stage; both are told of both.

Each measurement is a process of its own with two threads, on a cohort that was kept before and a folder in which no feature lies.
Regions are made where they are missing (2,300,000 persons take some minutes and 2.4 GB) and kept in the folder, as is meds-tab's own
environment. Results go to benchmarks/features.json, by part; a part that was not asked for keeps what it said before.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE)]

import features_meds_tab as rival  # noqa: E402
from cohort import SIZES, region  # noqa: E402
from features_engine import in_a_process, keep_cohort, task_of  # noqa: E402
from features_pandas import against_pandas  # noqa: E402
from features_scan import against_the_scan, columns_read  # noqa: E402
from features_sweep import TABLES, ours  # noqa: E402

BARS = {"one laboratory window": 3.0, "all families": 10.0}  # at most this many times the scan
MEMORY_BAR = 8.0  # gigabytes
NEAR_LINEAR = 1.15  # at most this power of the number of persons
SMALL = PANDAS_UP_TO = MEDS_TAB_UP_TO = 230_000
MEDS_TAB_LIMIT = 600.0  # seconds
TASKS: tuple[Callable[..., dict[str, Any]], ...] = (columns_read, keep_cohort, against_the_scan, against_pandas, ours)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--persons", type=int, nargs="+", default=list(SIZES))
    parser.add_argument(
        "--parts", nargs="+", choices=("scan", "pandas", "meds_tab"), default=["scan", "pandas", "meds_tab"]
    )
    parser.add_argument("--regions", type=Path, default=HERE / "work")
    parser.add_argument("--repeats", type=int, default=5, help="at the smaller sizes")
    parser.add_argument("--repeats-largest", type=int, default=2, help="above 230,000 persons")
    parser.add_argument("--memory-gb", type=float, default=5.0, help="what the engine may use")
    parser.add_argument("--meds-tab-up-to", type=int, default=MEDS_TAB_UP_TO, help="persons")
    parser.add_argument(
        "--limit", type=float, default=MEDS_TAB_LIMIT, help="seconds that each run of meds-tab may take"
    )
    parser.add_argument("--out", type=Path, default=HERE / "features.json")
    parser.add_argument("--task", help=argparse.SUPPRESS)
    parser.add_argument("--settings", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.task:
        task_of(TASKS, chosen.task, chosen.settings)
        return
    chosen.regions.mkdir(parents=True, exist_ok=True)
    results = json.loads(chosen.out.read_text()) if chosen.out.exists() else {}
    results |= {"cohort": [], **{f"against_{name}": [] for name in chosen.parts}}
    columns = _columns(chosen.regions) if "scan" in chosen.parts else {}
    if columns:
        results["columns"] = {name: read for name, (_, read) in columns.items()}
    for persons in chosen.persons:
        source = region(chosen.regions, persons)
        kept = chosen.regions / f"kept_{source.name}"
        cohort = in_a_process(Path(__file__), "keep_cohort", source=source, kept=kept, memory_gb=chosen.memory_gb)
        _say(
            results["cohort"], {"persons": persons, **{name: cohort[name] for name in cohort if name != "fingerprint"}}
        )
        given = {"source": source, "kept": kept, "fingerprint": cohort["fingerprint"], "memory_gb": chosen.memory_gb}
        given["repeats"] = chosen.repeats if persons <= SMALL else chosen.repeats_largest
        if "pandas" in chosen.parts and persons <= PANDAS_UP_TO:
            row = {"persons": persons, **in_a_process(Path(__file__), "against_pandas", **given)}
            _say(results["against_pandas"], row)
        if "scan" in chosen.parts:
            for name, (families, read) in columns.items():
                row = in_a_process(
                    Path(__file__), "against_the_scan", **given, families=families, columns=read, bar=BARS[name]
                )
                row["under_8_gb"] = row["peak_memory_gb"] < MEMORY_BAR
                _say(results["against_scan"], {"what": name, **row})
        if "meds_tab" in chosen.parts and persons <= chosen.meds_tab_up_to:
            for row in _against_meds_tab(chosen, given):
                _say(results["against_meds_tab"], {"persons": persons, **row})
    if "scan" in chosen.parts:
        results["growth"] = [row for name in columns for row in _growth(name, results["against_scan"])]
        for row in results["growth"]:
            print(json.dumps(row), flush=True)
    chosen.out.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


def _columns(regions: Path) -> dict[str, tuple[list[str], dict[str, list[str]]]]:
    """The families of each measurement, and the columns that they read."""
    from hfrisk.features.settings import FAMILIES

    found = {}
    for name, families in (("one laboratory window", ["laboratory"]), ("all families", list(FAMILIES))):
        small = region(regions, min(SIZES))
        read = in_a_process(Path(__file__), "columns_read", source=small, copy=regions / "named", families=families)
        found[name] = (families, read)
    return found


def _against_meds_tab(chosen: argparse.Namespace, given: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """On the measurements alone, and on everything that a wide sweep reads."""
    shards = 2
    commands = rival.environment(chosen.regions / "meds_tab")
    for what, tables in (("measurements", ["measurement"]), ("every table of a sweep", list(TABLES))):
        meds = Path(f"{given['kept']}_meds")
        found = in_a_process(Path(__file__), "ours", **given, meds=meds, tables=tables, shards=shards)
        yield {"what": what, "tables": tables, **rival.against_meds_tab(commands, found, meds, shards, chosen.limit)}


def _growth(name: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """From each size to the next: how many times the persons and the seconds, and the power that joins them."""
    of_it = sorted((row for row in rows if row["what"] == name), key=lambda row: row["persons"])
    found = []
    for small, large in itertools.pairwise(of_it):
        persons = large["persons"] / small["persons"]
        seconds = large["feature_seconds"] / small["feature_seconds"]
        power = math.log(seconds) / math.log(persons)
        found.append(
            {
                "what": name,
                "from_persons": small["persons"],
                "to_persons": large["persons"],
                "times_the_seconds": round(seconds, 2),
                "power": round(power, 3),
                "near_linear": power <= NEAR_LINEAR,
            }
        )
    return found


def _say(rows: list[dict[str, Any]], row: dict[str, Any]) -> None:
    rows.append(row)
    print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
