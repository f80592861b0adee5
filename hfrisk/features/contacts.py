"""A&E attendances and outpatient appointments before the stay."""

from __future__ import annotations

from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from hfrisk.checks import Check
from hfrisk.codelists import read_yaml
from hfrisk.cohort import ED_VISIT, ED_WITH_ADMISSION
from hfrisk.features.care_windows import WINDOWS, Counted, counted
from hfrisk.features.family import KEYS, Context, Family, joined
from hfrisk.features.known import Event, events, happened_at_latest, known_before_prediction

__all__ = ["contacts"]

_OUTPATIENT = 9202
_KINDS = {
    "attendance": Counted("ae_attendances", "A&E attendances", 100, inputs=(180,)),
    "seen": Counted("outpatient_contacts", "outpatient appointments attended", 200, direction="either"),
    "missed": Counted("outpatient_missed", "outpatient appointments missed", 50, inputs=(365,)),
}


def contacts(context: Context) -> Family:
    """A&E attendances without the one that led to this admission, outpatient appointments that were kept, and those that were missed.

    An appointment that does not say whether the patient came is one that was kept. The columns are made where the source has such
    visits at all.
    """
    held = _held(context)
    kinds = [*(["attendance"] if held.attendances else []), *(["seen"] if held.appointments else [])]
    kinds += ["missed"] if held.told else []
    notices = _notices(held)
    if not kinds:
        return Family((), None, notices=notices)
    long = _long(context)
    made = [(kind, days) for kind in kinds for days in WINDOWS]
    name = {(kind, days): _KINDS[kind].name(days) for kind, days in made}
    wide = long.group_by(list(KEYS)).aggregate(
        **{
            name[kind, days]: long.visits.sum(where=(long.kind == kind) & (long.within <= days)) for kind, days in made
        }
    )
    table = joined(context.index.select(*KEYS, "look_back_days"), wide)
    columns = {name[kind, days]: counted(context, table, days, table[name[kind, days]]) for kind, days in made}
    entries = tuple(_KINDS[kind].entry(days) for kind, days in made)
    return Family(entries, table.select(*KEYS, **columns), notices=notices)


def _long(context: Context) -> ir.Table:
    """The key, `kind`, `within` (the shortest window that holds the visit) and `visits`, how many there are."""
    rows = events(context, "visit_occurrence")
    rows = rows.filter(rows.visit_concept_id.isin([ED_VISIT, ED_WITH_ADMISSION, _OUTPATIENT]))
    lists = read_yaml("attendance.yaml")
    said = _said(rows)
    appointment = rows.visit_concept_id == _OUTPATIENT
    kind = ibis.cases(
        (~appointment, "attendance"),
        (said.isnull() | said.isin(lists["seen"]), "seen"),
        (said.isin(lists["missed"]), "missed"),
        else_=ibis.null("string"),
    )
    rows = rows.select(
        "person_id",
        "on",
        "known_at",
        kind=kind,
        may_lead=rows.visit_concept_id == ED_VISIT,
        left="visit_end_date",
        left_known_at=happened_at_latest(context, rows, Event("visit_end_date", "visit_end_datetime")),
    )
    longest = max(WINDOWS)
    pairs = known_before_prediction(context, rows.filter(rows.kind.notnull()))
    pairs = pairs.filter(pairs.days_ago.between(1, longest))
    # one that is not known to have ended is taken to have ended on the day it began
    left = ibis.ifelse((pairs.left_known_at < pairs.predicted_at).fill_null(False), pairs.left, pairs.on)
    led_here = pairs.may_lead & pairs.admission_date.delta(left, unit="day").between(0, 1)
    pairs = pairs.filter(~led_here)
    within = ibis.cases(*[(pairs.days_ago <= days, days) for days in WINDOWS if days < longest], else_=longest)
    return pairs.mutate(within=within).group_by([*KEYS, "kind", "within"]).aggregate(visits=ibis._.count())


def _said(visits: ir.Table) -> ir.StringValue:
    """Whether the patient came, as a code; a blank says nothing."""
    return visits.attended.strip().upper().nullif("")


@dataclass(frozen=True)
class _Held:
    """How many visits of each kind the source has: `told` say whether the patient came, `other` do so in an unknown code."""

    attendances: int
    appointments: int
    told: int
    other: int


def _held(context: Context) -> _Held:
    visits = context.cdm.table("visit_occurrence")
    visits = visits.filter(visits.visit_start_date.notnull())
    lists = read_yaml("attendance.yaml")
    appointment = visits.visit_concept_id == _OUTPATIENT
    said = _said(visits)
    known = [*lists["seen"], *lists["missed"], *lists["called_off"]]
    row = context.cdm.frame(
        visits.aggregate(
            attendances=visits.visit_concept_id.isin([ED_VISIT, ED_WITH_ADMISSION]).sum().fill_null(0),
            appointments=appointment.sum().fill_null(0),
            told=(appointment & said.isin(known).fill_null(False)).sum().fill_null(0),
            other=(appointment & said.notnull() & ~said.isin(known).fill_null(False)).sum().fill_null(0),
        ),
        "visits outside stays",
    ).iloc[0]
    return _Held(int(row["attendances"]), int(row["appointments"]), int(row["told"]), int(row["other"]))


def _notices(held: _Held) -> list[Check]:
    found = []
    if not held.attendances:
        found.append(
            Check(
                "HFR030",
                "note",
                "No A&E attendances in the source",
                "The source has no A&E visit (concepts 9203 and 262).",
                "Attendances before the stay, one of the stronger predictors, are not known.",
                "Ask whether A&E records can be added.",
            )
        )
    if not held.appointments:
        found.append(
            Check(
                "HFR094",
                "note",
                "No outpatient appointments in the source",
                "The source has no outpatient visit (concept 9202).",
                "Outpatient appointments before the stay, kept and missed, are not known.",
                "Ask whether outpatient records can be added.",
            )
        )
    untold = held.appointments - held.told - held.other
    if untold or held.other:
        found.append(
            Check(
                "HFR095",
                "warning" if held.other else "note",
                "Some appointments do not say whether the patient came",
                "Of {appointments} outpatient appointments {untold} do not say whether the patient came, and {other} say it in a code that "
                "the NHS Data Dictionary does not have.",
                "Those that say nothing count as kept, those with another code count as neither kept nor missed; where none is told, "
                "missed appointments are not a feature.",
                "Fill visit_occurrence.attended with the national codes (5 and 6 seen, 3 and 7 not seen, 2 and 4 called off).",
                counts={"appointments": held.appointments, "untold": untold, "other": held.other},
            )
        )
    return found
