"""Made-up patients in the study file are tried on the study's own definitions before any data is read."""

from __future__ import annotations

from typing import Any

import pytest

from hfrisk.cdm import SourceSettings
from hfrisk.cohort import Assurance, CohortSettings, run_assurances
from hfrisk.errors import StudyError

RIGHT = Assurance(
    name="a transfer is not a readmission",
    visits="""
    visit person concept start end to
    1 10 262  2024-03-01T08:00:00 2024-03-05T12:00:00 51
    2 10 9201 2024-03-06 2024-03-12 19
    3 11 262  2024-03-01 2024-03-05 19
    4 11 262  2024-03-20 2024-03-21 19""",
    heart_failure="1 3",
    deaths="10 2024-03-20",
    expect="""
    3 readmitted 15
    1 died 8""",
)
NOBODY = Assurance(name="nobody", visits="1 10 9201 2024-03-01 2024-03-05", diagnoses="1 J18.1 32903", expect="")


def test_they_pass_on_every_engine(engine: Any) -> None:
    source = SourceSettings(**engine.anywhere())
    done = run_assurances(source, CohortSettings(), [RIGHT, NOBODY])
    assert [(one.name, one.passed) for one in done] == [(RIGHT.name, True), (NOBODY.name, True)]


def test_one_that_fails_says_what_was_expected_and_what_was_found(tmp_path: Any) -> None:
    source = SourceSettings(path=tmp_path)
    none = CohortSettings(spells={"rule": "none"}, keep_transferred_out=True)  # type: ignore[arg-type]
    (done,) = run_assurances(source, none, [RIGHT])
    assert not done.passed
    assert done.expected == "1 died 8\n3 readmitted 15"
    assert done.found == "1 died 15\n3 readmitted 15"


@pytest.mark.parametrize(
    ("visits", "words"),
    [
        ("visit person concept start end ward\n1 10 9201 2024-03-01 2024-03-05 7", "unknown column ward"),
        ("1 10 9201 2024-03-01", "4 words where 5 belong"),
    ],
)
def test_a_table_that_cannot_be_understood_is_refused_with_the_reason(tmp_path: Any, visits: str, words: str) -> None:
    broken = Assurance(name="broken", visits=visits, expect="")
    with pytest.raises(StudyError) as refused:
        run_assurances(SourceSettings(path=tmp_path), CohortSettings(), [broken])
    assert words in str(refused.value)
    assert "broken" in str(refused.value)
