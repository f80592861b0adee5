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
    """The value rounded in the engine to a multiple of `precision`; what lies halfway goes away from zero.

    Parallel sums differ in their last digits between runs; on the grid they do not. Engines' own rounding differs in what lies
    halfway (PostgreSQL: to the even number; by decimals, not by the double), so it is written out in operations that every engine
    does alike. A power of ten is divided by, not multiplied with, so that 0.1 stays the number that a reader writes as 0.1.
    """
    value = value.cast("float64")
    parts = {1.0: 1.0, 0.1: 10.0, 0.01: 100.0, 0.001: 1000.0}.get(precision)
    steps = value * parts if parts else value / precision
    whole = (steps.abs() + 0.5).floor().cast("float64")
    whole = ibis.ifelse(steps < 0, -whole, whole)
    return whole / parts if parts else whole * precision


def small_table(cdm: Cdm, rows: Sequence[Mapping[str, object]]) -> ir.Table:
    """A small table written into the query itself, to join where a long CASE would be repeated at every use.

    Each column has the type of its first value: text, whole number or real number.
    """
    kinds = {str: "string", int: "int64", float: "float64"}
    return cdm.values(rows, {name: kinds[type(value)] for name, value in rows[0].items()})
