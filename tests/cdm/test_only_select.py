"""PostgreSQL's own log of statements: the schema of the data is only ever read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlglot
import sqlglot.expressions as sge

from hfrisk.cdm import SourceSettings, connect, made_up
from hfrisk.cohort import CohortSettings, build_cohort
from hfrisk.errors import HfriskError
from tests.engines import PostgresUnderTest
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
def postgres(only_postgres: PostgresUnderTest) -> Iterator[PostgresUnderTest]:
    return only_postgres


# Statements of the session alone: they name no table.
SESSION = {"SET", "BEGIN", "COMMIT", "ROLLBACK", "DEALLOCATE"}


def what_a_statement_does(said: str, source: str) -> tuple[str, set[str]]:
    """Its first word, and the schemas of what it makes, fills, changes or drops; a query makes nothing."""
    verb = said.split()[0].upper()
    if verb in SESSION:
        assert source not in said, said
        return verb, set()
    (statement,) = sqlglot.parse(said, read="postgres")
    assert statement is not None, said
    assert not list(statement.find_all(sge.Insert, sge.Update, sge.Delete, sge.Merge)), said
    if isinstance(statement, sge.Query):
        return "SELECT", set()
    if verb == "ANALYZE":
        return verb, {said.split()[1].split(".")[0].strip('"')}
    assert isinstance(statement, (sge.Create, sge.Drop)), said
    made = statement if isinstance(statement, sge.Drop) else statement.this
    temporary = statement.find(sge.TemporaryProperty) is not None
    return verb, {"pg_temp" if temporary else table.db for table in made.find_all(sge.Table)}


def test_nothing_but_select_touches_the_schema_of_the_data(postgres: PostgresUnderTest, tmp_path: Path) -> None:
    began = len(postgres.statements())
    with postgres.open(TABLES, stages=tmp_path / "stages") as cdm:
        source = postgres.settings_of(cdm)["omop_schema"]
        build_cohort(cdm, CohortSettings(unplanned="assume_unplanned", complete_follow_up=False))
        cdm.values([{"code": str(i)} for i in range(500)], {"code": "string"})
        cdm.empty_scratch()
    said = postgres.statements()[began:]
    done = [what_a_statement_does(line, source) for line in said]
    assert {schema for _, made in done for schema in made} == {"scratch", "pg_temp"}
    # the source is named by queries, and by the query that a result is made from; it is named at all
    naming = {verb for (verb, _), line in zip(done, said, strict=True) if f'"{source}"' in line}
    assert naming == {"SELECT", "CREATE"}
    assert {verb for verb, _ in done} <= {"SELECT", "CREATE", "DROP", "ANALYZE", *SESSION}


def test_what_is_left_in_the_database_is_what_was_there(postgres: PostgresUnderTest, tmp_path: Path) -> None:
    def everything() -> list[tuple[str, str, int]]:
        with postgres.admin() as server:
            found = server.execute(
                "SELECT schemaname, relname, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_user_tables "
                "WHERE schemaname NOT LIKE 'pg_temp%' ORDER BY 1, 2"
            ).fetchall()
        return [tuple(row) for row in found]

    postgres.open(TABLES).close()
    before = everything()
    schema = postgres.last["omop_schema"]
    cdm = connect(SourceSettings(**postgres.last), stages=tmp_path / "stages")
    cdm.materialise(cdm.table("person"), "people", [], order=["person_id"])
    cdm.empty_scratch()
    cdm.close()
    assert everything() == before
    assert any(name == schema for name, _, _ in before)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM {source}.person",
        "CREATE TABLE {source}.copied AS SELECT 1 AS one",
        "CREATE TABLE scratch.copied AS SELECT 1 AS one",
        "CREATE TEMPORARY TABLE copied AS SELECT 1 AS one",
        "DROP TABLE {source}.person",
    ],
)
def test_the_server_itself_keeps_the_session_from_writing(postgres: PostgresUnderTest, statement: str) -> None:
    """Even with an account that may do anything, whatever is sent outside the few statements that keep a result."""
    import psycopg

    cdm = postgres.open(TABLES)
    source = postgres.settings_of(cdm)["omop_schema"]
    with postgres.admin() as server:
        server.execute("ALTER ROLE analyst SUPERUSER")
    try:
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            cdm.connection.raw_sql(statement.format(source=source))
    finally:
        with postgres.admin() as server:
            server.execute("ALTER ROLE analyst NOSUPERUSER")


def test_an_account_that_could_write_to_the_source_is_told(postgres: PostgresUnderTest) -> None:
    assert "HFR004" not in {check.code for check in postgres.open(TABLES).checks}
    with postgres.admin() as server:
        server.execute(f'GRANT INSERT ON "{postgres.last["omop_schema"]}".person TO analyst')
    with connect(SourceSettings(**postgres.last)) as cdm:
        assert "HFR004" in {check.code for check in cdm.checks}


def test_where_temporary_tables_are_forbidden_the_source_is_read_all_the_same(
    postgres: PostgresUnderTest, tmp_path: Path
) -> None:
    with postgres.admin() as server:
        server.execute("REVOKE TEMPORARY ON DATABASE omop FROM PUBLIC")
    try:
        cdm = postgres.open(TABLES, stages=tmp_path / "stages")
        assert cdm.table("person").count().execute() == 1
        assert cdm.values([{"k": i} for i in range(100)], {"k": "int64"}).count().execute() == 100
    finally:
        with postgres.admin() as server:
            server.execute("GRANT TEMPORARY ON DATABASE omop TO PUBLIC")


def test_a_table_that_may_not_be_read_is_not_there(postgres: PostgresUnderTest) -> None:
    with postgres.open({**TABLES, "death": rows("person_id death_date\n10 2024-02-01")}) as cdm:
        assert cdm.has("death")
    with postgres.admin() as server:
        server.execute(f'REVOKE SELECT ON "{postgres.last["omop_schema"]}".death FROM analyst')
    with connect(SourceSettings(**postgres.last)) as cdm:
        assert not cdm.has("death")
    with pytest.raises(HfriskError, match="No OMOP table was found that this account may read"):
        connect(SourceSettings(engine="postgres", omop_schema="nowhere"))


def test_made_up_tables_name_no_schema_of_the_data(postgres: PostgresUnderTest) -> None:
    postgres.open(TABLES).close()
    began = len(postgres.statements())
    with made_up(SourceSettings(**postgres.last), TABLES) as cdm:
        build_cohort(cdm, CohortSettings(unplanned="assume_unplanned", complete_follow_up=False))
    said = postgres.statements()[began:]
    assert said
    assert not [line for line in said if postgres.last["omop_schema"] in line]


def test_an_index_on_a_column_of_the_source_is_used(postgres: PostgresUnderTest) -> None:
    """Integers of any width and dates stand in the query as they are: a cast would hide their index."""
    people = rows("person_id gender_concept_id year_of_birth\n" + "\n".join(f"{i} 8507 1940" for i in range(1, 3001)))
    postgres.open({**TABLES, "person": people}).close()
    schema = postgres.last["omop_schema"]
    with postgres.admin() as server:
        server.execute(f'ALTER TABLE "{schema}".person ALTER COLUMN person_id TYPE integer')
        server.execute(f'CREATE INDEX ON "{schema}".person (person_id)')
        server.execute(f'ANALYZE "{schema}".person')
    with connect(SourceSettings(**postgres.last)) as cdm:
        person = cdm.table("person")
        assert person.schema()["person_id"].is_int64()
        query = cdm.backend.compile(person.filter(person.person_id == 77).select("year_of_birth"))
        plan = "\n".join(row[0] for row in cdm.connection.con.execute(f"EXPLAIN {query}").fetchall())
    assert "Index Scan" in plan


def test_a_kept_result_has_the_types_that_it_was_declared_with(postgres: PostgresUnderTest, tmp_path: Path) -> None:
    """A sum of whole numbers is a decimal in PostgreSQL."""
    cdm = postgres.open(TABLES, stages=tmp_path / "stages")
    visits = cdm.table("visit_occurrence")
    summed = visits.group_by("person_id").aggregate(
        stays=visits.visit_concept_id.cast("int64").sum(), mean=visits.visit_concept_id.mean()
    )
    cdm.materialise(summed, "summed", [], order=["person_id"])
    with postgres.admin() as server:
        kinds = server.execute(
            "SELECT column_name, data_type FROM information_schema.columns WHERE table_name LIKE '%summed%' ORDER BY 1"
        ).fetchall()
    assert kinds == [("mean", "double precision"), ("person_id", "bigint"), ("stays", "bigint")]
    cdm.empty_scratch()
