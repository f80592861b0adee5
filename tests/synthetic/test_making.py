"""Making a region: exactly as many index discharges as asked, the same twice, and never over somebody's files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import pandas as pd
import pytest
from pydantic import ValidationError

from hfrisk.codelists import read_csv
from hfrisk.errors import StudyError
from hfrisk.progress import Quiet, Step
from hfrisk.synthetic import RegionSettings, synthesise
from hfrisk.synthetic.recipe import load_recipe
from tests.synthetic.reader import read_index, sql

_TABLES = [
    "care_site",
    "cdm_source",
    "condition_occurrence",
    "death",
    "drug_exposure",
    "location",
    "measurement",
    "observation",
    "observation_period",
    "person",
    "truth",
    "visit_occurrence",
]


@pytest.mark.parametrize(("n", "seed", "background"), [(1, 3, 0.0), (7, 1, 0.0), (250, 2, 2.0), (1_000, 9, 0.1)])
def test_a_region_has_exactly_the_index_discharges_asked_for(
    tmp_path: Path, n: int, seed: int, background: float
) -> None:
    summary = synthesise(tmp_path, RegionSettings(index_discharges=n, seed=seed, background=background))
    truth = pd.read_parquet(tmp_path / "truth.parquet").set_index(["person_id", "index_id"]).sort_index()
    found = read_index(tmp_path).set_index(["person_id", "index_id"])
    assert len(truth) == n == summary.index_discharges == sum(summary.states.values())
    assert found.index.equals(truth.index)
    assert (found["state"] == truth["state"]).all()
    people = sql(tmp_path, "select count(*) as n from person")["n"][0]
    assert people == summary.persons >= summary.patients + max(1, round(background * summary.patients))


def test_the_same_settings_make_the_same_region_and_another_seed_another(tmp_path: Path) -> None:
    for name, seed in (("one", 5), ("two", 5), ("three", 6)):
        synthesise(tmp_path / name, RegionSettings(index_discharges=600, seed=seed))
    for table in _TABLES:
        one, two = (pd.read_parquet(tmp_path / name / f"{table}.parquet") for name in ("one", "two"))
        pd.testing.assert_frame_equal(one, two, check_exact=True)
        assert (tmp_path / "one" / f"{table}.parquet").read_bytes() == (
            tmp_path / "two" / f"{table}.parquet"
        ).read_bytes()
    assert (tmp_path / "one" / "region.json").read_bytes() == (tmp_path / "two" / "region.json").read_bytes()
    one, three = (pd.read_parquet(tmp_path / name / "truth.parquet") for name in ("one", "three"))
    assert not one["p_readmitted"].equals(three["p_readmitted"])


def test_region_json_says_what_was_made(tmp_path: Path) -> None:
    summary = synthesise(tmp_path, RegionSettings(index_discharges=40, seed=8))
    mark = json.loads((tmp_path / "region.json").read_text())
    assert mark["complete"] is True
    assert mark["settings"]["seed"] == 8
    assert mark["counts"]["index_discharges"] == 40
    assert mark["counts"]["rows"] == summary.rows
    assert sorted(path.stem for path in tmp_path.glob("*.parquet")) == _TABLES
    assert mark["data_end"] == str(
        sql(tmp_path, "select max(visit_end_date) as d from visit_occurrence")["d"][0].date()
    )


def test_open_stays_end_on_the_last_day_without_diagnoses(tmp_path: Path) -> None:
    synthesise(tmp_path, RegionSettings(index_discharges=4_000, seed=4, background=0.0))
    still = sql(
        tmp_path,
        """select count(*) as n, count(distinct visit_end_date) as days, count(discharged_to_source_value) as left_to,
                  count(c.person_id) as coded
           from visit_occurrence v left join condition_occurrence c using (visit_occurrence_id)
           where v.visit_type_concept_id = 32220""",
    )
    assert still["n"][0] > 0
    assert still["days"][0] == 1
    assert still["left_to"][0] == still["coded"][0] == 0


def test_every_test_is_written_when_nothing_is_to_be_missing(tmp_path: Path) -> None:
    settings = RegionSettings(index_discharges=300, seed=1, missing_laboratory=False, ethnicity_missing=0.0)
    synthesise(tmp_path, settings)
    stays = sql(
        tmp_path,
        """select count(distinct measurement_concept_id) as kinds from measurement
           join truth on index_id = visit_occurrence_id group by visit_occurrence_id""",
    )
    assert len(stays) == 300
    assert (stays["kinds"] == 12).all()
    unknown = "select count(*) as n from person where race_source_value is null or race_source_value in ('Z', '99')"
    assert sql(tmp_path, unknown)["n"][0] == 0


def test_a_folder_with_other_files_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "person.parquet").write_text("mine")
    with pytest.raises(StudyError, match="not a made-up region"):
        synthesise(tmp_path, RegionSettings(index_discharges=5))
    assert (tmp_path / "person.parquet").read_text() == "mine"
    (tmp_path / "region.json").write_text("[1]")
    with pytest.raises(StudyError):
        synthesise(tmp_path, RegionSettings(index_discharges=5))
    with pytest.raises(StudyError, match="is a file"):
        synthesise(tmp_path / "region.json", RegionSettings(index_discharges=5))


def test_an_earlier_region_is_replaced_even_if_it_was_never_finished(tmp_path: Path) -> None:
    class _KilledError(Exception):
        pass

    class _Stop(Quiet):
        def step(self, label: str, total: int) -> NoReturn:
            raise _KilledError

    with pytest.raises(_KilledError):
        synthesise(tmp_path, RegionSettings(index_discharges=30), _Stop())
    assert json.loads((tmp_path / "region.json").read_text())["complete"] is False
    synthesise(tmp_path, RegionSettings(index_discharges=30))
    synthesise(tmp_path, RegionSettings(index_discharges=20))
    assert len(pd.read_parquet(tmp_path / "truth.parquet")) == 20


def test_progress_counts_index_discharges(tmp_path: Path) -> None:
    seen: list[int] = []

    class _Counting(Quiet):
        @contextmanager
        def step(self, label: str, total: int) -> Iterator[Step]:
            step = Step(label, total)
            yield step
            seen.append(step.done)

    synthesise(tmp_path, RegionSettings(index_discharges=60), _Counting())
    assert seen == [60]


def test_a_period_shorter_than_half_a_year_is_refused() -> None:
    with pytest.raises(ValidationError, match="at least 180 days"):
        RegionSettings.model_validate({"discharges_from": "2020-01-01", "discharges_to": "2020-03-01"})


def test_other_trusts_and_periods_can_be_asked_for(tmp_path: Path) -> None:
    settings = RegionSettings.model_validate(
        {"index_discharges": 200, "trusts": 30, "discharges_from": "2008-01-01", "discharges_to": "2010-12-31"}
    )
    synthesise(tmp_path, settings)
    names = sql(tmp_path, "select care_site_name as name from care_site")["name"]
    assert list(names[[0, 25, 26, 29]]) == ["Trust A", "Trust Z", "Trust AA", "Trust AD"]
    dates = sql(tmp_path, "select min(discharge_date) as first, max(discharge_date) as last from truth")
    assert dates["first"][0].year >= 2008
    assert dates["last"][0].year <= 2010


def test_the_frailty_score_has_109_weights_and_its_worked_example() -> None:
    weights = {row["code"]: float(row["weight"]) for row in read_csv("hfrs.csv")}
    assert len(weights) == 109
    assert sum(weights.values()) == pytest.approx(173.2)
    assert sum(weights[code] for code in ("F00", "N39", "F05", "W19", "E86")) == pytest.approx(19.0)


def test_every_code_of_the_recipe_is_in_its_book_and_none_betrays_a_condition_that_is_absent() -> None:
    recipe = load_recipe()
    book = recipe.codes
    assert len(set(book.icd10)) == len(book.icd10)
    written_for = {code for condition in recipe["long_term"].values() for code in condition["codes"]}
    others = set(book.icd10) - written_for
    assert not [
        code
        for code in others
        if code.startswith(("J44", "E10", "E11", "E13", "E14", "I48", "Z60.2")) and code != "Z60.2"
    ]
    fillers = {
        book.icd10[position] for position, share in zip(book.filler, book.filler_shares, strict=True) if share > 0
    }
    assert not [code for code in fillers if code.startswith(("Z60", "N18", "E11", "J44", "I48"))]


def test_a_region_is_used_again_only_for_the_settings_that_made_it(tmp_path: Path) -> None:
    from hfrisk.synthetic import RegionSettings, made_with, synthesise

    settings = RegionSettings(index_discharges=40, seed=5)
    assert not made_with(tmp_path / "region", settings)
    synthesise(tmp_path / "region", settings)
    assert made_with(tmp_path / "region", settings)
    assert not made_with(tmp_path / "region", RegionSettings(index_discharges=50, seed=5))
