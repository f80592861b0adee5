"""Spells by the book: stays, blocks that overlap, chains of transfers. One person at a time, lists and dates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

from hfrisk.cohort import CohortSettings

__all__ = [
    "A_AND_E",
    "A_AND_E_WITH_ADMISSION",
    "DESTINATIONS",
    "HOSPITALS",
    "Row",
    "Spell",
    "Visit",
    "code",
    "continuous_spells",
    "led_to",
    "tells_of_transfer",
    "visit_of",
]

Row = Mapping[str, Any]

HOSPITALS = {8717, 8971, 38004284}
A_AND_E, A_AND_E_WITH_ADMISSION = 9203, 262
DESTINATIONS = {
    "nhs_digital": {"49", "50", "51", "52", "53", "84"},
    "che": {"51", "52", "53"},
    "none": set[str](),
}
SOURCES = {"nhs_digital": {"49", "50", "51", "52", "53", "87"}, "che": {"51", "52", "53"}, "none": set[str]()}
LONGEST_GAP = {"nhs_digital": 2, "che": 3}
TRANSFER_METHODS = {"2B", "81"}
PLANNED_WAITING = {"11", "12", "13"}


@dataclass(frozen=True)
class Visit:
    """One inpatient visit, with what is certain about its hours."""

    row: Row
    start: date
    end: date
    still_open: bool
    started_at: datetime | None
    ended_at: datetime | None

    @property
    def key(self) -> Any:
        return self.row["visit_occurrence_id"]

    @property
    def latest_start(self) -> datetime:
        return self.started_at or datetime.combine(self.start, time(23, 59, 59))

    @property
    def earliest_end(self) -> datetime:
        return self.ended_at or datetime.combine(self.end, time())

    @property
    def moment(self) -> datetime:
        return self.started_at or datetime.combine(self.start, time())

    @property
    def order(self) -> tuple[datetime, datetime, Any]:
        return (self.latest_start, self.earliest_end, self.key)

    @property
    def day_case(self) -> bool:
        told = code(self.row, "patient_class")
        if told is not None:
            return told in {"2", "3", "4"}
        return not self.still_open and self.start == self.end and code(self.row, "admission_method") in PLANNED_WAITING


@dataclass
class Block:
    """Visits that are one stay: joined because they overlap."""

    visits: list[Visit]

    @property
    def first(self) -> Visit:
        return min(self.visits, key=lambda visit: (visit.moment, visit.key))

    @property
    def last(self) -> Visit:
        return max(self.visits, key=lambda visit: (visit.end, visit.earliest_end, visit.key))

    @property
    def start(self) -> date:
        return min(visit.start for visit in self.visits)

    @property
    def end(self) -> date:
        return max(visit.end for visit in self.visits)

    @property
    def still_open(self) -> bool:
        return any(visit.still_open for visit in self.visits)


@dataclass
class Spell:
    """A continuous inpatient spell and everything that the rules say about it."""

    person_id: Any
    blocks: list[Block]
    joined: list[str]
    day_case: bool
    unplanned: bool = False
    told_by: str | None = None
    heart_failure: bool = False
    state: str | None = None
    outcome_day: int | None = None
    event: int | None = None
    first_planned_day: int | None = None
    follow_up_days: int = 0
    readmission_for_heart_failure: bool | None = None
    excluded: set[str] = field(default_factory=set)

    @property
    def visits(self) -> list[Visit]:
        return [visit for block in self.blocks for visit in block.visits]

    @property
    def first(self) -> Visit:
        return min(self.visits, key=lambda visit: (visit.moment, visit.key))

    @property
    def last(self) -> Visit:
        return self.blocks[-1].last

    @property
    def index_id(self) -> Any:
        return self.first.key

    @property
    def admission(self) -> date:
        return self.first.start

    @property
    def admitted_at(self) -> datetime | None:
        """The earliest time that any record of the day of admission gives."""
        times = [visit.started_at for visit in self.visits if visit.start == self.admission and visit.started_at]
        return min(times, default=None)

    @property
    def discharge(self) -> date:
        return max(block.end for block in self.blocks)

    @property
    def still_open(self) -> bool:
        return any(block.still_open for block in self.blocks)

    @property
    def order(self) -> tuple[datetime, datetime, Any]:
        return self.first.order


def code(row: Row, column: str) -> str | None:
    """A code as the NHS Data Dictionary writes it; blank is missing."""
    return (row.get(column) or "").strip().upper() or None


def visit_of(row: Row, settings: CohortSettings, data_end: date) -> Visit | None:
    """The inpatient visit of a row, unless it is none or its dates cannot be."""
    start, end = row.get("visit_start_date"), row.get("visit_end_date")
    if row["visit_concept_id"] not in settings.inpatient_visit_concepts or start is None or start > data_end:
        return None
    still_open = end is None or end > data_end
    if still_open:
        end = data_end
    if end < start:
        return None
    ended_at = None if still_open else _time(row.get("visit_end_datetime"), end)
    return Visit(row, start, end, still_open, _time(row.get("visit_start_datetime"), start), ended_at)


def continuous_spells(
    person: Any, visits: Sequence[Visit], emergencies: Sequence[Row], settings: CohortSettings, recorded: bool
) -> list[Spell]:
    """The spells of a person's visits in their order; `recorded`: the source tells of some transfer."""
    spells = [Spell(person, [Block([visit])], [], day_case=True) for visit in visits if visit.day_case]
    blocks = _overlapping([visit for visit in visits if not visit.day_case], settings)
    spells += _continuous(person, blocks, emergencies, settings, recorded)
    return sorted(spells, key=lambda spell: spell.order)


def _overlapping(visits: list[Visit], settings: CohortSettings) -> list[Block]:
    stays = _without_duplicates(sorted(visits, key=lambda visit: visit.order))
    if not settings.spells.merge_overlapping:
        stays = [[visit] for stay in stays for visit in stay]
    blocks: list[Block] = []
    for stay in stays:
        block = blocks[-1] if blocks else None
        if block is not None and (
            (
                settings.spells.merge_overlapping
                and stay[0].latest_start < max(visit.earliest_end for visit in block.visits)
            )
            or (settings.spells.merge_same_day and stay[0].start <= block.end)
        ):
            block.visits += stay
        else:
            blocks.append(Block(list(stay)))
    return blocks


def _without_duplicates(visits: list[Visit]) -> list[list[Visit]]:
    """Records that agree on dates, times and place are one stay, told twice; they stand together whether they are joined or not."""
    seen: dict[Any, list[Visit]] = {}
    for visit in visits:
        same = (visit.start, visit.end, visit.started_at, visit.ended_at, visit.row.get("care_site_id"))
        seen.setdefault(same, []).append(visit)
    return list(seen.values())


def _continuous(
    person: Any, blocks: list[Block], emergencies: Sequence[Row], settings: CohortSettings, recorded: bool
) -> list[Spell]:
    rule, stand_in = settings.spells.rule, settings.spells.without_evidence == "other_site_next_day"
    alone = [Spell(person, [block], ["overlap"] * (len(block.visits) - 1), day_case=False) for block in blocks]
    through_a_and_e = led_to(alone, emergencies)
    spells: list[Spell] = []
    for block, spell in zip(blocks, alone, strict=True):
        before = spells[-1].blocks[-1] if spells else None
        why = None
        if before is not None and rule != "none" and not before.still_open:
            gap = (block.start - before.end).days
            if 0 <= gap <= LONGEST_GAP[rule] and tells_of_transfer(before.last, block.first, settings):
                why = "transfer"
            sites = (before.last.row.get("care_site_id"), block.first.row.get("care_site_id"))
            elsewhere = None not in sites and sites[0] != sites[1]
            emergency = (
                block.first.row["visit_concept_id"] == A_AND_E_WITH_ADMISSION or spell.index_id in through_a_and_e
            )
            if stand_in and not recorded and 0 <= gap <= 1 and elsewhere and not emergency:
                why = "stand_in"
        if why is None:
            spells.append(spell)
        else:
            spells[-1].blocks.append(block)
            spells[-1].joined += [why, *spell.joined]
    return spells


def tells_of_transfer(before: Visit, after: Visit, settings: CohortSettings) -> bool:
    """Whether the end of one visit or the beginning of the next tells of a transfer between hospitals."""
    rule = settings.spells.rule
    destination = code(before.row, "discharged_to_source_value") if settings.nhs_codes else None
    source = code(after.row, "admitted_from_source_value") if settings.nhs_codes else None
    method = code(after.row, "admission_method")
    if rule == "nhs_digital" and before is not after and (destination, source, method) == ("19", "51", "21"):
        return False
    return (
        destination in DESTINATIONS[rule]
        or source in SOURCES[rule]
        or method in TRANSFER_METHODS
        or before.row.get("discharged_to_concept_id") in HOSPITALS
        or after.row.get("admitted_from_concept_id") in HOSPITALS
    )


def led_to(spells: list[Spell], emergencies: Sequence[Row]) -> set[Any]:
    """The spells to which an A&E visit led: each leads to the first that it can have led to."""
    found = set()
    for row in emergencies:
        end = row.get("visit_end_date") or row["visit_start_date"]
        ended_at = _time(row.get("visit_end_datetime"), end)
        for spell in sorted(spells, key=lambda spell: (spell.first.moment, spell.index_id)):
            admitted_at = spell.admitted_at
            if (spell.admission - end).days not in {0, 1}:
                continue
            if ended_at is not None and admitted_at is not None and ended_at > admitted_at:
                continue
            found.add(spell.index_id)
            break
    return found


def _time(moment: datetime | None, day: date) -> datetime | None:
    """A time of exactly midnight, or of another day than the date says, is no time."""
    if moment is None or moment.date() != day or moment.time() == time():
        return None
    return moment
