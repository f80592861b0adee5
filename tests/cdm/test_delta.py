"""Folders of Delta tables on the embedded engine."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from hfrisk.cdm import SourceSettings, connect, source_fingerprint
from hfrisk.cohort import CohortSettings, build_cohort
from hfrisk.errors import DataError, StudyError
from tests.engines import stored_table
from tests.omop_text import rows

TABLES = {
    "person": rows("person_id gender_concept_id year_of_birth\n10 8507 1940"),
    "visit_occurrence": rows("""visit_occurrence_id person_id visit_concept_id visit_start_date visit_end_date
        1 10 9201 2024-01-01 2024-01-05
        2 10 9201 2024-01-15 2024-01-16"""),
    "condition_occurrence": rows(
        "person_id condition_concept_id condition_start_date condition_status_concept_id visit_occurrence_id "
        "condition_source_value\n10 0 2024-01-01 32903 1 I50.0"
    ),
}


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    for name, frame in TABLES.items():
        write_deltalake(tmp_path / name.upper(), stored_table(name, frame))
    return tmp_path


def people(lake: Path) -> int:
    with connect(SourceSettings(path=lake)) as cdm:
        return int(cdm.table("person").count().execute())


def test_a_cohort_is_found_in_delta_tables(lake: Path) -> None:
    with connect(SourceSettings(path=lake)) as cdm:
        cohort = build_cohort(cdm, CohortSettings(unplanned="assume_unplanned", complete_follow_up=False))
        assert cohort.states["readmitted"] == 1
        assert (cdm.fingerprint_is_weak, cdm.fingerprint) == (False, source_fingerprint(SourceSettings(path=lake)))


def test_what_was_deleted_or_overwritten_is_not_read(lake: Path) -> None:
    more = stored_table("person", rows("person_id gender_concept_id year_of_birth\n11 8507 1940\n12 8532 1950"))
    write_deltalake(lake / "PERSON", more, mode="append")
    assert people(lake) == 3
    DeltaTable(lake / "PERSON").delete("person_id = 11")
    assert people(lake) == 2
    write_deltalake(lake / "PERSON", more, mode="overwrite")
    assert people(lake) == 2
    assert len(list((lake / "PERSON").glob("*.parquet"))) > 1


def test_partitioned_tables_have_their_partition_column(lake: Path) -> None:
    table = stored_table("person", rows("person_id gender_concept_id year_of_birth\n11 8507 1940\n12 8532 1950"))
    write_deltalake(
        lake / "death",
        pa.table({"person_id": table["person_id"], "death_date": ["2024-01-01", "2024-02-01"]}),
        partition_by=["death_date"],
    )
    with connect(SourceSettings(path=lake)) as cdm:
        days = cdm.frame(cdm.table("death").order_by("person_id"), "deaths")["death_date"]
        assert [str(day)[:10] for day in days] == ["2024-01-01", "2024-02-01"]


def test_the_fingerprint_is_the_version(lake: Path) -> None:
    settings = SourceSettings(path=lake)
    before = source_fingerprint(settings)
    DeltaTable(lake / "PERSON").optimize.compact()
    unchanged = source_fingerprint(settings)
    write_deltalake(lake / "PERSON", stored_table("person", TABLES["person"]), mode="append")
    assert before == unchanged
    assert source_fingerprint(settings) != before


def test_delta_and_parquet_may_stand_side_by_side(lake: Path) -> None:
    import pyarrow.parquet as pq

    pq.write_table(stored_table("death", rows("person_id death_date\n10 2024-03-01")), lake / "death.parquet")
    with connect(SourceSettings(path=lake)) as cdm:
        assert cdm.has("death")


def test_a_damaged_log_is_told_without_its_text(lake: Path) -> None:
    log = next((lake / "PERSON" / "_delta_log").glob("*.json"))
    log.write_text('{"broken SECRET')
    with pytest.raises(DataError, match="log is damaged") as told:
        connect(SourceSettings(path=lake))
    assert "table person" in str(told.value)
    assert "SECRET" not in str(told.value)


def test_a_missing_data_file_is_told(lake: Path) -> None:
    next((lake / "PERSON").glob("*.parquet")).unlink()
    with pytest.raises(DataError, match="lacks files") as told:
        connect(SourceSettings(path=lake))
    assert "table person" in str(told.value)


def test_without_the_package_its_name_is_told(lake: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "deltalake", None)
    with pytest.raises(StudyError, match="needs the package deltalake") as told:
        connect(SourceSettings(path=lake))
    assert "hfrisk[delta]" in str(told.value)
