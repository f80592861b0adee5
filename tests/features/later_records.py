"""What became known after a prediction, told row by row from the definition, and other futures for the same past.

`Protected` has one index discharge a person. Each function gives the tables with another future: without what came later, with more
of it, or with other values in it. What was known before the prediction stays as it is, and so does the cohort's own row.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Any

import pandas as pd

from tests.features.naive import Index, Source, end_of_day, when

__all__ = ["Protected", "shuffled", "with_other_futures", "with_recording_times"]

Tables = Mapping[str, pd.DataFrame]
Row = dict[str, Any]

# day and time of each table of events, and its key
EVENTS = {
    "visit_occurrence": ("visit_start_date", "visit_start_datetime", "visit_occurrence_id"),
    "visit_detail": ("visit_detail_start_date", "visit_detail_start_datetime", "visit_detail_id"),
    "condition_occurrence": ("condition_start_date", "condition_start_datetime", "condition_occurrence_id"),
    "measurement": ("measurement_date", "measurement_datetime", "measurement_id"),
    "drug_exposure": ("drug_exposure_start_date", "drug_exposure_start_datetime", "drug_exposure_id"),
    "procedure_occurrence": ("procedure_date", "procedure_datetime", "procedure_occurrence_id"),
    "observation": ("observation_date", "observation_datetime", "observation_id"),
    "cohort": ("cohort_start_date", "", ""),
}
ENDS = {
    "visit_detail": ("visit_detail_end_date", "visit_detail_end_datetime"),
    "drug_exposure": ("drug_exposure_end_date", "drug_exposure_end_datetime"),
    "visit_occurrence": ("visit_end_date", "visit_end_datetime"),
}
RECORDED = [name for name in EVENTS if name != "cohort"]
IN_A_BED = (9201, 262)
# an added stay begins so long after the end of the index stay that no rule makes one spell of both
APART = timedelta(days=5)


@dataclass
class Protected:
    """One index discharge of each person whose features no future may change."""

    of: dict[Any, Index]
    early: bool
    coding_is_live: bool
    dates_are_known: str
    kinds: dict[Any, str] = field(default_factory=dict)
    """Which future each person was given."""

    def index(self, row: Mapping[str, Any]) -> Index | None:
        return self.of.get(row["person_id"])

    def blank(self, day: date) -> datetime:
        return end_of_day(day) if self.dates_are_known == "end_of_day" else datetime.combine(day, time(0))

    def became_known(self, row: Row, name: str, visits: Mapping[Any, Row]) -> datetime | None:
        """When a row could first be read; None for one that has no day, which no family reads."""
        day, at, _ = EVENTS[name]
        if row[day] is None:
            return None
        known = when(row, day, at) or self.blank(row[day])
        if row.get("recorded_at") is not None:
            known = max(known, row["recorded_at"])
        if name == "condition_occurrence" and row["visit_occurrence_id"] in visits:
            # diagnoses are coded when the visit in which they were made has ended
            known = max(known, self.ended(visits[row["visit_occurrence_id"]], "visit_occurrence") or known)
        return known

    def ended(self, row: Row, name: str) -> datetime | None:
        day, at = ENDS[name]
        return None if row[day] is None else when(row, day, at) or self.blank(row[day])

    def is_later(self, row: Row, name: str, visits: Mapping[Any, Row]) -> bool:
        """Whether a row became known at or after its person's prediction, and is not what makes the stay an index stay."""
        index = self.index(row)
        if index is None:
            return False
        known = self.became_known(row, name, visits)
        if known is None or known < index.predicted_at:
            return False
        own = row.get("visit_occurrence_id") in index.visits
        if name == "visit_occurrence":
            return not own
        if name == "condition_occurrence" and own:
            if str(row["condition_source_value"]).replace(".", "").startswith("I50"):
                return False
            day, recorded = row["condition_start_date"], row.get("recorded_at")
            in_time = day <= index.discharge_date and (recorded is None or recorded < index.predicted_at)
            return not (self.coding_is_live and not self.early and in_time)
        if name == "observation" and own and self.coding_is_live and not self.early:
            # one that is a diagnosis of the stay is known where coding is live, though its time is not told
            return bool(row["observation_date"] > index.discharge_date)
        return True


def with_recording_times(tables: Tables, seed: int) -> dict[str, pd.DataFrame]:
    """Some rows of every table of events were written later than what they tell; not stays, which the cohort reads at their dates."""
    made = dict(tables)
    for name in RECORDED:
        rng = random.Random(f"{seed} recorded {name}")
        rows = []
        for row in _rows(tables[name]):
            at = when(row, *EVENTS[name][:2]) or (row[EVENTS[name][0]] and end_of_day(row[EVENTS[name][0]]))
            stays = name == "visit_occurrence" and row["visit_concept_id"] in (*IN_A_BED, 9203)
            late = rng.random() < 0.2 and at is not None and not stays
            given = row.get("recorded_at")
            hours = rng.choice([0, 1, 30, 24 * 40])
            rows.append({**row, "recorded_at": at + timedelta(hours=hours) if late and at else given})
        made[name] = _frame(rows)
    return made


def without_what_came_later(tables: Tables, protected: Protected, rng: random.Random) -> dict[str, pd.DataFrame]:
    """Nothing became known at or after the prediction; what was going on then ended otherwise."""
    visits = _visits(tables)
    kept_visits = {
        row["visit_occurrence_id"]
        for row in _rows(tables["observation"])
        if not protected.is_later(row, "observation", visits)
    }
    made = dict(tables)
    for name, key in [(name, EVENTS[name][2]) for name in EVENTS]:
        rows = []
        for row in _rows(tables[name]):
            linked = name == "visit_occurrence" and row[key] in kept_visits
            if not protected.is_later(row, name, visits) or linked:
                rows.append(_ending_otherwise(row, name, protected, rng))
        made[name] = _frame(rows, like=tables[name])
    made["death"] = _with_deaths(tables, protected, rng)
    return made


def with_other_values_later(tables: Tables, protected: Protected, rng: random.Random) -> dict[str, pd.DataFrame]:
    """What became known at or after the prediction says something else; stays remain where they are."""
    visits = _visits(tables)
    made = dict(tables)
    for name in EVENTS:
        others = _rows(tables[name])
        rows = []
        for row in others:
            if protected.is_later(row, name, visits) and not (
                name == "visit_occurrence" and row["visit_concept_id"] in (*IN_A_BED, 9203)
            ):
                rows.append({**row, **_said(name, rng.choice(others), rng)})
            else:
                rows.append(row)
        made[name] = _frame(rows)
    made["death"] = _with_deaths(tables, protected, rng)
    return made


def with_more_later(tables: Tables, protected: Protected, rng: random.Random) -> dict[str, pd.DataFrame]:
    """Copies of what there is, from the moment of the prediction on, or of before but written later; some with absurd values."""
    made = dict(tables)
    for name, (_, _, key) in EVENTS.items():
        rows = _rows(tables[name])
        added: list[Row] = []
        for row in rows:
            index = protected.index(row)
            if index is None or rng.random() < 0.4:
                continue
            copy = _moved(row, name, index, protected.blank, rng)
            if copy is not None:
                added.append({**copy, **({key: 1_000_000 + len(rows) + len(added)} if key else {})})
        made[name] = _frame([*rows, *added])
    made["death"] = _with_deaths(tables, protected, rng)
    return made


def shuffled(tables: Tables, rng: random.Random) -> dict[str, pd.DataFrame]:
    """The same rows in another order, and the columns too."""
    return {
        name: frame.sample(frac=1, random_state=rng.randrange(2**31)).reset_index(drop=True)
        for name, frame in tables.items()
    }


FUTURES: dict[str, Callable[[Tables, Protected, random.Random], dict[str, pd.DataFrame]]] = {
    "removed": without_what_came_later,
    "changed": with_other_values_later,
    "added": with_more_later,
}
KINDS = (("removed",), ("changed",), ("added",), ("removed", "added"), ("changed", "added"))


def with_other_futures(tables: Tables, protected: Protected, rng: random.Random) -> dict[str, pd.DataFrame]:
    """The tables in which each protected person has one of the kinds of futures, or two of them one after the other."""
    chosen = {person: rng.choice(KINDS) for person in protected.of}
    protected.kinds.update({person: " and ".join(kinds) for person, kinds in chosen.items()})
    made = dict(tables)
    for turn in (0, 1):
        for name, future in FUTURES.items():
            mine = {person: index for person, index in protected.of.items() if name in chosen[person][turn : turn + 1]}
            if mine:
                made = future(made, replace(protected, of=mine), rng)
    return made


def _ending_otherwise(row: Row, name: str, protected: Protected, rng: random.Random) -> Row:
    """A row that began before the prediction and ends at or after it ends later still, and elsewhere."""
    index = protected.index(row)
    ended = protected.ended(row, name) if name in ENDS else None
    if index is None or ended is None or ended < index.predicted_at:
        return row
    day, at = ENDS[name]
    if name == "drug_exposure" and row[day] == row[EVENTS[name][0]] and when(row, day, at) is None:
        # a single administration: it has no other end
        return row
    if name == "visit_occurrence":
        own = row["visit_occurrence_id"] in index.visits
        if own and not protected.early:
            return row
        if not own and row["visit_concept_id"] in IN_A_BED:
            return row
        if own and row[day] <= index.predicted_at.date():
            # were it to end later, the prediction itself might be later
            return row
    longer = timedelta(days=rng.choice([1, 2, 30]))
    moved: Row = {day: row[day] + longer, at: None if row[at] is None else row[at] + longer}
    if name == "visit_occurrence" and row["visit_concept_id"] in IN_A_BED:
        moved |= {
            "discharged_to_source_value": rng.choice(["19", "54", "65", "88", None]),
            "discharge_method": rng.choice(["1", "2", None]),
            "discharged_to_concept_id": None,
        }
    return {**row, **moved}


def _moved(row: Row, name: str, index: Index, blank: Callable[[date], datetime], rng: random.Random) -> Row | None:
    """A copy of a row with a later moment, or with the old one but written later; None of a row without a day."""
    day, at, _ = EVENTS[name]
    if row[day] is None:
        return None
    is_stay = name == "visit_occurrence" and row["visit_concept_id"] in IN_A_BED
    if name == "observation" and row["visit_occurrence_id"] in index.visits:
        row = {**row, "visit_occurrence_id": None}
    if name == "condition_occurrence":
        row = {**row, "visit_occurrence_id": None, "condition_status_concept_id": 32909}
    if name == "visit_detail" and rng.random() < 0.5:
        row = {**row, "visit_occurrence_id": rng.choice(sorted(index.visits))}
    said = _said(name, row, rng) if not is_stay else {}
    if name in RECORDED and not (name == "visit_occurrence" and row["visit_concept_id"] != 9202) and rng.random() < 0.3:
        written = index.predicted_at + timedelta(minutes=rng.choice([0, 1, 600, 100_000]))
        return {**row, **said, "recorded_at": written}
    moment = index.predicted_at + timedelta(minutes=rng.choice([0, 0, 1, 30, 700, 1440, 10_000, 100_000]))
    if is_stay:
        moment = max(moment, index.discharged_at) + APART
    timed = at and moment.time() != time(0) and rng.random() < 0.7
    if not timed and blank(moment.date()) < index.predicted_at:
        # its day alone would say that it was known before
        moment = datetime.combine(index.predicted_at.date() + timedelta(days=1), time(0))
    new: Row = {**row, **said, day: moment.date(), **({at: moment if timed else None} if at else {})}
    if name in ENDS:
        end_day, end_at = ENDS[name]
        if row[end_day] is not None:
            new |= {end_day: max(row[end_day] - row[day], timedelta(0)) + moment.date(), end_at: None}
    return new


def _said(name: str, other: Row, rng: random.Random) -> Row:
    """What a row tells, but not of whom, nor when."""
    told: dict[str, Callable[[], Row]] = {
        "measurement": lambda: {
            **{
                column: other[column] for column in ("measurement_concept_id", "unit_concept_id", "operator_concept_id")
            },
            "value_as_number": rng.choice([other["value_as_number"], 0.0, 1e12, -7.0, 41.0, None]),
        },
        "drug_exposure": lambda: {
            "drug_concept_id": other["drug_concept_id"],
            "dose_mg": rng.choice([None, 1e6, 80.0]),
            "quantity": rng.choice([None, 1e3, 3.0]),
        },
        "condition_occurrence": lambda: {
            "condition_source_value": rng.choice(["F05.9", "C78.0", "B20", "J44.9", "Z60.2", "I25.2"]),
            "condition_concept_id": rng.choice([0, 443580]),
        },
        "procedure_occurrence": lambda: {"procedure_source_value": other["procedure_source_value"]},
        "observation": lambda: {
            column: value
            for column, value in other.items()
            if column.startswith(("value_as", "observation_concept", "observation_source"))
        },
        "visit_detail": lambda: {
            column: other[column] for column in ("visit_detail_concept_id", "care_site_id", "main_specialty")
        },
        "visit_occurrence": lambda: {
            "attended": rng.choice(["5", "3", None]),
            "main_specialty": rng.choice(["320", None]),
        },
        "cohort": lambda: {"cohort_definition_id": rng.choice([7, 8])},
    }
    return told[name]()


def _with_deaths(tables: Tables, protected: Protected, rng: random.Random) -> pd.DataFrame:
    """Some of the people die after the stay."""
    died = _rows(tables["death"]) if "death" in tables else []
    already = {row["person_id"] for row in died}
    for person, index in protected.of.items():
        if person not in already and rng.random() < 0.3:
            day = index.discharge_date + timedelta(days=rng.choice([1, 3, 29, 30, 400]))
            died.append({"person_id": person, "death_date": day})
    return pd.DataFrame(died, columns=["person_id", "death_date"], dtype="object")


def _visits(tables: Tables) -> dict[Any, Row]:
    return {row["visit_occurrence_id"]: row for row in _rows(tables["visit_occurrence"])}


def _rows(frame: pd.DataFrame) -> list[Row]:
    return list(_each(frame))


def _each(frame: pd.DataFrame) -> Iterator[Row]:
    yield from Source({"rows": frame}).all("rows")


def _frame(rows: list[Row], like: pd.DataFrame | None = None) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=None if rows or like is None else like.columns, dtype="object")
