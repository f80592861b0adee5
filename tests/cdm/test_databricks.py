"""Databricks through a stand-in for its connection, which records every statement and lets a local Spark answer it.

The stand-in shows which statements are sent and in what order, and that they are sound Spark SQL whose answers are read rightly. It
shows nothing of the service: not its credentials, its network, its own SQL beyond Spark's, nor its speed.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlglot
import sqlglot.expressions as sge

from hfrisk.cdm import SourceSettings, connect, made_up
from hfrisk.cohort import CohortSettings, build_cohort
from hfrisk.errors import DataError
from tests.engines import SparkUnderTest, stored_table
from tests.omop_text import rows

TABLES = {
    "person": rows("person_id gender_concept_id year_of_birth\n10 8507 1940"),
    "visit_occurrence": rows("""visit_occurrence_id person_id visit_concept_id visit_start_date visit_start_datetime visit_end_date
        1 10 9201 2024-01-01 2024-01-01T10:00:00 2024-01-05
        2 10 9201 2024-01-15 - 2024-01-16"""),
    "condition_occurrence": rows(
        "person_id condition_concept_id condition_start_date condition_status_concept_id visit_occurrence_id "
        "condition_source_value\n10 0 2024-01-01 32903 1 I50.0"
    ),
}


class StandIn:
    """What `databricks.sql.connect` gives: cursors, each statement of which is recorded."""

    def __init__(self, session: Any) -> None:
        self.session = session
        self.statements: list[str] = []
        self.closed = False

    def cursor(self) -> StandInCursor:
        return StandInCursor(self)

    def close(self) -> None:
        self.closed = True


class StandInCursor:
    """One statement and its answer."""

    def __init__(self, connection: StandIn) -> None:
        self.connection = connection
        self.answer: Any = None

    def __enter__(self) -> StandInCursor:
        return self

    def __exit__(self, *error: object) -> None:
        self.answer = None

    def execute(self, statement: str) -> StandInCursor:
        from databricks.sql.exc import ServerOperationError
        from pyspark.errors import AnalysisException

        self.connection.statements.append(statement)
        try:
            self.answer = self.connection.session.sql(statement)
        except AnalysisException as error:
            raise ServerOperationError(f"[{error.getCondition()}] of 943 476 5919") from None
        return self

    def fetchall(self) -> list[Any]:
        return list(self.answer.collect())

    def fetchall_arrow(self) -> Any:
        return self.answer.toArrow()

    def close(self) -> None:
        self.answer = None


@pytest.fixture
def warehouse(only_spark: SparkUnderTest, monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    import databricks.sql

    stand_in = StandIn(only_spark.session)
    given: dict[str, Any] = {}

    def dial(**arguments: Any) -> StandIn:
        given.update(arguments)
        return stand_in

    monkeypatch.setattr(databricks.sql, "connect", dial)
    for name, value in {"SERVER_HOSTNAME": "warehouse.invalid", "HTTP_PATH": "/sql/1", "TOKEN": "s3cr3t"}.items():
        monkeypatch.setenv(f"DATABRICKS_{name}", value)
    yield stand_in
    if given:
        assert given["session_configuration"] == {"TIMEZONE": "UTC"}
        assert given["enable_telemetry"] is False


@pytest.fixture
def source(only_spark: SparkUnderTest) -> SourceSettings:
    session = only_spark.session
    only_spark.number += 1
    name = f"lake_{only_spark.number}"
    session.sql(f"CREATE SCHEMA {name}")
    session.sql(f"CREATE SCHEMA {name}_scratch")
    for table, frame in TABLES.items():
        session.createDataFrame(stored_table(table, frame)).write.saveAsTable(f"{name}.{table}")
    return SourceSettings(
        engine="databricks", omop_schema=f"spark_catalog.{name}", scratch_schema=f"spark_catalog.{name}_scratch"
    )


def what_is_made(statement: str) -> set[tuple[str, str]]:
    """The kind of a statement and the schema of what it makes or drops."""
    verb = statement.split()[0].upper()
    if verb == "SHOW":
        return {("SHOW", "")}
    (parsed,) = sqlglot.parse(statement, read="databricks")
    if isinstance(parsed, sge.Query):
        return {("SELECT", "")}
    assert isinstance(parsed, (sge.Create, sge.Drop)), statement
    made = parsed if isinstance(parsed, sge.Drop) else parsed.this
    return {(f"{verb} {parsed.args['kind']}", table.db) for table in made.find_all(sge.Table)}


def test_a_cohort_through_the_connector_and_what_was_sent(
    warehouse: StandIn, source: SourceSettings, tmp_path: Path
) -> None:
    with connect(source, stages=tmp_path / "stages") as cdm:
        assert (cdm.engine, cdm.fingerprint_is_weak) == ("databricks", True)
        schema = cdm.table("visit_occurrence").schema()
        assert (schema["visit_start_datetime"].is_timestamp(), schema["person_id"].is_int64()) == (True, True)
        cohort = build_cohort(cdm, CohortSettings(unplanned="assume_unplanned", complete_follow_up=False))
        assert cohort.states["readmitted"] == 1
        made = cdm.materialise(cdm.table("person").select("person_id"), "people", [], order=["person_id"])
        assert cdm.materialise(cdm.table("person").select("person_id"), "people", [], order=["person_id"]).reused
        assert list(cdm.frame(made.table, "people")["person_id"]) == [10]
        dropped = cdm.empty_scratch()
        assert dropped
        assert all(name.startswith("hfrisk_") for name in dropped)
    scratch = source.scratch_schema.split(".")[1]
    made_where = set().union(*(what_is_made(statement) for statement in warehouse.statements))
    # a view without a schema is the session's own
    assert made_where <= {
        ("SELECT", ""),
        ("SHOW", ""),
        ("CREATE VIEW", ""),
        ("DROP VIEW", ""),
        ("CREATE TABLE", scratch),
        ("DROP TABLE", scratch),
    }
    assert all("TEMPORARY VIEW" in line for line in warehouse.statements if line.startswith("CREATE OR REPLACE"))
    assert not [line for line in warehouse.statements if "VOLUME" in line.upper() or line.upper().startswith("PUT")]
    assert warehouse.closed
    left = warehouse.session.sql(f"SHOW TABLES IN {scratch}").collect()
    assert [row.tableName for row in left if row.tableName.startswith("hfrisk_") and not row.isTemporary] == []


def test_ibis_alone_would_have_made_a_volume(warehouse: StandIn) -> None:
    """What is suppressed is really there to suppress; when Ibis stops doing it, our own class can go."""
    from databricks.sql.exc import ServerOperationError
    from ibis.backends.databricks import Backend

    with pytest.raises(ServerOperationError, match="PARSE_SYNTAX_ERROR"):
        Backend.from_connection(warehouse, memtable_volume="mine")
    assert warehouse.statements[-1].startswith("CREATE VOLUME IF NOT EXISTS")


def test_rows_are_never_uploaded(warehouse: StandIn, source: SourceSettings) -> None:
    import ibis

    with connect(source) as cdm:
        with pytest.raises(NotImplementedError, match=r"Cdm\.values"):
            cdm.connection.execute(ibis.memtable({"nhs_number": [1]}))
        long = cdm.values([{"k": i} for i in range(100)], {"k": "int64"})
        assert cdm.frame(long.count().as_table(), "values").iloc[0, 0] == 100
        people = cdm.materialise(cdm.table("person").select("person_id"), "people", [], order=["person_id"])
        assert not people.reused
    assert not warehouse.session.sql(f"SHOW TABLES IN {source.scratch_schema}").filter("NOT isTemporary").collect()


def test_made_up_tables_name_nothing_of_the_source(warehouse: StandIn, source: SourceSettings) -> None:
    with made_up(source, TABLES) as cdm:
        assert int(cdm.table("visit_occurrence").count().execute()) == 2
    assert not [line for line in warehouse.statements if f"{source.omop_schema.split('.')[1]}`." in line]


def test_a_schema_that_may_not_be_read_is_told_without_the_server_s_words(
    warehouse: StandIn, source: SourceSettings
) -> None:
    with pytest.raises(DataError, match="No OMOP table was found that this account may read") as told:
        connect(source.model_copy(update={"omop_schema": "spark_catalog.nowhere"}))
    assert "943" not in str(told.value)
    assert warehouse.closed
