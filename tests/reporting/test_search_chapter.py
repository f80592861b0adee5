"""How the settings were found: told from what was released, and only where there was a search."""

from __future__ import annotations

from typing import Any

from hfrisk.reporting import Rendered
from hfrisk.reporting.chapters.record import reproduce
from hfrisk.reporting.chapters.search import search
from hfrisk.reporting.evidence import Evidence
from hfrisk.reporting.exhibits import Exhibit, Prose, Table
from tests.reporting import reporting_samples as samples
from tests.reporting.conftest import QUICK


def chapter(**summary: Any):  # type: ignore[no-untyped-def]
    base = samples.region()
    tuning = {**base.tuning, "summary": {**base.tuning["summary"], **summary}}
    return search(Evidence(samples.changed(base, tuning=tuning)), QUICK)


def words_of(found: Any) -> str:
    return " ".join(text for block in found.blocks if isinstance(block, Prose) for text in block.paragraphs)


def test_the_history_is_a_figure_with_its_table() -> None:
    (history,) = [block for block in chapter().blocks if isinstance(block, Exhibit)]
    assert history.title == "The best log loss was 0.467, in trial 17"
    assert history.sentence.startswith("20 trials were run on every fold; 10 were stopped")
    assert history.picture is not None
    assert history.table is not None
    assert len(history.table.rows) == 30
    assert history.table.rows[2] == ("2", "stopped early", "0.479", "0.479")
    assert history.table.rows[17] == ("17", "stopped early", "0.467", "0.467")


def test_what_mattered_is_a_table_and_absent_with_its_reason() -> None:
    (table,) = [block for block in chapter().blocks if isinstance(block, Table)]
    assert table.rows == (("learning rate", "61%"), ("num leaves", "39%"))
    base = samples.region()
    found = search(Evidence(samples.changed(base, tuning={**base.tuning, "importances": {}})), QUICK)
    assert found is not None
    assert not [block for block in found.blocks if isinstance(block, Table)]
    assert "Which settings mattered is not computed" in words_of(found)


def test_an_end_of_the_space_the_constraints_and_the_choice_are_told() -> None:
    assert "inside the ranges" in words_of(chapter())
    told = words_of(
        chapter(
            edge_of_space=["lambda_l2"],
            choice="one_standard_error",
            chosen_trial=4,
            monotone="on",
            monotone_features={"prior_admissions": "increasing"},
        )
    )
    assert "range that was searched for lambda l2 (HFR120)" in told
    assert "trial 4 instead of trial 17" in told
    assert "prior admissions" in told


def test_a_search_that_may_end_otherwise_is_not_promised_to_be_the_same() -> None:
    base = samples.region()
    assert "to the last digit" in reproduce(Evidence(base)).lead
    tuning = {**base.tuning, "summary": {**base.tuning["summary"], "same_twice": False}}
    assert "another run may find other settings" in reproduce(Evidence(samples.changed(base, tuning=tuning))).lead


def test_a_study_without_a_search_has_no_such_chapter(region_report: Rendered) -> None:
    assert search(Evidence(samples.bare()), QUICK) is None
    assert 'id="search"' in region_report.html
