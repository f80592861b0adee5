"""Inpatient stays with what their records say: how they began and ended, and whether they are ordinary stays at all."""

from __future__ import annotations

from datetime import date
from typing import Any

import ibis
import ibis.expr.types as ir

from hfrisk.cdm import Cdm
from hfrisk.cdm.maps import trusts
from hfrisk.codelists import read_yaml
from hfrisk.cohort.settings import CohortSettings
from hfrisk.cohort.times import moment

__all__ = ["ED_VISIT", "ED_WITH_ADMISSION", "code", "inpatient_stays", "transfers_are_recorded"]

ED_VISIT = 9203
ED_WITH_ADMISSION = 262


def code(text: ir.StringValue) -> ir.StringValue:
    """A code of the NHS Data Dictionary as it should be written: trimmed and in capitals; a blank is no code."""
    return text.strip().upper().nullif("")


def inpatient_stays(cdm: Cdm, settings: CohortSettings, data_end: date | None = None) -> ir.Table:
    """Inpatient visits with their dates in order, and the earliest and latest moments that the record allows.

    Without a time, an admission may have been as late as the last second of its day and a discharge as early as the first:
    two stays overlap only if they do so whatever the hour was.

    With `data_end`, a stay that has no end, or ends after it, is still open: it lasts until that day, can be a readmission, and
    cannot be an index discharge. Without, only stays that have ended are given.

    Columns beyond those of the visit: `method`, `source`, `destination` (codes), `from_hospital` and `to_hospital` (transfer evidence
    of the concepts), `died`, `self_discharged`, `day_case` (day case or regular attender), `began_in_ae`, `still_open`,
    `start_date`, `end_date`, `timed_start`, `timed_end` (NULL without a time), `latest_start`, `earliest_end`, `start_at`, `hospital`.
    """
    lists = read_yaml("admission.yaml")
    visits = cdm.table("visit_occurrence")
    stays = visits.filter(
        visits.visit_concept_id.isin(settings.inpatient_visit_concepts),
        visits.person_id.notnull(),
        visits.visit_occurrence_id.notnull(),
        visits.visit_start_date.notnull(),
        visits.visit_end_date.isnull() | (visits.visit_end_date >= visits.visit_start_date),
    )
    if data_end is None:
        stays = stays.filter(stays.visit_end_date.notnull())
        still_open = ibis.literal(False)
        ended_on = stays.visit_end_date
    else:
        last_day = ibis.literal(data_end)
        stays = stays.filter(stays.visit_start_date <= last_day)
        still_open = stays.visit_end_date.isnull() | (stays.visit_end_date > last_day)
        ended_on = ibis.ifelse(still_open, last_day, stays.visit_end_date)
    admitted = moment(stays.visit_start_date, stays.visit_start_datetime)
    discharged = moment(ended_on, stays.visit_end_datetime)
    nothing = ibis.null("string")
    destination = code(stays.discharged_to_source_value) if settings.nhs_codes else nothing
    source = code(stays.admitted_from_source_value) if settings.nhs_codes else nothing
    ended = lists["discharge"]
    died = stays.discharged_to_concept_id.isin(ended["died_concepts"]).fill_null(False)
    died = died | code(stays.discharge_method).isin(ended["died_methods"]).fill_null(False)
    left = stays.discharged_to_concept_id.isin(ended["self_concepts"]).fill_null(False)
    hospitals = lists["transfer"]["hospital_concepts"]
    selected = stays.select(
        "person_id",
        "visit_occurrence_id",
        "visit_concept_id",
        "care_site_id",
        "admitted_from_concept_id",
        "discharged_to_concept_id",
        "main_specialty",
        method=code(stays.admission_method),
        source=source,
        destination=destination,
        from_hospital=stays.admitted_from_concept_id.isin(hospitals).fill_null(False),
        to_hospital=stays.discharged_to_concept_id.isin(hospitals).fill_null(False),
        died=died | destination.isin([ended["died_destination"]]).fill_null(False),
        self_discharged=left | code(stays.discharge_method).isin(ended["self_methods"]).fill_null(False),
        day_case=_day_case(stays, lists),
        began_in_ae=stays.visit_concept_id.isin(settings.unplanned_visit_concepts),
        still_open=still_open,
        start_date=stays.visit_start_date,
        end_date=ended_on,
        timed_start=admitted,
        timed_end=discharged,
        latest_start=admitted.fill_null(stays.visit_start_date.cast("timestamp") + ibis.interval(seconds=86_399)),
        earliest_end=discharged.fill_null(ended_on.cast("timestamp")),
        start_at=admitted.fill_null(stays.visit_start_date.cast("timestamp")),
    )
    return _with_hospital(cdm, selected)


def _with_hospital(cdm: Cdm, stays: ir.Table) -> ir.Table:
    """The stays with `hospital`: the trust where the site has a map of them, else the care site; a ward is no hospital of its own."""
    site = stays.care_site_id.cast("string")
    if not cdm.maps.trust:
        return stays.mutate(hospital=site)
    known = trusts(cdm).rename(trust_site="care_site_id")
    joined = stays.left_join(known, stays.care_site_id == known.trust_site)
    return joined.mutate(hospital=joined.trust.fill_null(joined.care_site_id.cast("string"))).drop(
        "trust_site", "trust"
    )


def _day_case(stays: ir.Table, lists: dict[str, Any]) -> ir.BooleanValue:
    """Day cases and regular attenders by patient class; where there is none, elective stays that end on the day they begin."""
    classes = lists["patient_class"]
    told = code(stays.patient_class).isin([*classes["day_case"], *classes["regular_attender"]])
    short = (stays.visit_end_date == stays.visit_start_date).fill_null(False)
    elective = code(stays.admission_method).isin(lists["admission_method"]["elective"]).fill_null(False)
    return told.fill_null(short & elective)


def transfers_are_recorded(cdm: Cdm, stays: ir.Table, settings: CohortSettings) -> bool:
    """Whether any stay of the source says that it came from, or went to, another hospital."""
    rule = read_yaml("admission.yaml")["transfer"]["rules"].get(settings.spells.rule)
    if rule is None:
        return False
    told = (
        stays.from_hospital
        | stays.to_hospital
        | stays.destination.isin(rule["destinations"]).fill_null(False)
        | stays.source.isin(rule["sources"]).fill_null(False)
        | stays.method.isin(rule["methods"]).fill_null(False)
    )
    row = cdm.frame(stays.aggregate(told=told.sum().fill_null(0)), "transfer evidence").iloc[0]
    return int(row["told"]) > 0
