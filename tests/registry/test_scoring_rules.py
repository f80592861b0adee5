"""What `predict` takes and refuses, through MLflow as a consumer calls it."""

from __future__ import annotations

import decimal
from pathlib import Path
from typing import Any

import mlflow.pyfunc
import numpy as np
import pandas as pd
import pytest
from mlflow.exceptions import MlflowException

from hfrisk.registry import write_bundle
from hfrisk.registry.consumer import InputError, band_labels, calibrated
from tests.registry.registry_examples import CALIBRATIONS, NAMES, expected_risk, people, release_example

CANARY = "NHS 943 476 5919"
CANARY_NUMBER = 98765.4321


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    places = {}
    for method in CALIBRATIONS:
        places[method] = tmp_path_factory.mktemp("models") / method
        write_bundle(release_example(method), places[method])
    return places


@pytest.fixture(scope="module")
def model(folders: dict[str, Path]) -> Any:
    return mlflow.pyfunc.load_model(str(folders["platt"]))


@pytest.mark.parametrize("method", CALIBRATIONS)
def test_the_risk_is_that_of_the_run(folders: dict[str, Path], method: str) -> None:
    table = people()
    scored = mlflow.pyfunc.load_model(str(folders[method])).predict(table)
    np.testing.assert_allclose(scored["risk"], expected_risk(table, method), rtol=0, atol=1e-9)


@pytest.mark.parametrize("method", CALIBRATIONS)
def test_calibration_is_that_of_the_modelling_room(method: str) -> None:
    modelling = pytest.importorskip("hfrisk.modelling.calibration")
    margin = np.concatenate([np.linspace(-12, 12, 4001), [-800.0, 0.0, 800.0]])
    ours = calibrated(margin, CALIBRATIONS[method])
    np.testing.assert_allclose(ours, modelling.apply_calibrator(CALIBRATIONS[method], margin), rtol=0, atol=1e-15)


def test_the_answer_has_risk_and_band_and_the_index_of_the_question(model: Any) -> None:
    table = people(50).set_index(pd.Index([f"row {i // 2}" for i in range(50)], name="index_id"))
    scored = model.predict(table)
    assert list(scored.columns) == ["risk", "band"]
    assert scored["risk"].dtype == np.float64
    assert scored["risk"].between(0, 1).all()
    pd.testing.assert_index_equal(scored.index, table.index)


def test_bands_are_closed_below_and_open_above(model: Any) -> None:
    words = ["under 10 %", "10 % to under 20 %", "20 % to under 30 %", "30 % or more"]
    assert band_labels([0.1, 0.2, 0.3]) == words
    assert band_labels([0.075]) == ["under 7.5 %", "7.5 % or more"]
    scored = model.predict(people())
    expected = pd.cut(scored["risk"], [-1, 0.1, 0.2, 0.3, 2], right=False, labels=words).astype(str)
    assert scored["band"].tolist() == expected.tolist()
    scorer = model.unwrap_python_model().scorer
    scorer_bands = scorer._labels[np.searchsorted(scorer._edges, [0.0999999, 0.1, 0.2, 0.3, 1.0], side="right")]
    assert scorer_bands.tolist() == [words[0], words[1], words[2], words[3], words[3]]


def test_one_row_alone_scores_as_among_others(model: Any) -> None:
    table = people(60)
    together = model.predict(table)["risk"].to_numpy()
    alone = [model.predict(table.iloc[[i]])["risk"].iloc[0] for i in range(len(table))]
    assert together.tolist() == alone


def test_no_rows_give_no_rows(model: Any) -> None:
    scored = model.predict(people(3).iloc[:0])
    assert len(scored) == 0
    assert list(scored.columns) == ["risk", "band"]


def test_column_order_and_further_columns_do_not_matter(model: Any) -> None:
    table = people(40)
    shuffled = table[NAMES[::-1]].assign(person_id=CANARY, discharge_date=pd.Timestamp("2024-01-01"))
    pd.testing.assert_frame_equal(model.predict(shuffled), model.predict(table))


def column_forms() -> dict[str, Any]:
    return {
        "int64": lambda s: s.fillna(7).astype("int64"),
        "int8": lambda s: (s.fillna(7) % 100).astype("int8"),
        "uint16": lambda s: s.fillna(7).astype("uint16"),
        "float32": lambda s: s.astype("float32"),
        "Int64 with NA": lambda s: s.round().astype("Int64"),
        "Float64 with NA": lambda s: s.astype("Float64"),
        "objects with None": lambda s: s.astype(object).where(s.notna(), None),
        "whole numbers with None": lambda s: pd.Series([None if pd.isna(v) else int(v) for v in s], dtype=object),
        "decimals": lambda s: pd.Series([None if pd.isna(v) else decimal.Decimal(str(v)) for v in s], dtype=object),
        "nothing recorded": lambda s: pd.Series([None] * len(s), dtype=object),
        "never recorded": lambda s: pd.Series([np.nan] * len(s)),
    }


@pytest.mark.parametrize("form", column_forms())
def test_numbers_pass_in_every_form(model: Any, form: str) -> None:
    table = people(80)
    given = column_forms()[form](table["creatinine_last"])
    meant = table.assign(creatinine_last=pd.to_numeric(given, errors="raise").astype("Float64").astype("float64"))
    scored = model.predict(table.assign(creatinine_last=given))
    np.testing.assert_allclose(scored["risk"], expected_risk(meant), rtol=0, atol=1e-9)


@pytest.mark.parametrize("dtype", ["bool", "boolean", "object"])
def test_true_and_false_pass_in_a_flag(model: Any, dtype: str) -> None:
    table = people(80)
    flags = table.assign(lives_alone=table["lives_alone"].astype(bool).astype(dtype))
    pd.testing.assert_frame_equal(model.predict(flags), model.predict(table))


REFUSED = {
    "text": pd.Series([CANARY, "80"]),
    "text dtype": pd.Series([CANARY, None], dtype="string"),
    "text among numbers": pd.Series([80.0, CANARY], dtype=object),
    "number as text": pd.Series([str(CANARY_NUMBER), str(CANARY_NUMBER)]),
    "dates": pd.to_datetime(pd.Series(["1943-04-07", "1943-04-08"])),
    "categories": pd.Series([CANARY, "b"]).astype("category"),
    "true or false for a measurement": pd.Series([True, False]),
    "lists": pd.Series([[CANARY_NUMBER], [1]]),
    "complex": pd.Series([complex(CANARY_NUMBER, 1), 1j]),
    "bytes": pd.Series([CANARY.encode(), b"1"]),
    "infinite": pd.Series([CANARY_NUMBER, float("inf")]),
    "minus infinity": pd.Series([CANARY_NUMBER, float("-inf")]),
    "infinite decimal": pd.Series([decimal.Decimal("Infinity"), decimal.Decimal(1)]),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_not_a_number_is_refused_by_column_and_without_its_value(
    model: Any, what: str, capfd: pytest.CaptureFixture[str]
) -> None:
    table = people(2).assign(creatinine_last=REFUSED[what], age=[CANARY_NUMBER, 70])
    with pytest.raises(MlflowException) as caught:
        model.predict(table)
    text = f"{caught.value} {caught.value!r} {caught.value.message} {caught.value.serialize_as_json()}"
    assert "creatinine_last" in text
    assert isinstance(caught.value, ValueError)
    assert caught.value.get_http_status_code() == 400
    printed = "".join(capfd.readouterr())
    for value in (CANARY, str(CANARY_NUMBER), "1943", "0000000"):
        assert value not in text
        assert value not in printed


def test_a_number_beyond_any_float_is_refused(model: Any) -> None:
    table = people(2)
    table["creatinine_last"] = pd.Series([10**400, 1], dtype=object)
    with pytest.raises(MlflowException, match=r"creatinine_last \(found numbers that do not fit\)"):
        model.unwrap_python_model().scorer.predict(table)


def test_every_wrong_column_is_named_at_once(model: Any) -> None:
    table = people(2).assign(age=["a", "b"], haemoglobin_last=pd.Timestamp("2024-01-01"), nt_probnp_last=np.inf)
    with pytest.raises(MlflowException) as caught:
        model.predict(table)
    assert str(caught.value) == (
        "These columns must hold numbers, or nothing where not recorded: age (found text), haemoglobin_last (found "
        "dates). These columns hold infinite numbers: nt_probnp_last."
    )


def test_every_missing_column_is_named_at_once(model: Any) -> None:
    with pytest.raises(MlflowException, match=r"missing from the input: creatinine_last, lives_alone\.$"):
        model.predict(people(2).drop(columns=["lives_alone", "creatinine_last"]))
    with pytest.raises(MlflowException, match=", ".join(NAMES)):
        model.predict(pd.DataFrame({"something": [CANARY]}))


def test_a_column_given_twice_is_refused(folders: dict[str, Path]) -> None:
    table = people(3)
    twice = pd.concat([table, table[["age"]]], axis="columns")
    scorer = mlflow.pyfunc.load_model(str(folders["platt"])).unwrap_python_model().scorer
    with pytest.raises(MlflowException, match="more than once: age"):
        scorer.predict(twice)


def test_what_is_no_table_is_refused(folders: dict[str, Path]) -> None:
    scorer = mlflow.pyfunc.load_model(str(folders["platt"])).unwrap_python_model().scorer
    with pytest.raises(MlflowException, match="scores a table"):
        scorer.predict([[1.0] * 8])


def test_the_reason_outlives_the_server_that_writes_the_table_over_it() -> None:
    refused = InputError("age is missing")
    refused.message = f"Failed to predict data '{CANARY}'. Error: age is missing"
    assert refused.message == "age is missing"
    assert CANARY not in refused.serialize_as_json()
