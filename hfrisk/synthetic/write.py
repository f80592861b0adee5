"""`synthesise`: people in batches until the region has the index discharges that were asked for, written as Parquet."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from hfrisk.errors import StudyError
from hfrisk.progress import Quiet
from hfrisk.synthetic.cdm54 import COLUMNS
from hfrisk.synthetic.draws import Bools, day_number
from hfrisk.synthetic.lives import live_in_background, live_with_heart_failure
from hfrisk.synthetic.outcome import STATES
from hfrisk.synthetic.people import People, Trusts, draw_background, draw_patients, draw_trusts
from hfrisk.synthetic.person_tables import Offsets, region_tables
from hfrisk.synthetic.recipe import Recipe, load_recipe
from hfrisk.synthetic.settings import RegionSettings
from hfrisk.synthetic.tables import TRUTH, people_tables
from hfrisk.synthetic.timeline import Timeline
from hfrisk.synthetic.world import World

__all__ = ["RegionSummary", "made_with", "synthesise"]

_MARK = "region.json"
_MADE_BY = "hfrisk synthesise"
_BATCH = 12_000  # patients at a time: bounds the memory whatever the size
_PER_PERSON = 1.15  # index discharges of a patient, roughly


@dataclass(frozen=True)
class RegionSummary:
    """What was written.

    Parameters
    ----------
    folder
        Where.
    index_discharges, patients, persons
        Index discharges (as asked), people with heart failure, and everybody.
    states
        Index discharges by first state in the 30 days: readmitted, died, none.
    rows
        Rows of each table.
    """

    folder: Path
    index_discharges: int
    patients: int
    persons: int
    states: dict[str, int]
    rows: dict[str, int]


def synthesise(out: Path, settings: RegionSettings, progress: Quiet | None = None) -> RegionSummary:
    """Write a made-up region: OMOP CDM 5.4 tables, the truth of every index discharge, and what made it.

    Parameters
    ----------
    out
        The folder: ``<table>.parquet`` for each table, ``truth.parquet`` and ``region.json``. It is made if needed;
        an earlier region in it is replaced.
    settings
        Size, period and seed. Equal settings give equal tables.
    progress
        Told how many index discharges exist so far.

    Raises
    ------
    StudyError
        If the folder holds something that is not a region written here.
    """
    progress = progress or Quiet()
    _claim(out)
    _mark(out, settings, None)
    recipe = load_recipe()
    trusts = draw_trusts(np.random.default_rng([settings.seed, 0]), settings, recipe)
    offsets = Offsets()
    tally = _Tally()
    with _Files(out) as files, progress.step("making up index discharges", settings.index_discharges) as step:
        for name, table in region_tables(settings, recipe).items():
            files.write(name, table)
        batch = 0
        while tally.index_discharges < settings.index_discharges:
            batch += 1
            rng = np.random.default_rng([settings.seed, batch])
            wanted = settings.index_discharges - tally.index_discharges
            patients, timeline, truth = _live(rng, wanted, trusts, settings, recipe)
            kept = _enough(len(patients), truth, wanted)
            truth = truth[kept[truth["who"].to_numpy()]]
            for name, table in people_tables(patients, timeline, kept, truth, offsets, settings, recipe).items():
                files.write(name, table)
            tally.add(truth, int(kept.sum()))
            others = round(settings.background * int(kept.sum()))
            others = max(others, 1) if batch == 1 else others
            if others:
                for name, table in _background(rng, others, batch == 1, trusts, settings, recipe, offsets).items():
                    files.write(name, table)
            tally.persons = offsets.people
            step.advance(len(truth))
    summary = RegionSummary(
        out, tally.index_discharges, tally.patients, tally.persons, dict(tally.states), dict(files.rows)
    )
    _mark(out, settings, summary)
    return summary


@dataclass
class _Tally:
    index_discharges: int = 0
    patients: int = 0
    persons: int = 0
    states: dict[str, int] = field(default_factory=lambda: dict.fromkeys(STATES, 0))

    def add(self, truth: pd.DataFrame, patients: int) -> None:
        self.index_discharges += len(truth)
        self.patients += patients
        for state in STATES:
            self.states[state] += int((truth["state"] == state).sum())


class _Files:
    """One Parquet file a table, written batch by batch."""

    def __init__(self, out: Path) -> None:
        self._out = out
        self._writers: dict[str, pq.ParquetWriter] = {}
        self.rows: dict[str, int] = {}

    def __enter__(self) -> _Files:
        return self

    def __exit__(self, *_: object) -> None:
        for writer in self._writers.values():
            writer.close()

    def write(self, name: str, table: pa.Table) -> None:
        if name not in self._writers:
            self._writers[name] = pq.ParquetWriter(self._out / f"{name}.parquet", table.schema, compression="zstd")
            self.rows[name] = 0
        self._writers[name].write_table(table)
        self.rows[name] += table.num_rows


def _live(
    rng: np.random.Generator, wanted: int, trusts: Trusts, settings: RegionSettings, recipe: Recipe
) -> tuple[People, Timeline, pd.DataFrame]:
    """A batch of patients that probably suffices for the wanted index discharges, if that is few."""
    n = min(_BATCH, int(wanted / _PER_PERSON) + 50)
    people = draw_patients(rng, n, trusts, settings, recipe)
    timeline = Timeline(n, recipe.codes)
    world = World(rng, settings, recipe, trusts, people, timeline, True, day_number(settings.data_end))
    return people, timeline, live_with_heart_failure(world)


def _background(
    rng: np.random.Generator,
    n: int,
    anchor: bool,
    trusts: Trusts,
    settings: RegionSettings,
    recipe: Recipe,
    offsets: Offsets,
) -> dict[str, pa.Table]:
    people = draw_background(rng, n, trusts, settings, recipe)
    timeline = Timeline(n, recipe.codes)
    world = World(rng, settings, recipe, trusts, people, timeline, False, day_number(settings.data_end))
    live_in_background(world, anchor=anchor)
    return people_tables(people, timeline, np.ones(n, dtype=np.bool_), None, offsets, settings, recipe)


def _enough(n: int, truth: pd.DataFrame, wanted: int) -> Bools:
    """Whole people up to the wanted number of index discharges, and for the rest of it people who have just one."""
    count = np.bincount(truth["who"].to_numpy(), minlength=n)
    total = np.cumsum(count)
    kept: Bools = total <= wanted
    if not kept.all():
        last = int(kept.sum())
        singles = last + np.flatnonzero(count[last:] == 1)
        kept[singles[: wanted - (total[last - 1] if last else 0)]] = True
    return kept


def made_with(out: Path, settings: RegionSettings) -> bool:
    """Whether a finished region with these settings is in the folder."""
    try:
        mark = json.loads((out / _MARK).read_text(encoding="utf-8"))
        return bool(mark["complete"]) and mark["settings"] == settings.model_dump(mode="json")
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _claim(out: Path) -> None:
    """Make the folder ours, or refuse."""
    if out.exists() and not out.is_dir():
        raise StudyError("The output is a file.", where=str(out), todo="Name a folder.")
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError:
        raise StudyError(
            "The folder cannot be made.", where=str(out), todo="Choose a place that you may write to."
        ) from None
    if any(out.iterdir()) and not _is_ours(out):
        raise StudyError(
            "The output folder holds something that is not a made-up region.",
            where=str(out),
            todo="Name an empty folder, or one that `hfrisk synthesise` wrote.",
        )
    for name in [*COLUMNS, TRUTH]:
        (out / f"{name}.parquet").unlink(missing_ok=True)


def _is_ours(out: Path) -> bool:
    try:
        mark = json.loads((out / _MARK).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(mark, dict) and mark.get("made_by") == _MADE_BY


def _mark(out: Path, settings: RegionSettings, summary: RegionSummary | None) -> None:
    """Write region.json: first as unfinished, so that a killed run can be repeated, then with what was written."""
    mark: dict[str, Any] = {
        "made_by": _MADE_BY,
        "complete": summary is not None,
        "settings": settings.model_dump(mode="json"),
        "data_start": settings.data_start.isoformat(),
        "data_end": settings.data_end.isoformat(),
    }
    if summary is not None:
        mark["counts"] = {
            "index_discharges": summary.index_discharges,
            "patients": summary.patients,
            "persons": summary.persons,
            "states": summary.states,
            "rows": summary.rows,
        }
    (out / _MARK).write_text(json.dumps(mark, indent=2) + "\n", encoding="utf-8")
