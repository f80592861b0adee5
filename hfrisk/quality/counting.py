"""Counts as whole numbers, whatever an engine makes of them: sums of nothing are missing, and some sums are decimals."""

from __future__ import annotations

from collections.abc import Sequence

import ibis.expr.types as ir
import pandas as pd

from hfrisk.cdm import Cdm

__all__ = ["counted", "whole"]


def counted(cdm: Cdm, table: ir.Table, stage: str) -> dict[str, int]:
    """The single row of an aggregate as counts by name."""
    row = whole(cdm.frame(table, stage), table.columns)
    return {str(name): int(row[name].iloc[0]) for name in row.columns}


def whole(frame: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """The frame with these columns as integers, 0 where nothing was counted."""
    return frame.assign(**{name: pd.to_numeric(frame[name]).fillna(0).astype("int64") for name in columns})
