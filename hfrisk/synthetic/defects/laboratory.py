"""Defects of test results: units and concepts that say one thing while the value is another, and a ceiling."""

from __future__ import annotations

import numpy as np

from hfrisk.synthetic.defects.batch import Batch
from hfrisk.synthetic.draws import Bools

__all__ = ["bnp_as_nt_probnp", "creatinine_mg_per_dl", "hb_g_per_dl", "nt_probnp_ceiling", "potassium_mass_concept"]

_UMOL_PER_MG_DL = 88.4
_NT_PROBNP_PER_BNP = 6.0  # on the same scale, roughly; the ratio of the two assays varies widely between people
_CEILING, _ABOVE = 35_000, 4172704  # assay ceiling in ng/L; OMOP's operator ">" (clinical reference 5.2, 8.3)
_POTASSIUM_BY_MASS = 21490733  # "Potassium [Mass/volume]", to which one public ETL maps mmol/L by name (OMOP reference)


def hb_g_per_dl(batch: Batch, rate: float) -> int:
    """Haemoglobin in g/dL while the unit says g/L."""
    return _rescale(batch, rate, "haemoglobin", 0.1, 1)


def creatinine_mg_per_dl(batch: Batch, rate: float) -> int:
    """Creatinine in mg/dL while the unit says umol/L."""
    return _rescale(batch, rate, "creatinine", 1 / _UMOL_PER_MG_DL, 2)


def bnp_as_nt_probnp(batch: Batch, rate: float) -> int:
    """BNP, about a sixth of NT-proBNP, under the concept of NT-proBNP."""
    return _rescale(batch, rate, "NT-proBNP", 1 / _NT_PROBNP_PER_BNP, 0)


def potassium_mass_concept(batch: Batch, rate: float) -> int:
    """Potassium in mmol/L under the concept of its mass concentration."""
    chosen = batch.some(_rows_of(batch, "potassium"), rate)
    batch.change("measurement", chosen, measurement_concept_id=_POTASSIUM_BY_MASS)
    return int(chosen.sum())


def nt_probnp_ceiling(batch: Batch, rate: float) -> int:
    """NT-proBNP above the assay's ceiling as the text ">35000", without a number."""
    above = batch.numbers("measurement", "value_as_number") > _CEILING
    chosen = batch.some(_rows_of(batch, "NT-proBNP") & above, rate)
    batch.change(
        "measurement",
        chosen,
        value_as_number=None,
        operator_concept_id=_ABOVE,
        value_source_value=f">{_CEILING}",
    )
    return int(chosen.sum())


def _rows_of(batch: Batch, test: str) -> Bools:
    concept = batch.recipe["laboratory"][test]["concept"]
    return np.asarray(batch.ints("measurement", "measurement_concept_id") == concept, dtype=np.bool_)


def _rescale(batch: Batch, rate: float, test: str, factor: float, decimals: int) -> int:
    chosen = batch.some(_rows_of(batch, test), rate)
    value = batch.numbers("measurement", "value_as_number")[chosen]
    batch.change("measurement", chosen, value_as_number=np.round(value * factor, decimals))
    return int(chosen.sum())
