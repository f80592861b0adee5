"""The chapter on remedies says what the tables hold, changes when they do, and never speaks of use where there is none."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from hfrisk.disclosure.mitigation import MITIGATION
from hfrisk.reporting.chapters.mitigation import mitigation
from hfrisk.reporting.evidence import Evidence
from hfrisk.reporting.exhibits import Chapter, Exhibit, Prose, Table
from hfrisk.reporting.settings import ReportingSettings
from tests.reporting import reporting_samples
from tests.reporting.invented_remedies import HELD, NAN, signs, tables


def chapter(**frames: pd.DataFrame) -> Chapter | None:
    base = reporting_samples.region()
    nothing = {name: pd.DataFrame() for name in MITIGATION}
    return mitigation(
        Evidence(reporting_samples.changed(base, **(nothing | frames))), ReportingSettings(dots_per_inch=72)
    )


def text(found: Chapter | None) -> str:
    assert found is not None
    said: list[str] = [found.title, found.lead]
    for block in found.blocks:
        if isinstance(block, Prose):
            said += [block.heading, *block.paragraphs, *block.items]
        if isinstance(block, Exhibit):
            said += [block.title, block.sentence, block.alt]
        if isinstance(block, Table):
            said += [block.caption, *block.notes, *(cell for row in block.rows for cell in row)]
    return "\n".join(said)


def test_without_remedies_there_is_no_chapter() -> None:
    assert chapter() is None


def test_what_a_remedy_costs_is_said_drawn_and_tabled() -> None:
    found = chapter(**tables())
    said = text(found)
    assert "The remedy that was tried would clearly do less good than the model as it is" in said
    assert (
        "differs between groups by up to 20 percentage points, more than the 10 that chance alone would rarely exceed"
        in said
    )
    assert "The smallest gap is 10, with: risks recalibrated by group." in said
    assert "Made again without sensitive features: not made, because the model reads no feature" in said
    assert "Not one of them is in the model that this report is about, or is exported or registered" in said
    assert "legal and equality impact assessment under the Equality Act 2010" in said
    assert found is not None
    exhibit = next(block for block in found.blocks if isinstance(block, Exhibit))
    assert exhibit.picture is not None
    assert exhibit.table is not None
    assert exhibit.table.rows[1][5] == "\u22120.40 (\u22120.70 to \u22120.10)"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"difference": (0.004, 0.001, 0.007)}, "The remedy that was tried would clearly do more good"),
        ({"difference": (0.001, -0.002, 0.004)}, "No remedy would clearly do more or less good"),
        ({"gap": 0.05}, "no more than chance alone may give (10): there is no clear gap to close"),
        ({"gap": NAN}, "How far groups lie apart cannot be shown"),
        ({"difference": (NAN, NAN, NAN)}, "What the remedies would cost is not shown"),
    ],
)
def test_sentences_change_with_the_numbers(changes: dict[str, Any], words: str) -> None:
    assert words in text(chapter(**tables(**changes)))


def test_flags_that_are_taken_away_are_counted_with_what_happened_to_those_people() -> None:
    said = text(chapter(**tables(flagged=0.25)))
    assert "of people in the most deprived fifth, 25% would be flagged, not 30%." in said
    assert "About 40 lose their flag: about 15 who came back and 25 who did not." in said
    # half of everyone's are found, and fewer of theirs
    assert (
        "finds 35% in this group and 50% overall: fewer flags here would deny need, so that this is no remedy" in said
    )
    assert "deny need" not in text(chapter(**tables(flagged=0.25, poorer=0.6)))
    held = text(chapter(**tables(flagged=0.25, lost=(40.0, NAN))))
    assert "About 40 lose their flag; how many of them came back may not be shown." in held
    assert "How many lose their flag may not be shown." in text(chapter(**tables(flagged=0.25, lost=(NAN, NAN))))


def test_where_as_many_are_flagged_nobody_is_said_to_lose() -> None:
    said = text(chapter(**tables()))
    assert "No remedy is shown to flag fewer people of any group" in said
    assert "deny need" not in said


def test_what_is_missing_from_the_label_is_said_beside_the_remedies() -> None:
    found = pd.DataFrame(
        [("HFR177", "warning", "The label may be biased", "30% may be missing.", "No proof.", "Ask.")],
        columns=["code", "severity", "title", "finding", "consequence", "todo"],
    )
    assert "would teach the model what is missing" in text(chapter(**tables(), checks=found))
    assert "would teach the model what is missing" not in text(chapter(**tables()))


def test_labels_are_spoken_of_as_a_possibility_or_said_to_be_quiet() -> None:
    quiet = text(chapter(**signs()))
    assert "No group clearly stands out" in quiet
    assert "+33% (+10% to +50%)" in quiet
    found = pd.DataFrame(
        [("HFR177", "warning", "The label may be biased", "30% may be missing.", "No proof.", "Ask.")],
        columns=["code", "severity", "title", "finding", "consequence", "todo"],
    )
    assert "30% may be missing. No proof." in text(chapter(**signs(), checks=found))


def test_what_is_withheld_says_why() -> None:
    frames = tables()
    cells = frames["remedy_cells"]
    hidden = cells["level"] == "2"
    cells.loc[hidden, ["true_positive_rate", "false_positive_rate", "positive_predictive_value"]] = NAN
    cells.loc[hidden, "suppressed"] = HELD
    said = text(chapter(**frames))
    assert "suppressed" in said
    assert HELD in said.lower()
