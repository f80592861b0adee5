"""Where nothing is wrong, nothing is said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.quality.looking import Seen, changed, look

At = Callable[..., Seen]


@pytest.mark.parametrize("seed", [7, 8, 9])
def test_a_region_without_defects_is_silent(seen: At, seed: int) -> None:
    assert seen(seed=seed).codes() == set()


def test_what_no_vocabulary_maps_does_not_matter_to_a_study_that_reads_source_codes(seen: At) -> None:
    check = seen().of("HFR043")
    assert check.severity == "note"
    assert "none is missed" in check.consequence


def test_without_an_admission_method_every_readmission_rests_on_a_stand_in(seen: At) -> None:
    found = seen(nhs_columns=False)
    assert found.codes() == {"HFR045"}
    check = found.of("HFR045")
    assert check.counts == {"readmissions": found.cohort.events}
    assert (check.severity, check.facts["share"]) == ("warning", "all")
    assert "23 to 25%" in check.consequence


def test_a_shifted_calendar_and_negative_ids_are_no_errors(clean: Path, tmp_path: Path) -> None:
    def shifted(table: str, dates: str, ids: str) -> str:
        moved = ", ".join(f"{column} + INTERVAL 100 YEAR AS {column}" for column in dates.split())
        negative = ", ".join(f"-{column} AS {column}" for column in ids.split())
        return f"SELECT * REPLACE ({', '.join(filter(None, [moved, negative]))}) FROM {{{table}}}"

    folder = changed(
        clean,
        tmp_path / "shifted",
        person=shifted("person", "birth_datetime", "person_id").replace(
            "REPLACE (", "REPLACE (year_of_birth + 100 AS year_of_birth, "
        ),
        visit_occurrence=shifted(
            "visit_occurrence",
            "visit_start_date visit_start_datetime visit_end_date visit_end_datetime",
            "person_id visit_occurrence_id",
        ),
        condition_occurrence=shifted(
            "condition_occurrence",
            "condition_start_date condition_start_datetime",
            "person_id visit_occurrence_id",
        ),
        measurement=shifted("measurement", "measurement_date measurement_datetime", "person_id visit_occurrence_id"),
        drug_exposure=shifted(
            "drug_exposure",
            "drug_exposure_start_date drug_exposure_start_datetime drug_exposure_end_date drug_exposure_end_datetime",
            "person_id visit_occurrence_id",
        ),
        observation=shifted("observation", "observation_date observation_datetime", "person_id"),
        death=shifted("death", "death_date death_datetime", "person_id"),
    )
    found = look(folder)
    assert found.cohort.data_end.year == 2124
    assert found.codes() == set()
