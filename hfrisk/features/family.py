"""What every family of features is given, and what it gives back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import ibis
import ibis.expr.types as ir

from hfrisk.cdm import Cdm
from hfrisk.checks import Check
from hfrisk.cohort import Cohort
from hfrisk.features.dictionary import Feature
from hfrisk.features.settings import FeatureSettings

__all__ = ["KEYS", "Context", "Family", "on_grid", "small_table"]

KEYS = ("person_id", "index_id")


@dataclass(frozen=True)
class Context:
    """The index discharges and the source, as a family sees them.

    Attributes
    ----------
    index
        One row an index discharge: the key, ``spell`` (its number within the person),
        ``admission_date``, ``admitted_at``, ``discharge_date``, ``discharged_at``, ``age``,
        ``length_of_stay``, ``care_site_id``. Nothing of what happened later is here.
    vocabulary
        How diagnoses are coded in the source.
    """

    cdm: Cdm
    cohort: Cohort
    index: ir.Table
    settings: FeatureSettings
    vocabulary: str


@dataclass(frozen=True)
class Family:
    """The columns of one family: a table with the key (rows may be missing), and a dictionary entry for each column.

    ``absent`` says what a row that is missing from the table means: 0 (a count of nothing) or None (not recorded).
    """

    entries: tuple[Feature, ...]
    table: ir.Table | None
    absent: float | None = None
    notices: list[Check] = field(default_factory=list)


def on_grid(value: ir.NumericValue, precision: float) -> ir.FloatingValue:
    """The value rounded in the engine to a multiple of `precision`.

    Parallel sums differ in their last digits between runs; on the grid they do not. A power of ten is rounded by digits, so that
    0.1 stays the number that a reader writes as 0.1.
    """
    value = value.cast("float64")
    digits = {1.0: 0, 0.1: 1, 0.01: 2, 0.001: 3}.get(precision)
    if digits is not None:
        return value.round(digits).cast("float64")
    return (value / precision).round(0) * precision


def small_table(rows: Sequence[Mapping[str, object]]) -> ir.Table:
    """A small table written into the query itself, to join where a long CASE would be repeated at every use."""
    listed = ibis.array([ibis.struct(row) for row in rows]).unnest().name("row").as_table()
    return listed.select(**{name: listed.row[name] for name in rows[0]})
