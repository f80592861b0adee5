"""Each defect plants what region.json lists, nothing else, and nothing at all when it is not asked for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest
from pydantic import ValidationError

from hfrisk.errors import StudyError
from hfrisk.synthetic import RegionSettings, defects_from, describe_defects, synthesise
from hfrisk.synthetic.defects.book import ORDER
from tests.synthetic.planted import COUNTS, STRUCK

_SETTINGS = {"index_discharges": 1_200, "seed": 17, "nhs_columns": True}
_RATE = 0.4


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clean")
    synthesise(folder, RegionSettings.model_validate(_SETTINGS))
    return folder


def _region(folder: Path, **changed: Any) -> dict[str, Any]:
    synthesise(folder, RegionSettings.model_validate({**_SETTINGS, **changed}))
    mark: dict[str, Any] = json.loads((folder / "region.json").read_text())
    return mark


def _count(clean: Path, planted: Path, query: str) -> int:
    with duckdb.connect(config={"threads": 2}) as connection:
        for schema, folder in (("clean", clean), ("planted", planted)):
            connection.execute(f"create schema {schema}")
            for file in folder.glob("*.parquet"):
                connection.execute(f"create view {schema}.{file.stem} as select * from read_parquet('{file}')")
        found = connection.execute(query).fetchone()
    assert found is not None
    return int(found[0])


def test_every_defect_is_described_planted_and_recounted() -> None:
    names = [defect.__name__ for defect in ORDER]
    assert sorted(names) == sorted(row["name"] for row in describe_defects()) == sorted(COUNTS) == sorted(STRUCK)
    assert all(set(row) == {"name", "what", "rate", "counts", "found_by"} for row in describe_defects())


@pytest.mark.parametrize("name", sorted(COUNTS))
def test_a_defect_plants_what_it_lists_and_nothing_else(clean: Path, tmp_path: Path, name: str) -> None:
    listed = _region(tmp_path, defects={name: _RATE})["defects"]
    assert list(listed) == [name]
    query = COUNTS[name].replace("{day}", listed[name].get("from", ""))
    assert listed[name]["planted"] == _count(clean, tmp_path, query) > 0
    assert _count(clean, clean, query) == 0
    assert sum(listed[name].get("tables", {"": listed[name]["planted"]}).values()) == listed[name]["planted"]
    changed = {
        file.stem for file in clean.glob("*.parquet") if (tmp_path / file.name).read_bytes() != file.read_bytes()
    }
    assert changed <= set(STRUCK[name])


@pytest.mark.parametrize("name", ["volume_step", "zero_day_step", "lookback_truncated", "thinning_end", "covid_dip"])
def test_what_was_recorded_in_a_lost_visit_is_lost_with_it(clean: Path, tmp_path: Path, name: str) -> None:
    _region(tmp_path, defects={name: _RATE})
    for table in ("condition_occurrence", "measurement", "drug_exposure"):
        dangling = f"""select count(*) from planted.{table} where visit_occurrence_id is not null and
            visit_occurrence_id not in (select visit_occurrence_id from planted.visit_occurrence)"""
        assert _count(clean, tmp_path, dangling) == 0
        lost = f"""select count(*) from clean.{table} c where visit_occurrence_id is null
            and not exists (select 1 from planted.{table} p where p.{table}_id = c.{table}_id)"""
        assert _count(clean, tmp_path, lost) == 0


@pytest.mark.parametrize("name", ["transfers_split", "transfers_uncoded", "same_day_readmission", "overlapping_stays"])
def test_both_halves_of_a_split_stay_have_all_its_diagnoses_and_the_first_keeps_its_id(
    clean: Path, tmp_path: Path, name: str
) -> None:
    planted = _region(tmp_path, defects={name: _RATE})["defects"][name]["planted"]
    halves = """
        with half as (
            select v.visit_occurrence_id as id, v.person_id, v.visit_end_datetime as ended,
                   (select string_agg(condition_source_value, ' ' order by condition_source_value)
                    from planted.condition_occurrence c where c.visit_occurrence_id = v.visit_occurrence_id) as codes,
                   (select string_agg(condition_source_value, ' ' order by condition_source_value)
                    from clean.condition_occurrence c where c.visit_occurrence_id = v.visit_occurrence_id) as before
            from planted.visit_occurrence v)
        select count(*) from half n join clean.visit_occurrence c on c.person_id = n.person_id
            and c.visit_end_datetime = n.ended join half f on f.id = c.visit_occurrence_id
        where n.id >= 10000000000 and n.codes = f.codes and f.codes = f.before"""
    assert _count(clean, tmp_path, halves) == planted
    misplaced = """select count(*) from planted.drug_exposure join planted.visit_occurrence v using (visit_occurrence_id)
        where drug_exposure_start_datetime < v.visit_start_datetime and v.visit_occurrence_id >= 10000000000"""
    assert _count(clean, tmp_path, misplaced) == 0


def test_fading_grows_towards_the_end(clean: Path, tmp_path: Path) -> None:
    _region(tmp_path, defects={"thinning_end": 1.0})
    kept = """select count(*) from planted.visit_occurrence
        where visit_start_date between date '{}' and date '{}'"""
    whole = kept.replace("planted", "clean")
    share = [
        _count(clean, tmp_path, kept.format(*days)) / _count(clean, tmp_path, whole.format(*days))
        for days in (("2023-04-01", "2023-04-30"), ("2023-05-01", "2023-08-31"), ("2024-01-01", "2024-03-31"))
    ]
    assert share[0] == 1.0
    assert share[1] == pytest.approx(1 - 2.5 / 12, abs=0.06)
    assert share[2] == pytest.approx(2 / 12, abs=0.06)
    assert _count(clean, tmp_path, kept.format("2024-04-01", "2024-04-30")) == 0


def test_lost_ethnicity_follows_deprivation(clean: Path, tmp_path: Path) -> None:
    _region(tmp_path, defects={"ethnicity_missing_by_deprivation": 0.3})
    lost = """select cast(10000 * avg((p.race_source_value is null)::int) as int) from clean.person c
        join planted.person p using (person_id) join planted.observation o using (person_id)
        where c.race_source_value not in ('Z', '99') and o.value_as_number = {}"""
    assert _count(clean, tmp_path, lost.format(1)) / 10_000 == pytest.approx(0.54, abs=0.06)
    assert _count(clean, tmp_path, lost.format(5)) / 10_000 == pytest.approx(0.06, abs=0.04)


def test_regular_attenders_come_thrice_a_week_and_never_during_another_visit(clean: Path, tmp_path: Path) -> None:
    _region(tmp_path, defects={"regular_attenders": 0.05})
    day = "select person_id, visit_start_date as d from planted.visit_occurrence where patient_class = '3'"
    most = f"""select max(n) from (select count(*) as n from ({day}) group by person_id, date_trunc('week', d))"""
    assert _count(clean, tmp_path, most) == 3
    clashes = f"""select count(*) from ({day}) a join clean.visit_occurrence v using (person_id)
        where d between v.visit_start_date and v.visit_end_date"""
    assert _count(clean, tmp_path, clashes) == 0
    after = f"select count(*) from ({day}) join planted.death using (person_id) where d >= death_date"
    assert _count(clean, tmp_path, after) == 0


def test_a_defect_of_a_rate_of_one_strikes_all_and_of_zero_none(clean: Path, tmp_path: Path) -> None:
    assert _region(tmp_path, defects={"i50_0_dropped": 1.0})["defects"]["i50_0_dropped"]["planted"] == _count(
        clean, tmp_path, "select count(*) from clean.condition_occurrence where condition_source_value = 'I50.0'"
    )
    assert _region(tmp_path, defects={"i50_0_dropped": 0.0})["defects"]["i50_0_dropped"]["planted"] == 0
    for file in clean.glob("*.parquet"):
        assert (tmp_path / file.name).read_bytes() == file.read_bytes()


def test_all_defects_at_once_are_listed_and_the_truth_stays_the_truth(clean: Path, tmp_path: Path) -> None:
    everything = {row["name"]: 0.3 for row in describe_defects()}
    for name in ("one", "two"):
        mark = _region(tmp_path / name, defects=everything)
    assert list(mark["defects"]) == list(everything)
    assert all(listed["planted"] > 0 for listed in mark["defects"].values())
    for file in (tmp_path / "one").iterdir():
        assert file.read_bytes() == (tmp_path / "two" / file.name).read_bytes()
    assert (tmp_path / "one" / "truth.parquet").read_bytes() == (clean / "truth.parquet").read_bytes()


def test_one_defect_is_planted_the_same_whatever_else_is(clean: Path, tmp_path: Path) -> None:
    alone = _region(tmp_path / "alone", defects={"hb_g_per_dl": 0.1})
    beside = _region(tmp_path / "beside", defects={"late_deaths": 0.5, "hb_g_per_dl": 0.1})
    assert alone["defects"]["hb_g_per_dl"] == beside["defects"]["hb_g_per_dl"]
    one, two = ((tmp_path / name / "measurement.parquet").read_bytes() for name in ("alone", "beside"))
    assert one == two


def test_a_region_without_defects_lists_none(clean: Path) -> None:
    assert json.loads((clean / "region.json").read_text())["defects"] == {}


def test_a_defect_that_does_not_exist_is_refused_with_the_names(tmp_path: Path) -> None:
    with pytest.raises(
        StudyError, match=r"no defect called hb_g_dl(.|\n)*Did you mean hb_g_per_dl\?(.|\n)*thinning_end"
    ):
        synthesise(tmp_path / "x", RegionSettings(index_discharges=5, defects={"hb_g_dl": 0.1}))
    assert not (tmp_path / "x").exists()


def test_rates_are_read_from_words_and_must_be_shares() -> None:
    assert defects_from(["hb_g_per_dl=0.03", "late_deaths = 1"]) == {"hb_g_per_dl": 0.03, "late_deaths": 1.0}
    for wrong in ("hb_g_per_dl", "hb_g_per_dl=x", "hb_g_per_dl=1.2", "hb_g_per_dl=-0.1", "hb_g_per_dl=nan"):
        with pytest.raises(StudyError, match="rate from 0 to 1"):
            defects_from([wrong])
    with pytest.raises(StudyError, match="Did you mean late_deaths"):
        defects_from(["late_death=0.1"])
    with pytest.raises(ValidationError):
        RegionSettings(defects={"late_deaths": 1.5})


def test_nhs_columns_say_how_stays_began_and_ended_and_change_nothing_else(clean: Path, tmp_path: Path) -> None:
    _region(tmp_path, nhs_columns=False)
    for file in clean.glob("*.parquet"):
        same = (tmp_path / file.name).read_bytes() == file.read_bytes()
        assert same == (file.stem != "visit_occurrence")
    without = "select count(*) from (select * from planted.visit_occurrence except select * exclude (admission_method, "
    without += "patient_class, discharge_method) from clean.visit_occurrence)"
    assert _count(clean, tmp_path, without) == 0
    wrong = """select count(*) from clean.visit_occurrence where not case
        when visit_concept_id not in (9201, 262) then coalesce(admission_method, patient_class, discharge_method) is null
        when visit_source_value = 'emergency' then admission_method in ('21', '2A', '2D') and patient_class = '1'
        else admission_method in ('11', '12', '13')
             and patient_class = case when visit_start_date = visit_end_date then '2' else '1' end end"""
    assert _count(clean, tmp_path, wrong) == 0
    ended = """select count(*) from clean.visit_occurrence where visit_concept_id in (9201, 262) and not case
        when visit_type_concept_id = 32220 then discharge_method is null
        when discharged_to_source_value = '79' then discharge_method = '4' else discharge_method in ('1', '6') end"""
    assert _count(clean, tmp_path, ended) == 0
    assert _count(clean, tmp_path, "select count(*) from clean.visit_occurrence where discharge_method = '6'") > 10


def test_counts_add_up_over_batches_and_added_rows_have_ids_of_their_own(tmp_path: Path) -> None:
    size = {"persons": 2_000, "chunk": 300}
    defects = {"hb_g_per_dl": 0.2, "duplicated_visits": 0.1, "transfers_split": 0.3}
    _region(tmp_path / "clean", **size)
    listed = _region(tmp_path / "planted", **size, defects=defects)["defects"]
    both = tmp_path / "clean", tmp_path / "planted"
    assert listed["hb_g_per_dl"]["planted"] == _count(*both, COUNTS["hb_g_per_dl"]) > 0
    more = "select (select count(*) from planted.visit_occurrence) - (select count(*) from clean.visit_occurrence)"
    assert _count(*both, more) == listed["duplicated_visits"]["planted"] + listed["transfers_split"]["planted"] > 0
    for table in ("visit_occurrence", "condition_occurrence"):
        twice = f"select count(*) - count(distinct {table}_id) from planted.{table}"
        assert _count(*both, twice) == 0


def test_someone_under_two_ids_has_the_same_records_under_both(clean: Path, tmp_path: Path) -> None:
    _region(tmp_path, defects={"duplicated_persons": 0.2})
    for table, columns in (
        ("visit_occurrence", "visit_start_datetime, visit_end_datetime, visit_concept_id, care_site_id"),
        ("condition_occurrence", "condition_start_datetime, condition_source_value, visit_occurrence_id is null"),
        ("measurement", "measurement_datetime, value_as_number, measurement_concept_id"),
        ("drug_exposure", "drug_exposure_start_datetime, drug_concept_id, route_concept_id"),
        ("death", "death_date"),
        ("observation", "value_as_number"),
        ("observation_period", "observation_period_end_date"),
    ):
        second = f"select person_id - 10000000000 as who, {columns} from planted.{table} where person_id > 10000000000"
        first = f"""select person_id as who, {columns} from clean.{table} where person_id + 10000000000 in
            (select person_id from planted.person)"""
        assert _count(clean, tmp_path, f"select count(*) from (({first}) except all ({second}))") == 0, table
        assert _count(clean, tmp_path, f"select count(*) from ({second})") == _count(
            clean, tmp_path, f"select count(*) from ({first})"
        )
    strangers = """select count(*) from planted.measurement m join planted.visit_occurrence v using (visit_occurrence_id)
        where m.person_id <> v.person_id"""
    assert _count(clean, tmp_path, strangers) == 0
