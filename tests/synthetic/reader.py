"""How a reader of the tables, who knows only the written rules, finds index discharges and what happened next.

Plain SQL on the Parquet files: nothing of hfrisk is used here.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import pandas as pd

__all__ = ["known_before", "read_index", "sql"]

_SPELLS = """
with inpatient as (
    select * from visit_occurrence where visit_concept_id in (9201, 262)
),
spell as (
    select v.*, v.visit_concept_id = 262 or exists (
        select 1 from visit_occurrence e
        where e.person_id = v.person_id and e.visit_concept_id = 9203
          and e.visit_end_date between v.visit_start_date - 1 and v.visit_start_date) as emergency
    from inpatient v
)
"""

_INDEX = (
    _SPELLS
    + """,
edge as (select max(visit_end_date) as last from inpatient),
adult as (
    select *, make_date(year_of_birth, month_of_birth, day_of_birth) as born from person
),
candidate as (
    select s.* from spell s join adult p using (person_id)
    left join death d using (person_id)
    where s.emergency and s.visit_start_date >= p.born + interval 18 year
      and (d.death_date is null or d.death_date > s.visit_end_date)
      and coalesce(s.discharged_to_concept_id, 0) <> 4216643 and coalesce(s.discharged_to_source_value, '') <> '79'
      and s.visit_end_date + 29 <= (select last from edge)
      and exists (select 1 from condition_occurrence c
                  where c.visit_occurrence_id = s.visit_occurrence_id and c.condition_status_concept_id = 32903
                    and replace(c.condition_source_value, '.', '') in
                        ('I110', 'I255', 'I420', 'I429', 'I500', 'I501', 'I509'))
),
next_stay as (
    select c.visit_occurrence_id, min(n.visit_start_date) as back
    from candidate c join spell n on n.person_id = c.person_id and n.emergency
      and n.visit_start_datetime > c.visit_end_datetime
      and n.visit_start_date - c.visit_end_date between 0 and 29
    group by 1
)
select c.person_id, c.visit_occurrence_id as index_id, c.visit_start_date as admission_date,
       c.visit_end_date as discharge_date,
       case when n.back is not null then 'readmitted'
            when d.death_date - c.visit_end_date between 0 and 29 then 'died' else 'none' end as state,
       case when n.back is not null then n.back - c.visit_end_date
            when d.death_date - c.visit_end_date between 0 and 29 then d.death_date - c.visit_end_date
            end as outcome_day
from candidate c left join next_stay n using (visit_occurrence_id) left join death d on d.person_id = c.person_id
order by 1, 2
"""
)

_KNOWN = (
    _SPELLS
    + """,
score as (
    select t.index_id, sum(h.weight) as hfrs from (
        select distinct t.index_id, substr(c.condition_source_value, 1, 3) as code
        from truth t join condition_occurrence c on c.person_id = t.person_id
         and c.condition_start_date between t.admission_date - 730 and t.admission_date - 1) t
    join hfrs h using (code) group by 1
),
condition as (
    select t.index_id,
           count(*) filter (where c.condition_source_value like 'J44%') > 0 as copd,
           count(*) filter (where c.condition_source_value like 'E11%') > 0 as diabetes,
           count(*) filter (where c.condition_source_value like 'I48%') > 0 as atrial_fibrillation,
           count(*) filter (where c.condition_source_value = 'Z60.2') > 0 as living_alone
    from truth t join condition_occurrence c on c.person_id = t.person_id
     and c.condition_start_date between t.admission_date - 730 and t.admission_date - 1
    group by 1
),
earlier as (
    select t.index_id, count(*) as prior_emergency_admissions_365
    from truth t join spell s on s.person_id = t.person_id and s.emergency
     and s.visit_start_date between t.admission_date - 365 and t.admission_date - 1 group by 1
),
arrivals as (
    select t.index_id, count(*) as ed_attendances_180
    from truth t join visit_occurrence v on v.person_id = t.person_id and v.visit_concept_id in (9203, 262)
     and v.visit_start_date between t.admission_date - 180 and t.admission_date - 1 group by 1
),
latest as (
    select t.index_id, m.measurement_concept_id as concept, arg_max(m.value_as_number, m.measurement_datetime) as value
    from truth t join measurement m on m.visit_occurrence_id = t.index_id group by 1, 2
),
wide as (
    select index_id, max(value) filter (where concept = 3020779) as urea,
           max(value) filter (where concept = 3019550) as sodium,
           max(value) filter (where concept = 3000963) as haemoglobin,
           max(value) filter (where concept = 4152194) as systolic_blood_pressure,
           max(value) filter (where concept = 3029187) as nt_probnp,
           max(value) filter (where concept = 3020564) as creatinine,
           max(value) filter (where concept = 40771922) as egfr
    from latest group by 1
),
quintile as (select person_id, max(value_as_number) as imd from observation
             where observation_source_concept_id = 35812882 group by 1)
select t.index_id,
       date_part('year', age(t.admission_date, make_date(p.year_of_birth, p.month_of_birth, p.day_of_birth))) as age,
       q.imd, coalesce(e.prior_emergency_admissions_365, 0) as prior_emergency_admissions_365,
       coalesce(a.ed_attendances_180, 0) as ed_attendances_180, coalesce(s.hfrs, 0) as hfrs,
       coalesce(c.copd, false) as copd, coalesce(c.diabetes, false) as diabetes,
       coalesce(c.atrial_fibrillation, false) as atrial_fibrillation, coalesce(c.living_alone, false) as living_alone,
       t.discharge_date - t.admission_date as length_of_stay, w.* exclude (index_id)
from truth t join person p using (person_id) left join quintile q using (person_id)
left join score s using (index_id) left join condition c using (index_id) left join earlier e using (index_id)
left join arrivals a using (index_id) left join wide w using (index_id)
order by 1
"""
)


def sql(folder: Path, query: str) -> pd.DataFrame:
    """Run a query on the folder's tables, on two threads."""
    with duckdb.connect(config={"threads": 2}) as connection:
        for file in sorted(folder.glob("*.parquet")):
            connection.execute(f"create view {file.stem} as select * from read_parquet('{file}')")
        weights = Path(__file__).parents[2] / "hfrisk" / "codelists" / "hfrs.csv"
        connection.execute(f"create view hfrs as select * from read_csv('{weights}', comment = '#', header = true)")
        return connection.execute(query).df()


def read_index(folder: Path) -> pd.DataFrame:
    """Index discharges with their first state in days 0 to 29."""
    return sql(folder, _INDEX)


def known_before(folder: Path) -> pd.DataFrame:
    """What the truth's risk is computed from, recomputed for each index discharge of the truth file."""
    return sql(folder, _KNOWN)
