"""Numbered checks about who is in the cohort (HFR02x)."""

from __future__ import annotations

from datetime import date

import ibis
import ibis.expr.types as ir
import pandas as pd

from hfrisk.cdm import Cdm
from hfrisk.checks import Check
from hfrisk.cohort.settings import CohortSettings
from hfrisk.cohort.times import moment

__all__ = ["cohort_checks"]


def cohort_checks(
    cdm: Cdm, index: ir.Table, settings: CohortSettings, data_end: date, *, declared: bool
) -> list[Check]:
    """What the data could not tell about stays, deaths and follow-up."""
    visits = cdm.table("visit_occurrence").filter(lambda t: t.visit_concept_id.isin(settings.inpatient_visit_concepts))
    last_day = ibis.literal(data_end)
    backwards = (visits.visit_end_date < visits.visit_start_date).fill_null(False) | visits.visit_start_date.isnull()
    timed = moment(visits.visit_start_date, visits.visit_start_datetime).notnull()
    stays = cdm.frame(
        visits.aggregate(
            unusable=backwards.sum().fill_null(0),
            future=(visits.visit_start_date > last_day).sum().fill_null(0),
            still_open=(
                (visits.visit_start_date <= last_day)
                & (visits.visit_end_date.isnull() | (visits.visit_end_date > last_day))
            )
            .sum()
            .fill_null(0),
            timed=timed.sum().fill_null(0),
            latest=visits.visit_end_date.max(where=visits.visit_end_date <= last_day),
        ),
        "stays",
    ).iloc[0]
    dead = index.death_date.notnull()
    seen = cdm.frame(
        index.aggregate(
            deaths=dead.sum().fill_null(0),
            month_start=(dead & (index.death_date.day() == 1)).sum().fill_null(0),
            after_death=(index.readmission_day > index.death_day).sum().fill_null(0),
        ),
        "deaths",
    ).iloc[0]
    checks = []
    if int(stays["unusable"]):
        checks.append(
            Check(
                "HFR020",
                "warning",
                "Some stays have no usable dates",
                "{stays} inpatient stays have no beginning, or end before they begin.",
                "They are left out.",
                "Look at the order of visit_start_date and visit_end_date.",
                counts={"stays": int(stays["unusable"])},
            )
        )
    if int(stays["future"]):
        checks.append(
            Check(
                "HFR021",
                "warning",
                "Some stays begin after the end of the data",
                "{stays} inpatient stays begin after the end of the data.",
                "They cannot be index discharges with complete follow-up.",
                "Check source.data_end and the dates.",
                counts={"stays": int(stays["future"])},
            )
        )
    if int(stays["still_open"]):
        checks.append(
            Check(
                "HFR027",
                "note",
                "Some stays are still open at the end of the data",
                "{stays} inpatient stays have no end, or one after the end of the data.",
                "They can be a readmission but not an index discharge.",
                "If there are many, check visit_end_date and source.data_end.",
                counts={"stays": int(stays["still_open"])},
            )
        )
    if declared and (data_end - pd.Timestamp(stays["latest"]).date()).days > 31:
        checks.append(
            Check(
                "HFR028",
                "warning",
                "The declared end of the data lies after its records",
                "Follow-up is declared to end in {declared}, but the latest discharge is in {latest}.",
                "People discharged late look as if nothing had happened to them.",
                "Declare the day until which admissions really are in the source.",
                facts={
                    "declared": data_end.strftime("%B %Y"),
                    "latest": pd.Timestamp(stays["latest"]).strftime("%B %Y"),
                },
            )
        )
    if not int(stays["timed"]):
        checks.append(
            Check(
                "HFR022",
                "note",
                "Stays have dates only",
                "Inpatient stays carry dates but no times.",
                "A record of the day of discharge is taken as not yet known, and the order within a day is not.",
                "Nothing, unless times can be had.",
            )
        )
    if int(seen["deaths"]) >= 20 and int(seen["month_start"]) > 0.5 * int(seen["deaths"]):
        checks.append(
            Check(
                "HFR023",
                "warning",
                "Deaths fall on the first of the month",
                "{share}% of the deaths are recorded on the first day of a month.",
                "The day of death is not the true one: deaths soon after discharge are counted wrongly, in both directions.",
                "Do not read the share who died first as exact.",
                facts={"share": round(100 * int(seen["month_start"]) / int(seen["deaths"]))},
            )
        )
    if int(seen["after_death"]):
        checks.append(
            Check(
                "HFR024",
                "note",
                "Some people are readmitted after their recorded death",
                "{people} index discharges are followed by a readmission after the recorded death.",
                "They count as readmitted: whoever was admitted was alive.",
                "Check how death dates are recorded.",
                counts={"people": int(seen["after_death"])},
            )
        )
    if not declared:
        checks.append(
            Check(
                "HFR025",
                "note",
                "The end of the data was taken from the data",
                "Follow-up is taken to end in {month}, the month of the latest discharge in the source.",
                "If records arrive late, the last weeks look better than they were.",
                "Declare source.data_end.",
                facts={"month": data_end.strftime("%B %Y")},
            )
        )
    if not settings.planned_is_told:
        checks.append(
            Check(
                "HFR026",
                "note",
                "Every admission is taken as unplanned",
                "The source does not tell planned from unplanned admissions, or the study does not ask.",
                "A planned readmission counts as an event.",
                "If admission method or A&E visits are there, set cohort.unplanned to [admission_method, ae_segment].",
            )
        )
    return checks
