"""A region sized by its people, in batches: exact, the same twice, of bounded memory; and the old region unchanged."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from hfrisk.progress import Quiet, Step
from hfrisk.synthetic import RegionSettings, synthesise
from tests.synthetic.reader import read_index, sql
from tests.synthetic.test_records import RECORD_RULES

# Contents (values rounded to six digits) of a region of 60 index discharges with seed 7, as it was before defects, drift
# and sizes by people existed: whatever is added to the generator, a region that does not ask for it stays this one.
_AS_IT_WAS = {
    "care_site": "936651cf2753e786",
    "cdm_source": "9350d46675875640",
    "condition_occurrence": "b04287653325b9ea",
    "death": "2bdb8dca22af7a10",
    "drug_exposure": "6de2eece06b81841",
    "location": "8ea7ea9d6b4cd198",
    "measurement": "aaa34e389d60e133",
    "observation": "5035bd66634a3059",
    "observation_period": "020c86bb2a3407c3",
    "person": "78201ed26a897e8c",
    "truth": "20f9051d41bf3c21",
    "visit_occurrence": "30412203cbf937b5",
}

_PEAK = """
import sys
from pathlib import Path
from hfrisk.synthetic import RegionSettings, synthesise
synthesise(Path(sys.argv[1]), RegionSettings(persons=int(sys.argv[2]), chunk=1000))
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))  # kB, of this program alone
"""


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("people")
    synthesise(folder, RegionSettings(persons=20_000, chunk=3_000, seed=3))
    return folder


def test_a_region_that_asks_for_nothing_new_is_what_it_was(tmp_path: Path) -> None:
    synthesise(tmp_path, RegionSettings(index_discharges=60, seed=7))
    found = {
        file.stem: hashlib.sha256(pd.read_parquet(file).round(6).to_csv(index=False).encode()).hexdigest()[:16]
        for file in tmp_path.glob("*.parquet")
    }
    assert found == _AS_IT_WAS


@pytest.mark.parametrize("persons", [2, 57, 1_234])
def test_a_region_has_exactly_the_people_asked_for(tmp_path: Path, persons: int) -> None:
    summary = synthesise(tmp_path, RegionSettings(persons=persons, chunk=300))
    assert summary.persons == len(pd.read_parquet(tmp_path / "person.parquet")) == persons
    assert 1 <= summary.patients < persons
    assert summary.index_discharges == len(pd.read_parquet(tmp_path / "truth.parquet"))
    last = sql(tmp_path, "select max(visit_end_date) as day from visit_occurrence")["day"][0]
    assert last.date() == date(2024, 4, 29)


def test_as_many_have_heart_failure_as_in_england(people: Path) -> None:
    counts = json.loads((people / "region.json").read_text())["counts"]
    years = 13
    assert counts["index_discharges"] / (20 * years) == pytest.approx(1.5, abs=0.2)  # per 1,000 person-years


def test_a_region_sized_by_people_has_fifteen_years_of_records(people: Path) -> None:
    assert RegionSettings(persons=9).data_start == date(2009, 4, 1)
    span = sql(people, "select min(visit_start_date) as first, max(visit_end_date) as last from visit_occurrence")
    assert (span["last"][0] - span["first"][0]).days / 365.25 == pytest.approx(15, abs=0.1)
    shorter = RegionSettings.model_validate({"persons": 9, "discharges_from": "2019-01-01"})
    assert shorter.discharges_from == date(2019, 1, 1)


def test_everybody_has_visits_diagnoses_tests_and_drugs_at_plausible_rates(people: Path) -> None:
    rates = sql(
        people,
        """with alive as (select sum(observation_period_end_date - observation_period_start_date) / 365.25 as years
                from observation_period),
              visit as (select v.*, (visit_concept_id in (9201, 262)) as stay from visit_occurrence v
                where person_id not in (select person_id from truth))
           select count(*) filter (where stay and visit_source_value = 'emergency') / any_value(years) as emergency,
                  count(*) filter (where stay and visit_source_value = 'elective') / any_value(years) as planned,
                  count(*) filter (where visit_concept_id in (9203, 262)) / any_value(years) as arrivals,
                  count(*) filter (where visit_concept_id = 9202) / any_value(years) as clinics,
                  (select count(*) from condition_occurrence) / any_value(years) as diagnoses,
                  (select count(*) from measurement) / any_value(years) as tests,
                  (select count(*) from drug_exposure) / any_value(years) as drugs
           from visit cross join alive""",
    ).iloc[0]
    assert rates["emergency"] == pytest.approx(0.11, abs=0.03)
    assert rates["planned"] == pytest.approx(0.15, abs=0.02)
    assert rates["arrivals"] == pytest.approx(0.5, abs=0.12)
    assert rates["clinics"] == pytest.approx(1.0, abs=0.1)
    assert rates["diagnoses"] > 0.7
    assert rates["tests"] > 2
    assert rates["drugs"] > 0.4


def test_a_reader_finds_the_truth_among_all_those_people(people: Path) -> None:
    truth = pd.read_parquet(people / "truth.parquet").set_index(["person_id", "index_id"]).sort_index()
    found = read_index(people).set_index(["person_id", "index_id"]).sort_index()
    assert found.index.equals(truth.index)
    assert (found["state"] == truth["state"]).all()


@pytest.mark.parametrize("rule", list(RECORD_RULES))
def test_the_records_of_everybody_are_clean(people: Path, rule: str) -> None:
    assert sql(people, f"select count(*) as n from ({RECORD_RULES[rule]})")["n"][0] == 0


def test_ids_are_unique_over_batches(people: Path) -> None:
    for table in ("person", "visit_occurrence", "condition_occurrence", "measurement", "drug_exposure"):
        counts = sql(people, f"select count(*) as n, count(distinct {table}_id) as ids from {table}")
        assert counts["n"][0] == counts["ids"][0] > 0, table


def test_the_same_seed_and_chunk_make_the_same_region_and_another_chunk_another(people: Path, tmp_path: Path) -> None:
    synthesise(tmp_path / "same", RegionSettings(persons=20_000, chunk=3_000, seed=3))
    for file in people.iterdir():
        assert (tmp_path / "same" / file.name).read_bytes() == file.read_bytes(), file.name
    synthesise(tmp_path / "other", RegionSettings(persons=2_000, chunk=500, seed=3))
    synthesise(tmp_path / "another", RegionSettings(persons=2_000, chunk=600, seed=3))
    one, two = ((tmp_path / name / "visit_occurrence.parquet").read_bytes() for name in ("other", "another"))
    assert one != two


def test_many_people_around_few_patients_are_written_in_parts(tmp_path: Path) -> None:
    summary = synthesise(tmp_path, RegionSettings(index_discharges=100, background=20.0, chunk=200))
    assert summary.index_discharges == 100
    assert summary.persons == summary.patients + round(20 * summary.patients)
    assert pq.ParquetFile(tmp_path / "person.parquet").num_row_groups == 1 + -(-20 * summary.patients // 800)
    last = sql(
        tmp_path,
        "select max(visit_end_date) as d, count(*) as n from visit_occurrence where visit_end_date = '2024-04-29'",
    )
    assert last["n"][0] >= 1


def test_a_given_background_sets_the_share_of_patients(tmp_path: Path) -> None:
    summary = synthesise(tmp_path, RegionSettings(persons=300, background=2.0))
    assert summary.patients == 100


def test_memory_does_not_grow_with_the_people(tmp_path: Path) -> None:
    peak = {}
    for persons in (4_000, 24_000):
        done = subprocess.run(
            [sys.executable, "-c", _PEAK, str(tmp_path / str(persons)), str(persons)],
            capture_output=True,
            text=True,
            check=True,
        )
        peak[persons] = int(done.stdout) / 1024
    assert peak[24_000] < 350  # MB
    assert peak[24_000] - peak[4_000] < 60


def test_progress_counts_people(tmp_path: Path) -> None:
    seen: list[tuple[str, int, int]] = []

    class _Counting(Quiet):
        @contextmanager
        def step(self, label: str, total: int) -> Iterator[Step]:
            step = Step(label, total)
            yield step
            seen.append((label, total, step.done))

    synthesise(tmp_path, RegionSettings(persons=500, chunk=100), _Counting())
    assert seen == [("making up people", 500, 500)]


def test_a_killed_run_is_marked_incomplete_and_can_be_repeated(tmp_path: Path) -> None:
    class _KilledError(Exception):
        pass

    class _Killing(Quiet):
        @contextmanager
        def step(self, label: str, total: int) -> Iterator[Step]:
            class _Stops(Step):
                def advance(self, parts: int = 1, note: str = "") -> None:
                    super().advance(parts, note)
                    if self.done >= 300:
                        raise _KilledError

            yield _Stops(label, total)

    settings = RegionSettings(persons=600, chunk=100, defects={"late_deaths": 0.5})
    with pytest.raises(_KilledError):
        synthesise(tmp_path / "x", settings, _Killing())
    mark = json.loads((tmp_path / "x" / "region.json").read_text())
    assert mark["complete"] is False
    assert "defects" not in mark
    synthesise(tmp_path / "x", settings)
    synthesise(tmp_path / "y", settings)
    for file in (tmp_path / "x").iterdir():
        assert file.read_bytes() == (tmp_path / "y" / file.name).read_bytes()
