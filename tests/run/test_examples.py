"""Two example reports by one command: where the data of the second are not here, that is said, and the first is made."""

from __future__ import annotations

from pathlib import Path

import pytest

from hfrisk.errors import StudyError
from hfrisk.examples import demo_study, desynpuf_study, examples_in_words
from hfrisk.progress import Quiet

STUDY = Path(__file__).parents[2] / "configs" / "desynpuf.yaml"


def test_absent_data_and_an_absent_study_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="DE-SynPUF in OMOP form\\) are not here, so it was not made"):
        desynpuf_study(tmp_path / "reports", tmp_path / "nowhere", study=STUDY)
    with pytest.raises(StudyError, match=r"needs no\.yaml, which is not here"):
        desynpuf_study(tmp_path / "reports", tmp_path, study=Path("no.yaml"))


def test_both_studies_write_beside_each_other(tmp_path: Path) -> None:
    folder = tmp_path / "reports"
    first = demo_study(folder, 40, Quiet(), pdf=True)
    second = desynpuf_study(folder, tmp_path, study=STUDY)
    assert (folder / "demo-region").is_dir()
    assert {first.folder, second.folder} == {folder / "demo", folder / "desynpuf"}
    assert first.model_folder.parent == second.model_folder.parent
    assert (first.reporting.pdf, second.reporting.pdf) == (True, False)
    assert second.assessment.years == "calendar"


def test_each_report_is_told_with_its_verdict() -> None:
    told = [{"study": "demo", "verdict": "Fit for silent testing", "report": "reports/demo/report.html"}]
    assert examples_in_words(told) == "demo: Fit for silent testing. reports/demo/report.html"
