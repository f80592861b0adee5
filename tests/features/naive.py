"""The naive reference: a family's features worked out in plain Python, one index discharge at a time, from the definition.

A module `naive_<family>` has `expected(source, index, settings)`, which gives every feature of one index discharge.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import pandas as pd

from hfrisk.cdm import Cdm
from hfrisk.cohort import Cohort
from hfrisk.features import Feature, FeatureSettings, build_features

__all__ = [
    "Expected",
    "Index",
    "Source",
    "differences",
    "end_of_day",
    "is_coded_by_discharge",
    "is_known",
    "on_grid",
    "when",
]

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Index:
    """One index discharge, as the cohort tells it; `visits` are the visit ids of its stays."""

    person_id: Any
    index_id: Any
    admission_date: date
    admitted_at: datetime
    discharge_date: date
    discharged_at: datetime
    predicted_at: datetime
    age: float | None
    length_of_stay: int
    look_back_days: int
    stays: int
    unplanned: bool
    self_discharged: bool
    admission_method: str | None
    main_specialty: str | None
    care_site_id: Any
    visits: frozenset[Any]
    spells: tuple[Row, ...]
    """Every spell of the person, in order: the columns of the cohort's spells."""


class Source:
    """The tables, and the rows of a person in them."""

    def __init__(self, tables: Mapping[str, pd.DataFrame]) -> None:
        self.tables = tables
        self._by_person: dict[str, dict[Any, list[dict[str, Any]]]] = {}

    def of(self, person: Any, table: str) -> list[dict[str, Any]]:
        """The rows of a person; missing values are None, days are dates, times datetimes."""
        if table not in self._by_person:
            grouped: dict[Any, list[dict[str, Any]]] = {}
            frame = self.tables.get(table, pd.DataFrame())
            for row in frame.to_dict("records"):
                clean = {str(key): _plain(value, str(key)) for key, value in row.items()}
                grouped.setdefault(clean.get("person_id"), []).append(clean)
            self._by_person[table] = grouped
        return self._by_person[table].get(person, [])

    def all(self, table: str) -> list[dict[str, Any]]:
        """Every row of a table."""
        self.of(None, table)
        return [row for rows in self._by_person[table].values() for row in rows]


Expected = Callable[..., dict[str, float | None]]
"""Of a source, an index discharge and settings; one that has the parameter `made` is given what the engine made of the row, too."""


def when(row: Row, day: str, at: str) -> datetime | None:
    """The time of a row, where it has one that is not midnight and on its day."""
    moment = row.get(at)
    if moment is None or moment.date() != row[day] or moment.time() == time(0):
        return None
    return moment  # type: ignore[no-any-return]


def end_of_day(day: date) -> datetime:
    """The last second of a day."""
    return datetime.combine(day, time(23, 59, 59))


def is_known(row: Row, day: str, at: str, index: Index, settings: FeatureSettings) -> bool:
    """Whether a row was known when the risk was asked for."""
    if row[day] is None:
        return False
    blank = end_of_day(row[day]) if settings.dates_are_known == "end_of_day" else datetime.combine(row[day], time(0))
    moment = when(row, day, at) or blank
    if row.get("recorded_at") is not None:
        moment = max(moment, row["recorded_at"])
    return moment < index.predicted_at


def is_coded_by_discharge(row: Row, day: str, at: str, index: Index) -> bool:
    """Whether a diagnosis of the index stay was there at discharge, where coding is live: not dated, or recorded, later."""
    moment = when(row, day, at) or datetime.combine(row[day], time(0))
    recorded = row.get("recorded_at")
    return moment <= index.predicted_at and (recorded is None or recorded < index.predicted_at)


def on_grid(value: float | None, precision: float) -> float | None:
    """Rounded to a multiple of the precision, halves away from zero, as a reader writes it."""
    if value is None:
        return None
    parts = {1.0: 1.0, 0.1: 10.0, 0.01: 100.0, 0.001: 1000.0, 0.0001: 10_000.0}.get(float(precision))
    steps = value * parts if parts else value / precision
    whole = float(int(abs(steps) + 0.5)) * (-1 if steps < 0 else 1)
    return whole / parts if parts else whole * precision


def differences(
    cdm: Cdm,
    cohort: Cohort,
    source: Source,
    expected: Expected,
    families: Sequence[str],
    settings: Mapping[str, Any],
    *,
    vocabulary: str = "icd10_uk",
    sample: int | None = None,
) -> list[str]:
    """Where the features that the engine made differ from the naive reference; empty when they are the same.

    Every column of the families that ``expected`` speaks of is compared, for each index discharge (or `sample` of them). One that works
    from what other families made speaks of its own only.
    """
    chosen = FeatureSettings(**{"families": tuple(families), **settings})
    made = build_features(cdm, cohort, chosen, vocabulary)
    frame = cdm.frame(made.table, "features").set_index("index_id")
    found: list[str] = []
    names: set[str] = set()
    from_others = "made" in inspect.signature(expected).parameters
    for index in indexes(cdm, cohort, sample):
        row = frame.loc[index.index_id]
        mine = expected(source, index, chosen, **({"made": _numbers(made.catalogue, row)} if from_others else {}))
        for name, value in mine.items():
            names.add(name)
            if name not in frame.columns:
                # an engine makes no column for what nobody has
                if value not in (None, 0, 0.0):
                    found.append(f"{index.index_id} {name}: no such column, expected {value}")
                continue
            got = None if pd.isna(row[name]) else float(row[name])
            if (got is None) != (value is None) or (got is not None and value is not None and abs(got - value) > 1e-9):
                found.append(f"{index.index_id} {name}: {got}, expected {value}")
    spoken_of = {entry.family for entry in made.catalogue if entry.name in names or not from_others}
    unchecked = sorted({entry.name for entry in made.catalogue if entry.family in spoken_of} - names)
    return found + [f"not compared: {name}" for name in unchecked]


def _numbers(catalogue: Sequence[Feature], row: pd.Series) -> dict[str, float | None]:
    return {entry.name: None if pd.isna(row[entry.name]) else float(row[entry.name]) for entry in catalogue}


def indexes(cdm: Cdm, cohort: Cohort, sample: int | None = None) -> list[Index]:
    """The index discharges of a cohort, each with its person's spells."""
    rows = cdm.frame(cohort.table, "cohort")
    spells = cdm.frame(cohort.spells, "spells")
    stays = cdm.frame(cohort.stays, "stays")
    if sample is not None and len(rows) > sample:
        rows = rows.sample(sample, random_state=1)
    of_person = {
        person: tuple(_cleaned(row) for row in mine.sort_values("spell").to_dict("records"))
        for person, mine in spells[spells["person_id"].isin(rows["person_id"])].groupby("person_id")
    }
    visits = stays.groupby("index_id")["visit_occurrence_id"].agg(frozenset)
    made = []
    for row in map(_cleaned, rows.to_dict("records")):
        kept = {name: row[name] for name in Index.__dataclass_fields__ if name in row}
        made.append(Index(**kept, visits=visits[row["index_id"]], spells=of_person[row["person_id"]]))
    return made


_DAYS = ("_date", "date")


def _cleaned(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(key): _plain(value, str(key)) for key, value in row.items()}


def _plain(value: Any, column: str) -> Any:
    if value is None or value is pd.NaT or (isinstance(value, float) and pd.isna(value)):
        return None
    if isinstance(value, pd.Timestamp):
        value = value.to_pydatetime()
    if isinstance(value, datetime) and column.endswith("_date"):
        return value.date()
    if hasattr(value, "item"):
        return value.item()
    if isinstance(value, float) and column.endswith("_id") and value.is_integer():
        return int(value)
    return value


def days(later: date, earlier: date) -> int:
    """Whole days from one date to another."""
    return (later - earlier) // timedelta(days=1)
