"""What has to be said about the medicines of a source."""

from __future__ import annotations

from datetime import date

import ibis
import ibis.expr.types as ir

from hfrisk.checks import Check
from hfrisk.codelists import read_yaml
from hfrisk.features.family import Context
from hfrisk.features.given import Told

__all__ = ["notices"]


def notices(context: Context, links: ir.Table, told: Told, *, hierarchy: bool) -> list[Check]:
    """The findings: nothing at discharge, no hierarchy, no doses, and discharges from before a class could be had."""
    found = []
    if not told.at_the_end:
        found.append(_none_given(context))
    if not hierarchy:
        found.append(_by_ids_alone(context, links))
    if told.loops and not told.doses:
        found.append(_no_doses())
    return [*found, *_not_yet_available(context)]


def _none_given(context: Context) -> Check:
    hours = context.settings.medicines_hours
    window = f"{hours} hours up to 24 hours after admission" if context.early else f"last {hours} hours of the stay"
    return Check(
        "HFR033",
        "warning",
        "No medicine was recorded at discharge",
        "The source has a table of medicines, but none in the {window} of any index discharge.",
        "The model takes everybody as untreated.",
        "Check whether inpatient prescribing is in the source.",
        facts={"window": window},
    )


def _by_ids_alone(context: Context, links: ir.Table) -> Check:
    rows = context.cdm.table("drug_exposure").select("drug_concept_id").inner_join(links, "drug_concept_id")
    unknown = rows.filter(rows.how == "none")
    counts = context.cdm.frame(
        rows.aggregate(rows=rows.count()).cross_join(unknown.aggregate(unknown=unknown.count())), "medicines"
    ).iloc[0]
    return Check(
        "HFR075",
        "note",
        "Medicines were found without a hierarchy",
        "The source's concept_ancestor has nothing below the ingredients of the list, so medicines were told by the ingredients that hfrisk "
        "ships, by drug_strength and by the names of clinical drugs; {unknown} of {rows} records are none of the list.",
        "A medicine that the source writes as a clinical drug, and that none of these names, counts as not given, and each strength "
        "of it as a medicine of its own.",
        "Load the vocabulary's concept_ancestor, or look at hfrisk.features.medicines_found for what was not found.",
        counts={"rows": int(counts["rows"]), "unknown": int(counts["unknown"])},
    )


def _no_doses() -> Check:
    return Check(
        "HFR076",
        "note",
        "Doses of loop diuretics are not known",
        "Loop diuretics were given, but no dose of them is in the source.",
        "The model does not know how much was given, which tells how ill somebody is.",
        "If the source has doses, give them as drug_exposure.dose_mg (source.columns), or as quantity with a filled drug_strength.",
    )


def _not_yet_available(context: Context) -> list[Check]:
    if context.settings.availability == "none":
        return []
    listed = read_yaml("medicine_rules.yaml")["availability"][context.settings.availability]
    classes = read_yaml("medicines.yaml")
    index = context.index
    early = {
        name: (index.predicted_at < _timestamp(entry["since"])).cast("int32").sum().fill_null(0)
        for name, entry in listed.items()
    }
    row = context.cdm.frame(index.aggregate(**early), "medicines").iloc[0]
    return [
        Check(
            "HFR077",
            "note",
            "Some discharges were before a medicine could be had",
            "{discharges} index discharges were before {since}, when {words} could first be had for heart failure in England.",
            "It is not recorded there rather than not given, unless it was given; a model that leans on it leans on the year.",
            "Elsewhere than in England set features.availability to none.",
            counts={"discharges": int(row[name])},
            facts={"words": classes[name]["words"], "since": f"{entry['since'].day} {entry['since']:%B %Y}"},
        )
        for name, entry in listed.items()
        if row[name]
    ]


def _timestamp(day: date) -> ir.TimestampScalar:
    return ibis.timestamp(day.isoformat())
