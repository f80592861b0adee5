"""What happened to a group of people: visits, diagnoses, tests, drugs and deaths, kept as columns until written.

Events of one person are added in the order of time, round by round, so that what a reader could count before an
admission is known when the admission is drawn.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hfrisk.synthetic.draws import DAY, Bools, Floats, Ints
from hfrisk.synthetic.recipe import CodeBook

__all__ = ["NEVER", "NO_VISIT", "PRINCIPAL", "SECONDARY", "Columns", "Stays", "Timeline"]

PRINCIPAL, SECONDARY = 32903, 32909
NO_VISIT = -1
NEVER = np.iinfo(np.int64).max
_KEY = 65_536  # days fit below it


class Columns:
    """A table that grows by blocks: every block has the same columns, of one length."""

    def __init__(self, *names: str) -> None:
        self._blocks: dict[str, list[NDArray[Any]]] = {name: [] for name in names}
        self.rows = 0

    def add(self, n: int, **columns: Ints | Floats | Bools | int) -> None:
        """Add `n` rows; a single number fills a column."""
        for name, blocks in self._blocks.items():
            value = np.asarray(columns[name])
            kind: type[np.generic] = np.float64 if value.dtype.kind == "f" else np.int64
            blocks.append(np.broadcast_to(value, (n,)).astype(kind))
        self.rows += n

    def __getitem__(self, name: str) -> NDArray[Any]:
        blocks = self._blocks[name]
        return np.concatenate(blocks) if blocks else np.zeros(0, dtype=np.int64)


@dataclass(frozen=True)
class Stays:
    """Inpatient stays: whose, the row of the visit, and its first and last minute."""

    who: Ints
    visit: Ints
    start: Ints
    end: Ints

    def __len__(self) -> int:
        return len(self.who)

    def where(self, chosen: Bools | Ints) -> Stays:
        """Some of them."""
        return Stays(self.who[chosen], self.visit[chosen], self.start[chosen], self.end[chosen])


@dataclass
class Timeline:
    """The records of `people` people; see the module."""

    people: int
    codes: CodeBook
    visits: Columns = field(
        default_factory=lambda: Columns("who", "start", "end", "concept", "source", "destination", "trust")
    )
    conditions: Columns = field(default_factory=lambda: Columns("who", "visit", "minute", "code", "status"))
    measurements: Columns = field(default_factory=lambda: Columns("who", "visit", "minute", "test", "value"))
    drugs: Columns = field(default_factory=lambda: Columns("who", "visit", "minute", "drug", "route"))
    died: Ints = field(init=False)
    last_scored: Ints = field(init=False)
    _admissions: list[Ints] = field(default_factory=list)
    _attendances: list[Ints] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.died = np.full(self.people, NEVER, dtype=np.int64)
        self.last_scored = np.full((self.people, len(self.codes.frailty_weights)), -_KEY, dtype=np.int64)

    def add_visits(
        self, who: Ints, start: Ints, end: Ints, concept: Ints | int, source: Ints | int, destination: Ints, trust: Ints
    ) -> Ints:
        """Add visits and return their rows."""
        first = self.visits.rows
        self.visits.add(
            len(who),
            who=who,
            start=start,
            end=end,
            concept=concept,
            source=source,
            destination=destination,
            trust=trust,
        )
        return np.arange(first, first + len(who))

    def add_conditions(self, who: Ints, visit: Ints | int, minute: Ints, code: Ints, status: int) -> None:
        """Add diagnoses, and remember the last day of each code that scores for frailty."""
        self.conditions.add(len(who), who=who, visit=visit, minute=minute, code=code, status=status)
        place = self.codes.frailty[code]
        scores = place >= 0
        np.maximum.at(self.last_scored, (who[scores], place[scores]), minute[scores] // DAY)

    def note_emergency(self, who: Ints, day: Ints, *, admitted: bool) -> None:
        """Remember an arrival by emergency department, for the counts before later admissions."""
        (self._admissions if admitted else self._attendances).append(np.sort(who * _KEY + day))

    def emergency_admissions(self, who: Ints, day: Ints, window: int) -> Ints:
        """Emergency stays that began on the `window` days before `day` (``day - window <= start < day``)."""
        return _count(self._admissions, who, day, window)

    def attendances(self, who: Ints, day: Ints, window: int) -> Ints:
        """Arrivals at an emergency department on the `window` days before `day`, admitted or not."""
        return _count(self._admissions, who, day, window) + _count(self._attendances, who, day, window)

    def frailty_codes(self, who: Ints, day: Ints, window: int) -> Bools:
        """Which of the 109 codes are recorded on the `window` days before `day`: a row a person."""
        last = self.last_scored[who]
        return np.asarray((last >= (day - window)[:, None]) & (last < day[:, None]), dtype=np.bool_)

    def frailty_score(self, who: Ints, day: Ints, window: int) -> Floats:
        """Hospital Frailty Risk Score of the `window` days before `day`; each code counts once."""
        return np.round(self.frailty_codes(who, day, window) @ self.codes.frailty_weights, 1)


def _count(blocks: list[Ints], who: Ints, day: Ints, window: int) -> Ints:
    total = np.zeros(len(who), dtype=np.int64)
    for keys in blocks:
        total += np.searchsorted(keys, who * _KEY + day) - np.searchsorted(keys, who * _KEY + day - window)
    return total
