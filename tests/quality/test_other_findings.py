"""What no made-up region plants: changed by SQL, and found."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hfrisk.cohort import CohortSettings
from hfrisk.errors import StudyError
from hfrisk.quality import QualitySettings
from tests.quality.looking import Seen, changed, look

Region = Callable[..., Path]

# the people, sites and months that are struck; ids of people are scattered, so the last digit is as good as chance
MANY = {
    "person": "SELECT * REPLACE (CASE WHEN person_id % 50 = 1 THEN 0 ELSE gender_concept_id END AS gender_concept_id) "
    "FROM {person} WHERE person_id % 100 <> 7",
    "care_site": "SELECT * REPLACE (CASE WHEN care_site_id = 2 THEN 'Trust B Virtual Ward' ELSE care_site_name END "
    "AS care_site_name) FROM {care_site}",
    "visit_occurrence": "SELECT * REPLACE (CASE WHEN person_id % 5 = 0 THEN NULL ELSE admission_method END "
    "AS admission_method) FROM {visit_occurrence}",
    # nothing but R69 in a third of the stays of the last three months; no I50.0 at the first trust; long problem lists of old
    "condition_occurrence": "SELECT c.* REPLACE (CASE WHEN c.person_id % 3 = 0 AND v.visit_end_date >= DATE '2024-02-01' "
    "AND v.visit_concept_id IN (262, 9201) THEN 'R69X' ELSE condition_source_value END AS condition_source_value) "
    "FROM {condition_occurrence} c LEFT JOIN {visit_occurrence} v USING (visit_occurrence_id) "
    "WHERE NOT (coalesce(v.care_site_id, 0) = 1 AND condition_source_value = 'I50.0') "
    "UNION ALL SELECT c.* FROM {condition_occurrence} c, range(8) "
    "WHERE visit_occurrence_id IS NULL AND condition_start_date < DATE '2023-01-01'",
    # potassium in mg/dL under the concept that says so is where it belongs, even if a few values are in mmol/L
    "measurement": "SELECT * REPLACE (CASE WHEN measurement_source_value = 'potassium' AND person_id % 20 = 1 THEN 21490733 "
    "ELSE measurement_concept_id END AS measurement_concept_id, CASE "
    "WHEN measurement_source_value = 'potassium' AND person_id % 20 = 1 AND person_id % 200 <> 1 "
    "THEN value_as_number * 3.91 "
    "WHEN measurement_source_value = 'sodium' AND person_id % 20 = 1 THEN 1000 "
    "WHEN measurement_source_value = 'CRP' AND person_id % 4 = 1 THEN NULL ELSE value_as_number END AS value_as_number, "
    "CASE WHEN measurement_source_value = 'NT-proBNP' AND person_id % 10 = 1 THEN 'BNP' ELSE measurement_source_value END "
    "AS measurement_source_value) FROM {measurement}",
}


@pytest.fixture(scope="module")
def many(clean: Path, tmp_path_factory: pytest.TempPathFactory) -> Seen:
    folder = changed(clean, tmp_path_factory.mktemp("many") / "region", **MANY)
    return look(folder, quality=QualitySettings(catchment=_areas(folder)))


def _areas(folder: Path) -> Path:
    """Every area but the first two hundred."""
    path = folder / "areas.csv"
    path.write_text("# made up\narea\n" + "\n".join(f"X01{place:06d}" for place in range(200, 1320)), encoding="utf-8")
    return path


def test_only_what_was_changed_is_said(many: Seen) -> None:
    lost = {"HFR040", "HFR041", "HFR044", "HFR045", "HFR046", "HFR055", "HFR059", "HFR060"}
    assert many.codes() <= lost | {"HFR050"}


def test_a_trust_that_loses_i50_0_is_told_though_others_have_it(many: Seen) -> None:
    check = many.of("HFR040")
    assert (check.severity, check.facts["sites"]) == ("warning", 1)


def test_readmissions_where_the_admission_method_is_empty_rest_on_a_stand_in(many: Seen) -> None:
    check = many.of("HFR045")
    assert check.title == "The admission method is not always there"
    assert int(str(check.facts["share"]).rstrip("%")) == pytest.approx(20, abs=4)


def test_values_out_of_range_and_tests_without_a_number_are_told(many: Seen) -> None:
    assert many.of("HFR046", "Implausible values: sodium").facts["share"] in {"4%", "5%", "6%"}
    assert int(str(many.of("HFR046", "Tests without a number").facts["share"]).rstrip("%")) == pytest.approx(25, abs=3)


def test_a_test_under_the_concept_of_its_unit_is_not_misfiled(many: Seen) -> None:
    assert not [check for check in many.checks if check.title.startswith("Filed under another test")]


def test_bnp_is_told_by_the_name_that_the_laboratory_gives_it(many: Seen) -> None:
    assert set(many.of("HFR046", "BNP").counts) == {"named"}


def test_stays_that_are_not_coded_yet_are_told(many: Seen) -> None:
    assert int(str(many.of("HFR055", "not coded yet").facts["share"]).rstrip("%")) == pytest.approx(33, abs=8)


def test_stays_on_a_virtual_ward_are_told(many: Seen) -> None:
    assert many.of("HFR055", "virtual ward").counts["spells"] > 100


def test_people_from_outside_the_catchment_are_told(many: Seen) -> None:
    check = many.of("HFR055", "outside the catchment")
    assert check.severity == "warning"
    assert 5 <= int(str(check.facts["share"]).rstrip("%")) <= 35


def test_records_of_people_who_are_not_there_are_told(many: Seen) -> None:
    assert many.of("HFR059").counts["rows"] > 1000


def test_a_missing_sex_is_told(many: Seen) -> None:
    assert many.of("HFR060").counts["no_sex"] > 30


def test_a_catchment_that_is_no_list_is_refused(clean: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.csv"
    wrong.write_text("postcode\nPR1\n", encoding="utf-8")
    with pytest.raises(StudyError, match="no column named area"):
        look(clean, quality=QualitySettings(catchment=wrong))


def test_a_principal_diagnosis_by_source_status_is_told_as_a_fallback(clean: Path, tmp_path: Path) -> None:
    folder = changed(
        clean,
        tmp_path / "fallback",
        condition_occurrence="SELECT * REPLACE (NULL::INT AS condition_status_concept_id, CASE WHEN condition_status_concept_id "
        "= 32903 THEN 'P' END AS condition_status_source_value) FROM {condition_occurrence}",
    )
    seen = look(folder)
    check = seen.of("HFR044")
    assert check.title == "The principal diagnosis is told by a fallback"
    assert check.facts == {"share": "all", "ways": "source_status"}
    assert check.counts == {"stays": sum(seen.cohort.strategies["heart_failure"].values())}
    assert seen.codes() == {"HFR044"}


def test_diagnoses_in_icd_9_stop_a_study_that_reads_icd_10(clean: Path, tmp_path: Path) -> None:
    rows = "SELECT * REPLACE ('428.0' AS condition_source_value) FROM {condition_occurrence}"
    folder = changed(
        clean,
        tmp_path / "older",
        condition_occurrence=f"SELECT * FROM {{condition_occurrence}} UNION ALL {rows} UNION ALL {rows}",
    )
    check = look(folder).of("HFR056")
    assert check.severity == "error"
    assert "ICD-9-CM" in check.text()


def test_look_back_counts_from_the_declared_beginning_and_can_be_asked_for(clean: Path) -> None:
    from datetime import date

    short = look(clean, data_start=date(2015, 1, 1))
    check = short.of("HFR053")
    assert check.text().startswith("Look-back is short in 2015: ")
    assert short.codes() == {"HFR053"}
    enough = look(clean, CohortSettings(minimum_look_back_days=365), data_start=date(2015, 1, 1))
    assert enough.codes() == set()


def test_an_emergency_feed_that_begins_late_at_one_trust_is_a_step(region: Region, tmp_path: Path) -> None:
    early = "care_site_id = 1 AND visit_start_date < DATE '2018-01-01'"
    folder = changed(
        region(nhs_columns=False),
        tmp_path / "late feed",
        visit_occurrence=f"SELECT * REPLACE (CASE WHEN {early} AND visit_concept_id = 262 THEN 9201 ELSE visit_concept_id END "
        f"AS visit_concept_id) FROM {{visit_occurrence}} WHERE NOT ({early} AND visit_concept_id = 9203)",
    )
    check = look(folder).of("HFR050")
    assert check.facts["what"] == "the share of stays told to be unplanned"
    assert check.facts["moves"] == "rises by a factor of 2 or more"


def test_what_a_site_maps_is_read_as_it_says(region: Region, tmp_path: Path) -> None:
    folder = changed(
        region(defects={"potassium_mass_concept": 0.2}),
        tmp_path / "region",
        measurement="SELECT * REPLACE (CASE WHEN measurement_source_value = 'NT-proBNP' AND person_id % 10 = 1 THEN 'BNP' "
        "ELSE measurement_source_value END AS measurement_source_value) FROM {measurement}",
    )
    names, trusts = tmp_path / "names.csv", tmp_path / "trusts.csv"
    names.write_text("source_value,analyte\npotassium,potassium\nBNP,none\n", encoding="utf-8")
    trusts.write_text(
        "source_value,trust\n" + "\n".join(f"X{site:02d},{'North' if site < 11 else 'South'}" for site in range(22)),
        encoding="utf-8",
    )
    seen = look(folder, maps={"analyte": names, "trust": trusts})
    # neither potassium under a wrong concept, nor BNP, nor small trusts are left
    assert seen.codes() == set()
    assert "HFR054" not in {check.code for check in seen.checks}
