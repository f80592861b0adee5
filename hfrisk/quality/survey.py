"""One pass over each table of records: how many rows a month, and how many of them are lost, unmapped or out of time.

Every check of links, concepts and dates, and the test of records thinning out, reads the small frame that comes of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import ibis
import ibis.expr.types as ir
import pandas as pd

from hfrisk.cdm import Cdm
from hfrisk.quality.counting import whole

__all__ = ["TABLES", "Surveyed", "recoverable", "survey"]


@dataclass(frozen=True)
class Surveyed:
    """A table of records: what its rows are called, and the columns that matter here.

    Parameters
    ----------
    name, words
        The table, and its rows in words.
    concept, date
        Columns of the standard concept and of the day.
    source
        Column of what the source wrote, from which the concept was mapped.
    linked
        Whether its rows name a visit.
    """

    name: str
    words: str
    concept: str
    date: str
    source: str
    linked: bool = True


TABLES: tuple[Surveyed, ...] = (
    Surveyed("visit_occurrence", "visits", "visit_concept_id", "visit_start_date", "visit_source_value", linked=False),
    Surveyed(
        "condition_occurrence", "diagnoses", "condition_concept_id", "condition_start_date", "condition_source_value"
    ),
    Surveyed("drug_exposure", "medicines", "drug_concept_id", "drug_exposure_start_date", "drug_source_value"),
    Surveyed("measurement", "measurements", "measurement_concept_id", "measurement_date", "measurement_source_value"),
    Surveyed("observation", "observations", "observation_concept_id", "observation_date", "observation_source_value"),
    Surveyed("procedure_occurrence", "procedures", "procedure_concept_id", "procedure_date", "procedure_source_value"),
)

_COUNTS = ("rows", "undated", "unmapped", "linked", "dangling", "orphaned", "future", "unborn", "late", "unplaced")


def survey(cdm: Cdm, data_end: date, inpatient: Sequence[int], after_death_days: int) -> pd.DataFrame:
    """Every table of records that the source has, by month.

    Returns
    -------
    DataFrame
        One row a table and month: ``table``, ``month`` (months since year 0, missing where the date is), and counts of ``rows``:
        ``undated``; ``unmapped`` (concept 0 or none); ``linked`` to a visit, ``dangling`` where that visit is not there; ``orphaned``
        (the person is not in person). Each row is out of time at most once: ``future`` (after `data_end`; of visits, only those that
        are no inpatient stays, since the cohort counts those), else ``unborn`` (before birth), else ``late`` (more than
        `after_death_days` after death, or a month more where only the month may be known). ``unplaced``: diagnoses without a status.
    """
    people, visits = _people(cdm), _visits(cdm)
    frames = [
        cdm.frame(
            _monthly(cdm, table, people, visits, data_end, inpatient, after_death_days), f"survey of {table.name}"
        )
        for table in TABLES
        if cdm.has(table.name)
    ]
    deaths = cdm.table("death")
    deaths = deaths.filter(deaths.death_date.notnull())
    by_month = deaths.group_by(month=_month(deaths.death_date)).aggregate(rows=deaths.count())
    frames.append(cdm.frame(by_month, "deaths by month").assign(table="death"))
    found = pd.concat([frame for frame in frames if len(frame)], ignore_index=True)
    found = found.reindex(columns=["table", "month", *_COUNTS])
    return whole(found, _COUNTS)


def recoverable(cdm: Cdm) -> dict[str, int]:
    """By table, rows without a concept although the same source value has one elsewhere in the table."""
    parts = []
    for table in TABLES:
        if table.name == "visit_occurrence" or not cdm.has(table.name):
            continue
        rows = cdm.table(table.name)
        rows = rows.filter(rows[table.source].notnull())
        by_value = rows.group_by(value=rows[table.source]).aggregate(
            rows=rows.count(), lost=_no_concept(rows[table.concept]).sum()
        )
        some = (by_value.lost > 0) & (by_value.lost < by_value.rows)
        parts.append(
            by_value.aggregate(found=by_value.lost.sum(where=some).fill_null(0).cast("int64")).mutate(
                table=ibis.literal(table.name)
            )
        )
    if not parts:
        return {}
    frame = cdm.frame(ibis.union(*parts) if len(parts) > 1 else parts[0], "concepts lost")
    return {str(row.table): int(row.found) for row in frame.itertuples()}


def _monthly(
    cdm: Cdm,
    table: Surveyed,
    people: ir.Table,
    visits: ir.Table,
    data_end: date,
    inpatient: Sequence[int],
    after_death_days: int,
) -> ir.Table:
    rows = cdm.table(table.name)
    is_visit = table.name == "visit_occurrence"
    status = rows.condition_status_concept_id if table.name == "condition_occurrence" else ibis.null("int64")
    slim = rows.select(
        who=rows.person_id,
        concept=rows[table.concept],
        day=rows[table.date],
        link=rows.visit_occurrence_id if table.linked else ibis.null(cdm.id_type("visit_occurrence_id")),
        status=status,
    )
    joined = slim.left_join(people, slim.who == people.person_id)
    if table.linked:
        joined = joined.left_join(visits, joined.link == visits.visit_id)
    day = joined.day
    number = day.year() * 10_000 + day.month() * 100 + day.day()
    past = (day > ibis.literal(data_end)).fill_null(False)
    unborn = ~past & (number < joined.born).fill_null(False)
    # of a death on the first of a month often only the month is known
    allowed = ibis.ifelse(joined.died.day() == 1, after_death_days + 30, after_death_days)
    late = ~past & ~unborn & (day.delta(joined.died, unit="day") > allowed).fill_null(False)
    # the cohort itself counts inpatient stays that begin after the end of the data
    future = past & ~joined.concept.isin(list(inpatient)).fill_null(False) if is_visit else past
    counts = {
        "rows": joined.count(),
        "undated": day.isnull().sum(),
        "unmapped": _no_concept(joined.concept).sum(),
        "orphaned": joined.person_id.isnull().sum(),
        "future": future.sum(),
        "unborn": unborn.sum(),
        "late": late.sum(),
    }
    if table.linked:
        linked = joined.link.notnull()
        counts |= {"linked": linked.sum(), "dangling": (linked & joined.visit_id.isnull()).sum()}
    if table.name == "condition_occurrence":
        counts["unplaced"] = _no_concept(joined.status).sum()
    return joined.group_by(month=_month(day)).aggregate(**counts).mutate(table=ibis.literal(table.name))


def _people(cdm: Cdm) -> ir.Table:
    """Each person once: the first day on which they can have been born as a number (19400131), and the day of death."""
    person = cdm.table("person").filter(lambda t: t.person_id.notnull())
    time = person.birth_datetime
    born = (
        time.year().fill_null(person.year_of_birth) * 10_000
        + time.month().fill_null(person.month_of_birth).fill_null(1) * 100
        + time.day().fill_null(person.day_of_birth).fill_null(1)
    )
    people = person.group_by("person_id").aggregate(born=born.min())
    deaths = cdm.table("death")
    deaths = deaths.filter(deaths.person_id.notnull(), deaths.death_date.notnull())
    died = deaths.group_by(deceased=deaths.person_id).aggregate(died=deaths.death_date.min())
    return people.left_join(died, people.person_id == died.deceased).drop("deceased")


def _visits(cdm: Cdm) -> ir.Table:
    visits = cdm.table("visit_occurrence")
    return visits.filter(visits.visit_occurrence_id.notnull()).select(visit_id="visit_occurrence_id").distinct()


def _no_concept(concept: ir.IntegerValue) -> ir.BooleanValue:
    return concept.fill_null(0) == 0


def _month(day: ir.DateValue) -> ir.IntegerValue:
    return (day.year() * 12 + day.month() - 1).cast("int64")
