"""The gate as a whole: nothing else makes a `Released`, and nothing planted is in one."""

from __future__ import annotations

import copy
import dataclasses
import json
import math
import pickle
import re
import subprocess
import sys
from types import SimpleNamespace

import jsonschema
import numpy as np
import pandas as pd
import pytest

from hfrisk.assessment.results import NOBODY
from hfrisk.disclosure import DisclosureSettings, Released, metrics_schema, release
from hfrisk.disclosure.bundle import release_tuning
from hfrisk.disclosure.policy import Policy
from hfrisk.errors import DataError
from tests.disclosure.made_up import CANARY, CANARY_DATES, CANARY_PATH, FIRST_ID, STUDY, Run


def everything(released: Released) -> str:
    """All that leaves, as one text."""
    rest = {k: v for k, v in vars(released).items() if not isinstance(v, pd.DataFrame) and k != "bundle"}
    frames = {name: frame.to_csv(index=False) for name, frame in released.tables().items()}
    return json.dumps(
        [rest, released.metrics(), dataclasses.asdict(released.bundle), frames], default=str, ensure_ascii=False
    )


def numbers(text: str) -> set[float]:
    return {float(x) for x in re.findall(r"(?<![\w.])\d+(?:\.\d+)?(?![\w])", text)}


def test_only_the_gate_makes_a_released(released: Released) -> None:
    fields = {f.name: getattr(released, f.name) for f in dataclasses.fields(released)}
    with pytest.raises(TypeError, match="numbers leave by the gate"):
        Released(**fields)
    with pytest.raises(TypeError, match="numbers leave by the gate"):
        Released(**fields, seal=object())
    with pytest.raises(TypeError, match="numbers leave by the gate"):
        dataclasses.replace(released, headline={"index_discharges": 4013})
    with pytest.raises(TypeError, match="no other kinds"):
        type("Other", (Released,), {})
    with pytest.raises(dataclasses.FrozenInstanceError):
        released.headline = {}  # type: ignore[misc]


def test_a_released_is_neither_pickled_nor_copied(released: Released) -> None:
    for way in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="numbers leave by the gate"):
            way(released)


def test_no_planted_value_date_path_or_identifier_leaves(run: Run, released: Released) -> None:
    text = everything(released)
    found = numbers(text)
    assert CANARY["age"] not in found
    assert CANARY["nt_probnp"] not in found
    for date in CANARY_DATES:
        assert date not in text
    assert CANARY_PATH not in text
    assert "secure-region" not in text
    assert not any(x >= FIRST_ID for x in found)
    assert not re.search(
        r"\b(19|20)\d\d-\d\d-\d\d\b", text.replace(str(STUDY["settings"]["validation"]["test_from"]), "")
    )


def test_no_exact_count_of_people_leaves(run: Run, released: Released) -> None:
    split = run.data.rows["split"]
    exact = {run.cohort.index_discharges, run.cohort.persons, run.cohort.events, run.model.summary["n_development"]}
    for name in ("development", "test"):
        part = run.data.rows[split == name]
        exact |= {len(part), int(part["event"].sum()), int(part["person_id"].nunique())}
    exact = {x for x in exact if x % 5 and x > 200}
    assert len(exact) >= 4
    assert not exact & numbers(everything(released))


def test_every_shown_count_is_a_multiple_of_five_and_none_is_small(released: Released) -> None:
    columns = {"n", "events", "flagged", "reviewed", "events_found", "died", "admissions", "persons", "excluded", "true_positives",
               "false_positives", "false_negatives", "true_negatives"}  # fmt: skip
    for name, frame in released.tables().items():
        for column in columns & set(frame.columns):
            shown = frame[column].dropna().astype(float)
            assert (shown % 5 == 0).all(), (name, column)
            assert (shown[shown > 0] >= 10).all(), (name, column)


def test_every_row_with_a_withheld_cell_says_why(run: Run, released: Released) -> None:
    for name, frame in released.tables().items():
        if "suppressed" not in frame:
            continue
        assert frame["suppressed"].notna().all(), name
        counted = frame[[c for c in ("n", "events", "flagged", "true_positives", "died") if c in frame]]
        assert (frame.loc[counted.isna().any(axis=1), "suppressed"] != "").all(), name


def test_a_number_that_could_not_be_computed_keeps_its_own_reason(run: Run, released: Released) -> None:
    exact, shown = run.results.performance, released.performance
    absent = exact["estimate"].isna().to_numpy() & shown["n"].notna().to_numpy() & shown["events"].notna().to_numpy()
    nobody = absent & (exact["reason"] == NOBODY).to_numpy()
    # That a count is nought is withheld as any small count is.
    assert (shown.loc[nobody, "suppressed"] != "").all()
    assert (shown["reason"] != NOBODY).all()
    absent &= ~nobody
    assert absent.any()
    assert (shown.loc[absent, "reason"] == exact.loc[absent, "reason"].to_numpy()).all()
    assert (shown.loc[absent, "suppressed"] == "").all()


def test_metrics_json_has_the_published_shape(released: Released) -> None:
    found = released.metrics()
    jsonschema.Draft202012Validator.check_schema(metrics_schema())
    jsonschema.validate(found, metrics_schema())
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert set(found["performance"][0]) == {
        "model", "split", "group", "level", "measure", "estimate", "lower", "upper", "n", "events", "reason"
    }  # fmt: skip
    assert set(found["checks"][0]) == {"code", "severity", "finding", "consequence"}
    assert all(row["reason"] for row in found["performance"] if row["estimate"] is None)
    measures = {row["measure"] for row in found["performance"]}
    assert {"auroc", "auprc", "brier", "scaled_brier", "log_loss", "oe_ratio", "calibration_intercept", "calibration_slope",
            "ici", "e50", "e90", "emax", "auroc_delong", "prevalence", "net_benefit@0.20",
            "sensitivity@0.20", "nne@top0.1"} <= measures  # fmt: skip


def test_metrics_that_do_not_fit_the_schema_are_a_fault(released: Released, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(released.headline, "period_from", "2019-02-17")
    with pytest.raises(ValueError, match="cohort/period_from"):
        released.metrics()


def test_the_ledger_names_every_table_and_what_was_withheld(released: Released) -> None:
    ledger = released.ledger.set_index("table")
    assert set(ledger.index) == set(released.tables()) - {"ledger"} | {"model"}
    assert (ledger["rule"] != "").all()
    assert ledger.loc["flow", "cells_suppressed"] > 0
    assert ledger.loc["model", "cells_suppressed"] > 100


def test_checks_come_worst_first_and_from_every_room(released: Released) -> None:
    order = released.checks["severity"].map({"error": 0, "warning": 1, "note": 2})
    assert order.is_monotonic_increasing
    assert {"HFR020", "HFR021", "HFR030"} <= set(released.checks["code"])
    finding = released.checks.set_index("code")["finding"]
    assert finding["HFR020"] == "fewer than 10 stays have no end."


def test_the_contract_says_what_goes_in_and_what_comes_out(released: Released) -> None:
    contract = released.bundle.contract
    assert json.loads(json.dumps(contract)) == contract
    assert contract["name"] == "hf-readmission-30d"
    assert (contract["window"], contract["risk"], contract["bands"], contract["threshold"]) == (
        [0, 29], "cumulative_incidence", [0.1, 0.2, 0.3], 0.2
    )  # fmt: skip
    age = contract["inputs"][0]
    assert age == {"name": "age", "words": "age at admission", "unit": "years", "type": "number", "lower": 18.0, "upper": 120.0,
                   "precision": 1.0, "monotone": "none", "required": True}  # fmt: skip
    assert {i["type"] for i in contract["inputs"]} == {"number", "binary"}
    assert contract["calibration"] == released.bundle.calibration
    assert "not a medical device" in contract["status"]
    assert contract["versions"] == {"lightgbm": "4.7.0"}


def test_tuning_gives_losses_at_three_figures_and_the_entropy_of_the_shown_share(run: Run, released: Released) -> None:
    summary = released.tuning["summary"]
    development = released.headline["by_split"]["development"]
    q = development["events"] / development["n"]
    assert summary["log_loss_null"] == float(f"{-q * math.log(q) - (1 - q) * math.log(1 - q):.3g}")
    assert summary["n_development"] % 5 == 0
    assert summary["log_loss_out_of_fold"] == float(f"{run.model.summary['log_loss_out_of_fold']:.3g}")
    assert released.tuning["best"] == run.model.summary["params"]
    assert all(trial["value"] == float(f"{trial['value']:.3g}") for trial in released.tuning["trials"])


def test_the_choice_of_calibration_leaves_with_its_losses_at_three_figures(run: Run) -> None:
    losses = {"platt": {"log_loss": 0.412345678, "behind_best": 0.000123456, "standard_error": 0.0009876}}
    told = {"calibration": "platt", "logistic_calibration": "none", "calibration_losses": losses}
    model = dataclasses.replace(run.model, summary=run.model.summary | told)
    summary = release_tuning(model, Policy(), 0.2)["summary"]
    assert (summary["calibration"], summary["logistic_calibration"]) == ("platt", "none")
    rounded = {"log_loss": 0.412, "behind_best": 0.0001, "standard_error": 0.001}
    assert summary["calibration_losses"] == {"platt": rounded}


def test_what_the_gate_does_not_know_of_the_tuning_stays_inside(run: Run) -> None:
    model = dataclasses.replace(run.model, summary={**run.model.summary, "worst_person": FIRST_ID})
    assert str(FIRST_ID) not in everything(dataclasses.replace(run, model=model).release())


def test_a_higher_threshold_withholds_more(run: Run, released: Released) -> None:
    strict = run.release(DisclosureSettings(threshold=30, round_base=10))
    assert strict.ledger["cells_suppressed"].sum() > released.ledger["cells_suppressed"].sum()
    assert (strict.performance["n"].dropna() % 10 == 0).all()


def test_a_study_without_what_the_gate_needs_is_a_fault(run: Run) -> None:
    study = {k: v for k, v in STUDY.items() if k != "bands"}
    given = (run.cohort, run.features, (run.results, run.explanation), run.model, DisclosureSettings())
    with pytest.raises(ValueError, match="the gate needs bands"):
        release(*given, study=study, provenance={})


def test_a_model_that_may_not_leave_stops_the_release(run: Run) -> None:
    model = dataclasses.replace(run.model, calibration={"method": "isotonic", "x": [0.0, 1.0], "y": [1 / 3, 2 / 3]})
    with pytest.raises(DataError, match="HFR142"):
        dataclasses.replace(run, model=model).release()


def test_the_same_run_is_released_the_same(run: Run, released: Released) -> None:
    assert everything(run.release()) == everything(released)


def test_the_gate_changes_nothing_that_came_in(run: Run) -> None:
    before = {
        f.name: getattr(run.results, f.name).copy() for f in dataclasses.fields(run.results) if f.name != "checks"
    }
    run.release()
    for name, frame in before.items():
        pd.testing.assert_frame_equal(frame, getattr(run.results, name))


def test_two_runs_that_differ_by_one_person_do_not_tell_of_them(run: Run, released: Released) -> None:
    """Differencing: one person fewer in the cohort's counts moves no shown number by one."""
    exact = vars(run.cohort)
    flow = exact["attrition"].copy()
    flow[["admissions", "persons", "events"]] -= 1
    states = {**exact["states"], "readmitted": exact["states"]["readmitted"] - 1}
    fewer = {"attrition": flow, "states": states, "index_discharges": exact["index_discharges"] - 1, "persons": exact["persons"] - 1,
             "events": exact["events"] - 1}  # fmt: skip
    other = dataclasses.replace(run, cohort=SimpleNamespace(**{**exact, **fewer})).release()
    for column in ("admissions", "persons", "events"):
        change = (released.flow[column] - other.flow[column]).dropna().to_numpy()
        assert np.isin(change, [0, 5]).all()


def test_reading_the_settings_loads_neither_pandas_nor_lightgbm() -> None:
    code = "import sys, hfrisk.disclosure.settings; print([m for m in ('pandas', 'numpy', 'lightgbm') if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
