"""The NHS's own columns of a stay, which OMOP does not have and a secure environment may add: how it began and ended."""

from __future__ import annotations

from zlib import crc32

import numpy as np
import pyarrow as pa

from hfrisk.synthetic.defects.batch import Batch
from hfrisk.synthetic.draws import happens, pick

__all__ = ["NHS_COLUMNS", "add_nhs_columns"]

NHS_COLUMNS = ("admission_method", "patient_class", "discharge_method")
STREAM = crc32(b"nhs_columns")


def add_nhs_columns(batch: Batch) -> None:
    """Add admission method, patient class and discharge method to every inpatient stay (empty elsewhere)."""
    rng, numbers = batch.rng, batch.recipe["nhs_columns"]
    visits = batch.visits()
    n = len(visits.id)
    planned = visits.stay & ~visits.emergency
    died = batch.says("visit_occurrence", "discharged_to_source_value", "79")
    away = happens(rng, numbers["self_discharge"], n) & visits.emergency
    columns = {
        "admission_method": np.where(planned, _drawn(rng, numbers["planned"], n), _drawn(rng, numbers["emergency"], n)),
        "patient_class": np.where(planned & (visits.nights == 0), "2", "1"),
        "discharge_method": np.where(died, "4", np.where(away, "6", "1")),
    }
    told = {
        "admission_method": visits.stay,
        "patient_class": visits.stay,
        "discharge_method": visits.stay & ~visits.open,
    }
    table = batch.tables["visit_occurrence"]
    for name in NHS_COLUMNS:
        table = table.append_column(name, pa.array(columns[name], type=pa.string(), mask=~told[name]))
    batch.tables["visit_occurrence"] = table


def _drawn(rng: np.random.Generator, shares: dict[str, float], n: int) -> np.ndarray:
    return np.array([str(code) for code in shares], dtype=object)[pick(rng, shares, n)]
