"""The feature table's contract: which columns there are, of which type, and what may stand in them. Checked at the door to modelling."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from hfrisk.errors import DataError
from hfrisk.features.dictionary import Feature
from hfrisk.features.family import KEYS

__all__ = ["checked", "contract"]


def contract(entries: Sequence[Feature], groups: Sequence[str] = ()) -> Any:
    """The declaration of a feature table.

    Parameters
    ----------
    entries
        The features, in the order of the columns.
    groups
        Names of the inequality groups.

    Returns
    -------
    pandera.DataFrameSchema
        The key, which is whole and occurs once; one float64 column for each feature (NaN is not recorded; no infinity; a binary is
        0 or 1, a count not below 0); one text column ``group_<name>`` for each group, never missing. No other column.
    """
    import pandera.pandas as pa

    columns = {name: pa.Column(nullable=False) for name in KEYS}
    for entry in entries:
        columns[entry.name] = pa.Column("float64", checks=_checks(entry), nullable=True)
    for name in groups:
        columns[f"group_{name}"] = pa.Column(object, nullable=False)
    return pa.DataFrameSchema(columns, unique=list(KEYS), strict=True, ordered=True)


def checked(frame: pd.DataFrame, entries: Sequence[Feature], groups: Sequence[str] = ()) -> pd.DataFrame:
    """The frame, if it keeps the contract; a failure names columns and what is wrong with them, and no value.

    Raises
    ------
    DataError
        If a column is missing, is of another type or holds what cannot be, or a key is doubled.
    """
    from pandera.errors import SchemaErrors

    try:
        contract(entries, groups).validate(frame, lazy=True)
    except SchemaErrors as error:
        raise _broken(error.failure_cases) from None
    return frame


def _checks(entry: Feature) -> list[Any]:
    import pandera.pandas as pa

    checks = [pa.Check(lambda values: ~np.isinf(values), name="finite")]
    if entry.kind == "binary":
        checks.append(pa.Check(lambda values: values.isin([0.0, 1.0]), name="0 or 1"))
    elif entry.kind == "count":
        checks.append(pa.Check(lambda values: values >= 0, name="not below 0"))
    return checks


_WORDS = {
    "finite": "holds an infinite number",
    "0 or 1": "holds something else than 0 and 1",
    "not below 0": "holds a count below 0",
    "not_nullable": "has a row without a value",
    "column_in_dataframe": "is missing",
    "column_in_schema": "does not belong there",
    "column_ordered": "is not in its place",
    "multiple_fields_uniqueness": "a key is there twice",
}


def _broken(failures: pd.DataFrame) -> DataError:
    faults = set()
    mistyped = {row.column for row in failures.itertuples() if str(row.check).startswith("dtype")}
    for row in failures.itertuples():
        check = str(row.check)
        if row.column in mistyped and not check.startswith("dtype"):
            continue  # what is asked of numbers cannot be asked of something else
        # where a whole column is at fault, the library puts its name where values stand otherwise
        column = row.failure_case if check.startswith("column_") else row.column
        if check == "multiple_fields_uniqueness":
            column = ", ".join(KEYS)
        words = next((text for name, text in _WORDS.items() if check.startswith(name)), "is not of its type")
        faults.add(f"{column} {words}")
    listed = sorted(faults)
    more = f" and {len(listed) - 8} more" if len(listed) > 8 else ""
    return DataError(
        f"The feature table does not keep its contract: {'; '.join(listed[:8])}{more}.",
        where="feature table",
        todo="Make the features again with this version of hfrisk (`hfrisk features STUDY`); if that does not help, report it "
        "without values.",
    )
