"""What is Spark's own: schemas of two and three parts, the session that is there, files as Spark and pandas write them."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd
import pytest

from hfrisk.cdm import Cdm, SourceSettings, connect, source_fingerprint
from hfrisk.errors import DataError, HfriskError, StudyError
from tests.engines import SparkUnderTest, stored_table
from tests.omop_text import rows

TABLES = {
    "person": rows("person_id gender_concept_id year_of_birth\n2 8507 1940\n1 8532 1950"),
    "visit_occurrence": rows(
        "visit_occurrence_id person_id visit_concept_id visit_start_date visit_end_date\n1 1 9201 2024-01-01 2024-01-05"
    ),
    "condition_occurrence": None,
}


@pytest.fixture
def schema(only_spark: SparkUnderTest) -> str:
    """A schema of the session's catalogue that holds the tables, and a scratch schema beside it."""
    session = only_spark.session
    only_spark.number += 1
    name = f"omop_{only_spark.number}"
    session.sql(f"CREATE SCHEMA {name}")
    session.sql(f"CREATE SCHEMA {name}_scratch")
    for table, frame in TABLES.items():
        session.createDataFrame(stored_table(table, frame)).write.saveAsTable(f"{name}.{table.upper()}")
    return name


def keep(cdm: Cdm) -> bool:
    """Keep the persons as a stage; whether they were there already."""
    made = cdm.materialise(cdm.table("person").select("person_id"), "people", [], order=["person_id"])
    assert sorted(cdm.frame(made.table, "people")["person_id"]) == [1, 2]
    return made.reused


def test_files_that_a_killed_write_left_are_no_hindrance(
    only_spark: SparkUnderTest, schema: str, tmp_path: Path
) -> None:
    """Spark makes no table over files that are there already, and a killed write leaves some under the table's name."""
    settings = SourceSettings(engine="spark", omop_schema=schema, scratch_schema=f"{schema}_scratch")
    with connect(settings, stages=tmp_path / "stages") as cdm:
        keep(cdm)
        (table,) = cdm.backend.scratch_tables()
        where = only_spark.session.sql(f"DESCRIBE EXTENDED {schema}_scratch.{table}").filter("col_name = 'Location'")
        folder = Path(where.collect()[0].data_type.removeprefix("file:"))
        cdm.empty_scratch()
        assert not folder.exists()
        folder.mkdir()
        (folder / "part-00000.parquet").write_bytes(b"half of a")
        assert keep(cdm) is False
        cdm.empty_scratch()


@pytest.mark.parametrize("catalog", ["", "spark_catalog."])
def test_a_schema_is_read_and_another_holds_results(
    only_spark: SparkUnderTest, schema: str, catalog: str, tmp_path: Path
) -> None:
    session = only_spark.session
    settings = SourceSettings(
        engine="spark", omop_schema=f"{catalog}{schema}", scratch_schema=f"{catalog}{schema}_scratch"
    )
    with connect(settings, stages=tmp_path / "stages") as cdm:
        assert sorted(cdm.tables) == ["condition_occurrence", "person", "visit_occurrence"]
        assert (cdm.fingerprint_is_weak, cdm.fingerprint) == (True, source_fingerprint(settings))
        assert [keep(cdm), keep(cdm)] == [False, True]
    with connect(settings, stages=tmp_path / "stages") as cdm:
        assert keep(cdm) is True
        (table,) = [
            row.tableName for row in session.sql(f"SHOW TABLES IN {schema}_scratch").collect() if not row.isTemporary
        ]
        session.sql(f"INSERT INTO {schema}_scratch.{table} VALUES (3)")
        damaged = connect(settings, stages=tmp_path / "stages")
        assert (keep(damaged), damaged.rebuilt) == (False, ["people"])
        damaged.close()
        session.sql(f"CREATE TABLE {schema}_scratch.hfrisk_notes AS SELECT 1 AS one")
        (dropped,) = cdm.empty_scratch()
        # the damaged one is gone already, and the same result has another name
        assert (dropped == table, dropped.rpartition("_")[0]) == (False, table.rpartition("_")[0])
    left = [row.tableName for row in session.sql(f"SHOW TABLES IN {schema}_scratch").collect()]
    assert left == ["hfrisk_notes"]
    assert not [row for row in session.sql("SHOW TABLES").collect() if row.tableName.startswith("hfrisk_")]
    assert session.sql(f"SELECT count(*) AS n FROM {schema}.person").collect()[0].n == 2


def test_a_schema_needs_a_scratch_schema_where_something_must_stay(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="needs a schema in which results can be kept"):
        connect(SourceSettings(engine="spark", omop_schema="omop"), stages=tmp_path / "stages")


def test_a_schema_that_is_not_there_is_told(only_spark: SparkUnderTest) -> None:
    with pytest.raises(DataError, match="No OMOP table was found that this account may read"):
        connect(SourceSettings(engine="spark", omop_schema="no_such_schema"))


def test_the_session_that_is_there_is_used_and_left_alone(only_spark: SparkUnderTest) -> None:
    with only_spark.open({"person": TABLES["person"]}) as cdm:
        assert cdm.connection._session.sparkContext is only_spark.session.sparkContext
    assert only_spark.session.sql("SELECT 1 AS one").collect()[0].one == 1


def test_spark_listens_on_loopback_only_and_leaves_nothing_behind(only_spark: SparkUnderTest) -> None:
    conf = only_spark.session.sparkContext.getConf()
    assert (conf.get("spark.driver.host"), conf.get("spark.driver.bindAddress"), conf.get("spark.ui.enabled")) == (
        "127.0.0.1",
        "127.0.0.1",
        "false",
    )
    assert not [name for name in ("spark-warehouse", "metastore_db", "derby.log") if Path(name).exists()]


def test_times_to_the_nanosecond_as_pandas_writes_them(only_spark: SparkUnderTest, tmp_path: Path) -> None:
    visits = pd.DataFrame(
        {
            "visit_occurrence_id": [1],
            "person_id": [1],
            "visit_concept_id": [9201],
            "visit_start_date": pd.to_datetime(["2024-01-01"]),
            "visit_start_datetime": pd.to_datetime(["2024-01-01 10:30:15.123456789"]),
            "visit_end_date": pd.to_datetime(["2024-01-05"]),
        }
    )
    stored = {name: stored_table(name, TABLES[name]) for name in ("person", "condition_occurrence")}
    settings = only_spark.load(stored, "nanoseconds")
    visits.to_parquet(settings["path"] / "visit_occurrence.parquet", version="2.6")
    with connect(SourceSettings(**settings)) as cdm:
        row = cdm.frame(cdm.table("visit_occurrence"), "visits").iloc[0]
    assert str(row["visit_start_date"])[:10] == "2024-01-01"
    assert row["visit_start_datetime"] == pd.Timestamp("2024-01-01 10:30:15.123456")


def test_a_folder_that_spark_wrote_is_one_table(only_spark: SparkUnderTest, tmp_path: Path) -> None:
    for name, frame in TABLES.items():
        made = only_spark.session.createDataFrame(stored_table(name, frame))
        made.repartition(2).write.parquet((tmp_path / f"{name}.parquet").as_uri())
    with (
        connect(SourceSettings(engine="spark", path=tmp_path)) as spark,
        connect(SourceSettings(path=tmp_path)) as duck,
    ):
        assert [int(cdm.table("person").count().execute()) for cdm in (spark, duck)] == [2, 2]
        assert spark.fingerprint == duck.fingerprint


def test_files_of_another_kind_are_refused(only_spark: SparkUnderTest, tmp_path: Path) -> None:
    TABLES["person"].to_csv(tmp_path / "person.csv", index=False)
    with pytest.raises(DataError, match="reads Parquet and Delta tables, not CSV"):
        connect(SourceSettings(engine="spark", path=tmp_path))


def test_delta_without_its_jars_is_told(only_spark: SparkUnderTest, tmp_path: Path) -> None:
    (tmp_path / "person" / "_delta_log").mkdir(parents=True)
    with pytest.raises(HfriskError) as told:
        connect(SourceSettings(engine="spark", path=tmp_path))
    assert "table person" in str(told.value)


def test_an_error_of_spark_shows_no_value_anywhere(
    only_spark: SparkUnderTest, capfd: pytest.CaptureFixture[str]
) -> None:
    """PySpark and its Java side each log the text of an error, with the value that caused it, before they raise it."""
    cdm = only_spark.open({"person": TABLES["person"].assign(race_source_value=["SECRET943", "1"])})
    broken = cdm.table("person").mutate(number=lambda t: t.race_source_value.cast("int64")).select("number")
    with pytest.raises(HfriskError, match="could not compute this stage") as told:
        cdm.frame(broken, "broken")
    shown = capfd.readouterr()
    assert "SECRET943" not in shown.out + shown.err + str(told.value) + repr(told.value.__cause__)
    # Java's own stream was opened before this test began to listen
    logs = only_spark.session.sparkContext._jvm.org.apache.logging.log4j.LogManager
    assert logs.getRootLogger().getLevel().toString() == "OFF"


def test_without_java_the_need_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import shutil

    from pyspark.sql import SparkSession

    from hfrisk.cdm.engines.spark import start_session

    monkeypatch.setattr(SparkSession, "getActiveSession", lambda: None)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    for name in ("JAVA_HOME", "SPARK_REMOTE", "PYSPARK_GATEWAY_PORT", "PYSPARK_SUBMIT_ARGS"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(StudyError, match="needs Java 17"):
        start_session(SourceSettings(engine="spark", path=tmp_path), None)
    assert not list(os.scandir(tmp_path))
