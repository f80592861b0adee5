"""Admissions, index discharges and coding by trust (or care site) and month: the small frames behind every check over time and by trust."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import ibis
import ibis.expr.types as ir
import pandas as pd

from hfrisk.cdm import Cdm
from hfrisk.cdm.maps import trusts
from hfrisk.cohort import Cohort, coded
from hfrisk.quality.counting import whole

__all__ = ["UNKNOWN_SITE", "admissions_by_site", "coding_by_month", "discharges_by_site", "heart_failure_codes_by_site"]

UNKNOWN_SITE = ""
"""The site of stays that name none."""

_UNCODED = (
    "R69"  # ICD-10: unknown and unspecified causes of morbidity, which is how SUS carries a stay that is not coded yet
)


def admissions_by_site(cdm: Cdm, cohort: Cohort) -> pd.DataFrame:
    """Ordinary spells by site and month of admission.

    Returns
    -------
    DataFrame
        ``site`` (text), ``month`` (months since year 0), ``spells``; of them ``heart_failure`` and ``unplanned``; ``overnight``: for heart
        failure and of a night or more, of those ``overnight_unplanned``; ``emergencies``: unplanned for another cause than heart failure,
        of those ``same_day``: ended on the day they began.
    """
    spells = _with_site(cdm, cohort.spells.filter(~cohort.spells.day_case))
    emergency = spells.unplanned & ~spells.has_heart_failure
    overnight = spells.has_heart_failure & (spells.length_of_stay > 0)
    grouped = spells.group_by(site=spells.site, month=_month(spells.admission_date)).aggregate(
        spells=spells.count(),
        heart_failure=spells.has_heart_failure.sum(),
        unplanned=spells.unplanned.sum(),
        overnight=overnight.sum(),
        overnight_unplanned=(overnight & spells.unplanned).sum(),
        emergencies=emergency.sum(),
        same_day=(emergency & (spells.length_of_stay == 0) & ~spells.still_open).sum(),
    )
    return whole(cdm.frame(grouped, "admissions by site"), grouped.columns[1:])


def discharges_by_site(cdm: Cdm, cohort: Cohort, look_back_from: date) -> pd.DataFrame:
    """Index discharges by site, month of discharge, and how their readmission was told.

    Returns
    -------
    DataFrame
        ``site``, ``month``, ``admitted`` (month of admission), ``told_by`` (of the readmission; missing where there is none);
        ``discharges``; ``events`` (readmissions or deaths, as the study counts them) among ``known`` (not censored) ones; ``short``:
        admitted before `look_back_from`.
    """
    index = _with_site(cdm, cohort.table)
    grouped = index.group_by(
        site=index.site,
        month=_month(index.discharge_date),
        admitted=_month(index.admission_date),
        told_by=index.readmission_told_by,
    ).aggregate(
        discharges=index.count(),
        known=index.event.notnull().sum(),
        events=index.event.fill_null(False).sum(),
        short=(index.admission_date < ibis.literal(look_back_from)).sum(),
    )
    return whole(
        cdm.frame(grouped, "index discharges by site"), ["month", "admitted", "discharges", "known", "events", "short"]
    )


def coding_by_month(cdm: Cdm, data_end: date, inpatient: Sequence[int], principal: Sequence[int]) -> pd.DataFrame:
    """Stays (visits with a concept among `inpatient`) that have ended, by site and month of discharge, with what their diagnoses look like.

    Returns
    -------
    DataFrame
        ``site``, ``month``, ``stays``; ``none``: without any diagnosis; ``unplaced``: with diagnoses of which none has a status among
        `principal`; ``uncoded``: whose only ICD-10 code is R69.
    """
    visits = cdm.table("visit_occurrence")
    stays = visits.filter(
        visits.visit_concept_id.isin(list(inpatient)),
        visits.person_id.notnull(),
        visits.visit_occurrence_id.notnull(),
        visits.visit_start_date <= visits.visit_end_date,
        # a stay that ends on the last day of the data may be one that is cut there, and is not coded yet
        visits.visit_end_date < ibis.literal(data_end),
    ).select("care_site_id", "visit_end_date", stay="visit_occurrence_id")
    rows = cdm.table("condition_occurrence").filter(lambda t: t.visit_occurrence_id.notnull())
    rows = rows.semi_join(stays, rows.visit_occurrence_id == stays.stay)
    code = rows.condition_source_value.strip().upper()
    of_stay = rows.group_by("visit_occurrence_id").aggregate(
        diagnoses=rows.count(),
        placed=rows.condition_status_concept_id.isin(list(principal)).fill_null(False).sum(),
        # diagnoses of A&E in SNOMED, all digits, may stand beside it
        codes=code.substr(0, 1).between("A", "Z").fill_null(False).sum(),
        unknown=(code.substr(0, 3) == _UNCODED).fill_null(False).sum(),
    )
    joined = _with_site(cdm, stays.left_join(of_stay, stays.stay == of_stay.visit_occurrence_id))
    found = joined.diagnoses.fill_null(0)
    grouped = joined.group_by(site=joined.site, month=_month(joined.visit_end_date)).aggregate(
        stays=joined.count(),
        none=(found == 0).sum(),
        unplaced=((found > 0) & (joined.placed == 0)).sum(),
        uncoded=((joined.codes > 0) & (joined.unknown == joined.codes)).sum(),
    )
    return whole(cdm.frame(grouped, "coding by month"), grouped.columns[1:])


def heart_failure_codes_by_site(cdm: Cdm) -> pd.DataFrame:
    """Rows of the I50 family by site, and how many of them are I50.0: ``site``, ``i50``, ``i50_0``."""
    rows = cdm.table("condition_occurrence")
    rows = rows.filter(rows.condition_source_value.strip().upper().substr(0, 3) == "I50")
    rows = rows.select(link=rows.visit_occurrence_id, code=coded(rows.condition_source_value, "icd10_uk"))
    rows = rows.filter(rows.code.notnull())
    visits = cdm.table("visit_occurrence").filter(lambda t: t.visit_occurrence_id.notnull())
    sites = visits.group_by("visit_occurrence_id").aggregate(care_site_id=visits.care_site_id.min())
    joined = _with_site(cdm, rows.left_join(sites, rows.link == sites.visit_occurrence_id))
    grouped = joined.group_by(site=joined.site).aggregate(
        i50=joined.count(), i50_0=(joined.code.substr(0, 4) == "I500").sum()
    )
    return whole(cdm.frame(grouped, "heart-failure codes by site"), grouped.columns[1:])


def _with_site(cdm: Cdm, table: ir.Table) -> ir.Table:
    """The table with `site`: the trust by the site's own map, else the care site."""
    own = table.mutate(site=table.care_site_id.cast("string").fill_null(UNKNOWN_SITE))
    if not cdm.maps.trust:
        return own
    known = trusts(cdm).select(mapped_site="care_site_id", mapped_trust="trust")
    joined = own.left_join(known, own.care_site_id == known.mapped_site)
    joined = joined.mutate(trust_or_site=joined.mapped_trust.fill_null(joined.site))
    return joined.drop("site", "mapped_site", "mapped_trust").rename(site="trust_or_site")


def _month(day: ir.DateValue) -> ir.IntegerValue:
    return (day.year() * 12 + day.month() - 1).cast("int64")
