"""The table contract gives the same tables on DuckDB, PostgreSQL and Spark, whatever kind of column the source has."""

from __future__ import annotations

from datetime import date, datetime

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hfrisk.cdm import SourceSettings, made_up
from hfrisk.errors import DataError
from tests.engines import EngineUnderTest
from tests.omop_text import rows

PERSON = rows("person_id gender_concept_id year_of_birth\n10 8507 1940\n11 8532 1950")
VISITS = rows("""visit_occurrence_id person_id visit_concept_id visit_start_date visit_start_datetime visit_end_date
    1 10 9201 2024-01-01 2024-01-01T10:30:00 2024-01-05
    2 11 9201 2024-02-28 - 2024-02-29""")

# What text in a column of dates, times, numbers and whole numbers is read as: None where it cannot be.
DATES: dict[str, date | None] = {
    "2024-01-05": date(2024, 1, 5),
    "2024-1-5": date(2024, 1, 5),
    "2024/01/05": date(2024, 1, 5),
    " 2024-01-05 ": date(2024, 1, 5),
    "2024-01-05 00:00:00": date(2024, 1, 5),
    "2024-01-05T10:00:00.1234567+01:00": date(2024, 1, 5),
    "2024-02-29": date(2024, 2, 29),
    "2000-02-29": date(2000, 2, 29),
    "1900-02-29": None,
    "2023-02-29": None,
    "2024-02-30": None,
    "2024-04-31": None,
    "2024-13-01": None,
    "2024-00-10": None,
    "2024-01-00": None,
    "0000-01-01": None,
    "2024": None,
    "2024-03": None,
    "20240105": None,
    "05/01/2024": None,
    "12024-01-01": None,
    "infinity": None,
    "epoch": None,
    "now": None,
    "10:00": None,
    "2024-01-05 x": None,
    "2024-01-05 25:00:00": None,
}
MOMENTS: dict[str, datetime | None] = {
    "2024-01-05": datetime(2024, 1, 5),
    "2024-01-05 10:30": datetime(2024, 1, 5, 10, 30),
    "2024-01-05T10:30:15": datetime(2024, 1, 5, 10, 30, 15),
    "2024-01-05 10:30:15.5": datetime(2024, 1, 5, 10, 30, 15, 500_000),
    "2024-01-05 10:30:15.1234567": datetime(2024, 1, 5, 10, 30, 15, 123_456),
    # the clock on the wall, wherever it hangs
    "2024-06-05T10:30:15Z": datetime(2024, 6, 5, 10, 30, 15),
    "2024-06-05 10:30:15+01:00": datetime(2024, 6, 5, 10, 30, 15),
    "2024-06-05T10:30:15.25+0100": datetime(2024, 6, 5, 10, 30, 15, 250_000),
    "2024-06-05 10:30:15 UTC": datetime(2024, 6, 5, 10, 30, 15),
    "2024-06-05 24:00:00": None,
    "10:30": None,
    "2024-02-30 10:00:00": None,
}
NUMBERS: dict[str, float | None] = {
    "1.5": 1.5,
    ".5": 0.5,
    "5.": 5.0,
    "+5": 5.0,
    "-0.25": -0.25,
    "1.5e3": 1500.0,
    "0.1": 0.1,
    " 7 ": 7.0,
    "nan": None,
    "inf": None,
    "1e400": None,
    "1_000": None,
    "1,5": None,
    ">35000": None,
    "0x1F": None,
}
WHOLE: dict[str, int | None] = {
    "9201": 9201,
    "9201.0": 9201,
    "-5": -5,
    "+5": 5,
    "12.7": None,
    "1e3": None,
    "true": None,
    "abc": None,
}


def test_typed_columns_and_their_types(engine: EngineUnderTest) -> None:
    cdm = engine.open({"person": PERSON, "visit_occurrence": VISITS})
    visits = cdm.table("visit_occurrence")
    kinds = visits.schema()
    assert (kinds["visit_start_date"].is_date(), kinds["visit_start_datetime"].is_timestamp()) == (True, True)
    assert (kinds["visit_concept_id"].is_int64(), kinds["person_id"].is_int64()) == (True, True)
    found = cdm.frame(visits.order_by("visit_occurrence_id"), "visits")
    assert [str(value)[:10] for value in found["visit_end_date"]] == ["2024-01-05", "2024-02-29"]
    assert found["visit_start_datetime"].iloc[0] == pd.Timestamp("2024-01-01 10:30")
    assert pd.isna(found["visit_start_datetime"].iloc[1])
    assert cdm.checks[0].code == "HFR001"


def test_text_is_read_by_one_set_of_rules(engine: EngineUnderTest) -> None:
    """Columns of text throughout: a date, a time, a number and a whole number in every spelling that we have met."""
    texts = [*DATES, *MOMENTS, *NUMBERS, *WHOLE]
    frame = pd.DataFrame(
        {
            "measurement_id": [f"m{i}" for i in range(len(texts))],
            "person_id": "10",
            "measurement_concept_id": texts,
            "measurement_date": texts,
            "measurement_datetime": texts,
            "value_as_number": texts,
        }
    )
    cdm = engine.open({"person": PERSON, "measurement": frame})
    table = cdm.table("measurement")
    table = table.mutate(
        measurement_date=table.measurement_date.cast("string"), at=table.measurement_datetime.cast("string")
    )
    found = cdm.frame(table, "measurements").set_index("measurement_id")
    found.index = [texts[int(str(key)[1:])] for key in found.index]
    for text, day in DATES.items():
        told = found.loc[[text], "measurement_date"].iloc[0]
        assert (None if pd.isna(told) else str(told)[:10]) == (None if day is None else day.isoformat()), text
    for text, moment in MOMENTS.items():
        told = found.loc[[text], "measurement_datetime"].iloc[0]
        assert (None if pd.isna(told) else pd.Timestamp(told)) == (None if moment is None else pd.Timestamp(moment)), (
            text
        )
    for text, number in NUMBERS.items():
        told = found.loc[[text], "value_as_number"].iloc[0]
        assert (None if pd.isna(told) else float(told)) == number, text
    for text, whole in WHOLE.items():
        told = found.loc[[text], "measurement_concept_id"].iloc[0]
        assert (None if pd.isna(told) else int(told)) == whole, text
    counted = {check.facts["column"]: check.counts["values"] for check in cdm.checks if check.code == "HFR002"}
    assert counted["measurement_date"] == sum(pd.isna(value) for value in found["measurement_date"])


@pytest.mark.parametrize(
    "person", ["-9223372036854775808", "9223372036854775807", "P001", "0010", "9d5c7a", "18446744073709551615"]
)
def test_ids_are_opaque(engine: EngineUnderTest, person: str) -> None:
    cdm = engine.open(
        {"person": PERSON.assign(person_id=[person, "1"]), "visit_occurrence": VISITS.assign(person_id=[person, "1"])}
    )
    joined = cdm.table("person").inner_join(cdm.table("visit_occurrence"), "person_id").select("person_id")
    assert person in {str(value) for value in cdm.frame(joined, "ids")["person_id"]}


def test_binary_ids_become_lower_case_hexadecimal_text(engine: EngineUnderTest) -> None:
    hashed = {"10": bytes([0xAB, 10]), "11": bytes([0, 255])}
    cdm = engine.open(
        {
            "person": PERSON.assign(person_id=[hashed[key] for key in PERSON["person_id"]]),
            "visit_occurrence": VISITS.assign(person_id=[hashed[key] for key in VISITS["person_id"]]),
        }
    )
    assert sorted(cdm.frame(cdm.table("visit_occurrence"), "ids")["person_id"]) == ["00ff", "ab0a"]
    assert (cdm.id_type("person_id"), cdm.id_type("visit_occurrence_id")) == ("string", "int64")


def test_names_in_any_case_and_both_spellings(engine: EngineUnderTest) -> None:
    shouted = VISITS.assign(discharge_to_source_value="79").rename(columns=str.upper)
    cdm = engine.open({"person": PERSON.rename(columns=str.title), "visit_occurrence": shouted})
    assert set(cdm.frame(cdm.table("visit_occurrence"), "visits")["discharged_to_source_value"]) == {"79"}
    assert list(cdm.table("person").columns)[:2] == ["person_id", "gender_concept_id"]


def test_a_column_that_the_source_calls_otherwise(engine: EngineUnderTest) -> None:
    visits = VISITS.assign(ADMIMETH=["21", "11"], admission_method=["wrong", "wrong"])
    cdm = engine.open(
        {"person": PERSON, "visit_occurrence": visits}, columns={"visit_occurrence.Admission_Method": "admimeth"}
    )
    assert sorted(cdm.frame(cdm.table("visit_occurrence"), "visits")["admission_method"]) == ["11", "21"]


def test_a_column_that_the_source_does_not_have_is_told(engine: EngineUnderTest) -> None:
    with pytest.raises(DataError, match="no column admimeth") as told:
        engine.open({"person": PERSON}, columns={"visit_occurrence.admission_method": "ADMIMETH"})
    assert "visit_occurrence.admission_method" in str(told.value)


def test_an_absent_table_is_empty_and_has_its_columns(engine: EngineUnderTest) -> None:
    cdm = engine.open({"person": PERSON})
    absent = cdm.table("measurement")
    assert not cdm.has("measurement")
    assert cdm.frame(absent.inner_join(cdm.table("person"), "person_id").count().as_table(), "nothing").iloc[0, 0] == 0
    assert absent.schema()["value_as_number"].is_float64()


def test_a_source_without_a_required_table_is_refused(engine: EngineUnderTest) -> None:
    with pytest.raises(DataError, match="Required tables are missing: visit_occurrence, condition_occurrence"):
        engine.open({"person": PERSON}, only=("person",))


def test_values_are_written_into_the_query(engine: EngineUnderTest) -> None:
    cdm = engine.open({"person": PERSON})
    nasty = "it's \\ a 'quoted' \\' \"word\" %s {x} $1 -- ; \n\ttab £µ – 心"
    table = cdm.values(
        [
            {
                "k": 1,
                "text": nasty,
                "number": 0.1,
                "day": date(2024, 2, 29),
                "at": datetime(2024, 1, 1, 10, 30),
                "yes": True,
            },
            {"k": 2},
        ],
        {"k": "int64", "text": "string", "number": "float64", "day": "date", "at": "timestamp", "yes": "boolean"},
    )
    assert {name: str(kind) for name, kind in table.schema().items()}["number"] == "float64"
    found = cdm.frame(table.order_by("k"), "values")
    first, second = found.iloc[0], found.iloc[1]
    assert (first["text"], float(first["number"]), str(first["day"])[:10]) == (nasty, 0.1, "2024-02-29")
    assert (pd.Timestamp(first["at"]), bool(first["yes"])) == (pd.Timestamp("2024-01-01 10:30"), True)
    assert pd.isna(second[["text", "number", "day", "at", "yes"]]).all()


def test_many_values_and_none(engine: EngineUnderTest) -> None:
    cdm = engine.open({"person": PERSON})
    many = cdm.values(
        [{"code": f"E{i:05d}", "score": i / 7} for i in range(3000)], {"code": "string", "score": "float64"}
    )
    found = cdm.frame(many.order_by("code"), "values")
    assert list(found["score"]) == [i / 7 for i in range(3000)]
    nothing = cdm.values([], {"code": "string", "score": "float64"})
    assert cdm.frame(nothing.left_join(many, "code"), "values").empty


def test_a_column_of_values_without_a_type_is_a_fault_of_the_code(engine: EngineUnderTest) -> None:
    cdm = engine.open({"person": PERSON})
    with pytest.raises(ValueError, match="without a type: b"):
        cdm.values([{"a": 1, "b": 2}], {"a": "int64"})
    with pytest.raises(ValueError, match="bytes"):
        cdm.values([{"a": b"1"}], {"a": "string"})


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    texts=st.lists(
        st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\x00"), max_size=12),
        min_size=1,
        max_size=40,
    )
)
def test_any_text_comes_back_as_it_was(engine: EngineUnderTest, texts: list[str]) -> None:
    cdm = made_up(SourceSettings(**engine.anywhere()), {})
    with cdm:
        table = cdm.values([{"k": i, "text": text} for i, text in enumerate(texts)], {"k": "int64", "text": "string"})
        assert list(cdm.frame(table.order_by("k"), "values")["text"]) == texts


def test_made_up_tables_stand_in_for_the_source(engine: EngineUnderTest) -> None:
    with made_up(
        SourceSettings(**engine.anywhere()), {"person": PERSON, "visit_occurrence": VISITS.assign(person_id=[10, None])}
    ) as cdm:
        assert cdm.engine == engine.name
        visits = cdm.frame(cdm.table("visit_occurrence").order_by("visit_occurrence_id"), "visits")
        assert (int(visits["person_id"].iloc[0]), bool(pd.isna(visits["person_id"].iloc[1]))) == (10, True)
        assert str(visits["visit_start_datetime"].iloc[0]) == "2024-01-01 10:30:00"
        assert cdm.frame(cdm.table("condition_occurrence"), "conditions").empty
        kept = cdm.materialise(cdm.table("person").select("person_id"), "people", [], order=["person_id"])
        assert list(cdm.frame(kept.table.order_by("person_id"), "people")["person_id"]) == [10, 11]


def test_two_sources_open_at_once_do_not_see_each_other(engine: EngineUnderTest) -> None:
    first = engine.open({"person": PERSON})
    second = engine.open({"person": PERSON.iloc[:1]})
    assert [int(cdm.table("person").count().execute()) for cdm in (first, second)] == [2, 1]
    second.close()
    assert int(first.table("person").count().execute()) == 2
