"""From OMOP tables to a report and a registered model: what is left, and that it is the same the second time."""

from __future__ import annotations

import json
import re

import numpy as np
import pandas as pd

from hfrisk.run import Finished, run_study
from tests.run.conftest import Place

Done = tuple[Place, Finished]


def test_what_a_run_leaves(done: Done) -> None:
    place, finished = done
    study = place.study()
    for name in ("report.html", "model_card.md", "metrics.json", "manifest.json", "internal/predictions.parquet"):
        assert (study.folder / name).stat().st_size > 0, name
    assert finished.report == study.folder / "report.html"
    assert {path.name for path in study.model_folder.iterdir()} >= {
        "model.txt",
        "contract.json",
        "calibration.json",
        "MLmodel",
    }
    assert (study.folder / ".gitignore").read_text() == "internal/\n"


def test_predictions_have_the_fixed_columns_and_one_row_an_index_discharge(done: Done) -> None:
    place, _ = done
    frame = pd.read_parquet(place.study().folder / "internal" / "predictions.parquet")
    assert list(frame.columns[:7]) == ["person_id", "index_id", "split", "fold", "outcome", "event", "risk"]
    assert "risk_logistic" in frame
    assert len(frame) == 3_000
    assert not frame.duplicated(["person_id", "index_id"]).any()
    assert frame[["risk", "risk_logistic"]].notna().all(axis=None)
    assert frame["risk"].between(0, 1).all()
    truth = pd.read_parquet(place.region / "truth.parquet").merge(frame, on=["person_id", "index_id"], validate="1:1")
    assert (truth["state"] == truth["outcome"]).all()


def test_no_person_stands_on_both_sides_of_a_fold_and_the_gap_is_kept(done: Done) -> None:
    place, _ = done
    frame = pd.read_parquet(place.study().folder / "internal" / "predictions.parquet")
    developed = frame[frame["split"] == "development"]
    assert developed.groupby("person_id")["fold"].nunique().max() == 1
    truth = pd.read_parquet(place.region / "truth.parquet").merge(frame, on=["person_id", "index_id"])
    cut = truth.loc[truth["split"] == "test", "discharge_date"].min()
    last = truth.loc[truth["split"] == "development", "discharge_date"].max()
    assert (pd.Timestamp(cut) - pd.Timestamp(last)).days > 29


def test_metrics_hold_the_fixed_shape_and_every_estimate_or_its_reason(done: Done) -> None:
    place, _ = done
    metrics = json.loads((place.study().folder / "metrics.json").read_text())
    assert set(metrics) >= {"study", "cohort", "performance", "checks", "provenance"}
    rows = pd.DataFrame(metrics["performance"])
    assert set(rows.columns) >= {
        "model",
        "split",
        "group",
        "level",
        "measure",
        "estimate",
        "lower",
        "upper",
        "n",
        "events",
        "reason",
    }
    assert set(rows["model"]) >= {"lightgbm", "logistic"}
    assert set(rows["split"]) == {"cross-validation", "test"}
    named = "auroc auprc brier scaled_brier log_loss oe_ratio calibration_intercept calibration_slope ici e50 e90 net_benefit@0.20"
    overall = rows[(rows["group"] == "all") & (rows["model"] == "lightgbm") & (rows["split"] == "test")]
    assert set(named.split()) <= set(overall["measure"])
    assert ((rows["estimate"].notna()) | (rows["reason"].fillna("") != "")).all()
    counts = pd.to_numeric(rows["n"], errors="coerce").dropna()
    assert (counts % 5 == 0).all()
    assert all({"code", "severity", "finding", "consequence"} <= set(check) for check in metrics["checks"])


def test_a_second_run_with_nothing_changed_does_nothing_and_says_so(done: Done) -> None:
    place, _ = done
    before = {path: path.stat().st_mtime_ns for path in place.folder.rglob("*") if path.is_file()}
    again = run_study(place.study())
    assert again.unchanged
    assert {path: path.stat().st_mtime_ns for path in place.folder.rglob("*") if path.is_file()} == before


def test_a_report_that_was_touched_is_written_again_and_no_stage_is_repeated(done: Done) -> None:
    place, _ = done
    study = place.study()
    report = (study.folder / "report.html").read_bytes()
    (study.folder / "report.html").write_text("spoilt")
    assert not run_study(study).unchanged
    assert (study.folder / "report.html").read_bytes() == report
    manifest = json.loads((study.folder / "manifest.json").read_text())
    stages = {
        "cohort",
        "features",
        "model",
        "assessment",
        "designs",
        "explanation",
        "mitigation",
        "attacks",
        "inequality",
    }
    assert set(manifest["kept_from_before"]) == stages


def test_broken_kept_files_are_found_by_their_hash_and_made_again(done: Done, elsewhere: Place) -> None:
    import shutil

    place, _ = done
    shutil.copytree(place.folder, elsewhere.folder, dirs_exist_ok=True)
    study = elsewhere.study()
    expected = json.loads((study.folder / "metrics.json").read_text())
    for pattern in ("stages/cohort-*.parquet", "results/model-*/values.json"):
        next((study.folder / "internal").glob(pattern)).write_bytes(b"broken")
    (study.folder / "metrics.json").unlink()
    run_study(study)
    manifest = json.loads((study.folder / "manifest.json").read_text())
    assert "cohort" not in manifest["kept_from_before"]
    assert "model" not in manifest["kept_from_before"]
    assert json.loads((study.folder / "metrics.json").read_text())["performance"] == expected["performance"]


def test_two_runs_are_equal_to_the_last_digit(done: Done, elsewhere: Place) -> None:
    place, _ = done
    run_study(elsewhere.study(), until="report")
    first, second = (
        pd.read_parquet(where.study().folder / "internal" / "predictions.parquet") for where in (place, elsewhere)
    )
    pd.testing.assert_frame_equal(first, second, check_exact=True)
    one, two = (json.loads((where.study().folder / "metrics.json").read_text()) for where in (place, elsewhere))
    assert one["performance"] == two["performance"]


def test_the_manifest_says_how_it_was_made(done: Done) -> None:
    place, _ = done
    manifest = json.loads((place.study().folder / "manifest.json").read_text())
    assert set(manifest["stages"]) >= {
        "cohort",
        "features",
        "model",
        "assessment",
        "designs",
        "mitigation",
        "explanation",
        "inequality",
        "disclosure",
        "report",
        "registry",
    }
    assert {"study_hash", "code_version", "source_fingerprint", "libraries", "seeds"} <= set(manifest)


def test_the_registered_model_gives_the_numbers_of_the_run(done: Done) -> None:
    place, finished = done
    import mlflow

    mlflow.set_tracking_uri(finished.summary["model"]["tracking_uri"])
    model = mlflow.pyfunc.load_model("models:/hf-readmission-30d@candidate")
    inputs, expected = _inputs_and_risks(place)
    np.testing.assert_allclose(model.predict(inputs)["risk"], expected, rtol=0, atol=1e-9)


def _inputs_and_risks(place: Place) -> tuple[pd.DataFrame, np.ndarray]:
    internal = place.study().folder / "internal"
    features = pd.read_parquet(next((internal / "stages").glob("features-*.parquet")))
    predictions = pd.read_parquet(internal / "predictions.parquet")
    tested = predictions[predictions["split"] == "test"].merge(features, on=["person_id", "index_id"])
    contract = json.loads((place.study().model_folder / "contract.json").read_text())
    return tested[[entry["name"] for entry in contract["inputs"]]], tested["risk"].to_numpy()


def test_scores_are_those_of_the_run(done: Done) -> None:
    from hfrisk.progress import Quiet
    from hfrisk.scoring import scored

    place, _ = done
    _, scores = scored(place.study(), Quiet())
    predictions = pd.read_parquet(place.study().folder / "internal" / "predictions.parquet")
    tested = predictions[predictions["split"] == "test"].merge(
        scores, on=["person_id", "index_id"], suffixes=("", "_scored"), validate="1:1"
    )
    np.testing.assert_allclose(tested["risk_scored"], tested["risk"], rtol=0, atol=1e-9)
    assert len(scores) >= len(predictions)


def test_reasons_are_those_of_the_model_and_stand_nowhere_but_inside(done: Done) -> None:
    from hfrisk.progress import Quiet
    from hfrisk.scoring import scored

    place, _ = done
    before = {path: path.stat().st_mtime_ns for path in place.folder.rglob("*") if path.is_file()}
    path, scores = scored(place.study(), Quiet(), why=True)
    changed = {
        path.relative_to(place.folder)
        for path in place.folder.rglob("*")
        if path.is_file() and before.get(path) != path.stat().st_mtime_ns
    }
    internal = (place.study().folder / "internal").relative_to(place.folder)
    assert internal / "reasons.parquet" in changed
    # the workshop writes its own .gitignore each time it opens
    assert {path.name for path in changed if internal not in path.parents} <= {".gitignore"}
    told = pd.read_parquet(path.parent / "reasons.parquet")
    assert told.groupby("index_id").size().max() == 5
    assert set(told["index_id"]) <= set(scores["index_id"])
    inputs, _ = _inputs_and_risks(place)
    one = told[told["index_id"] == told["index_id"].iloc[0]]
    assert one["rank"].tolist() == list(range(1, len(one) + 1))
    assert one["contribution"].abs().is_monotonic_decreasing
    assert set(one["feature"]) <= set(inputs.columns)
    ways = np.where(told["contribution"] > 0, "raises: ", "lowers: ")
    assert all(reason.startswith(way) for reason, way in zip(told["reason"], ways, strict=True))
    shared = told["reason"].sample(50, random_state=1).str.split(": ", n=1).str[1]
    released = "".join(
        file.read_text(encoding="utf-8", errors="ignore")
        for file in place.study().folder.rglob("*")
        if file.is_file() and "internal" not in file.parts and file.suffix in {".html", ".json", ".csv", ".md", ".log"}
    )
    # words of a feature alone may stand in the report; with a measured value they may not
    assert not [text for text in shared if any(unit in text for unit in ("mmol/L", "ng/L", "g/L")) and text in released]
    (path.parent / "reasons.parquet").unlink()


def test_nothing_patient_level_stands_outside_internal(done: Done) -> None:
    """Ids of people and stays in the made-up region are long numbers: none stands in any released file."""
    place, _ = done
    keys = pd.read_parquet(place.region / "truth.parquet", columns=["person_id", "index_id"]).astype(str)
    wanted = {key.lstrip("-").encode() for key in {*keys["person_id"], *keys["index_id"]} if len(key) >= 9}
    assert wanted
    shortest, longest = min(map(len, wanted)), max(map(len, wanted))
    released = [path for path in place.folder.rglob("*") if path.is_file() and "internal" not in path.parts]
    assert released
    for path in released:
        # every run of digits, and every part of it that is as long as a key may be
        runs = {run for run in re.findall(rb"\d+", path.read_bytes()) if len(run) >= shortest}
        parts = {
            run[at : at + size]
            for run in runs
            for size in range(shortest, longest + 1)
            for at in range(len(run) - size + 1)
        }
        assert not parts & wanted, path


def test_no_pickle_is_left_anywhere(done: Done) -> None:
    place, _ = done
    assert not [path for path in place.folder.rglob("*") if path.suffix in {".pkl", ".pickle", ".joblib"}]
    assert not [
        path
        for path in place.folder.rglob("*")
        if path.is_file() and path.read_bytes()[:2] in {b"\x80\x03", b"\x80\x04", b"\x80\x05"}
    ]


def test_a_planted_leak_sets_off_the_alarm(elsewhere: Place) -> None:
    """A code that is only ever recorded, before the stay, of those who will come back."""
    import shutil

    leaky = elsewhere.folder / "leaky"
    shutil.copytree(elsewhere.region, leaky)
    truth = pd.read_parquet(leaky / "truth.parquet")
    back = truth[(truth["state"] == "readmitted").to_numpy() & (np.random.default_rng(1).random(len(truth)) < 0.6)]
    conditions = pd.read_parquet(leaky / "condition_occurrence.parquet")
    planted = conditions.iloc[: len(back)].copy()
    planted["person_id"] = back["person_id"].to_numpy()
    planted["condition_start_date"] = (
        pd.to_datetime(back["admission_date"]) - pd.Timedelta(days=40)
    ).dt.date.to_numpy()
    planted["condition_start_datetime"] = pd.to_datetime(planted["condition_start_date"]).astype(
        conditions["condition_start_datetime"].dtype
    )
    planted["visit_occurrence_id"] = -1
    planted["condition_source_value"] = "K70.3"
    pd.concat([conditions, planted]).to_parquet(leaky / "condition_occurrence.parquet")
    place = Place(leaky, elsewhere.folder)
    run_study(place.study(), until="report")
    metrics = json.loads((place.study().folder / "metrics.json").read_text())
    assert "HFR101" in {check["code"] for check in metrics["checks"]}


def test_the_alarm_is_silent_without_a_leak(done: Done) -> None:
    place, _ = done
    metrics = json.loads((place.study().folder / "metrics.json").read_text())
    assert "HFR101" not in {check["code"] for check in metrics["checks"]}


def test_the_quick_look_runs_from_top_to_bottom_and_prints_no_row_of_a_patient(elsewhere: Place) -> None:
    import os
    import subprocess
    import sys
    from pathlib import Path

    script = Path(__file__).resolve().parents[2] / "notebooks" / "quick_look.py"
    environment = os.environ | {"HFRISK_SOURCE": str(elsewhere.region)}
    made = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, env=environment, check=True)
    assert "readmitted" in made.stdout
    keys = pd.read_parquet(elsewhere.region / "truth.parquet", columns=["person_id", "index_id"]).astype(str)
    printed = set(made.stdout.replace(",", "").split())
    assert not printed & {key for key in {*keys["person_id"], *keys["index_id"]} if len(key) >= 9}


def test_the_leaves_that_leave_are_too_coarse_to_solve_for_counts(done: Done) -> None:
    place, _ = done
    text = (place.study().model_folder / "model.txt").read_text()
    trees = [line.removeprefix("leaf_value=").split() for line in text.splitlines() if line.startswith("leaf_value=")]
    first, *later = [[float(value) for value in tree] for tree in trees]
    assert later
    assert all(value == round(value, 2) for value in first)
    assert all(value == float(f"{value:.1e}") for tree in later for value in tree)
    metrics = json.loads((place.study().folder / "metrics.json").read_text())
    assert "HFR143" not in {check["code"] for check in metrics["checks"]}


def test_those_flagged_are_the_sum_of_the_cells_as_shown(done: Done) -> None:
    place, _ = done
    table = pd.read_csv(place.study().folder / "tables" / "threshold_groups.csv")
    shown = table.dropna(subset=["true_positives", "false_positives"])
    assert len(shown)
    assert (shown["flagged"] == shown["true_positives"] + shown["false_positives"]).all()


def test_the_report_speaks_of_folds_of_people_and_of_a_later_test(done: Done) -> None:
    place, _ = done
    text = (place.study().folder / "report.html").read_text(encoding="utf-8")
    for said in ("in person-grouped cross-validation", "on every discharge after a cut in time", "later discharges"):
        assert said in text, said
    for other in ("forward in time", "other trusts", "earliest block"):
        assert other not in text, other
