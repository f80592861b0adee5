"""What each defect should leave in the tables, counted by plain SQL on the files of a region with it and of its clean twin.

In each query `clean.<table>` is the twin's table and `planted.<table>` the struck one. Ids of rows that existed before
do not change, and ids of added rows begin at 10,000,000,000. Nothing of hfrisk is used here.
"""

from __future__ import annotations

__all__ = ["COUNTS", "STRUCK"]

_EVENTS = {
    "condition_occurrence": "condition_start_date",
    "measurement": "measurement_date",
    "drug_exposure": "drug_exposure_start_date",
}
_LINKED = tuple(_EVENTS)
_STAYS = ("visit_occurrence", *_LINKED)


def _gone(table: str, condition: str = "true") -> str:
    return f"""select count(*) from clean.{table} c where ({condition})
        and not exists (select 1 from planted.{table} p where p.{table}_id = c.{table}_id)"""


def _every(query: str, tables: dict[str, str] | tuple[str, ...]) -> str:
    """The sum over tables of a query with {table} and {date}."""
    parts = [f"({query.format(table=table, date=_EVENTS.get(table, 'visit_start_date'))})" for table in tables]
    return f"select {' + '.join(parts)}"


def _rows(table: str, changed: str) -> str:
    """Rows of a table that are there in both, and differ in the way that is said (c: clean, p: planted)."""
    key = "person_id" if table in ("death", "person") else f"{table}_id"
    return f"select count(*) from clean.{table} c join planted.{table} p using ({key}) where {changed}"


def _test(concept: int, changed: str) -> str:
    return _rows("measurement", f"c.measurement_concept_id = {concept} and {changed}")


def _halves(second: str) -> str:
    """Stays whose end came forward and whose other half is a new stay, as said of the two (p: first, n: second)."""
    return f"""select count(*) from clean.visit_occurrence c
        join planted.visit_occurrence p using (visit_occurrence_id)
        join planted.visit_occurrence n on n.person_id = c.person_id and n.visit_occurrence_id >= 10000000000
         and n.visit_end_datetime = c.visit_end_datetime and n.visit_start_datetime > c.visit_start_datetime
        where p.visit_end_datetime < c.visit_end_datetime and {second}"""


def _at_trust(site: int, of_clean: str) -> str:
    """Visits of one trust from the day of the step on that are gone; {day} is filled from region.json."""
    return _gone("visit_occurrence", f"care_site_id = {site} and visit_start_date >= '{{day}}' and {of_clean}")


COUNTS: dict[str, str] = {
    "i50_0_dropped": _gone("condition_occurrence", "c.condition_source_value = 'I50.0'"),
    "diagnoses_dropped": """
        select count(*) from clean.visit_occurrence v where v.visit_concept_id in (9201, 262)
         and exists (select 1 from clean.condition_occurrence c where c.visit_occurrence_id = v.visit_occurrence_id)
         and not exists (select 1 from planted.condition_occurrence p where p.visit_occurrence_id = v.visit_occurrence_id)""",
    "dangling_visits": _every(
        """select count(*) from planted.{table} p where visit_occurrence_id is not null
           and visit_occurrence_id not in (select visit_occurrence_id from planted.visit_occurrence)""",
        _LINKED,
    ),
    "unmapped": """select
        (select count(*) filter (where condition_concept_id = 0) from planted.condition_occurrence)
        - (select count(*) filter (where condition_concept_id = 0) from clean.condition_occurrence)
        + (select count(*) filter (where measurement_concept_id = 0) from planted.measurement)
        + (select count(*) filter (where drug_concept_id = 0) from planted.drug_exposure)""",
    "no_condition_status": """
        select count(*) from planted.condition_occurrence where condition_status_concept_id is null""",
    "coding_step": _rows(
        "condition_occurrence",
        """c.condition_source_value like 'I50%' and p.condition_source_value = 'R06.0' and p.condition_concept_id = 0
           and exists (select 1 from clean.visit_occurrence v where v.visit_occurrence_id = c.visit_occurrence_id
                       and v.care_site_id = 1 and v.visit_start_date >= '{day}')""",
    ),
    "cm_codes": """
        select count(*) from planted.condition_occurrence where condition_source_value not in
            (select condition_source_value from clean.condition_occurrence)""",
    "hb_g_per_dl": _test(
        3000963,
        "p.value_as_number < 25 and abs(p.value_as_number * 10 - c.value_as_number) < 0.6 and c.unit_concept_id = p.unit_concept_id",
    ),
    "creatinine_mg_per_dl": _test(
        3020564, "p.value_as_number < 18 and abs(p.value_as_number * 88.4 - c.value_as_number) < 0.5"
    ),
    "potassium_mass_concept": _test(
        3023103, "p.measurement_concept_id = 21490733 and p.value_as_number = c.value_as_number"
    ),
    "bnp_as_nt_probnp": _test(
        3029187, "p.measurement_concept_id = 3029187 and abs(p.value_as_number * 6 - c.value_as_number) <= 3.1"
    ),
    "nt_probnp_ceiling": _test(
        3029187,
        """c.value_as_number > 35000 and p.value_as_number is null and p.value_source_value = '>35000'
           and p.operator_concept_id = 4172704""",
    ),
    "future_dates": _every("select count(*) from planted.{table} where {date} > date '2030-01-01'", _STAYS),
    "before_birth": _every(
        """select count(*) from planted.{table} join planted.person using (person_id)
           where {date} < make_date(year_of_birth, month_of_birth, day_of_birth)""",
        _LINKED,
    ),
    "after_death": _every(
        "select count(*) from planted.{table} join planted.death using (person_id) where {date} > death_date", _LINKED
    ),
    "month_start_deaths": _rows(
        "death", "p.death_date < c.death_date and p.death_date = date_trunc('month', c.death_date)"
    ),
    "late_deaths": _rows("death", "p.death_date - c.death_date between 1 and 7"),
    "repeated_person_rows": "select count(*) - count(distinct person_id) from planted.person",
    "duplicated_persons": """
        select count(*) from planted.person p join planted.person c on p.person_id = c.person_id + 10000000000
            and p.year_of_birth = c.year_of_birth and p.day_of_birth = c.day_of_birth
            and p.gender_concept_id = c.gender_concept_id""",
    "ethnicity_missing_by_deprivation": _rows(
        "person", "c.race_source_value not in ('Z', '99') and p.race_source_value is null and p.race_concept_id = 0"
    ),
    "duplicated_visits": """
        select count(*) from planted.visit_occurrence a join planted.visit_occurrence b
            using (person_id, visit_start_datetime, visit_end_datetime, visit_concept_id, care_site_id)
        where a.visit_occurrence_id < b.visit_occurrence_id""",
    "transfers_split": _halves(
        """n.care_site_id <> c.care_site_id and n.visit_start_date = p.visit_end_date
           and n.visit_start_datetime > p.visit_end_datetime and p.discharged_to_concept_id = 8717
           and p.discharged_to_source_value = '51' and n.admitted_from_concept_id = 8717
           and n.admitted_from_source_value = '51' and n.admission_method = '2B'"""
    ),
    "transfers_uncoded": _halves(
        """n.care_site_id <> c.care_site_id and n.visit_start_date = p.visit_end_date + 1
           and p.discharged_to_source_value = '19' and n.admitted_from_source_value = '19'
           and n.admission_method not in ('2B', '81')"""
    ),
    "same_day_readmission": _halves(
        """n.care_site_id = c.care_site_id and n.visit_start_date = p.visit_end_date
           and n.visit_start_datetime > p.visit_end_datetime and n.visit_concept_id = 262"""
    ),
    "overlapping_stays": _halves("n.care_site_id = c.care_site_id and n.visit_start_datetime < p.visit_end_datetime"),
    "direct_as_9201": """
        select count(*) from planted.visit_occurrence p where visit_concept_id = 9201
         and visit_source_value = 'emergency' and admission_method in ('22', '23', '24') and not exists (
            select 1 from planted.visit_occurrence e where e.person_id = p.person_id and e.visit_concept_id = 9203
             and e.visit_end_datetime between p.visit_start_datetime - interval 5 minute and p.visit_start_datetime)""",
    "regular_attenders": """
        select count(distinct (person_id, visit_start_date)) from planted.visit_occurrence
        join planted.condition_occurrence using (visit_occurrence_id, person_id)
        where condition_source_value = 'Z49.1' and visit_concept_id = 9201 and visit_start_date = visit_end_date
          and patient_class = '3'""",
    "returns_unrecorded_in_deprived": _gone(
        "visit_occurrence",
        """c.visit_concept_id in (9201, 262) and c.visit_source_value = 'emergency'
           and exists (select 1 from clean.observation o where o.person_id = c.person_id and o.value_as_number = 1)
           and exists (select 1 from clean.visit_occurrence b where b.person_id = c.person_id
                       and b.visit_concept_id in (9201, 262) and b.visit_source_value = 'emergency'
                       and b.visit_occurrence_id <> c.visit_occurrence_id
                       and c.visit_start_date - b.visit_end_date between 0 and 29)
           and not exists (select 1 from clean.death d where d.person_id = c.person_id
                           and d.death_date between c.visit_start_date and c.visit_end_date)""",
    ),
    "returns_added_in_deprived": """
        select count(*) from planted.visit_occurrence p where visit_occurrence_id >= 10000000000
         and visit_concept_id = 262 and visit_source_value = 'emergency' and admission_method = '21'
         and visit_end_date = visit_start_date + 1 and visit_start_date > '{day}'
         and exists (select 1 from clean.observation o where o.person_id = p.person_id and o.value_as_number = 1)
         and exists (select 1 from planted.condition_occurrence k where k.visit_occurrence_id = p.visit_occurrence_id)
         and exists (select 1 from clean.visit_occurrence b where b.person_id = p.person_id
                     and b.visit_concept_id in (9201, 262) and b.visit_source_value = 'emergency'
                     and p.visit_start_date - b.visit_end_date between 0 and 29)
         and not exists (select 1 from clean.visit_occurrence b where b.person_id = p.person_id
                         and p.visit_start_date between b.visit_start_date and b.visit_end_date)
         and not exists (select 1 from clean.death d where d.person_id = p.person_id and d.death_date <= p.visit_end_date)""",
    "attendances_unrecorded_in_deprived": _gone(
        "visit_occurrence",
        """c.visit_concept_id = 9203
           and exists (select 1 from clean.observation o where o.person_id = c.person_id and o.value_as_number = 1)
           and not exists (select 1 from clean.visit_occurrence b where b.person_id = c.person_id
                           and b.visit_concept_id in (9201, 262)
                           and b.visit_start_datetime = c.visit_end_datetime + interval 1 minute)""",
    ),
    "covid_dip": _gone("visit_occurrence", "visit_start_date between '2020-03-23' and '2020-06-30'"),
    "volume_step": _at_trust(2, "visit_concept_id in (9201, 262)"),
    "zero_day_step": _at_trust(
        3, "visit_concept_id in (9201, 262) and visit_source_value = 'emergency' and visit_start_date = visit_end_date"
    ),
    "lookback_truncated": _gone("visit_occurrence", "care_site_id = 4 and visit_start_date < '{day}'"),
    "thinning_end": _gone("visit_occurrence", "visit_start_date > date '2023-04-30'"),
}

STRUCK: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(
        ("i50_0_dropped", "diagnoses_dropped", "coding_step", "cm_codes", "no_condition_status"), _LINKED[:1]
    ),
    **dict.fromkeys(("dangling_visits", "unmapped", "before_birth", "after_death"), _LINKED),
    **dict.fromkeys(
        ("hb_g_per_dl", "creatinine_mg_per_dl", "potassium_mass_concept", "bnp_as_nt_probnp", "nt_probnp_ceiling"),
        ("measurement",),
    ),
    **dict.fromkeys(("month_start_deaths", "late_deaths"), ("death",)),
    **dict.fromkeys(("repeated_person_rows", "ethnicity_missing_by_deprivation"), ("person",)),
    "duplicated_persons": ("person", "observation_period", "observation", "death", *_STAYS),
    **dict.fromkeys(
        ("duplicated_visits", "regular_attenders", "returns_added_in_deprived", "attendances_unrecorded_in_deprived"),
        _STAYS[:2],
    ),
    "direct_as_9201": ("visit_occurrence",),
    "returns_unrecorded_in_deprived": _STAYS,
    **dict.fromkeys(
        (
            "future_dates",
            "transfers_split",
            "transfers_uncoded",
            "same_day_readmission",
            "overlapping_stays",
            "covid_dip",
            "volume_step",
            "zero_day_step",
            "lookback_truncated",
            "thinning_end",
        ),
        _STAYS,
    ),
}
