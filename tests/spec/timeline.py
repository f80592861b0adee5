"""Rules stated on small timelines: stays of made-up people in, index discharges and what became of them out."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from hfrisk.cdm import SourceSettings, connect
from hfrisk.cohort import Cohort, CohortSettings, build_cohort
from tests import omop_text

BASE = {"minimum_age": None, "complete_follow_up": False, "unplanned": "assume_unplanned"}


def follow(
    folder: Path, visits: str, *, hf: str = "", deaths: str = "", data_end: str = "2030-12-31", **settings: object
) -> Cohort:
    """The cohort of these visits.

    Parameters
    ----------
    visits
        Lines ``id person concept start end``; a time may follow a date after a ``T``.
    hf
        Ids of the visits whose principal diagnosis is heart failure (I50.0); empty means every inpatient visit.
    deaths
        Lines ``person date``.
    """
    frame = omop_text.rows("id person concept start end\n" + visits)
    chosen = hf.split() or list(frame.loc[frame["concept"].isin(["9201", "262"]), "id"])
    of_person = dict(zip(frame["id"], frame["person"], strict=True))
    visit_lines = [
        "visit_occurrence_id person_id visit_concept_id visit_start_date visit_start_datetime visit_end_date visit_end_datetime"
    ]
    for row in frame.itertuples():
        times = [
            f"{str(moment).split('T')[0]} {moment if 'T' in str(moment) else '-'}" for moment in (row.start, row.end)
        ]
        visit_lines.append(f"{row.id} {row.person} {row.concept} {' '.join(times)}")
    conditions = [
        "person_id condition_start_date condition_status_concept_id visit_occurrence_id condition_source_value"
    ]
    starts = {row.id: str(row.start).split("T")[0] for row in frame.itertuples()}
    conditions += [f"{of_person[visit]} {starts[visit]} 32903 {visit} I50.0" for visit in chosen]
    persons = [
        "person_id gender_concept_id year_of_birth",
        *[f"{person} 8507 1940" for person in sorted(set(frame["person"]))],
    ]
    tables = {
        "person": "\n".join(persons),
        "visit_occurrence": "\n".join(visit_lines),
        "condition_occurrence": "\n".join(conditions),
    }
    if deaths:
        tables["death"] = "person_id death_date\n" + deaths
    source = omop_text.write(folder / "omop", **tables)
    cdm = connect(SourceSettings(path=source))
    return build_cohort(cdm, CohortSettings(**{**BASE, **settings}), pd.Timestamp(data_end).date())  # type: ignore[arg-type]


def outcomes(cohort: Cohort) -> str:
    """The index discharges as lines ``index state day``, in the order of their ids."""
    frame = cohort.table.select("index_id", "state", "outcome_day").execute().sort_values("index_id")
    return "\n".join(
        f"{row.index_id} {row.state} {'-' if pd.isna(row.outcome_day) else int(row.outcome_day)}"
        for row in frame.itertuples()
    )
