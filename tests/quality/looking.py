"""Looking at a source with the gate, and changing a made-up region's files by SQL."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from hfrisk.cdm import SourceSettings, connect
from hfrisk.checks import Check
from hfrisk.cohort import Cohort, CohortSettings, build_cohort
from hfrisk.quality import QualitySettings, quality_checks

NATURAL = {"HFR043": "note", "HFR054": "note"}
"""What a made-up region has without any defect: codes that no vocabulary maps, and small trusts."""


@dataclass(frozen=True)
class Seen:
    """The checks of a source, and the cohort that they are about."""

    checks: list[Check]
    cohort: Cohort
    planted: dict[str, Any]

    def codes(self) -> set[str]:
        """The codes that were raised, without what every region has."""
        return {check.code for check in self.checks if NATURAL.get(check.code) != check.severity}

    def of(self, code: str, words: str = "") -> Check:
        """The only check of a code whose title or finding has these words."""
        (found,) = [c for c in self.checks if c.code == code and words in f"{c.title} {c.finding}"]
        return found


def look(
    folder: Path,
    cohort: CohortSettings | None = None,
    quality: QualitySettings | None = None,
    **source: Any,
) -> Seen:
    """Open a folder, find its cohort, and check it."""
    settings, cohort = SourceSettings(path=folder, **source), cohort or CohortSettings()
    cdm = connect(settings)
    found = build_cohort(cdm, cohort, settings.data_end, settings.data_start)
    checks = quality_checks(cdm, found, cohort, settings, quality)
    mark = folder / "region.json"
    planted = json.loads(mark.read_text())["defects"] if mark.exists() else {}
    cdm.close()
    return Seen(checks, found, planted)


def changed(folder: Path, out: Path, **tables: str) -> Path:
    """A copy of a region in which each named table is what its SQL makes of the tables there (`{table}` is a file)."""
    shutil.copytree(folder, out)
    files = {path.stem: f"'{path}'" for path in folder.glob("*.parquet")}
    with duckdb.connect() as connection:
        for name, query in tables.items():
            connection.execute(f"COPY ({query.format(**files)}) TO '{out / name}.parquet' (FORMAT parquet)")
    return out
