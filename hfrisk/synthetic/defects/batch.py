"""A batch of tables that is about to be written, as defects see it: columns as arrays, rows taken, changed and added."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from hfrisk.synthetic.cdm54 import dates, moments
from hfrisk.synthetic.draws import DAY, Bools, Ints, day_number
from hfrisk.synthetic.person_tables import Offsets
from hfrisk.synthetic.recipe import Recipe
from hfrisk.synthetic.settings import RegionSettings

__all__ = ["EVENTS", "LINKED", "NULL", "Batch", "Visits", "changed", "column_of", "taken", "times"]

EVENTS = {
    "condition_occurrence": "condition_start_date",
    "measurement": "measurement_date",
    "drug_exposure": "drug_exposure_start_date",
}  # tables of records, and the column that says when
LINKED = tuple(EVENTS)  # tables whose rows name a visit
NULL = np.iinfo(np.int64).min
_ADDED = (
    10_000_000_000  # ids of planted rows begin above every other id, so that the first of two equals is the true one
)
_MICROSECONDS = 86_400_000_000
_INPATIENT = (9201, 262)
_STILL_PATIENT = 32220


@dataclass(frozen=True)
class Visits:
    """The visits of a batch as arrays, in the order of its table; times in minutes since 1970."""

    id: Ints
    person: Ints
    concept: Ints
    start: Ints
    end: Ints
    site: Ints
    stay: Bools
    emergency: Bools
    open: Bools

    @property
    def nights(self) -> Ints:
        """Midnights that the visit spans."""
        return self.end // DAY - self.start // DAY


class Batch:
    """The tables of one batch, the draws of one defect, and what the region is.

    Parameters
    ----------
    tables
        The tables by name; replaced in place as defects are planted.
    ids
        Counts the rows that were added to each table, over all batches.
    """

    def __init__(self, tables: dict[str, pa.Table], settings: RegionSettings, recipe: Recipe, ids: Offsets) -> None:
        self.tables = tables
        self.settings = settings
        self.recipe = recipe
        self.rng = np.random.default_rng(0)
        self.first_day = day_number(settings.data_start)
        self.last_day = day_number(settings.data_end)
        self._ids = ids

    def some(self, candidates: Bools, rate: float | NDArray[np.float64]) -> Bools:
        """Each of the candidates with this chance."""
        return np.asarray(candidates & (self.rng.random(len(candidates)) < rate), dtype=np.bool_)

    def ints(self, table: str, column: str) -> Ints:
        """A column of ids, concepts, dates (days) or moments (microseconds) as integers; `NULL` where empty."""
        return column_of(self.tables[table], column)

    def numbers(self, table: str, column: str) -> NDArray[np.float64]:
        """A column of numbers; NaN where empty."""
        return np.asarray(self.tables[table][column].to_numpy(), dtype=np.float64)

    def says(self, table: str, column: str, *texts: str) -> Bools:
        """Whether a column of text is one of these."""
        found = pc.is_in(self.tables[table][column], value_set=pa.array(texts, type=pa.string()))
        return np.asarray(found.to_numpy(), dtype=np.bool_)

    def visits(self) -> Visits:
        """The visits as they are now."""
        concept = self.ints("visit_occurrence", "visit_concept_id")
        stay = np.isin(concept, _INPATIENT)
        return Visits(
            id=self.ints("visit_occurrence", "visit_occurrence_id"),
            person=self.ints("visit_occurrence", "person_id"),
            concept=concept,
            start=self.ints("visit_occurrence", "visit_start_datetime") // 60_000_000,
            end=self.ints("visit_occurrence", "visit_end_datetime") // 60_000_000,
            site=self.ints("visit_occurrence", "care_site_id"),
            stay=stay,
            emergency=stay & self.says("visit_occurrence", "visit_source_value", "emergency"),
            open=self.ints("visit_occurrence", "visit_type_concept_id") == _STILL_PATIENT,
        )

    def change(self, table: str, rows: Bools | Ints, **columns: Any) -> None:
        """Write these values (one, or one a row; None empties) into these rows."""
        self.tables[table] = changed(self.tables[table], rows, columns)

    def keep(self, table: str, rows: Bools) -> int:
        """Keep these rows only; returns how many are lost."""
        self.tables[table] = self.tables[table].filter(pa.array(rows))
        return int((~rows).sum())

    def add(self, table: str, rows: pa.Table) -> Ints:
        """Add rows under new ids, which are returned."""
        key = f"{table}_id"
        new = _ADDED + self._ids.next(table, rows.num_rows)
        rows = changed(rows, np.ones(rows.num_rows, dtype=np.bool_), {key: new})
        self.add_as_they_are(table, rows)
        return new

    def add_as_they_are(self, table: str, rows: pa.Table) -> None:
        """Add rows that keep their ids."""
        self.tables[table] = pa.concat_tables([self.tables[table], rows]).combine_chunks()

    def lose_visits(self, lost: Bools) -> int:
        """Take these visits away with everything recorded in them; returns how many."""
        gone = self.ints("visit_occurrence", "visit_occurrence_id")[lost]
        for table in LINKED:
            self.keep(table, ~np.isin(self.ints(table, "visit_occurrence_id"), gone))
        return self.keep("visit_occurrence", ~lost)

    def in_visits(self, table: str, visits: Ints) -> tuple[Ints, Ints]:
        """Rows of a table that belong to these visits, and the position of each row's visit among them."""
        order = np.argsort(visits)
        named = self.ints(table, "visit_occurrence_id")
        place = np.searchsorted(visits[order], named).clip(max=max(len(visits) - 1, 0))
        rows = np.flatnonzero(visits[order][place] == named) if len(visits) else np.zeros(0, dtype=np.int64)
        return rows, order[place[rows]]

    def move(self, table: str, rows: Bools, days: Ints) -> None:
        """Move every date and moment of these rows by so many days (a number for each row that is moved)."""
        moved = {}
        for field in self.tables[table].schema:
            step = _step(field.type)
            if step:
                values = self.ints(table, field.name)[rows]
                moved[field.name] = np.where(values == NULL, NULL, values + days * step)
        self.change(table, rows, **moved)

    def born(self) -> tuple[Ints, Ints]:
        """Ids of the people in order, and their days of birth."""
        year, month = self.ints("person", "year_of_birth"), self.ints("person", "month_of_birth")
        months = ((year - 1970) * 12 + month - 1).astype("datetime64[M]").astype("datetime64[D]")
        day = months.astype(np.int64) + self.ints("person", "day_of_birth") - 1
        person = self.ints("person", "person_id")
        order = np.argsort(person, kind="stable")
        return person[order], day[order]

    def died(self) -> tuple[Ints, Ints]:
        """Ids of the dead in order, and their days of death as written."""
        person, day = self.ints("death", "person_id"), self.ints("death", "death_date")
        order = np.argsort(person, kind="stable")
        return person[order], day[order]

    @property
    def has_nhs_columns(self) -> bool:
        """Whether visits carry the NHS's own columns."""
        return "admission_method" in self.tables["visit_occurrence"].column_names


def column_of(table: pa.Table, column: str) -> Ints:
    """A column of whole numbers, dates (days) or moments (microseconds) as integers; `NULL` where empty."""
    array = table[column].combine_chunks()
    if pa.types.is_date32(array.type):
        array = array.cast(pa.int32())
    return np.asarray(array.cast(pa.int64()).fill_null(NULL).to_numpy(zero_copy_only=False), dtype=np.int64)


def changed(table: pa.Table, rows: Bools | Ints, columns: Mapping[str, Any]) -> pa.Table:
    """A table with these values written into these rows."""
    mask = np.zeros(table.num_rows, dtype=np.bool_)
    mask[rows] = True
    n = int(mask.sum())
    for name, value in columns.items():
        place = table.schema.get_field_index(name)
        kind = table.schema.field(place).type
        fresh = _array(value, n, kind)
        if isinstance(rows, np.ndarray) and rows.dtype != np.bool_:
            fresh = fresh.take(pa.array(np.argsort(rows, kind="stable")))
        old = table[name].combine_chunks()
        table = table.set_column(place, name, pc.replace_with_mask(old, pa.array(mask), fresh))
    return table


def taken(table: pa.Table, rows: Bools | Ints) -> pa.Table:
    """These rows, in this order."""
    return table.filter(pa.array(rows)) if rows.dtype == np.bool_ else table.take(pa.array(rows))


def times(prefix: str, minute: Ints) -> dict[str, Any]:
    """A date and its moment for `change`, as ``<prefix>_date`` and ``<prefix>_datetime``."""
    return {f"{prefix}_date": dates(minute // DAY), f"{prefix}_datetime": moments(minute)}


def _array(value: Any, n: int, kind: pa.DataType) -> pa.Array:
    if value is None:
        return pa.nulls(n, kind)
    if isinstance(value, (int, float, str)):
        return pa.array([value], type=kind).take(pa.array(np.zeros(n, dtype=np.int64)))
    if isinstance(value, pa.Array):
        return value.cast(kind)
    if value.dtype.kind == "i":
        whole = pa.array(value, mask=value == NULL)
        return whole.cast(pa.int32()).cast(kind) if pa.types.is_date32(kind) else whole.cast(kind)
    return pa.array(value, type=kind)


def _step(kind: pa.DataType) -> int:
    """A day, in the units of a date or of a moment; 0 for anything else."""
    if pa.types.is_date(kind):
        return 1
    return _MICROSECONDS if pa.types.is_timestamp(kind) else 0
