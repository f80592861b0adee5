"""The chapter on whether the model may leave: its sentences change with what the tests came to."""

from __future__ import annotations

import math

import pandas as pd

from hfrisk.reporting.chapters.leaving import leaving, leaving_sentences
from hfrisk.reporting.evidence import Evidence
from hfrisk.reporting.exhibits import Prose, Table
from hfrisk.reporting.front import front_page
from hfrisk.reporting.model_card import model_card
from hfrisk.reporting.settings import ReportingSettings
from tests.reporting.reporting_samples import changed, region

HELD = "fewer than 10 here"
TOLD = {"passed": "yes", "exception": "", "lower": math.nan, "upper": math.nan, "limit": math.nan, "suppressed": ""}
ROWS = [
    {"test": "HFR144", "measure": "residual_degrees_of_freedom", "value": 6220.0, "limit": 10.0, "words": "6,220 are left over."},
    {"test": "HFR146", "measure": "risk_step", "value": 0.02, "limit": 0.1, "words": "Shown in steps of 2%."},
    {"test": "HFR147", "measure": "worst_case_auc", "value": 0.505, "limit": 0.65, "words": "Right 51 times in 100."},
    {"test": "HFR148", "measure": "lira_tpr@0.01", "value": math.nan, "limit": 0.05, "words": "Few.", "suppressed": HELD},
]  # fmt: skip


def frame(**of_the_last: object) -> pd.DataFrame:
    return pd.DataFrame([TOLD | row for row in ROWS[:-1]] + [TOLD | ROWS[-1] | of_the_last])


def told(table: pd.DataFrame) -> tuple[str, Table]:
    chapter = leaving(Evidence(changed(region(), model_egress=table)))
    assert chapter is not None
    prose, found = chapter.blocks
    assert isinstance(prose, Prose)
    assert isinstance(found, Table)
    return " ".join(prose.paragraphs), found


def test_a_model_that_passed_is_said_to_have_passed_with_its_limits() -> None:
    text, table = told(frame())
    assert "It passed the four tests" in text
    assert "Right 51 times in 100. Shown in steps of 2%." in text
    rows = [row for row in table.rows if len(row) > 1]
    assert rows[0] == ("6,220 are left over.", "6,220", "at least 10", "passed")
    assert rows[2][1:] == ("0.505", "at most 0.65", "passed")
    assert rows[3][1] == "suppressed" or HELD in " ".join(table.notes)


def test_a_model_that_failed_is_said_to_stay_and_one_with_an_exception_says_whose() -> None:
    text, table = told(frame(passed="no"))
    assert "It failed one of four tests: membership, models of the same kind (HFR148)." in text
    assert "neither exported nor registered" in text
    assert table.rows[-1][3] == "**failed**"
    text, table = told(frame(passed="no", exception="The airlock agreed (A. Name, data manager)"))
    assert "neither exported" not in text
    assert "An exception for HFR148 is recorded: The airlock agreed (A. Name, data manager)." in text
    assert table.rows[-1][3] == "**failed**, with an exception"


def test_where_nothing_was_learnt_there_is_no_such_chapter() -> None:
    assert leaving(Evidence(region())) is None


def test_the_model_card_repeats_the_sentences() -> None:
    released = changed(region(), model_egress=frame(passed="no", exception="Agreed (A. Name, data manager)"))
    evidence, settings = Evidence(released), ReportingSettings()
    card = model_card(front_page(evidence, settings), evidence, settings, leaving_sentences(released.model_egress))
    assert "- An exception for HFR148 is recorded: Agreed (A. Name, data manager)." in card
