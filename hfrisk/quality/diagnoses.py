"""Diagnoses: lost (HFR040, HFR041), without a position (HFR044), of another edition (HFR056)."""

from __future__ import annotations

from hfrisk.checks import Check
from hfrisk.codelists import read_yaml
from hfrisk.cohort import coded, starts_with_any
from hfrisk.quality.by_site import UNKNOWN_SITE, heart_failure_codes_by_site
from hfrisk.quality.counting import counted
from hfrisk.quality.evidence import Evidence
from hfrisk.quality.words import share

__all__ = ["diagnosis_checks"]

# ICD-10-CM only: seven characters, or six that end in a digit (the UK's five may be followed by the letter of a dagger code)
_LONG = r"^[A-Z][0-9][0-9A-Z]([0-9A-Z]{4}|[0-9A-Z]{2}[0-9])$"
_WORDS = {"icd10_uk": "the UK's ICD-10", "icd10_cm": "ICD-10-CM", "icd9_cm": "ICD-9-CM"}


def diagnosis_checks(evidence: Evidence) -> list[Check]:
    """HFR040, HFR041, HFR044 and HFR056."""
    edition = _edition(evidence)
    wrong = any(check.severity == "error" for check in edition)
    # in a source of another edition I50.0 is absent for a better reason
    lost = [] if wrong or evidence.settings.diagnosis_vocabulary != "icd10_uk" else _i50_0(evidence)
    return [*lost, *_without_diagnosis(evidence), *_position(evidence), *edition]


def _i50_0(evidence: Evidence) -> list[Check]:
    """I50.0, the commonest code of heart failure in English hospitals, which an ETL through ICD-10-CM loses."""
    by_site = heart_failure_codes_by_site(evidence.cdm)
    family, seen = int(by_site["i50"].sum()), int(by_site["i50_0"].sum())
    enough = evidence.quality.enough
    if family < enough:
        return []
    consequence = (
        "I50.0 does not exist in ICD-10-CM, so a load that joins diagnoses to that vocabulary deletes it. Most people with heart failure "
        "would then not be in the study, and those who are would differ from them."
    )
    todo = (
        "Ask the data team to count I50.0 in the hospitals' own coding before the load, and to map ICD-10 (UK) without an inner join "
        "(vocabulary ICD10, unmatched rows kept with concept 0)."
    )
    if seen == 0:
        return [
            Check(
                "HFR040",
                "error",
                "I50.0 is never seen",
                "The code I50.0 (congestive heart failure) never occurs, while other I50 codes occur {rows} times.",
                consequence,
                todo,
                counts={"rows": family},
            )
        ]
    if seen < evidence.quality.i50_0_share * family:
        return [
            Check(
                "HFR040",
                "warning",
                "I50.0 is hardly ever seen",
                "The code I50.0 (congestive heart failure) makes up {share} of the I50 codes; in English hospitals it is the commonest.",
                consequence,
                todo,
                facts={"share": share(seen, family)},
            )
        ]
    known = by_site[(by_site["site"] != UNKNOWN_SITE) & (by_site["i50"] >= enough)]
    without = int((known["i50_0"] == 0).sum())
    if not without:
        return []
    return [
        Check(
            "HFR040",
            "warning",
            "Some trusts have no I50.0",
            "At {sites} of {all_sites} sites with enough I50 codes the code I50.0 never occurs, while it does elsewhere.",
            consequence,
            todo,
            facts={"sites": without, "all_sites": len(known)},
        )
    ]


def _without_diagnosis(evidence: Evidence) -> list[Check]:
    """Stays whose diagnoses were lost, as by an inner join; the last months, which may not be coded yet, are looked at elsewhere."""
    rows = evidence.coding
    stays, none = int(rows["stays"].sum()), int(rows["none"].sum())
    quality = evidence.quality
    if stays < quality.enough or none < quality.stays_without_diagnosis * stays:
        return []
    refused = none >= quality.stays_without_diagnosis_refused * stays
    return [
        Check(
            "HFR041",
            "error" if refused else "warning",
            "Stays without any diagnosis",
            "{stays} inpatient stays that have ended ({share}) have no diagnosis at all.",
            "A stay without diagnoses can be a readmission but never an index discharge, and its conditions are not known: heart-failure "
            "admissions among them are missing.",
            "Ask whether diagnoses are joined to a vocabulary by an inner join, which deletes what it does not find, or are kept only "
            "where the concept's domain is Condition. If cohort.inpatient_visit_concepts names visits that are never coded, leave them "
            "out.",
            counts={"stays": none},
            facts={"share": share(none, stays)},
        )
    ]


def _position(evidence: Evidence) -> list[Check]:
    """Stays of which nobody knows the principal diagnosis, and heart failure told by a fallback."""
    settings = evidence.settings.heart_failure
    if settings.position != "principal":
        return []
    checks = []
    rows = evidence.coding
    coded_stays = int((rows["stays"] - rows["none"]).sum())
    unplaced = int(rows["unplaced"].sum())
    by_status = "condition_status" in settings.principal and unplaced < coded_stays
    unknown = int(evidence.totals["unplaced"].get("condition_occurrence", 0))
    diagnoses = int(evidence.totals["rows"].get("condition_occurrence", 0))
    quality = evidence.quality
    if by_status and coded_stays >= quality.enough and unplaced >= quality.without_position * coded_stays:
        checks.append(
            Check(
                "HFR044",
                "warning",
                "Some stays have no principal diagnosis",
                "{stays} of the coded stays ({share}) have no diagnosis marked as principal by its status; {rows} diagnoses have no "
                "status.",
                "If the principal diagnosis of these stays was heart failure, and no other way of telling it is there, they are not in "
                "the study.",
                "Ask whether the principal diagnosis was deleted (see HFR040 and HFR041) or its status left empty. Ways of telling it "
                "are tried in the order of cohort.heart_failure.principal; the concepts that mark it are in "
                "cohort.heart_failure.principal_status_concepts.",
                counts={"stays": unplaced, "rows": unknown},
                facts={"share": share(unplaced, coded_stays)},
            )
        )
    elif by_status and diagnoses >= quality.enough and unknown >= quality.without_position * diagnoses:
        checks.append(
            Check(
                "HFR044",
                "note",
                "Some diagnoses have no status",
                "{rows} diagnoses ({share}) have no condition_status_concept_id.",
                "Their position is not known; nearly every stay has a principal diagnosis all the same.",
                "Nothing, unless the position of secondary diagnoses matters.",
                counts={"rows": unknown},
                facts={"share": share(unknown, diagnoses)},
            )
        )
    told = evidence.cohort.strategies["heart_failure"]
    total = sum(told.values())
    fallback = {name: count for name, count in told.items() if name != "condition_status" and count}
    if fallback:
        other = sum(fallback.values())
        checks.append(
            Check(
                "HFR044",
                "warning" if other > quality.fallback * total else "note",
                "The principal diagnosis is told by a fallback",
                "In {stays} heart-failure stays ({share}) the principal diagnosis is told by {ways}, not by condition_status.",
                "What stands first in the source need not be what the clinician coded as the main reason: people admitted with, and not "
                "for, heart failure may be in the study.",
                "Ask whether the order of coding is kept in the source, and compare with cohort.heart_failure.position: any as a "
                "sensitivity.",
                counts={"stays": other},
                facts={"share": share(other, total), "ways": ", ".join(sorted(fallback))},
            )
        )
    return checks


def _edition(evidence: Evidence) -> list[Check]:
    """Codes that only another edition writes."""
    mine = evidence.settings.diagnosis_vocabulary
    counts = _editions_seen(
        evidence, "icd10_uk" if mine == "icd10_cm" else "icd10_cm", "428" if mine == "icd9_cm" else "I50"
    )
    quality = evidence.quality
    shaped, elsewhere = ("icd9", "icd10") if mine == "icd9_cm" else ("icd10", "icd9")
    if counts[elsewhere] > counts[shaped] and counts[elsewhere] >= quality.enough:
        found = "ICD-10" if mine == "icd9_cm" else "ICD-9-CM"
        words = f"Most diagnoses are coded in {found}, but the study reads them as {_WORDS[mine]}: {{rows}} codes have that shape."
        return [_wrong_edition("error", words, counts[elsewhere])]
    if mine == "icd9_cm":
        return []
    other = "icd10_uk" if mine == "icd10_cm" else "icd10_cm"
    foreign, family = counts["foreign"], counts["family"]
    if foreign >= quality.foreign_codes_refused * family and foreign >= quality.enough:
        words = (
            f"Most codes of heart failure exist only in {_WORDS[other]}, but the study reads diagnoses as {_WORDS[mine]}: "
            "{rows} diagnoses."
        )
        return [_wrong_edition("error", words, foreign)]
    if counts[other] and counts[other] >= quality.foreign_codes * (counts[mine] + counts[other]):
        words = f"{{rows}} diagnoses carry codes that exist only in {_WORDS[other]}; the study reads {_WORDS[mine]}."
        return [_wrong_edition("warning", words, counts[other])]
    return []


def _editions_seen(evidence: Evidence, other: str, prefix: str) -> dict[str, int]:
    """Codes by shape, codes that only one edition has, and codes of heart failure (`prefix`), of them those of the `other` edition."""
    rows = evidence.cdm.table("condition_occurrence")
    # each code is looked at once, however often it occurs
    codes = rows.group_by(code=rows.condition_source_value).aggregate(times=rows.count())
    # the Clinical Modification's codes are the longer ones, so that every code of the UK's has its shape too
    icd10, icd9 = coded(codes.code, "icd10_cm"), coded(codes.code, "icd9_cm")
    long = icd10.re_search(_LONG).fill_null(False)
    signs = {
        "icd10_uk": starts_with_any(icd10, _signs("icd10_uk")) & ~long,
        "icd10_cm": starts_with_any(icd10, _signs("icd10_cm")) | long,
    }
    family = starts_with_any(icd10 if prefix.startswith("I") else icd9, [prefix])
    kinds = {
        "icd10": icd10.notnull(),
        "icd9": icd9.notnull(),
        **signs,
        "family": family,
        "foreign": family & signs[other],
    }
    sums = {name: codes.times.sum(where=kind) for name, kind in kinds.items()}
    return counted(evidence.cdm, codes.aggregate(**sums), "editions of ICD")


def _signs(edition: str) -> list[str]:
    listed = [str(entry["prefix"]) for entry in read_yaml("icd10_editions.yaml")[edition]["only"]]
    return [*listed, *map(str, read_yaml("quality.yaml")["editions"][edition]["prefixes"])]


def _wrong_edition(severity: str, finding: str, rows: int) -> Check:
    return Check(
        "HFR056",
        "error" if severity == "error" else "warning",
        "Diagnoses of another edition of ICD",
        finding,
        "The editions share shapes but not codes: a list written for one finds too few people in the other, and says nothing. I50.0 "
        "exists only in the UK's, I50.2x to I50.8x only in ICD-10-CM.",
        "Ask in which edition each part of the source is coded, and set cohort.diagnosis_vocabulary and cohort.heart_failure.preset to "
        "it.",
        counts={"rows": rows},
    )
