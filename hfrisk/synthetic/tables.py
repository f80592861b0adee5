"""The records of a batch of people as tables in the shape of the OMOP CDM 5.4."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from hfrisk.synthetic.cdm54 import dates, moments, table, words
from hfrisk.synthetic.draws import DAY, Bools, Ints, day_number
from hfrisk.synthetic.people import People
from hfrisk.synthetic.person_tables import EHR, Offsets, person_tables
from hfrisk.synthetic.recipe import Recipe
from hfrisk.synthetic.settings import RegionSettings
from hfrisk.synthetic.timeline import NO_VISIT, Timeline

__all__ = ["TRUTH", "people_tables", "truth_table"]

TRUTH = "truth"
_ADMINISTERED, _STILL_PATIENT = 32838, 32220
_SOURCES = ("emergency", "elective", "attendance", "outpatient")
_DESTINATION_CONCEPTS = np.array([0, 8676, 8546, 4216643])
_DESTINATION_CODES = ("19", "54", "88", "79")
_USUAL_RESIDENCE = "19"
_INPATIENT = (9201, 262)


def people_tables(
    people: People,
    timeline: Timeline,
    kept: Bools,
    truth: pd.DataFrame | None,
    offsets: Offsets,
    settings: RegionSettings,
    recipe: Recipe,
) -> dict[str, pa.Table]:
    """The tables of the `kept` people, and their rows of the truth.

    Nothing dated after the end of the records is written. A stay that is open then ends on that day with type 32220
    (still patient) and has no diagnosis yet. Diagnoses of one stay are listed once.
    """
    last_day = day_number(settings.data_end)
    ids = _person_ids(kept, offsets)
    visits, visit_id, coded = _visits(timeline, kept, ids, last_day, offsets)
    tables = {
        **person_tables(people, timeline, kept, ids, settings, recipe, offsets),
        "visit_occurrence": visits,
        "condition_occurrence": _conditions(timeline, kept, ids, visit_id, coded, last_day, recipe, offsets),
        "measurement": _measurements(timeline, kept, ids, visit_id, last_day, recipe, offsets),
        "drug_exposure": _drugs(timeline, kept, ids, visit_id, last_day, recipe, offsets),
    }
    if truth is not None:
        tables[TRUTH] = truth_table(truth[kept[truth["who"].to_numpy()]], ids, visit_id)
    return tables


def truth_table(truth: pd.DataFrame, ids: Ints, visit_id: Ints) -> pa.Table:
    """The truth of the index discharges, keyed as a reader keys them."""
    outcome = truth["outcome_day"].to_numpy()
    columns: dict[str, Any] = {
        "person_id": ids[truth["who"].to_numpy()],
        "index_id": visit_id[truth["visit"].to_numpy()],
        "admission_date": dates(truth["admission_day"].to_numpy()),
        "discharge_date": dates(truth["discharge_day"].to_numpy()),
        "p_readmitted": truth["p_readmitted"].to_numpy(),
        "p_died": truth["p_died"].to_numpy(),
        "p_none": truth["p_none"].to_numpy(),
        "state": pa.array(truth["state"].to_numpy(), type=pa.string()),
        "outcome_day": pa.array(outcome, mask=outcome < 0, type=pa.int64()),
    }
    columns |= {name: truth[name].to_numpy() for name in truth.columns if name.startswith("true_")}
    return pa.table(columns)


def _visits(
    timeline: Timeline, kept: Bools, ids: Ints, last_day: int, offsets: Offsets
) -> tuple[pa.Table, Ints, Bools]:
    """Visits in the order of person and time; the id of each row (0 if not written), and whether it is coded."""
    who, start, end = timeline.visits["who"], timeline.visits["start"], timeline.visits["end"]
    written = np.flatnonzero(kept[who] & (start // DAY <= last_day))
    written = written[np.lexsort((start[written], who[written]))]
    visit_id = np.zeros(len(who), dtype=np.int64)
    visit_id[written] = offsets.next("visit_occurrence", len(written))
    is_open = end // DAY > last_day
    who, start, end, still = who[written], start[written], end[written], is_open[written]
    end = np.where(still, (last_day + 1) * DAY - 1, end)
    concept = timeline.visits["concept"][written]
    destination = timeline.visits["destination"][written]
    unknown = still | ~np.isin(concept, _INPATIENT)
    visits = table(
        "visit_occurrence",
        len(written),
        visit_occurrence_id=visit_id[written],
        person_id=ids[who],
        visit_concept_id=concept,
        visit_start_date=dates(start // DAY),
        visit_start_datetime=moments(start),
        visit_end_date=dates(end // DAY),
        visit_end_datetime=moments(end),
        visit_type_concept_id=np.where(still, _STILL_PATIENT, EHR),
        care_site_id=timeline.visits["trust"][written] + 1,
        visit_source_value=words(timeline.visits["source"][written], _SOURCES),
        admitted_from_concept_id=0,
        admitted_from_source_value=[_USUAL_RESIDENCE] * len(written),
        discharged_to_concept_id=pa.array(_DESTINATION_CONCEPTS[destination], mask=unknown),
        discharged_to_source_value=words(destination, _DESTINATION_CODES, unknown),
    )
    return visits, visit_id, ~is_open


def _conditions(
    timeline: Timeline,
    kept: Bools,
    ids: Ints,
    visit_id: Ints,
    coded: Bools,
    last_day: int,
    recipe: Recipe,
    offsets: Offsets,
) -> pa.Table:
    who, visit, minute = timeline.conditions["who"], timeline.conditions["visit"], timeline.conditions["minute"]
    code, status = timeline.conditions["code"], timeline.conditions["status"]
    loose = visit == NO_VISIT
    rows = np.flatnonzero(kept[who] & (minute // DAY <= last_day) & (loose | (coded[visit] & (visit_id[visit] > 0))))
    linked = rows[~loose[rows]]
    _, first = np.unique(visit[linked] * len(recipe.codes.icd10) + code[linked], return_index=True)
    rows = np.concatenate([linked[first], rows[loose[rows]]])
    rows = rows[np.lexsort((status[rows], minute[rows], who[rows]))]
    return table(
        "condition_occurrence",
        len(rows),
        condition_occurrence_id=offsets.next("condition_occurrence", len(rows)),
        person_id=ids[who[rows]],
        condition_concept_id=recipe.codes.concepts[code[rows]],
        condition_start_date=dates(minute[rows] // DAY),
        condition_start_datetime=moments(minute[rows]),
        condition_type_concept_id=EHR,
        condition_status_concept_id=status[rows],
        visit_occurrence_id=pa.array(visit_id[visit[rows]], mask=loose[rows]),
        condition_source_value=words(code[rows], recipe.codes.icd10),
        condition_source_concept_id=0,
    )


def _measurements(
    timeline: Timeline, kept: Bools, ids: Ints, visit_id: Ints, last_day: int, recipe: Recipe, offsets: Offsets
) -> pa.Table:
    who, visit, minute = timeline.measurements["who"], timeline.measurements["visit"], timeline.measurements["minute"]
    rows = _rows_within(who, visit, minute, kept, visit_id, last_day)
    test = timeline.measurements["test"][rows]
    numbers = [recipe["laboratory"][name] for name in recipe.tests]
    return table(
        "measurement",
        len(rows),
        measurement_id=offsets.next("measurement", len(rows)),
        person_id=ids[who[rows]],
        measurement_concept_id=np.array([test["concept"] for test in numbers])[test],
        measurement_date=dates(minute[rows] // DAY),
        measurement_datetime=moments(minute[rows]),
        measurement_type_concept_id=EHR,
        value_as_number=timeline.measurements["value"][rows],
        unit_concept_id=np.array([test["unit"] for test in numbers])[test],
        visit_occurrence_id=visit_id[visit[rows]],
        measurement_source_value=words(test, recipe.tests),
        unit_source_value=words(test, [test["words"] for test in numbers]),
    )


def _drugs(
    timeline: Timeline, kept: Bools, ids: Ints, visit_id: Ints, last_day: int, recipe: Recipe, offsets: Offsets
) -> pa.Table:
    who, visit, minute = timeline.drugs["who"], timeline.drugs["visit"], timeline.drugs["minute"]
    rows = _rows_within(who, visit, minute, kept, visit_id, last_day)
    drug, route = timeline.drugs["drug"][rows], timeline.drugs["route"][rows]
    day, moment = dates(minute[rows] // DAY), moments(minute[rows])
    oral = recipe["routes"]["oral"]
    return table(
        "drug_exposure",
        len(rows),
        drug_exposure_id=offsets.next("drug_exposure", len(rows)),
        person_id=ids[who[rows]],
        drug_concept_id=np.array(recipe.drugs)[drug],
        drug_exposure_start_date=day,
        drug_exposure_start_datetime=moment,
        drug_exposure_end_date=day,
        drug_exposure_end_datetime=moment,
        drug_type_concept_id=_ADMINISTERED,
        route_concept_id=route,
        visit_occurrence_id=visit_id[visit[rows]],
        drug_source_value=words(drug, recipe.drug_names),
        route_source_value=words((route != oral).astype(np.int64), ("oral", "intravenous")),
    )


def _person_ids(kept: Bools, offsets: Offsets) -> Ints:
    """Ids that say nothing: an odd multiplier modulo a power of two gives each person a different one."""
    number = offsets.people + np.cumsum(kept)
    offsets.people += int(kept.sum())
    return (number * 2_654_435_761 + 97) % 2**32


def _rows_within(who: Ints, visit: Ints, minute: Ints, kept: Bools, visit_id: Ints, last_day: int) -> Ints:
    rows = np.flatnonzero(kept[who] & (minute // DAY <= last_day) & (visit_id[visit] > 0))
    return rows[np.lexsort((minute[rows], who[rows]))]
