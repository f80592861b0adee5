"""Why one person's risk is what it is, in plain words: patient-level, for inside the environment only.

Nothing of this is handed to the disclosure gate, the report, a log or a registry; who asks for it writes it under ``internal/``.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hfrisk.features import Feature

__all__ = ["LOWERS", "RAISES", "in_words", "reasons"]

Floats = NDArray[np.float64]

RAISES, LOWERS = "raises", "lowers"


def reasons(
    keys: pd.DataFrame, entries: Sequence[Feature], values: Floats, contributions: Floats, *, most: int
) -> pd.DataFrame:
    """The contributions that move each risk most, strongest first.

    Parameters
    ----------
    keys
        Who each row is (``person_id, index_id``).
    entries
        The inputs of the model, one a column.
    values
        Shape (rows, inputs); NaN where not recorded.
    contributions
        Log-odds, same shape.
    most
        Most reasons of a row; a contribution of nought is none.

    Returns
    -------
    pandas.DataFrame
        The keys, ``rank`` (from 1), ``feature``, ``direction`` (raises or lowers), ``value`` (in the feature's unit; NaN where not
        recorded), ``contribution`` (log-odds) and ``reason``: such as ``raises: last urea 18.2 mmol/L`` or ``lowers: no beta-blocker``.
        They say what the model makes of this person, not what would help.
    """
    most = min(most, contributions.shape[1])
    order = np.argsort(-np.abs(contributions), axis=1, kind="stable")[:, :most]
    row, rank = np.divmod(np.arange(order.size), most)
    column = order.ravel()
    moved = contributions[row, column]
    kept = moved != 0
    row, rank, column, moved = row[kept], rank[kept], column[kept], moved[kept]
    value = values[row, column]
    text = np.empty(len(row), dtype=object)
    for at in np.unique(column):
        mine = column == at
        different, which = np.unique(value[mine], return_inverse=True)
        said = np.array([in_words(entries[at], float(one)) for one in different], dtype=object)
        text[mine] = said[which]
    direction = np.where(moved > 0, RAISES, LOWERS).astype(object)
    told = keys.iloc[row].reset_index(drop=True)
    return told.assign(
        rank=rank + 1,
        feature=np.array([entry.name for entry in entries], dtype=object)[column],
        direction=direction,
        value=value,
        contribution=moved,
        reason=direction + ": " + text,
    )


def in_words(entry: Feature, value: float) -> str:
    """A value as a clinician would say it: ``last urea 18.2 mmol/L``, ``no beta-blocker``, ``last NT-proBNP not recorded``."""
    if np.isnan(value):
        return f"{entry.words} not recorded"
    if entry.kind == "binary":
        return entry.words if value else _none(entry.words)
    if entry.kind == "count" and value == 0:
        return f"{entry.words}: none" if entry.words.startswith("how many") else _none(entry.words)
    number = f"{round(value / entry.precision) * entry.precision:.10g}"
    if entry.kind == "count":
        return f"{entry.words}: {number}"
    return f"{entry.words} {number} {entry.unit}".strip()


def _none(words: str) -> str:
    """The words denied: ``no cancer``, ``not living alone``."""
    first = words.split()[0]
    return f"not {words}" if first.endswith("ing") else f"no {words}"
