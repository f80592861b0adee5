"""Clean records: nothing overlaps, nothing follows death, and every convention is the one that a reader expects."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from tests.synthetic.reader import sql

RECORD_RULES = {
    "no_two_visits_of_a_person_overlap": """
        select 1 from (select visit_start_datetime as started, max(visit_end_datetime) over (
            partition by person_id order by visit_start_datetime rows between unbounded preceding and 1 preceding)
            as before from visit_occurrence) where before >= started""",
    "no_two_stays_of_a_person_start_on_one_day": """
        select 1 from visit_occurrence where visit_concept_id in (9201, 262)
        group by person_id, visit_start_date having count(*) > 1""",
    "visits_end_after_they_start": "select 1 from visit_occurrence where visit_end_datetime <= visit_start_datetime",
    "times_agree_with_dates": """
        select 1 from visit_occurrence where visit_start_datetime::date <> visit_start_date
            or visit_end_datetime::date <> visit_end_date""",
    "nothing_happens_at_midnight": """
        select 1 from (select visit_start_datetime as t from visit_occurrence union all
            select visit_end_datetime from visit_occurrence union all select measurement_datetime from measurement
            union all select drug_exposure_start_datetime from drug_exposure) where t = date_trunc('day', t)""",
    "planned_stays_have_no_emergency_visit_that_day_or_the_day_before": """
        select 1 from visit_occurrence v join visit_occurrence e using (person_id)
        where v.visit_source_value = 'elective' and e.visit_concept_id in (9203, 262)
          and e.visit_end_date between v.visit_start_date - 1 and v.visit_start_date""",
    "every_emergency_stay_shows_an_emergency_visit": """
        select 1 from visit_occurrence v where v.visit_concept_id = 9201 and v.visit_source_value = 'emergency'
          and not exists (select 1 from visit_occurrence e where e.person_id = v.person_id
            and e.visit_concept_id = 9203 and e.visit_end_date = v.visit_start_date)""",
    "no_visit_after_death": """
        select 1 from visit_occurrence join death using (person_id) where visit_end_datetime > death_datetime""",
    "no_diagnosis_after_death": """
        select 1 from condition_occurrence join death using (person_id)
        where condition_start_datetime > death_datetime""",
    "no_test_or_drug_after_death": """
        select 1 from (select person_id, measurement_datetime as t from measurement union all
            select person_id, drug_exposure_start_datetime from drug_exposure)
        join death using (person_id) where t > death_datetime""",
    "a_death_during_a_stay_is_its_discharge": """
        select 1 from visit_occurrence join death using (person_id)
        where visit_concept_id in (9201, 262) and death_date between visit_start_date and visit_end_date
          and discharged_to_source_value is distinct from '79'""",
    "a_discharge_as_dead_is_a_death": """
        select 1 from visit_occurrence left join death using (person_id) where death_date is distinct from visit_end_date
          and (discharged_to_source_value = '79' or discharged_to_concept_id = 4216643)""",
    "nobody_dies_on_the_day_of_an_earlier_discharge": """
        select 1 from visit_occurrence join death using (person_id)
        where visit_concept_id in (9201, 262) and visit_end_date = death_date and visit_end_datetime < death_datetime""",
    "tests_lie_strictly_inside_the_stay": """
        select 1 from measurement join visit_occurrence using (visit_occurrence_id)
        where measurement_datetime <= visit_start_datetime or measurement_datetime >= visit_end_datetime""",
    "drugs_lie_strictly_inside_the_stay": """
        select 1 from drug_exposure join visit_occurrence using (visit_occurrence_id)
        where drug_exposure_start_datetime <= visit_start_datetime
           or drug_exposure_start_datetime >= visit_end_datetime""",
    "a_stay_has_at_most_one_principal_diagnosis": """
        select 1 from condition_occurrence where condition_status_concept_id = 32903
        group by visit_occurrence_id having count(*) > 1""",
    "a_stay_lists_a_diagnosis_once": """
        select 1 from condition_occurrence where visit_occurrence_id is not null
        group by visit_occurrence_id, condition_source_value having count(*) > 1""",
    "everyone_is_born_before_their_records": """
        select 1 from person join observation_period using (person_id)
        where make_date(year_of_birth, month_of_birth, day_of_birth) >= observation_period_start_date""",
    "everything_lies_in_the_observation_period": """
        select 1 from (select person_id, visit_start_date as a, visit_end_date as b from visit_occurrence union all
            select person_id, condition_start_date, condition_start_date from condition_occurrence union all
            select person_id, measurement_date, measurement_date from measurement)
        join observation_period using (person_id)
        where a < observation_period_start_date or b > observation_period_end_date""",
    "visits_name_a_person_and_a_trust": """
        select 1 from visit_occurrence left join person using (person_id)
        left join care_site on care_site.care_site_id = visit_occurrence.care_site_id
        where gender_concept_id is null or care_site_name is null""",
    "sglt2_inhibitors_wait_for_their_era": """
        select 1 from drug_exposure where drug_concept_id in (44785829, 45774751)
          and drug_exposure_start_date < date '2020-11-01'""",
}


@pytest.mark.parametrize("rule", list(RECORD_RULES))
def test_the_records_are_clean(region: Path, rule: str) -> None:
    assert sql(region, f"select count(*) as n from ({RECORD_RULES[rule]})")["n"][0] == 0


def test_ids_are_unique_and_people_are_found_by_them(region: Path) -> None:
    for table, column in (
        ("person", "person_id"),
        ("visit_occurrence", "visit_occurrence_id"),
        ("condition_occurrence", "condition_occurrence_id"),
        ("measurement", "measurement_id"),
        ("drug_exposure", "drug_exposure_id"),
        ("death", "person_id"),
    ):
        counts = sql(region, f"select count(*) as n, count(distinct {column}) as ids from {table}")
        assert counts["n"][0] == counts["ids"][0] > 0, table


def test_values_are_in_uk_units_on_clinical_grids(region: Path) -> None:
    units = sql(
        region,
        """select measurement_concept_id as concept, min(unit_concept_id) as unit, max(unit_concept_id) as same,
                  median(value_as_number) as middle, max(abs(value_as_number * 10 - round(value_as_number * 10))) as off
           from measurement group by 1""",
    ).set_index("concept")
    expected = {
        3020779: (8753, 9.3),
        3020564: (8749, 105),
        3019550: (8753, 138),
        3023103: (8753, 4.3),
        3000963: (8636, 122),
        3029187: (8725, 5500),
        3024561: (8636, 36),
        3020460: (8751, 16),
        4152194: (8876, 130),
        4301868: (8541, 80),
        4099154: (9529, 79),
        40771922: (720870, 54),
    }
    assert set(units.index) == set(expected)
    assert (units["unit"] == units["same"]).all()
    assert units["off"].max() < 1e-6
    for concept, (unit, middle) in expected.items():
        assert units.loc[concept, "unit"] == unit
        assert units.loc[concept, "middle"] == pytest.approx(middle, rel=0.12)


def test_an_index_stay_has_a_first_and_a_last_value_that_are_close(region: Path) -> None:
    pairs = sql(
        region,
        """select count(*) as n, median(abs(first - last) / last) as change from (
               select arg_min(value_as_number, measurement_datetime) as first,
                      arg_max(value_as_number, measurement_datetime) as last
               from measurement join truth on index_id = visit_occurrence_id
               where measurement_concept_id = 3020564 group by visit_occurrence_id having count(*) = 2)""",
    )
    assert pairs["n"][0] > 16_000
    assert pairs["change"][0] < 0.12


def test_some_ethnicities_are_not_recorded_and_minorities_are_unevenly_spread(region: Path) -> None:
    people = sql(
        region,
        """select p.race_source_value as ethnicity, p.race_concept_id as race, p.care_site_id as site,
                  o.value_as_number as imd from person p join observation o using (person_id)""",
    )
    missing = people["ethnicity"].isna() | people["ethnicity"].isin(["Z", "99"])
    assert missing.mean() == pytest.approx(0.08, abs=0.01)
    assert set(people["ethnicity"].dropna()) == set("ABCDEFGHJKLMNPRS") | {"Z", "99"}
    assert (people.loc[people["ethnicity"].isin(list("DEFGS")), "race"] == 0).all()
    assert (people.loc[people["ethnicity"] == "A", "race"] == 8527).all()
    known = people[~missing]
    minority = ~known["ethnicity"].isin(["A", "B", "C"])
    by_imd = minority.groupby(known["imd"]).mean()
    assert by_imd[1] > by_imd[5] + 0.03
    by_site = minority.groupby(known["site"]).mean()
    assert len(by_site) == 22
    assert by_site.max() > 2 * by_site.min()


def test_most_index_stays_end_on_a_loop_diuretic_and_began_on_an_intravenous_one(region: Path) -> None:
    given = sql(
        region,
        """select count(distinct index_id) filter (where d.route_concept_id = 4132161
                    and v.visit_end_datetime - d.drug_exposure_start_datetime <= interval 72 hour) as at_discharge,
                  count(distinct index_id) filter (where d.route_concept_id = 4171047) as intravenous
           from truth t join visit_occurrence v on v.visit_occurrence_id = t.index_id
           join drug_exposure d on d.visit_occurrence_id = t.index_id where d.drug_concept_id in (956874, 932745)""",
    )
    assert given["at_discharge"][0] / 20_000 == pytest.approx(0.85, abs=0.04)
    assert given["intravenous"][0] / 20_000 == pytest.approx(0.85, abs=0.02)


def test_half_of_the_stays_lack_nt_probnp_and_few_lack_urea(region: Path, truth: pd.DataFrame) -> None:
    have = sql(
        region,
        """select count(distinct visit_occurrence_id) filter (where measurement_concept_id = 3029187) as nt_probnp,
                  count(distinct visit_occurrence_id) filter (where measurement_concept_id = 3020779) as urea
           from measurement join truth on index_id = visit_occurrence_id""",
    )
    assert have["nt_probnp"][0] / len(truth) == pytest.approx(0.5, abs=0.03)
    assert have["urea"][0] / len(truth) == pytest.approx(0.98, abs=0.01)


def test_codes_are_uk_icd_10_with_dots(region: Path) -> None:
    codes = sql(region, "select distinct condition_source_value as code from condition_occurrence")["code"]
    assert codes.str.fullmatch(r"[A-Z]\d\d(\.\d)?").all()
    assert {"I50.0", "I50.1", "I50.9", "I11.0", "I25.5", "I42.0", "I42.9", "Z60.2", "F03"} <= set(codes)


def test_planned_admissions_and_other_causes_look_like_traps(region: Path) -> None:
    kinds = sql(
        region,
        """select visit_source_value as kind, c.condition_status_concept_id as status, count(*) as n
           from visit_occurrence v join condition_occurrence c using (visit_occurrence_id)
           where c.condition_source_value like 'I50%' group by 1, 2""",
    ).set_index(["kind", "status"])["n"]
    assert kinds["elective", 32903] > 100
    assert kinds["emergency", 32909] > 1_000
    planned_soon = sql(
        region,
        """select count(distinct index_id) as n from truth t join visit_occurrence v using (person_id)
           where v.visit_source_value = 'elective' and v.visit_start_date - t.discharge_date between 0 and 29""",
    )["n"][0]
    assert planned_soon > 200
