"""What `hfrisk features` shows: the dictionary, what the source holds of it, and for whom the clinical scores can be worked out."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from hfrisk.features import save_features
from hfrisk.features.found import measurements_found
from hfrisk.features.medicines_found import medicines_found
from hfrisk.workshop import Workshop

__all__ = ["feature_summary", "found_in_source", "inputs_of_scores"]


def feature_summary(work: Workshop) -> dict[str, Any]:
    """Every feature with the share of index discharges for which it is missing; the table itself is kept in the internal folder."""
    cohort = work.cohort()
    features = work.features(cohort)
    offered = {entry.name for entry in features.dictionary}
    table = features.table
    missing = work.cdm.frame(
        table.aggregate(**{entry.name: table[entry.name].isnull().mean() for entry in features.catalogue}), "features"
    ).iloc[0]
    saved = save_features(work.cdm, features, work.internal / "features")
    return {
        "rows": cohort.index_discharges,
        "features": [
            {**asdict(entry), "offered": entry.name in offered, "missing": round(float(missing[entry.name]), 4)}
            for entry in features.catalogue
        ],
        "groups": list(features.groups),
        "table": str(saved),
        "notices": [{"code": c.code, "severity": c.severity, "finding": c.text()} for c in features.notices],
    }


def found_in_source(work: Workshop) -> dict[str, Any]:
    """Which tests and medicines of the code lists the source holds, of everybody; no cohort is needed."""
    with work.stage("found", "Looking for tests and medicines"):
        return {
            "measurements": measurements_found(work.cdm).to_dict("records"),
            "medicines": medicines_found(work.cdm).to_dict("records"),
        }


def inputs_of_scores(work: Workshop) -> dict[str, Any]:
    """For how many index discharges each input of each clinical score was observed."""
    features = work.features(work.cohort())
    return {"scores": features.observed.to_dict("records")}
