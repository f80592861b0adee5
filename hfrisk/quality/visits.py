"""Visits that are there twice (HFR058)."""

from __future__ import annotations

from hfrisk.checks import Check
from hfrisk.cohort import moment
from hfrisk.quality.counting import counted
from hfrisk.quality.evidence import Evidence
from hfrisk.quality.words import share

__all__ = ["visit_checks"]


def visit_checks(evidence: Evidence) -> list[Check]:
    """HFR058: visits equal in person, kind, times and site.

    Of visits without a time only inpatient stays are looked at: two clinics on a day are usual.
    """
    visits = evidence.cdm.table("visit_occurrence")
    visits = visits.filter(visits.person_id.notnull(), visits.visit_start_date.notnull())
    timed = moment(visits.visit_start_date, visits.visit_start_datetime)
    stay = visits.visit_concept_id.isin(list(evidence.settings.inpatient_visit_concepts)).fill_null(False)
    looked_at = visits.mutate(timed=timed).filter(stay | timed.notnull())
    # few people have two visits of a kind on one day, so that only those are compared in full
    alike_day = ["person_id", "visit_start_date", "visit_concept_id"]
    days = looked_at.group_by(alike_day).aggregate(times=looked_at.count())
    looked_at = looked_at.semi_join(days.filter(days.times > 1), alike_day)
    alike = looked_at.group_by(
        [
            "person_id",
            "visit_concept_id",
            "visit_start_date",
            "visit_end_date",
            "timed",
            "visit_end_datetime",
            "care_site_id",
        ]
    ).aggregate(copies=looked_at.count())
    extra = counted(evidence.cdm, alike.aggregate(extra=(alike.copies - 1).sum()), "duplicated visits")["extra"]
    every = int(evidence.totals["rows"]["visit_occurrence"])
    if not extra:
        return []
    return [
        Check(
            "HFR058",
            "warning" if extra >= max(evidence.quality.dangling * every, evidence.quality.enough) else "note",
            "Visits that are there twice",
            "{visits} visits ({share}) repeat another one of the same person, kind, time and site.",
            "Stays that repeat each other are joined to one spell. Visits to A&E and clinics that repeat each other count twice in the "
            "history of earlier care.",
            "Ask whether two source systems were loaded side by side, or a load was run twice.",
            counts={"visits": extra},
            facts={"share": share(extra, every)},
        )
    ]
