"""What age, sex and comorbidity alone would lead one to expect at each trust: a small logistic model of its own.

It is made for this purpose only and is no prediction model: it is fitted to the very people whom it is asked about, so that all trusts
together have just what is expected. Age enters as age and its square, sex as recorded, comorbidity as the Charlson index and its square.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from hfrisk.inequality.clustered import Floats
from hfrisk.inequality.regression import fit

__all__ = ["COMORBIDITY", "case_mix_design", "expected_risk"]

COMORBIDITY = ("charlson_quan_2011", "charlson_1987", "elixhauser_count")
"""The first of these that the study made is taken."""


def case_mix_design(
    age: pd.Series | None, bands: pd.Series | None, sex: pd.Series | None, index: pd.Series | None
) -> tuple[Floats, str]:
    """The columns of the model, and what they are in words.

    Parameters
    ----------
    age
        Years; where it is not known, bands are taken.
    bands, sex
        Levels of the groups.
    index
        The comorbidity index.

    Returns
    -------
    (ndarray, str)
        Shape (n, k) with a column of ones; a missing number counts as the median, with a column that says so.
    """
    length = next(len(part) for part in (age, bands, sex, index) if part is not None)
    columns: list[Floats] = [np.ones(length)]
    words = []
    if age is not None:
        columns += _curved(age)
        words.append("age")
    elif bands is not None:
        columns += _levels(bands)
        words.append("age band")
    if sex is not None:
        columns += _levels(sex)
        words.append("sex")
    if index is not None:
        columns += _curved(index)
        words.append("comorbidity")
    return np.column_stack(columns), ", ".join(words)


def expected_risk(design: Floats, event: Floats) -> Floats:
    """The risk of each discharge by the model, shape (n,); NaN where it could not be made."""
    found = fit(design, event, "logit")
    return 1 / (1 + np.exp(-(design @ found.coefficients)))


def _curved(values: pd.Series) -> list[Floats]:
    number = values.to_numpy(dtype=float)
    unknown = np.isnan(number)
    if unknown.all() or np.nanstd(number) == 0:
        return []
    filled = np.where(unknown, np.nanmedian(number), number)
    scaled = (filled - filled.mean()) / filled.std()
    square = scaled**2
    more = [unknown.astype(float)] if unknown.any() else []
    # a number of two values has no curve
    return [scaled, *([square] if len(np.unique(filled)) > 2 else []), *more]


def _levels(values: pd.Series) -> list[Floats]:
    return [(values == level).to_numpy(dtype=float) for level in sorted(values.unique())[1:]]
