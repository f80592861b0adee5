"""The two example reports: a made-up region, and CMS's DE-SynPUF where its data are at hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hfrisk.errors import StudyError
from hfrisk.progress import Quiet
from hfrisk.study import Study, load_study
from hfrisk.synthetic import RegionSettings, made_with, synthesise
from hfrisk.template import study_text

__all__ = ["DESYNPUF", "demo_study", "desynpuf_study", "examples_in_words"]

DESYNPUF = Path("configs/desynpuf.yaml")
"""The study of DE-SynPUF, from the root of this project; it names where its data are."""

_DEMO: dict[str, Any] = {
    "name": "demo",
    "title": "Who comes back within 30 days? A made-up region",
    "environment": "A made-up region of 22 trusts",
    "made_up": True,
}


def demo_study(folder: Path, index_discharges: int, progress: Quiet, *, pdf: bool = False) -> Study:
    """The study of the made-up region, which is made first where it is not there yet; its study file is ``demo.yaml`` in the folder.

    Parameters
    ----------
    folder
        Where the region and the results go.
    index_discharges
        Size of the region.
    progress
        Who is told.
    pdf
        The report on paper too.
    """
    region = folder / "demo-region"
    settings = RegionSettings(index_discharges=index_discharges, seed=1)
    if not made_with(region, settings):
        progress.say(f"Making up a region of {index_discharges:,} index discharges (some seconds) ...")
        synthesise(region, settings, progress)
    # a study file of its own, so that every other command can be given it; once there it is the reader's to change
    file = folder / "demo.yaml"
    if not file.is_file():
        chosen = {**_DEMO, "source": {"path": region.name}, "folders": {"reports": ".", "models": "../models"}}
        file.write_text(study_text(chosen), encoding="utf-8")
    progress.say(f"The study file is {file}.")
    return load_study(file, ["reporting.pdf=true"] if pdf else [])


def desynpuf_study(folder: Path, data: Path | None, *, pdf: bool = False, study: Path = DESYNPUF) -> Study:
    """The study of DE-SynPUF.

    Parameters
    ----------
    folder
        Where the results go.
    data
        The data in OMOP form; None: where the study file says.
    pdf
        The report on paper too.
    study
        The study file.

    Raises
    ------
    StudyError
        If the study file or the data are not there.
    """
    if not study.is_file():
        raise StudyError(
            f"The second example needs {study}, which is not here.",
            where=str(study),
            todo="Give the command from the root of the hfrisk project.",
        )
    overrides = [f"folders.reports={folder.resolve()}", f"folders.models={(folder.parent / 'models').resolve()}"]
    overrides += [f"reporting.pdf={str(pdf).lower()}", *([f"source.path={data.resolve()}"] if data else [])]
    found = load_study(study, overrides)
    place = found.source.path
    if place is None or not Path(place).exists():
        raise StudyError(
            "The data of the second example (CMS DE-SynPUF in OMOP form) are not here, so it was not made.",
            where="--desynpuf",
            todo="Give the folder of its OMOP tables by --desynpuf FOLDER; README.md says what they are.",
        )
    return found


def examples_in_words(summaries: list[dict[str, Any]]) -> str:
    """Where the reports are, and what each says."""
    return "\n".join(f"{one['study']}: {one['verdict']}. {one['report']}" for one in summaries)
