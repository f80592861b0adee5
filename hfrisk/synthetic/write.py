"""`synthesise`: a region in batches of people, written as Parquet table by table, with its truth and its defects."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from hfrisk.progress import Quiet
from hfrisk.synthetic.batches import Batches
from hfrisk.synthetic.defects import Planter
from hfrisk.synthetic.drift import check_drift
from hfrisk.synthetic.folder import TableFiles, claim, mark
from hfrisk.synthetic.person_tables import region_tables
from hfrisk.synthetic.recipe import load_recipe
from hfrisk.synthetic.settings import RegionSettings

__all__ = ["RegionSummary", "synthesise"]


@dataclass(frozen=True)
class RegionSummary:
    """What was written.

    Parameters
    ----------
    folder
        Where.
    index_discharges, patients, persons
        Index discharges with a truth, people with heart failure, and everybody.
    states
        Index discharges by first state in the 30 days: readmitted, died, none.
    rows
        Rows of each table.
    defects
        What was planted: rows, stays, visits or people by defect (region.json says which).
    """

    folder: Path
    index_discharges: int
    patients: int
    persons: int
    states: dict[str, int]
    rows: dict[str, int]
    defects: dict[str, int] = field(default_factory=dict)


def synthesise(out: Path, settings: RegionSettings, progress: Quiet | None = None) -> RegionSummary:
    """Write a made-up region: OMOP CDM 5.4 tables, the truth of every index discharge, and what made it.

    Parameters
    ----------
    out
        The folder: ``<table>.parquet`` for each table, ``truth.parquet`` and ``region.json``. It is made if needed;
        an earlier region in it is replaced.
    settings
        Size, period and seed, and what is wrong on purpose. Equal settings give equal files.
    progress
        Told how many index discharges, or people, exist so far.

    Raises
    ------
    StudyError
        If the folder holds something that is not a region written here, or the settings name a defect or a drift that
        does not exist.

    Notes
    -----
    People are made and written in batches (`RegionSettings.chunk`), which bounds the memory whatever the size.
    """
    progress = progress or Quiet()
    recipe = load_recipe()
    planter = Planter(settings, recipe)
    check_drift(settings.drift, recipe)
    claim(out)
    mark(out, settings, None)
    batches = Batches(settings, recipe, planter)
    if settings.persons is None:
        label, total, made = "making up index discharges", settings.index_discharges, batches.by_index_discharges()
    else:
        label, total, made = "making up people", settings.persons, batches.by_persons(settings.persons)
    with TableFiles(out) as files, progress.step(label, total) as step:
        files.write(region_tables(settings, recipe))
        for tables, done in made:
            files.write(tables)
            step.advance(done)
    tally, planted = batches.tally, planter.planted
    counts = {
        "index_discharges": tally.index_discharges,
        "patients": tally.patients,
        "persons": tally.persons,
        "states": dict(tally.states),
        "rows": dict(files.rows),
    }
    mark(out, settings, {"counts": counts, "defects": {defect.name: defect.as_json() for defect in planted}})
    return RegionSummary(
        folder=out,
        index_discharges=tally.index_discharges,
        patients=tally.patients,
        persons=tally.persons,
        states=dict(tally.states),
        rows=dict(files.rows),
        defects={defect.name: defect.planted for defect in planted},
    )
