"""OMOP tables as they are really written: any case, both spellings, text where dates should be, ids of any kind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from hfrisk.cdm import Cdm, SourceSettings, connect
from hfrisk.cohort import CohortSettings, build_cohort
from hfrisk.errors import DataError, StudyError

VISITS = """visit_occurrence_id person_id visit_concept_id visit_start_date visit_end_date
1 10 9201 2024-01-01 2024-01-05
2 10 9201 2024-01-15 2024-01-16"""
CONDITIONS = """person_id condition_start_date condition_status_concept_id visit_occurrence_id condition_source_value
10 2024-01-01 32903 1 I50.0"""
PERSON = "person_id gender_concept_id year_of_birth\n10 8507 1940"
SETTINGS = CohortSettings(unplanned="assume_unplanned", complete_follow_up=False)


def open_source(path: Path) -> Cdm:
    return connect(SourceSettings(path=path))


@pytest.fixture
def folder(omop: Callable[..., Path]) -> Path:
    return omop(person=PERSON, visit_occurrence=VISITS, condition_occurrence=CONDITIONS)


def states(path: Path) -> dict[str, int]:
    return build_cohort(open_source(path), SETTINGS).states


EXPECTED = {"readmitted": 1, "died": 0, "none": 0, "censored": 0}


def test_csv_parquet_gzip_and_duckdb_say_the_same(folder: Path, tmp_path: Path) -> None:
    assert states(folder) == EXPECTED
    parquet, zipped, database = tmp_path / "parquet", tmp_path / "zipped", tmp_path / "omop.duckdb"
    parquet.mkdir()
    zipped.mkdir()
    with duckdb.connect(str(database)) as connection:
        for file in folder.glob("*.csv"):
            frame = pd.read_csv(file)
            frame.to_parquet(parquet / f"{file.stem}.parquet")
            frame.to_csv(zipped / f"{file.stem}.csv.gz", index=False)
            connection.execute(f"CREATE TABLE {file.stem} AS SELECT * FROM frame")
    assert states(parquet) == states(zipped) == states(database) == EXPECTED


def test_upper_case_names_dot_files_and_unknown_files_do_no_harm(folder: Path, tmp_path: Path) -> None:
    shouting = tmp_path / "shouting"
    shouting.mkdir()
    for file in folder.glob("*.csv"):
        frame = pd.read_csv(file)
        frame.columns = [column.upper() for column in frame.columns]
        frame.to_csv(shouting / f"{file.stem.upper()}.CSV", index=False)
    (shouting / ".DS_Store").write_bytes(b"\x00\x01")
    (shouting / "._person.csv").write_bytes(b"\x00\x01")
    (shouting / "notes.txt").write_text("hello")
    (shouting / "my_cohort.csv").write_text("a,b\n1,2,3\n")
    assert states(shouting) == EXPECTED


def test_a_folder_of_parts_is_one_table(folder: Path, tmp_path: Path) -> None:
    parts = tmp_path / "parts"
    for file in folder.glob("*.csv"):
        (parts / file.stem).mkdir(parents=True)
        frame = pd.read_csv(file)
        frame.iloc[:1].to_parquet(parts / file.stem / "part-0.parquet")
        frame.iloc[1:].to_parquet(parts / file.stem / "part-1.parquet")
    assert states(parts) == EXPECTED


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("admitting_source_value", "admitted_from_source_value"),
        ("discharge_to_source_value", "discharged_to_source_value"),
    ],
)
def test_both_spellings_of_where_from_and_where_to_are_read(folder: Path, old: str, new: str) -> None:
    for column in (old, new):
        frame = (
            pd.read_csv(folder / "visit_occurrence.csv")
            .drop(columns=[old, new], errors="ignore")
            .assign(**{column: "79"})
        )
        frame.to_csv(folder / "visit_occurrence.csv", index=False)
        assert set(open_source(folder).table("visit_occurrence").execute()[new]) == {"79"}


@pytest.mark.parametrize("person", ["-9223372036854775808", "P001", "0010", "9d5c7a", "18446744073709551615"])
def test_ids_are_opaque(omop: Callable[..., Path], person: str) -> None:
    path = omop(
        person=PERSON.replace("\n10", f"\n{person}"),
        visit_occurrence=VISITS.replace(" 10 ", f" {person} "),
        condition_occurrence=CONDITIONS.replace("\n10 ", f"\n{person} "),
    )
    cohort = build_cohort(open_source(path), SETTINGS)
    assert [str(value) for value in cohort.table.execute()["person_id"]] == [person]


def test_binary_ids_become_lower_case_hexadecimal_text(folder: Path, tmp_path: Path) -> None:
    binary = tmp_path / "binary"
    binary.mkdir()
    for file in folder.glob("*.csv"):
        frame = pd.read_csv(file)
        for column in ("person_id", "visit_occurrence_id"):
            if column in frame:
                frame[column] = [bytes([0xAB, int(value)]) for value in frame[column]]
        frame.to_parquet(binary / f"{file.stem}.parquet")
    row = build_cohort(open_source(binary), SETTINGS).table.execute().iloc[0]
    assert (row["person_id"], row["index_id"]) == ("ab0a", "ab01")


def test_columns_of_nothing_and_columns_of_text_have_the_contract_s_types(folder: Path, tmp_path: Path) -> None:
    typed = tmp_path / "typed"
    typed.mkdir()
    for file in folder.glob("*.csv"):
        frame = pd.read_csv(file, dtype=str)
        if file.stem == "visit_occurrence":
            frame["visit_end_datetime"] = pd.Series([None, None], dtype="float64")
            frame["care_site_id"] = pd.Series([None, None], dtype="Int32")
            frame["visit_concept_id"] = frame["visit_concept_id"] + ".0"
        frame.to_parquet(typed / f"{file.stem}.parquet")
    cdm = open_source(typed)
    schema = cdm.table("visit_occurrence").schema()
    assert (
        schema["visit_start_date"].is_date(),
        schema["visit_end_datetime"].is_timestamp(),
        schema["visit_concept_id"].is_int64(),
    ) == (
        True,
        True,
        True,
    )
    assert build_cohort(cdm, SETTINGS).states == EXPECTED


def test_an_absent_optional_table_is_empty_and_told(folder: Path) -> None:
    cdm = open_source(folder)
    assert cdm.table("measurement").count().execute() == 0
    assert [check.code for check in cdm.checks] == ["HFR001"]


def test_values_that_cannot_be_read_are_counted_and_never_shown(folder: Path) -> None:
    frame = pd.read_csv(folder / "visit_occurrence.csv")
    frame.loc[1, "visit_start_date"] = "NHS-943-476-5919"
    frame.to_csv(folder / "visit_occurrence.csv", index=False)
    told = [check for check in open_source(folder).checks if check.code == "HFR002"]
    assert [check.counts for check in told] == [{"values": 1}]
    assert "visit_start_date" in told[0].text()
    assert "943" not in told[0].text()


def test_a_date_that_is_not_one_is_counted(folder: Path) -> None:
    frame = pd.read_csv(folder / "visit_occurrence.csv")
    frame.loc[1, "visit_start_date"] = "2023-02-30"
    frame.to_csv(folder / "visit_occurrence.csv", index=False)
    assert "HFR002" in {check.code for check in open_source(folder).checks}


def test_the_fingerprint_changes_with_the_content_and_with_nothing_else(folder: Path) -> None:
    before = open_source(folder).fingerprint
    (folder / "notes.txt").write_text("hello")
    assert open_source(folder).fingerprint == before
    text = (folder / "person.csv").read_text().replace("1940", "1941")
    (folder / "person.csv").write_text(text)
    assert open_source(folder).fingerprint != before


def test_no_such_path_is_a_fault_of_the_study(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="There is no file or folder"):
        open_source(tmp_path / "nothing")


def test_an_empty_folder_says_what_it_should_hold(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="No OMOP table was found") as told:
        open_source(tmp_path)
    assert "person.parquet" in str(told.value)


def test_a_missing_table_is_named(folder: Path) -> None:
    (folder / "visit_occurrence.csv").unlink()
    with pytest.raises(DataError, match="visit_occurrence"):
        open_source(folder)


def test_a_missing_column_is_named_with_its_table(folder: Path) -> None:
    pd.read_csv(folder / "visit_occurrence.csv").drop(columns="visit_end_date").to_csv(
        folder / "visit_occurrence.csv", index=False
    )
    with pytest.raises(DataError, match="visit_end_date") as told:
        open_source(folder)
    assert "table visit_occurrence" in str(told.value)


def test_a_column_named_by_an_expression_is_recognised(folder: Path) -> None:
    frame = pd.read_csv(folder / "visit_occurrence.csv").rename(
        columns={"visit_start_date": "date(visit_start_date,'unixepoch')"}
    )
    frame.to_csv(folder / "visit_occurrence.csv", index=False)
    with pytest.raises(DataError, match="visit_start_date") as told:
        open_source(folder)
    assert "an expression around visit_start_date" in str(told.value)


def test_a_file_without_a_header_is_told_without_a_value_of_its_first_row(folder: Path) -> None:
    (folder / "person.csv").write_text("9434765919,8507,1960,5,SECRET\n2,8532,1950,6,SECRET\n")
    with pytest.raises(DataError, match="header line") as told:
        open_source(folder)
    assert "9434765919" not in str(told.value)
    assert "SECRET" not in str(told.value)


@pytest.mark.parametrize("keep", [0.55, 0.8])
def test_a_csv_cut_in_the_middle_is_found_and_no_value_is_told(folder: Path, keep: float) -> None:
    lines = ["condition_occurrence_id,person_id,condition_concept_id,condition_start_date,condition_source_value"]
    lines += [f"{i},10,0,2024-01-01,SECRET{i}" for i in range(200)]
    text = "\n".join(lines)
    cut = text[: int(len(text) * keep)].rsplit(",", 2)[0]
    (folder / "condition_occurrence.csv").write_text(cut)
    with pytest.raises(DataError, match="damaged, cut short") as told:
        open_source(folder)
    assert "condition_occurrence.csv" in str(told.value)
    assert "SECRET" not in str(told.value)


def test_a_damaged_parquet_and_a_damaged_gzip_are_found(folder: Path) -> None:
    (folder / "person.csv").unlink()
    (folder / "person.parquet").write_bytes(b"PAR1 and then nothing")
    with pytest.raises(DataError, match="damaged"):
        open_source(folder)
    (folder / "person.parquet").unlink()
    (folder / "person.csv.gz").write_bytes(b"\x1f\x8b\x08\x00broken")
    with pytest.raises(DataError, match="damaged"):
        open_source(folder)


def test_one_table_in_two_files_is_refused(folder: Path) -> None:
    pd.read_csv(folder / "person.csv").to_parquet(folder / "person.parquet")
    with pytest.raises(DataError, match="twice"):
        open_source(folder)


def test_tables_without_rows_say_that_nobody_was_found(omop: Callable[..., Path]) -> None:
    with pytest.raises(DataError, match="No inpatient stay was found"):
        build_cohort(open_source(omop()), SETTINGS)


def test_nothing_is_written_to_the_source(folder: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    build_cohort(open_source(folder), SETTINGS)
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == before
