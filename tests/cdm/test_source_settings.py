"""The source block of a study says what each engine needs."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from pydantic import ValidationError

from hfrisk.cdm import SourceSettings, connect
from hfrisk.errors import StudyError


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "duckdb needs path"),
        ({"path": "omop", "omop_schema": "omop"}, "omop_schema is for postgres, spark and databricks"),
        ({"engine": "postgres"}, "postgres needs omop_schema"),
        ({"engine": "postgres", "omop_schema": "omop", "path": "omop"}, "path is for duckdb and spark"),
        ({"engine": "postgres", "omop_schema": "main.omop"}, "omop_schema should be one name"),
        (
            {"engine": "postgres", "omop_schema": "omop", "scratch_schema": "OMOP"},
            "scratch_schema must not be omop_schema",
        ),
        ({"engine": "spark"}, "spark needs path .* or omop_schema"),
        ({"engine": "spark", "path": "omop", "omop_schema": "omop"}, "not both"),
        ({"engine": "spark", "omop_schema": "a.b.c"}, "schema or catalog.schema"),
        ({"engine": "spark", "omop_schema": "a."}, "schema or catalog.schema"),
        ({"engine": "databricks", "omop_schema": "main.omop"}, "databricks needs scratch_schema"),
        ({"engine": "databricks", "scratch_schema": "main.scratch"}, "databricks needs omop_schema"),
        ({"engine": "oracle", "path": "omop"}, "'duckdb', 'postgres', 'spark' or 'databricks'"),
        ({"path": "omop", "columns": {"admission_method": "ADMIMETH"}}, "not of the form table.column"),
        ({"path": "omop", "columns": {"visit_occurrence.admission_method": " "}}, "has no name in the source"),
    ],
)
def test_what_an_engine_lacks_is_named(given: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        SourceSettings.model_validate(given)


@pytest.mark.parametrize(
    "given",
    [
        {"path": "omop"},
        {"engine": "postgres", "omop_schema": "omop"},
        {"engine": "spark", "path": "omop"},
        {"engine": "spark", "omop_schema": "hospital.omop", "scratch_schema": "hospital.scratch"},
        {"engine": "databricks", "omop_schema": "hospital.omop", "scratch_schema": "hospital.scratch"},
    ],
)
def test_what_an_engine_needs_is_enough(given: dict[str, Any]) -> None:
    assert SourceSettings.model_validate(given).engine == given.get("engine", "duckdb")


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("visits.admission_method", "no table visits"),
        ("visit_occurrence.admimeth", "no column admimeth of visit_occurrence"),
    ],
)
def test_a_column_that_is_not_in_the_contract_is_a_fault_of_the_study(key: str, words: str) -> None:
    with pytest.raises(StudyError, match=words) as told:
        connect(SourceSettings.model_validate({"path": "nowhere", "columns": {key: "ADMIMETH"}}))
    assert key in str(told.value)
    assert "visit_occurrence" in str(told.value)


def test_reading_settings_starts_no_engine() -> None:
    code = (
        "import sys, hfrisk.cdm; bad = {'pyspark', 'psycopg', 'databricks.sql', 'deltalake'} & set(sys.modules); "
        "sys.exit(str(bad) if bad else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
