"""Rows that lead nowhere (HFR042), rows without a standard concept (HFR043), rows of nobody known (HFR059)."""

from __future__ import annotations

from hfrisk.checks import Check
from hfrisk.quality.evidence import Evidence
from hfrisk.quality.survey import TABLES, Surveyed
from hfrisk.quality.words import listed, share

__all__ = ["link_checks"]

_LOST_WITH_LINK = {
    "condition_occurrence": "A diagnosis that belongs to no stay counts neither for an index discharge nor as its principal diagnosis.",
    "measurement": "Tests are placed by their date all the same; those without a time may fall outside the stay.",
    "drug_exposure": "Medicines are placed by their date all the same.",
    "observation": "Observations are placed by their date all the same; an admission method recorded as one is lost.",
    "procedure_occurrence": "Procedures are placed by their date all the same.",
}
_READ_BY_CONCEPT = {
    "measurement": "A test without a concept is no test: the model takes it as not measured, as if nobody had been worried.",
    "drug_exposure": "A medicine without a concept is not seen: the model takes the patient as not taking it.",
}
_CODED_PRESETS = ("nicor7", "i50_only", "caliber", "cms_icd10cm", "icd9_428")


def link_checks(evidence: Evidence) -> list[Check]:
    """HFR042 and HFR043 by table, and HFR059 for all tables."""
    checks = []
    for table in TABLES:
        if table.name in evidence.totals.index:
            checks += [*_dangling(evidence, table), *_unmapped(evidence, table)]
    return [*checks, *_orphaned(evidence)]


def _dangling(evidence: Evidence, table: Surveyed) -> list[Check]:
    linked, dangling = (int(evidence.totals[name].get(table.name, 0)) for name in ("linked", "dangling"))
    quality = evidence.quality
    if not table.linked or not dangling or linked < quality.enough:
        return []
    diagnoses = table.name == "condition_occurrence"
    refused = diagnoses and dangling >= quality.dangling_refused * linked
    warned = dangling >= quality.dangling * linked
    return [
        Check(
            "HFR042",
            "error" if refused else "warning" if warned else "note",
            f"Links to visits that are not there: {table.name}",
            "{rows} of the {table} that name a visit ({share}) name one that is not in visit_occurrence.",
            _LOST_WITH_LINK[table.name],
            "Ask whether visits are filtered or merged after the other tables are made, and whether visit_occurrence_id is written alike "
            "(type, case, leading zeros) in both.",
            counts={"rows": dangling},
            facts={"table": table.words, "share": share(dangling, linked)},
        )
    ]


def _unmapped(evidence: Evidence, table: Surveyed) -> list[Check]:
    rows, unmapped = (int(evidence.totals[name][table.name]) for name in ("rows", "unmapped"))
    recoverable = evidence.recoverable.get(table.name, 0)
    quality = evidence.quality
    if rows < quality.enough or not (table.name in _READ_BY_CONCEPT or table.name == "condition_occurrence"):
        return []
    many = unmapped >= quality.unmapped * rows
    patchy = recoverable >= quality.dangling * rows and recoverable > 0
    if not (many or patchy):
        return []
    by_concept = table.name in _READ_BY_CONCEPT or evidence.settings.heart_failure.preset not in _CODED_PRESETS
    consequence = _READ_BY_CONCEPT.get(
        table.name,
        "Heart failure is looked for by standard concept in this study, so stays may be missing."
        if by_concept
        else "Diagnoses are read by their source code in this study, so none is missed for it.",
    )
    finding = "{rows} of the {table} ({share}) are mapped to no standard concept"
    finding += "; {recoverable} of them have a source value that is mapped in other rows." if patchy else "."
    return [
        Check(
            "HFR043",
            "warning" if by_concept else "note",
            f"Rows without a standard concept: {table.name}",
            finding,
            consequence,
            "Ask for the mapping of the source values that stand for them; a value that is mapped in some rows only points to a load "
            "that failed in part."
            + (" A table of your own can do it for tests: source.maps.analyte." if table.name == "measurement" else ""),
            counts={"rows": unmapped, **({"recoverable": recoverable} if patchy else {})},
            facts={"table": table.words, "share": share(unmapped, rows)},
        )
    ]


def _orphaned(evidence: Evidence) -> list[Check]:
    orphaned = evidence.totals["orphaned"]
    orphaned = orphaned[orphaned > 0]
    if orphaned.empty:
        return []
    rows, every = int(orphaned.sum()), int(evidence.totals.loc[orphaned.index, "rows"].sum())
    names = {table.name: table.words for table in TABLES}
    return [
        Check(
            "HFR059",
            "warning" if rows >= evidence.quality.dangling * every else "note",
            "Records of people who are not there",
            "{rows} rows ({share} of {tables}) belong to nobody in the table person.",
            "Their age, sex and deprivation are not known. As adults cannot be told from children, their stays are left out.",
            "Ask whether people were removed (opt-outs, test patients) from person only, or whether person_id is written alike in all "
            "tables.",
            counts={"rows": rows},
            facts={"share": share(rows, every), "tables": listed([names[name] for name in orphaned.index])},
        )
    ]
