"""An example of a rule, and how many examples are run in one query: stacked, each with persons of its own."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pandas as pd

from hfrisk.cohort import Assurance, CohortSettings, Traced
from hfrisk.cohort.assurances import outcomes, small_tables

__all__ = ["BASE", "Example", "found_in", "rows_of", "settings_of", "stacked"]

# what the examples leave out unless they say otherwise, so that each shows one rule
BASE: dict[str, Any] = {"minimum_age": None, "complete_follow_up": False, "unplanned": "assume_unplanned"}
DATA_END = date(2030, 12, 31)
_APART = 1_000_000  # ids of one example lie this far from those of the next
_IDS = ("visit_occurrence_id", "person_id", "condition_occurrence_id", "visit_detail_id")


@dataclass(frozen=True)
class Example:
    """One rule as a sentence, made-up stays, and the index discharges that come of them.

    The tables are written as in an assurance of a study file. `settings` change the study; `apart` names a source of its own, for rules
    that ask what a whole source records.
    """

    rule: str
    visits: str
    expect: str
    heart_failure: str = ""
    deaths: str = ""
    diagnoses: str = ""
    people: str = ""
    observations: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    data_end: date = DATA_END
    data_start: date | None = None
    apart: str = ""

    @property
    def stack(self) -> str:
        """Examples with one and the same stack are run together."""
        return json.dumps([dict(self.settings), str(self.data_end), str(self.data_start), self.apart], sort_keys=True)

    @property
    def assurance(self) -> Assurance:
        """The example as an assurance."""
        return Assurance(
            name=self.rule,
            visits=self.visits,
            heart_failure=self.heart_failure,
            diagnoses=self.diagnoses,
            deaths=self.deaths,
            people=self.people,
            observations=self.observations,
            expect=self.expect,
        )


def settings_of(example: Example) -> CohortSettings:
    return CohortSettings(**{**BASE, **example.settings})


def stacked(examples: Sequence[Example]) -> dict[str, pd.DataFrame]:
    """The tables of all examples in one source; ids of the i-th are moved by i times `_APART`."""
    tables: dict[str, list[pd.DataFrame]] = {}
    for i, example in enumerate(examples):
        for name, table in small_tables(example.assurance, settings_of(example)).items():
            moved = table.assign(**{c: table[c].map(lambda v, i=i: _moved(v, i)) for c in _IDS if c in table})
            tables.setdefault(name, []).append(moved)
    return {name: pd.concat(parts, ignore_index=True) for name, parts in tables.items()}


def _moved(value: object, i: int) -> str | None:
    return None if value is None or pd.isna(value) else str(int(str(value)) + i * _APART)


def rows_of(cohort: Traced) -> pd.DataFrame:
    """What `found_in` reads, fetched once a stack."""
    rows = cohort.index.select("index_id", "state", "outcome_day").execute()
    return rows.assign(index_id=rows["index_id"].astype("int64"))


def found_in(rows: pd.DataFrame, i: int) -> str:
    """The index discharges of the i-th example as lines ``visit state day``."""
    mine = rows[((rows["index_id"] + _APART // 2) // _APART) == i]
    return outcomes(mine.assign(index_id=mine["index_id"] - i * _APART))
