"""What is said of clinical scores, and of where the features come from."""

from __future__ import annotations

import pandas as pd
import pytest

from hfrisk.disclosure import Released
from hfrisk.reporting import render
from hfrisk.reporting.chapters.scores import clinical_scores, scores_in_words
from hfrisk.reporting.evidence import Evidence
from hfrisk.reporting.exhibits import Table
from hfrisk.reporting.naming import read_from
from tests.reporting import reporting_samples as samples
from tests.reporting.conftest import QUICK
from tests.reporting.page_reader import read


def sentences(released: Released) -> list[str]:
    return scores_in_words(Evidence(released))


def table_of(released: Released) -> Table:
    chapter = clinical_scores(Evidence(released))
    assert chapter is not None
    (table,) = [block for block in chapter.blocks if isinstance(block, Table) and block.folded]
    return table


def test_each_score_is_told_for_how_many_it_can_be_worked_out_and_what_is_missing_most() -> None:
    hospital, maggic, lace = sentences(samples.region())
    assert hospital == (
        "HOSPITAL score: can be worked out for 81 of every 100 discharges; most often missing is the last haemoglobin, known "
        "for 83."
    )
    assert maggic == (
        "MAGGIC score: cannot be worked out for anyone, because these are not in the data: left-ventricular ejection fraction."
    )
    assert lace == f"LACE index: for how many it can be worked out is suppressed: {samples.HELD}."


def test_a_score_that_everybody_has_by_what_it_is_is_said_to_be_there_for_everyone() -> None:
    base = samples.region()
    lace = base.score_inputs["score"] == "lace"
    frame = base.score_inputs.assign(always=lace).assign(
        reason=base.score_inputs["reason"].mask(lace, "every discharge has it"),
        suppressed=base.score_inputs["suppressed"].mask(lace, ""),
    )
    released = samples.changed(base, score_inputs=frame)
    assert "LACE index: can be worked out for every discharge." in sentences(released)
    table = table_of(released)
    assert {row[0]: row[1:] for row in table.rows}["Charlson index"] == ("everyone", "everyone")
    assert "Everyone: every discharge has it." in table.notes


def test_the_sentence_changes_with_the_numbers() -> None:
    base = samples.region()
    frame = base.score_inputs.copy()
    frame.loc[frame["input"] == "sodium_last", "share"] = 0.03
    frame.loc[frame["input"] == "score_hospital", "share"] = 0.021
    told = sentences(samples.changed(base, score_inputs=frame))[0]
    assert told.endswith("for 21 of every 1,000 discharges; most often missing is the last sodium, known for 30.")


def test_scores_that_may_not_be_spoken_of_share_a_sentence() -> None:
    (maggic, held) = sentences(samples.described_without_numbers())
    assert maggic.startswith("MAGGIC score: cannot")
    assert held == f"LACE index and HOSPITAL score: for how many they can be worked out is suppressed: {samples.HELD}."


def test_the_table_is_folded_and_says_suppressed_and_not_here() -> None:
    table = table_of(samples.region())
    rows = {row[0]: row[1:] for row in table.rows}
    assert table.folded
    assert rows["Length of stay"] == ("suppressed", "suppressed")
    assert rows["Left-ventricular ejection fraction"] == ("not here", "not here")
    assert rows["Last sodium"][1] == "91%"
    assert rows["HOSPITAL score"] == ()
    assert f"Suppressed: {samples.HELD}." in table.notes
    assert any(note.startswith("Not here: no record of this source") for note in table.notes)
    assert all(cell.strip() for row in table.rows for cell in row)


def test_each_score_is_ranked_by_both_outcomes_and_what_it_was_made_for_is_said() -> None:
    chapter = clinical_scores(Evidence(samples.region()))
    assert chapter is not None
    (table,) = [block for block in chapter.blocks if isinstance(block, Table) and not block.folded]
    rows = {row[0]: row[1:] for row in table.rows}
    assert rows["LACE"][0] == "coming back or dying"
    assert rows["HOSPITAL"][0] == "coming back as an emergency"
    assert rows["LACE"][1] != rows["LACE"][2]
    assert all("(" in cell for row in table.rows for cell in row[2:])
    (note,) = [note for note in table.notes if note.startswith("MAGGIC")]
    assert "made for death within years" in note


@pytest.mark.parametrize("sample", ["region", "described"])
def test_the_chapter_stands_in_reports_with_and_without_a_model(sample: str) -> None:
    page = read(render(getattr(samples, sample)(), QUICK).html)
    assert "can be worked out for 81 of every 100 discharges" in page.by_id["clinical-scores"]


def test_a_study_without_scores_has_no_such_chapter() -> None:
    base = samples.region()
    for frame in (base.score_inputs.iloc[:0], pd.DataFrame()):
        assert clinical_scores(Evidence(samples.changed(base, score_inputs=frame))) is None


def test_the_dictionary_says_what_a_feature_is_read_from_and_whether_it_is_sensitive() -> None:
    page = read(render(samples.region(), QUICK).html)
    told = page.by_id["dictionary"]
    assert "Read from" in told
    assert "Protected characteristic or deprivation" in told
    assert "diagnoses, observations" in told
    assert "condition_occurrence" not in told
    assert "urea, last value in the stay (mmol/L) in the stay tests higher no no urea_last" in told
    assert "Frailty Hospital Frailty Risk Score (points)" in told, "themes are headings"


def test_tables_of_the_source_are_called_what_they_hold() -> None:
    assert read_from("drug_exposure, drug_strength") == "medicines"
    assert read_from("observation, person, location, care_site") == "observations, person, places"
    assert read_from("my_table") == "my table"
