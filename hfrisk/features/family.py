"""What every family of features is given, and what it gives back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.operations as ops
import ibis.expr.types as ir

from hfrisk.cdm import Cdm
from hfrisk.checks import Check
from hfrisk.cohort import Cohort
from hfrisk.features.dictionary import Feature
from hfrisk.features.settings import FeatureSettings

__all__ = [
    "INDEX",
    "KEYS",
    "Context",
    "Family",
    "MakesFamily",
    "absent_is",
    "as_double",
    "joined",
    "on_grid",
    "small_table",
]

KEYS = ("person_id", "index_id")
INDEX = ("admission_date", "admitted_at", "discharge_date", "predicted_at")


@dataclass(frozen=True)
class Context:
    """The index discharges and the source, as a family sees them.

    Attributes
    ----------
    index
        One row an index discharge: the key, ``spell`` (its number within the person), ``admission_date``, ``admitted_at``,
        ``discharge_date``, ``discharged_at``, ``predicted_at``, ``age``, ``length_of_stay``, ``look_back_days``, ``care_site_id``,
        ``stays`` (how many stays the spell is made of), ``unplanned``, ``admission_method``, ``main_specialty``,
        ``self_discharged``. Nothing of what happened later is here.
    vocabulary
        How diagnoses are coded in the source.
    key
        The hash of the cohort and the settings, under which an intermediate result is kept.
    made
        What the families before this one made: the key and their columns. Only the clinical scores, which are put together from
        other features, read it.
    made_entries
        The dictionary entries of `made`.
    in_hand
        What `kept` has given out already.
    """

    cdm: Cdm
    cohort: Cohort
    index: ir.Table
    settings: FeatureSettings
    vocabulary: str
    key: str = ""
    made: ir.Table | None = None
    made_entries: tuple[Feature, ...] = ()
    in_hand: dict[tuple[str, ...], ir.Table] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def people(self) -> ir.Table:
        """The people of the cohort, each once: `person_id`."""
        return self.index.select("person_id").distinct()

    @cached_property
    def visits(self) -> ir.Table:
        """The visits of the people of the cohort: the contract's columns."""
        return self._put_down(self._of_the_people(self.cdm.table("visit_occurrence")), "visits")

    @cached_property
    def stays(self) -> ir.Table:
        """The hospital stays of the people of the cohort, with the spell (``index_id``) that each is part of."""
        return self._put_down(self._of_the_people(self.cohort.stays), "stays")

    @cached_property
    def spells(self) -> ir.Table:
        """Every spell of the people of the cohort."""
        return self._put_down(self._of_the_people(self.cohort.spells), "spells")

    def rows_of(self, name: str) -> ir.Table:
        """The rows of a table of the source that belong to the people of the cohort: the contract's columns."""
        return self.visits if name == "visit_occurrence" else self._of_the_people(self.cdm.table(name))

    def _of_the_people(self, rows: ir.Table) -> ir.Table:
        return rows.semi_join(self.people, "person_id")

    @property
    def early(self) -> bool:
        """Whether the risk is asked for a day after admission, when nobody knows how the stay will end."""
        return bool(self.cohort.prediction_time == "admission_24h")

    def kept(self, expression: ir.Table, name: str) -> ir.Table:
        """A result that several expressions of a family read: computed once, in the engine, and found again by the next run."""
        return self._materialised(expression, name, (self.key, self.settings.identity, self.vocabulary))

    def _put_down(self, rows: ir.Table, name: str) -> ir.Table:
        """Nearly every family reads these, out of a whole region in which a few in a hundred have heart failure."""
        return self._materialised(rows, name, (self.cohort.key,))

    def _materialised(self, expression: ir.Table, name: str, parts: tuple[str, ...]) -> ir.Table:
        if (name, *parts) not in self.in_hand:
            self.in_hand[(name, *parts)] = self.cdm.materialise(expression, f"features_{name}", parts, order=()).table
        return self.in_hand[(name, *parts)]


class MakesFamily(Protocol):
    """A function that makes a family from a context."""

    def __call__(self, context: Context) -> Family: ...


@dataclass(frozen=True)
class Family:
    """The columns of one family: a table with the key (rows may be missing), and a dictionary entry for each column.

    Attributes
    ----------
    absent
        What a row that is missing from the table means: 0 (a count of nothing) or None (not recorded).
    """

    entries: tuple[Feature, ...]
    table: ir.Table | None
    absent: float | None = None
    notices: list[Check] = field(default_factory=list)


def joined(left: ir.Table, right: ir.Table, key: Sequence[str] = KEYS) -> ir.Table:
    """`left` with the columns of `right`, row by row of the key; no row of `left` is lost."""
    both = left.left_join(right, list(key))
    return both.drop(*[name for name in both.columns if name.endswith("_right")])


def absent_is(context: Context, table: ir.Table, values: Mapping[str, float | None]) -> ir.Table:
    """One row for each index discharge: the key and the named columns, where a missing one is 0 (or stays missing for None)."""
    both = joined(context.index.select(*KEYS), table)
    filled = {name: both[name] if value is None else both[name].fill_null(value) for name, value in values.items()}
    return both.select(*KEYS, **filled)


def as_double(value: ir.Value) -> ir.FloatingValue:
    """The value as a double, which it may be in name only: an engine writes 1.0 as a decimal, and Ibis leaves out a cast to float64."""
    return ops.Cast(value, dt.float64).to_expr()


def on_grid(value: ir.NumericValue, precision: float) -> ir.FloatingValue:
    """The value rounded in the engine to a multiple of `precision`; what lies halfway goes away from zero.

    Parallel sums differ in their last digits between runs; on the grid they do not. Engines' own rounding differs in what lies
    halfway (PostgreSQL: to the even number; by decimals, not by the double), so it is written out in operations that every engine
    does alike. A power of ten is divided by, not multiplied with, so that 0.1 stays the number that a reader writes as 0.1.
    """
    value = value.cast("float64")
    parts = {1.0: 1.0, 0.1: 10.0, 0.01: 100.0, 0.001: 1000.0, 0.0001: 10_000.0}.get(precision)
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
