"""The made-up region with one inequality planted at a time, through the whole job: found, and sized against the truth and a clean twin.

    python benchmarks/fairness_region.py [--index-discharges 10000] [--seed 21]

Four regions, each a study without a learned model (the spline model is the subject), about a minute of one core each. What is read is
metrics.json, after the gate. Results go to benchmarks/fairness_region.json.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import duckdb

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

PLANTED = {
    "HFR177": {"returns_unrecorded_in_deprived": 0.5},
    "HFR178": {"returns_added_in_deprived": 0.15},
    "HFR179": {"attendances_unrecorded_in_deprived": 0.7},
}
LEVEL = "1 (most deprived)"
# index discharges of the most deprived fifth, from the truth file
INDEX = """select t.* from '{0}/truth.parquet' t join '{0}/observation.parquet' o using (person_id)
    where o.observation_concept_id = 35812882 and o.value_as_number = 1"""
ATTENDED = """select count(*) from ({index}) i join '{0}/visit_occurrence.parquet' v using (person_id)
    where v.visit_concept_id in (9203, 262) and v.visit_start_date between i.admission_date - 180 and i.admission_date - 1
    and not (v.visit_concept_id = 9203 and v.visit_end_date >= i.admission_date - 1)"""
BACK = """select avg((exists (select 1 from '{0}/visit_occurrence.parquet' v where v.person_id = i.person_id
    and v.visit_source_value = 'emergency' and v.visit_concept_id in (9201, 262) and v.visit_occurrence_id <> i.index_id
    and v.visit_start_date between i.discharge_date and i.discharge_date + 29))::int) from ({index}) i where {which}"""


def ask(query: str, folder: Path, **more: str) -> float:
    """One number from the files of a region."""
    text = query.format(str(folder), index=INDEX.format(str(folder)), **more)
    return float(duckdb.sql(text).fetchall()[0][0])


def studied(folder: Path, defects: dict[str, float], discharges: int, seed: int) -> dict[str, Any]:
    """metrics.json of a region with these defects."""
    from hfrisk.run import run_study
    from hfrisk.study import study_from
    from hfrisk.synthetic import RegionSettings, synthesise

    synthesise(folder / "omop", RegionSettings(index_discharges=discharges, seed=seed, defects=defects))
    given = {
        "name": "planted",
        "made_up": True,
        "source": {"path": str(folder / "omop")},
        "folders": {"reports": str(folder / "reports"), "models": str(folder / "models")},
        "model": {"learner": "none", "points": {"enabled": False}, "competing": {"enabled": False}},
        "assessment": {"replicates": 60, "redraws": 50},
        "fairness": {"remedies": ["recalibration", "group_thresholds"]},
    }
    run_study(study_from(given, base=folder), until="report")
    metrics: dict[str, Any] = json.loads((folder / "reports" / "planted" / "metrics.json").read_text())
    return metrics


def interval(metrics: dict[str, Any], table: str, **where: str) -> list[float]:
    """Estimate and limits of the most deprived fifth."""
    row = next(
        row
        for row in metrics["tables"][table]
        if row["level"] == LEVEL and all(row[name] == value for name, value in where.items())
    )
    return [row["estimate"], row["lower"], row["upper"]]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--index-discharges", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=21)
    chosen = parser.parse_args()
    results = []
    with tempfile.TemporaryDirectory() as work:
        clean = Path(work) / "clean"
        for code, defects in {"": {}, **PLANTED}.items():
            folder = Path(work) / (code or "clean")
            metrics = studied(folder, defects, chosen.index_discharges, chosen.seed)
            said = {c["code"]: c["finding"] for c in metrics["checks"] if c["code"] in PLANTED}
            told: dict[str, Any] = {"planted": defects, "said": said}
            planted, before = folder / "omop", clean / "omop"
            if code == "HFR177":
                told["truth"] = 1 - ask(BACK, planted, which="state = 'readmitted'")
                told["estimate"] = interval(metrics, "label_bias", group="imd_quintile", sign="lost")
            if code == "HFR178":
                late = "discharge_date >= (select quantile_disc(discharge_date, 0.7) from '{}/truth.parquet')"
                told["truth"] = ask(BACK, planted, which=late.format(planted)) / ask(
                    BACK, before, which=late.format(before)
                )
                told["estimate"] = interval(metrics, "shifted_groups", group="imd_quintile", split="test")
            if code == "HFR179":
                told["truth"] = ask(ATTENDED, planted) / ask(ATTENDED, before)
                told["estimate"] = interval(
                    metrics, "biased_proxies", group="imd_quintile", feature="ae_attendances_180d", measure="recorded"
                )
            if code:
                told["truth"] = round(told["truth"], 3)
                told["holds"] = code in said and told["estimate"][1] <= told["truth"] <= told["estimate"][2]
            results.append(told)
            print(json.dumps(told, indent=1), flush=True)
    (HERE / "fairness_region.json").write_text(
        json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )


if __name__ == "__main__":
    main()
