"""Credentials come from the environment and go nowhere else."""

from __future__ import annotations

import json
import logging

import pytest

from hfrisk.cdm import SourceSettings, connect, source_fingerprint
from hfrisk.errors import StudyError
from tests.engines import PASSWORD, PostgresUnderTest
from tests.omop_text import rows

PERSON = rows("person_id gender_concept_id year_of_birth\n10 8507 1940")
SECRET = "s3cr3t-p%ssw0rd"
POSTGRES = SourceSettings(engine="postgres", omop_schema="omop")
DATABRICKS = SourceSettings(engine="databricks", omop_schema="hospital.omop", scratch_schema="hospital.scratch")


def said(error: BaseException) -> str:
    """Everything that an error could show, its causes too."""
    import traceback

    return "".join(traceback.format_exception(error))


def test_a_wrong_password_is_told_without_it(
    only_postgres: PostgresUnderTest, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    wrong = only_postgres.url.replace(only_postgres.url.split(":")[2].split("@")[0], "s3cr3t")
    monkeypatch.setenv("HFRISK_POSTGRES_URL", wrong)
    with pytest.raises(StudyError, match="did not accept the user name and password") as told:
        connect(POSTGRES)
    assert "HFRISK_POSTGRES_URL" in str(told.value)
    assert "s3cr3t" not in said(told.value) + caplog.text
    assert "analyst" not in said(told.value).replace(repr(wrong), "")


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://analyst:{SECRET}@127.0.0.1:1/omop",
        f"postgresql://analyst:{SECRET}@[127.0.0.1:1/omop",
        f"host=127.0.0.1 port=1 password={SECRET} nonsense=1",
        f"{SECRET}",
    ],
)
def test_an_address_that_leads_nowhere_is_told_without_the_password(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HFRISK_POSTGRES_URL", url)
    with pytest.raises(StudyError) as told:
        connect(POSTGRES)
    assert SECRET not in said(told.value)
    assert "postgresql://USER:PASSWORD@HOST:PORT/DATABASE" in str(told.value)


def test_the_usual_variables_of_postgres_serve_too(
    only_postgres: PostgresUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    only_postgres.open({"person": PERSON}).close()
    monkeypatch.delenv("HFRISK_POSTGRES_URL")
    for name, value in {
        "HOST": "127.0.0.1",
        "PORT": only_postgres.port,
        "USER": "analyst",
        "PASSWORD": PASSWORD,
        "DATABASE": "omop",
    }.items():
        monkeypatch.setenv(f"PG{name}", str(value))
    with connect(SourceSettings(**only_postgres.last)) as cdm:
        assert cdm.has("person")
    monkeypatch.setenv("PGPASSWORD", "s3cr3t")
    with pytest.raises(StudyError, match="did not accept") as told:
        source_fingerprint(SourceSettings(**only_postgres.last))
    assert "PGPASSWORD" in str(told.value)
    assert "s3cr3t" not in said(told.value)


def test_an_open_source_shows_neither_its_password_nor_its_user(only_postgres: PostgresUnderTest) -> None:
    cdm = only_postgres.open({"person": PERSON})
    shown = " ".join(
        [
            repr(cdm),
            str(cdm),
            repr(cdm.backend),
            repr(cdm.connection),
            repr(vars(cdm)),
            repr(cdm.connection.con),
            cdm.fingerprint,
        ]
    )
    assert PASSWORD not in shown
    assert PASSWORD not in json.dumps([check.text() for check in cdm.checks])
    assert repr(cdm) == "Cdm(engine='postgres', tables=['condition_occurrence', 'person', 'visit_occurrence'])"


@pytest.mark.parametrize("name", ["password", "url", "token", "user"])
def test_the_study_file_has_no_place_for_a_credential(name: str) -> None:
    with pytest.raises(ValueError, match="Extra inputs"):
        SourceSettings.model_validate({"engine": "postgres", "omop_schema": "omop", name: SECRET})
    assert SECRET not in POSTGRES.model_dump_json()


def test_databricks_names_the_variables_that_it_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABRICKS_HTTP_PATH", raising=False)
    monkeypatch.delenv("DATABRICKS_SERVER_HOSTNAME", raising=False)
    monkeypatch.setenv("DATABRICKS_TOKEN", SECRET)
    with pytest.raises(StudyError, match="DATABRICKS_SERVER_HOSTNAME and DATABRICKS_HTTP_PATH are not set") as told:
        connect(DATABRICKS)
    assert SECRET not in said(told.value)


def test_a_databricks_that_refuses_is_told_without_the_token(monkeypatch: pytest.MonkeyPatch) -> None:
    import databricks.sql

    def refuse(**given: object) -> None:
        raise databricks.sql.exc.RequestError(f"403 for {given}")

    monkeypatch.setattr(databricks.sql, "connect", refuse)
    for name, value in {"SERVER_HOSTNAME": "127.0.0.1", "HTTP_PATH": "/sql/1", "TOKEN": SECRET}.items():
        monkeypatch.setenv(f"DATABRICKS_{name}", value)
    with pytest.raises(StudyError, match="cannot be reached, or refused") as told:
        connect(DATABRICKS)
    assert SECRET not in said(told.value)
