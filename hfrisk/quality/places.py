"""Trusts that are too small to be judged (HFR054), and people and care that the region cannot see (HFR055)."""

from __future__ import annotations

import csv
from pathlib import Path

import ibis

from hfrisk.checks import Check
from hfrisk.codelists import read_yaml
from hfrisk.errors import StudyError
from hfrisk.quality.by_site import UNKNOWN_SITE
from hfrisk.quality.counting import counted
from hfrisk.quality.evidence import Evidence
from hfrisk.quality.words import share

__all__ = ["place_checks"]


def place_checks(evidence: Evidence) -> list[Check]:
    """HFR054 and the parts of HFR055 that are about places."""
    return [*_small(evidence), *_outside(evidence), *_virtual_wards(evidence)]


def _small(evidence: Evidence) -> list[Check]:
    by_site = evidence.discharges.groupby("site")["discharges"].sum()
    known = by_site[by_site.index != UNKNOWN_SITE]
    small = known[known < evidence.quality.small_site]
    if len(known) < 2 or small.empty:
        return []
    return [
        Check(
            "HFR054",
            "note",
            "Small trusts",
            "{sites} of {all_sites} sites have fewer than {least} index discharges each; together they have {discharges} ({share}).",
            "Nothing can be said about how well the model does there, and what is said of all may not hold for them.",
            "If a care site is a ward or a building, group sites into trusts. Otherwise say that the result is not shown for them.",
            counts={"discharges": int(small.sum())},
            facts={
                "sites": len(small),
                "all_sites": len(known),
                "least": evidence.quality.small_site,
                "share": share(int(small.sum()), int(known.sum())),
            },
        )
    ]


def _outside(evidence: Evidence) -> list[Check]:
    """Index discharges of people who live where other regions' hospitals serve; asked only where the study names its areas."""
    path = evidence.quality.catchment
    if path is None:
        return []
    areas = _areas(path)
    cdm, index = evidence.cdm, evidence.cohort.table
    person = cdm.table("person")
    homes = person.filter(person.location_id.notnull()).group_by("person_id").aggregate(home=person.location_id.min())
    location = cdm.table("location")
    named = location.group_by("location_id").aggregate(area=location.location_source_value.min())
    placed = index.select("person_id").inner_join(homes, "person_id")
    placed = placed.left_join(named, placed.home == named.location_id)
    inside = placed.area.strip().upper().isin(areas).fill_null(False)
    known = placed.area.notnull()
    found = counted(
        cdm, placed.aggregate(known=known.sum(), outside=(known & ~inside).sum()), "homes outside the catchment"
    )
    outside, every = found["outside"], found["known"]
    if not every:
        return [
            Check(
                "HFR055",
                "note",
                "Homes cannot be placed",
                "No index discharge has an area of residence, so people from outside the catchment cannot be counted.",
                "People who live outside may be readmitted to hospitals that the source does not see.",
                "Ask for location_source_value (LSOA) of each person.",
            )
        ]
    if outside < evidence.quality.outside_catchment * every:
        return []
    return [
        Check(
            "HFR055",
            "warning",
            "People who live outside the catchment",
            "{discharges} index discharges ({share}) are of people who live outside the catchment.",
            "Their readmissions to hospitals nearer home are not in the source, so they look as if they had stayed well.",
            "Show the result for residents as a sensitivity.",
            counts={"discharges": outside},
            facts={"share": share(outside, every)},
        )
    ]


def _areas(path: Path) -> list[str]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(line for line in file if not line.startswith("#")))
    except (OSError, UnicodeDecodeError, csv.Error):
        raise StudyError(
            "The list of areas cannot be read.",
            where=f"quality.catchment ({path})",
            todo="Give a CSV file, in UTF-8, with a column named area.",
        ) from None
    areas = sorted({(row.get("area") or "").strip().upper() for row in rows} - {""})
    if not areas:
        raise StudyError(
            "The list of areas is empty, or has no column named area.",
            where=f"quality.catchment ({path})",
            todo="Give a CSV file with a column named area: the codes of location_source_value that the hospitals serve.",
        )
    return areas


def _virtual_wards(evidence: Evidence) -> list[Check]:
    """Inpatient stays at sites that are named after care at home."""
    if not evidence.cdm.has("care_site"):
        return []
    sites = evidence.cdm.table("care_site")
    name = sites.care_site_name.upper()
    words = [name.contains(word) for word in read_yaml("quality.yaml")["virtual_wards"]["names"]]
    virtual = sites.filter(ibis.or_(*words).fill_null(False)).select("care_site_id").distinct()
    spells = evidence.cohort.spells
    there = spells.semi_join(virtual, "care_site_id")
    found = counted(evidence.cdm, there.aggregate(spells=there.count()), "virtual wards")["spells"]
    if not found:
        return []
    return [
        Check(
            "HFR055",
            "note",
            "Stays on virtual wards",
            "{spells} stays end at a site that is named after a virtual ward or hospital at home.",
            "Someone who goes home to a virtual ward is still a patient: the day of discharge is late, and a return to hospital looks "
            "like a transfer or a readmission depending on how it is recorded.",
            "Ask how virtual wards are recorded at each trust, and whether such stays should count.",
            counts={"spells": found},
        )
    ]
