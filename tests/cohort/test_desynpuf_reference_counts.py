"""CMS DE-SynPUF: the counts that plain SQL gives, rule by rule (shared/data/README.md)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hfrisk.cdm import Cdm, SourceSettings, connect
from hfrisk.cohort import Cohort, CohortSettings, build_cohort, trace_spells

EVERYTHING = {
    "diagnosis_vocabulary": "icd9_cm",
    "inpatient_visit_concepts": (9201,),
    "unplanned": "assume_unplanned",
    "minimum_age": None,
    "discharged_alive": False,
    "complete_follow_up": False,
    "window": "1-30",
    "spells": {"rule": "none", "merge_overlapping": False, "merge_same_day": False},
    "keep_transferred_out": True,
}
ANY = {"preset": "icd9_428", "position": "any"}
PRINCIPAL = {"preset": "icd9_428", "position": "principal", "principal_status_concepts": (32902,)}
MERGED = {"rule": "none", "merge_overlapping": True, "merge_same_day": True}


@pytest.fixture(scope="module")
def source(desynpuf: Path) -> Cdm:
    return connect(SourceSettings(path=desynpuf))


def cohort(source: Cdm, **settings: Any) -> Cohort:
    return build_cohort(source, CohortSettings(**{**EVERYTHING, **settings}))


@pytest.mark.parametrize(
    ("settings", "index_discharges", "persons", "readmitted"),
    [
        ({"heart_failure": ANY}, 13_104, 10_780, 1_373),
        ({"heart_failure": PRINCIPAL}, 2_753, 2_592, 306),
        ({"heart_failure": ANY, "window": "0-30"}, 13_104, 10_780, 1_405),
        ({"heart_failure": ANY, "spells": MERGED}, 12_986, 10_780, 1_350),
        ({"heart_failure": ANY, "complete_follow_up": True}, 13_043, 10_739, 1_371),
        ({"heart_failure": ANY, "discharged_alive": True}, 13_103, 10_779, 1_373),
    ],
    ids=["any", "principal", "0-30", "merged", "complete follow-up", "discharged alive"],
)
def test_the_counts_are_those_of_plain_sql_on_every_engine(
    desynpuf_on: Cdm, settings: dict[str, Any], index_discharges: int, persons: int, readmitted: int
) -> None:
    found = trace_spells(desynpuf_on, CohortSettings(**{**EVERYTHING, **settings})).index
    row = found.aggregate(
        n=found.count(), persons=found.person_id.nunique(), readmitted=(found.state == "readmitted").sum()
    )
    assert desynpuf_on.frame(row, "counts").iloc[0].tolist() == [index_discharges, persons, readmitted]


def test_the_counts_by_state_are_those_of_an_independent_query(source: Cdm, desynpuf: Path) -> None:
    """Who died without coming back, from the files, by SQL that shares nothing with the package."""
    import duckdb

    died = duckdb.sql(f"""
        WITH v AS (SELECT * FROM '{desynpuf}/visit_occurrence.parquet' WHERE visit_concept_id = 9201),
        i AS (SELECT DISTINCT v.* FROM v JOIN '{desynpuf}/condition_occurrence.parquet' c USING (visit_occurrence_id)
              WHERE c.condition_source_value LIKE '428%')
        SELECT count(*) FROM i
        JOIN (SELECT person_id, min(death_date) AS died FROM '{desynpuf}/death.parquet' GROUP BY 1) d USING (person_id)
        WHERE date_diff('day', visit_end_date, died) <= 30
          AND NOT EXISTS (SELECT 1 FROM v w WHERE w.person_id = i.person_id AND w.visit_occurrence_id <> i.visit_occurrence_id
                          AND date_diff('day', i.visit_end_date, w.visit_start_date) BETWEEN 1 AND 30)
    """).fetchall()[0][0]
    assert cohort(source, heart_failure=ANY).states["died"] == died


def test_attrition_counts_what_each_rule_removes_and_what_only_it_removes(source: Cdm) -> None:
    found = cohort(source, heart_failure=ANY, complete_follow_up=True, discharged_alive=True)
    rows = found.attrition.set_index("rule")
    assert list(rows.index) == ["all_spells", "heart_failure", "ordinary", "ended", "alive", "followed_up"]
    assert (rows.loc["all_spells", "admissions"], rows.loc["heart_failure", "admissions"]) == (57_336, 13_104)
    assert rows.loc["alive", "excluded"] == 1
    assert rows.loc["followed_up", "excluded"] == 61
    assert rows.loc["followed_up", "admissions"] == found.index_discharges


def test_the_months_begin_deaths_and_missing_times_are_told(source: Cdm) -> None:
    codes = {check.code for check in cohort(source, heart_failure=ANY).checks}
    assert {"HFR001", "HFR022", "HFR023", "HFR026"} <= codes


def test_a_snomed_code_that_begins_with_428_is_not_heart_failure(tmp_path: Path) -> None:
    from tests import omop_text

    source = omop_text.write(
        tmp_path / "omop",
        person="person_id gender_concept_id year_of_birth\n1 8507 1940\n2 8507 1940\n3 8507 1940",
        visit_occurrence="""visit_occurrence_id person_id visit_concept_id visit_start_date visit_end_date
            1 1 9201 2009-01-01 2009-01-05
            2 2 9201 2009-01-01 2009-01-05
            3 3 9201 2009-01-01 2009-01-05""",
        condition_occurrence="""person_id condition_start_date condition_status_concept_id visit_occurrence_id condition_source_value
            1 2009-01-01 32902 1 428251008
            2 2009-01-01 32902 2 428.0
            3 2009-01-01 32902 3 4280""",
    )
    found = build_cohort(connect(SourceSettings(path=source)), CohortSettings(**{**EVERYTHING, "heart_failure": ANY}))
    assert sorted(found.table.execute()["index_id"]) == [2, 3]
