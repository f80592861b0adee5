"""What the source cannot tell about admissions: planned or not (HFR045), transfers between hospitals (HFR057)."""

from __future__ import annotations

import ibis

from hfrisk.checks import Check
from hfrisk.codelists import read_yaml
from hfrisk.quality.counting import counted
from hfrisk.quality.evidence import Evidence
from hfrisk.quality.words import share

__all__ = ["admission_checks"]

_TELLS = ("admission_method", "observation")  # ways that read the admission method itself
_WORDS = {
    "ae_segment": "an A&E visit before it",
    "admitted_from": "the place from which the patient came",
    "assume_unplanned": "the assumption that every admission is unplanned",
}


def admission_checks(evidence: Evidence) -> list[Check]:
    """HFR045 and HFR057."""
    return [*_method(evidence), *_transfers(evidence)]


def _method(evidence: Evidence) -> list[Check]:
    """How many readmissions rest on a stand-in for the admission method. Where the study assumes, the cohort says so itself (HFR026)."""
    if not evidence.settings.planned_is_told:
        return []
    told = evidence.discharges.groupby("told_by", dropna=True)["discharges"].sum()
    readmissions = int(told.sum())
    proxies = told[~told.index.isin(_TELLS)]
    resting = int(proxies.sum())
    spells = evidence.cohort.strategies["unplanned"]
    unavailable = not any(spells.get(name, 0) for name in _TELLS)
    if not resting:
        return []
    direct = read_yaml("quality.yaml")["direct_admissions"]["share"]
    missed = "ae_segment" in told.index or "ae_segment" in evidence.settings.unplanned
    consequence = (
        f"In England {direct} of emergency admissions for heart failure do not pass through A&E: they come from a GP, a clinic or "
        f"same-day "
        "emergency care. Where an A&E visit stands in for the admission method they are taken as planned, so the study has too few "
        "index discharges and too few readmissions, by up to a quarter."
        if missed
        else "Planned and unplanned admissions are told apart by what often goes with them, and some are taken for the other."
    )
    finding = "{readmissions} readmissions ({share}) are told to be unplanned by {ways}"
    finding += (
        ", since the source has no admission method." if unavailable else ", where the admission method is empty."
    )
    overnight, seen = (int(evidence.admissions[name].sum()) for name in ("overnight", "overnight_unplanned"))
    if overnight:
        finding += " Of the stays for heart failure of a night or more, {seen} are told to be unplanned."
    return [
        Check(
            "HFR045",
            "warning" if resting > evidence.quality.proxy * readmissions else "note",
            "The admission method is not available" if unavailable else "The admission method is not always there",
            finding,
            consequence,
            "Ask the data team for the admission method (ADMIMETH) and the discharge method, as columns admission_method and "
            "discharge_method of visit_occurrence (source.columns gives their names) or as an observation "
            "(cohort.admission_method_observations).",
            counts={"readmissions": resting},
            facts={
                "share": share(resting, readmissions),
                **({"seen": share(seen, overnight)} if overnight else {}),
                "ways": " or ".join(_WORDS.get(str(name), str(name)) for name in sorted(proxies.index)),
            },
        )
    ]


def _transfers(evidence: Evidence) -> list[Check]:
    """Whether transfers to another hospital can be seen at all, and how many next-day stays elsewhere count as readmissions."""
    if evidence.cohort.sites < 2:
        return []
    joined = evidence.cohort.strategies["spells"]
    transfer, stand_in = joined.get("transfer", 0), joined.get("stand_in", 0)
    discharges, elsewhere = _next_day_elsewhere(evidence)
    expected = read_yaml("quality.yaml")["transfers"]["expected"]
    consequence = (
        "A transfer that is not recognised ends a spell too early and looks like a readmission on the same or the next day; one that is "
        f"recognised wrongly hides a readmission. About {expected} of stays for heart failure go on in another trust."
    )
    todo = (
        "Ask for the discharge destination and the source of admission (NHS codes 51 and the like, or concept 8717) in visit_occurrence. "
        "Compare with cohort.spells.without_evidence: nothing, and with rule: che, as sensitivities."
    )
    stays, share_from = joined["stays"], evidence.quality.next_day_elsewhere
    if stand_in:
        return [
            Check(
                "HFR057",
                "warning" if stand_in >= share_from * stays else "note",
                "Transfers are told by a stand-in",
                "The source records no transfer between hospitals; {stays} stays ({share}) that began at another site on the day the "
                "last one ended, or the day after, were joined to it.",
                consequence,
                todo,
                counts={"stays": stand_in},
                facts={"share": share(stand_in, stays)},
            )
        ]
    if elsewhere >= evidence.quality.enough and elsewhere >= share_from * discharges:
        return [
            Check(
                "HFR057",
                "warning",
                "Some transfers may not be recorded" if transfer else "Transfers cannot be seen",
                "{discharges} discharges ({share}) are followed by a stay at another site on that day or the next without a record of a "
                "transfer; {transfers} stays were joined as transfers.",
                consequence,
                todo,
                counts={"transfers": transfer, "discharges": elsewhere},
                facts={"share": share(elsewhere, discharges)},
            )
        ]
    return _joined(transfer, joined.get("overlapping", 0))


def _joined(transfers: int, overlapping: int) -> list[Check]:
    if not transfers + overlapping:
        return []
    return [
        Check(
            "HFR057",
            "note",
            "Stays were joined to spells",
            "{transfers} stays were joined to the one before as transfers, and {overlapping} because they overlap with it.",
            "What looks like several stays in the source is one here: it is one index discharge, and none of its parts is a readmission.",
            "Nothing, unless the numbers surprise those who know the hospitals.",
            counts={"transfers": transfers, "overlapping": overlapping},
        )
    ]


def _next_day_elsewhere(evidence: Evidence) -> tuple[int, int]:
    """Discharges from ordinary spells, and those followed by a spell at another site on that day or the next."""
    spells = evidence.cohort.spells
    spells = spells.filter(~spells.day_case)
    stays = spells.select("person_id", "spell", "admission_date", "discharge_date", "care_site_id", "still_open")
    in_order = ibis.window(group_by=stays.person_id, order_by=stays.spell)
    followed = stays.mutate(
        next_date=stays.admission_date.lead().over(in_order), next_site=stays.care_site_id.lead().over(in_order)
    )
    soon = followed.next_date.delta(followed.discharge_date, unit="day").between(0, 1)
    elsewhere = soon & (followed.next_site != followed.care_site_id)
    ended = ~followed.still_open
    found = counted(
        evidence.cdm,
        followed.aggregate(discharges=ended.sum(), elsewhere=(ended & elsewhere.fill_null(False)).sum()),
        "next-day stays",
    )
    return found["discharges"], found["elsewhere"]
