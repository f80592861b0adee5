"""Defects of coding: diagnoses that vanish, change their code, or lose their concept, their status or their visit."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from hfrisk.codelists import read_yaml
from hfrisk.synthetic.defects.batch import LINKED, NULL, Batch
from hfrisk.synthetic.defects.trusts import after_the_step
from hfrisk.synthetic.draws import Bools

__all__ = [
    "cm_codes",
    "coding_step",
    "dangling_visits",
    "diagnoses_dropped",
    "i50_0_dropped",
    "no_condition_status",
    "unmapped",
]

_NOWHERE = 5_000_000_000_000  # added to a visit's id: no visit has such an id
_CONCEPTS = {
    "condition_occurrence": "condition_concept_id",
    "measurement": "measurement_concept_id",
    "drug_exposure": "drug_concept_id",
}
_FAILING_WITHOUT_SAYING = "R06.0"  # dyspnoea: what a trust codes when it stops coding heart failure


def i50_0_dropped(batch: Batch, rate: float) -> int:
    """Diagnoses of I50.0 vanish, as from a table that was joined with ICD-10-CM."""
    lost = batch.some(batch.says("condition_occurrence", "condition_source_value", "I50.0"), rate)
    return batch.keep("condition_occurrence", ~lost)


def diagnoses_dropped(batch: Batch, rate: float) -> int:
    """Inpatient stays lose all their diagnoses."""
    visits = batch.visits()
    named = batch.ints("condition_occurrence", "visit_occurrence_id")
    lost = batch.some(visits.stay & np.isin(visits.id, named), rate)
    batch.keep("condition_occurrence", ~np.isin(named, visits.id[lost]))
    return int(lost.sum())


def coding_step(batch: Batch, rate: float) -> int:
    """One trust codes R06.0 instead of I50.x from a month on."""
    codes = [code for code in batch.recipe.codes.icd10 if code.startswith("I50")]
    named = batch.ints("condition_occurrence", "visit_occurrence_id")
    there = batch.visits().id[after_the_step(batch, "coding_step")]
    heart_failure = batch.says("condition_occurrence", "condition_source_value", *codes) & np.isin(named, there)
    chosen = batch.some(heart_failure, rate)
    batch.change("condition_occurrence", chosen, condition_source_value=_FAILING_WITHOUT_SAYING, condition_concept_id=0)
    return int(chosen.sum())


def cm_codes(batch: Batch, rate: float) -> int:
    """Diagnoses in ICD-10-CM among the UK's."""
    twins: dict[str, str] = read_yaml("region_defects.yaml")["icd10_cm"]
    chosen = batch.some(batch.says("condition_occurrence", "condition_source_value", *twins), rate)
    codes = batch.tables["condition_occurrence"]["condition_source_value"].filter(pa.array(chosen)).to_numpy()
    written = np.array([twins[code] for code in twins], dtype=object)
    names, place = np.unique(codes.astype(str), return_inverse=True)
    position = [list(twins).index(name) for name in names]
    fresh = written[np.array(position, dtype=np.int64)[place]] if len(codes) else np.array([], dtype=object)
    batch.change("condition_occurrence", chosen, condition_source_value=pa.array(fresh, type=pa.string()))
    return int(chosen.sum())


def unmapped(batch: Batch, rate: float) -> dict[str, int]:
    """Diagnoses, tests and drugs lose their standard concept (0 instead)."""
    planted = {}
    for table, column in _CONCEPTS.items():
        chosen = batch.some(batch.ints(table, column) != 0, rate)
        batch.change(table, chosen, **{column: 0})
        planted[table] = int(chosen.sum())
    return planted


def no_condition_status(batch: Batch, rate: float) -> int:
    """Diagnoses lose the status that tells the principal one."""
    chosen = batch.some(batch.ints("condition_occurrence", "condition_status_concept_id") != NULL, rate)
    batch.change("condition_occurrence", chosen, condition_status_concept_id=None)
    return int(chosen.sum())


def dangling_visits(batch: Batch, rate: float) -> dict[str, int]:
    """Diagnoses, tests and drugs name a visit that does not exist."""
    planted = {}
    for table in LINKED:
        visit = batch.ints(table, "visit_occurrence_id")
        chosen: Bools = batch.some(visit != NULL, rate)
        batch.change(table, chosen, visit_occurrence_id=visit[chosen] + _NOWHERE)
        planted[table] = int(chosen.sum())
    return planted
