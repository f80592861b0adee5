"""What `hfrisk features` shows: the dictionary, what the source holds of it, and for whom the clinical scores can be worked out."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from hfrisk.features import build_sweep, save_features
from hfrisk.features.found import measurements_found
from hfrisk.features.medicines_found import medicines_found
from hfrisk.workshop import FEW, Workshop, few, replace_whole

__all__ = ["feature_summary", "found_in_source", "inputs_of_scores", "sweep_summary"]


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


def sweep_summary(work: Workshop) -> dict[str, Any]:
    """Make the wide sweep, write it to the internal folder, and say what is in it; small counts are None.

    ``internal/sweep.parquet`` is patient-level and stays inside; ``internal/sweep_reference.parquet`` has exact counts.
    """
    cohort = work.cohort()
    with work.stage("sweep", "Counting every concept"):
        sweep = build_sweep(work.cdm, cohort, work.study.features, work.study.cohort.diagnosis_vocabulary)
        long = work.cdm.frame(sweep.table, "sweep")
    paths = {"sweep": work.internal / "sweep.parquet", "reference": work.internal / "sweep_reference.parquet"}
    replace_whole(paths["sweep"], long.to_parquet)
    replace_whole(paths["reference"], sweep.reference.to_parquet)
    rows = sweep.reference.to_dict("records")
    for row in rows:
        if row["index_discharges"] < FEW:
            row |= {"index_discharges": None, "share": None}
    return {
        "index_discharges": cohort.index_discharges,
        "features": rows,
        "files": {name: str(path) for name, path in paths.items()},
        "notices": [{"code": c.code, "severity": c.severity, "finding": c.text(few)} for c in sweep.notices],
    }
