"""The model in a second virtual environment, without hfrisk: from Python and over REST, as a consumer would."""

from __future__ import annotations

import json
import shutil
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hfrisk.registry import write_bundle
from tests.registry.processes import free_port, served
from tests.registry.registry_examples import CALIBRATIONS, NAMES, expected_risk, people, release_example

REPOSITORY = Path(__file__).parents[2]
CANARY = "NHS 943 476 5919"
CANARY_NUMBER = 98765.4321

Consumer = Callable[..., subprocess.CompletedProcess[str]]

LOAD_AND_PREDICT = """
import importlib.util, json, sys
assert importlib.util.find_spec("hfrisk") is None
import mlflow, pandas as pd
table = pd.DataFrame(**json.load(open(sys.argv[2])))
scored = mlflow.pyfunc.load_model(sys.argv[1]).predict(table)
print(json.dumps({"risk": scored["risk"].tolist(), "band": scored["band"].tolist(), "index": scored.index.tolist()}))
"""

LOAD_AND_PREDICT_EACH = """
import importlib.util, json, pathlib, sys
assert importlib.util.find_spec("hfrisk") is None
import mlflow, pandas as pd
table = pd.DataFrame(**json.load(open(sys.argv[2])))
folders = [path for path in pathlib.Path(sys.argv[1]).iterdir() if (path / "MLmodel").exists()]
print(json.dumps({path.name: mlflow.pyfunc.load_model(str(path)).predict(table)["risk"].tolist() for path in folders}))
"""

REFUSALS = """
import json, sys
import mlflow, pandas as pd
model = mlflow.pyfunc.load_model(sys.argv[1])
table = pd.DataFrame(**json.load(open(sys.argv[2])))
said = []
for wrong in (
    table.assign(creatinine_last=sys.argv[3]),
    table.assign(creatinine_last=[sys.argv[3]] + [1.0] * (len(table) - 1)),
    table.assign(age=float(sys.argv[4])).drop(columns=["creatinine_last", "lives_alone"]),
    table.assign(age=float(sys.argv[4]), creatinine_last=float("inf")),
):
    try:
        model.predict(wrong)
    except ValueError as refused:
        said.append(str(refused))
print(json.dumps(said))
"""


@pytest.fixture(scope="module")
def table_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("table") / "table.json"
    table = people().assign(person_id=-7)
    table.index += 1000
    path.write_text(json.dumps(as_split(table)))
    return path


def as_split(table: pd.DataFrame) -> dict[str, Any]:
    cells = table.astype(object).where(table.notna(), None)
    return {"columns": list(table.columns), "index": [int(i) for i in table.index], "data": cells.to_numpy().tolist()}


def pinned(lock: str) -> set[str]:
    lines = (REPOSITORY / lock).read_text().splitlines()
    return {line.removesuffix(" \\") for line in lines if line and line[0].isalnum()}


def test_the_consumers_lock_pins_four_libraries_as_the_main_lock_does() -> None:
    wanted = (REPOSITORY / "requirements-consumer.in").read_text().split()
    assert sorted(wanted) == ["lightgbm", "mlflow", "numpy", "pandas"]
    assert pinned("requirements-consumer.lock") <= pinned("requirements.lock")
    assert {line.split("==")[0] for line in pinned("requirements-consumer.lock")} > set(wanted)
    assert "://" not in (REPOSITORY / "requirements-consumer.lock").read_text()


def test_the_registered_model_gives_the_runs_numbers(
    consumer: Consumer, published: SimpleNamespace, table_file: Path
) -> None:
    done = consumer(
        LOAD_AND_PREDICT, published.result.model_uri, str(table_file), MLFLOW_TRACKING_URI=published.result.tracking_uri
    )
    assert done.returncode == 0, done.stderr
    scored = json.loads(done.stdout)
    np.testing.assert_allclose(scored["risk"], expected_risk(people()), rtol=0, atol=1e-9)
    bands = pd.cut(scored["risk"], [-1, 0.1, 0.2, 0.3, 2], right=False)
    words = dict(
        zip(bands.categories, ["under 10 %", "10 % to under 20 %", "20 % to under 30 %", "30 % or more"], strict=True)
    )
    assert scored["band"] == [words[band] for band in bands]
    assert scored["index"] == list(range(1000, 1400))


def test_the_exported_folder_gives_the_runs_numbers_after_being_copied(
    consumer: Consumer, published: SimpleNamespace, table_file: Path, tmp_path: Path
) -> None:
    copy = shutil.copytree(published.folder, tmp_path / "handed over")
    done = consumer(LOAD_AND_PREDICT, str(copy), str(table_file))
    assert done.returncode == 0, done.stderr
    np.testing.assert_allclose(json.loads(done.stdout)["risk"], expected_risk(people()), rtol=0, atol=1e-9)


def test_every_kind_of_calibration_is_applied_without_hfrisk(
    consumer: Consumer, table_file: Path, tmp_path: Path
) -> None:
    for method in CALIBRATIONS:
        write_bundle(release_example(method), tmp_path / method)
    done = consumer(LOAD_AND_PREDICT_EACH, str(tmp_path), str(table_file))
    assert done.returncode == 0, done.stderr
    scored = json.loads(done.stdout)
    assert set(scored) == set(CALIBRATIONS)
    for method, risk in scored.items():
        np.testing.assert_allclose(risk, expected_risk(people(), method), rtol=0, atol=1e-9, err_msg=method)


def test_refusals_name_columns_and_never_a_value(
    consumer: Consumer, published: SimpleNamespace, table_file: Path
) -> None:
    done = consumer(REFUSALS, str(published.folder), str(table_file), CANARY, str(CANARY_NUMBER))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [
        "These columns must hold numbers, or nothing where not recorded: creatinine_last (found text).",
        "These columns must hold numbers, or nothing where not recorded: creatinine_last (found a mixture, or something "
        "that is not a number).",
        "Columns missing from the input: creatinine_last, lives_alone.",
        "These columns hold infinite numbers: creatinine_last.",
    ]
    assert CANARY not in done.stdout + done.stderr
    assert str(CANARY_NUMBER) not in done.stdout + done.stderr


@pytest.fixture(scope="module")
def server(
    consumer_python: Path,
    consumer_environment: Callable[..., dict[str, str]],
    published: SimpleNamespace,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[SimpleNamespace]:
    """`mlflow models serve` of the registered model, on loopback."""
    port = free_port()
    log = tmp_path_factory.mktemp("server") / "server.log"
    command = [str(consumer_python), "-m", "mlflow", "models", "serve", "-m", published.result.model_uri]
    command += ["--env-manager", "local", "--host", "127.0.0.1", "--port", str(port)]
    environment = consumer_environment(MLFLOW_TRACKING_URI=published.result.tracking_uri)
    with served(command, environment, log, f"http://127.0.0.1:{port}/ping"):
        yield SimpleNamespace(address=f"http://127.0.0.1:{port}/invocations", log=log)


def post(server: SimpleNamespace, body: Any, kind: str = "application/json") -> tuple[int, str]:
    content = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()
    request = urllib.request.Request(server.address, data=content, headers={"Content-Type": kind})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()


def row(**changes: Any) -> dict[str, Any]:
    whole = dict.fromkeys(NAMES, 1) | {"age": 81, "creatinine_last": 120, "nt_probnp_last": None}
    return whole | changes


def test_rest_gives_the_runs_numbers_for_split_and_for_records(server: SimpleNamespace) -> None:
    table = people()
    split = as_split(table)
    records = [dict(zip(split["columns"], cells, strict=True)) for cells in split["data"]]
    for body in ({"dataframe_split": split}, {"dataframe_records": records}):
        status, text = post(server, body)
        assert status == 200
        scored = pd.DataFrame(json.loads(text)["predictions"])
        assert list(scored.columns) == ["risk", "band"]
        np.testing.assert_allclose(scored["risk"], expected_risk(table), rtol=0, atol=1e-9)


def test_rest_takes_whole_numbers_flags_and_nulls(server: SimpleNamespace) -> None:
    whole, decimals = row(), {k: None if v is None else float(v) for k, v in row().items()}
    answers = [post(server, {"dataframe_records": [r]}) for r in (whole, decimals, row(lives_alone=True))]
    assert [status for status, _ in answers] == [200, 200, 200]
    assert len({text for _, text in answers}) == 1


def test_rest_ignores_further_columns(server: SimpleNamespace) -> None:
    with_more = post(server, {"dataframe_records": [row(person_id=CANARY)]})
    assert with_more == post(server, {"dataframe_records": [row()]})


REASONS: dict[str, tuple[Any, str]] = {
    "text": ({"dataframe_records": [row(age=CANARY)]}, "age (found text)"),
    "number as text": ({"dataframe_records": [row(age=str(CANARY_NUMBER))]}, "age (found text)"),
    "text by split": ({"dataframe_split": {"columns": NAMES, "data": [[CANARY] * 8]}}, "lives_alone (found text)"),
    "an object": ({"dataframe_records": [row(age={"value": CANARY})]}, "age (found a mixture"),
    "infinite": ({"dataframe_records": [row(age=float("inf"))]}, "infinite numbers: age"),
    "true for a measurement": (
        {"dataframe_records": [row(age=True, haemoglobin_last=CANARY_NUMBER)]},
        "age (found true",
    ),
    "a column missing": (
        {"dataframe_records": [{k: v for k, v in row(age=CANARY_NUMBER).items() if k != "lives_alone"}]},
        "Columns missing from the input: lives_alone.",
    ),
    "all columns missing": ({"dataframe_records": [{"x": CANARY}]}, ", ".join(NAMES)),
    "no rows": ({"dataframe_records": []}, "Columns missing"),
    "a row too short": ({"dataframe_split": {"columns": NAMES, "data": [[CANARY] * 7]}}, "could not be read"),
    "not a table": ({"dataframe_split": [CANARY]}, "could not be read"),
    "text by inputs": ({"inputs": {name: [CANARY] for name in NAMES}}, "must hold numbers"),
    "text by instances": ({"instances": [row(age=CANARY)]}, "age (found text)"),
    "malformed": ('{"dataframe_records": [{"age": ' + CANARY, "could not be read"),
    "not a dictionary": (json.dumps([CANARY]), "could not be read"),
    "an unknown form": ({CANARY: [row()]}, "could not be read"),
    "not text": (b"\xff\xfe" + CANARY.encode(), "could not be read"),
    "very deep": ("[" * 50_000, "could not be read"),
    "a number beyond any float": (
        {"dataframe_records": [row(age=10**400, creatinine_last=CANARY_NUMBER)]},
        "could not be read",
    ),
}


@pytest.mark.parametrize("what", REASONS)
def test_rest_refuses_with_400_the_reason_and_no_value(server: SimpleNamespace, what: str) -> None:
    body, reason = REASONS[what]
    status, text = post(server, body)
    assert status == 400
    assert reason in json.loads(text)["message"]
    assert json.loads(text)["error_code"] == "INVALID_PARAMETER_VALUE"
    assert "stack_trace" not in text
    for value in (CANARY, str(CANARY_NUMBER), "943", "00000"):
        assert value not in text


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("text/csv", f"{CANARY},81,7\n1,{CANARY},3,4,5\n{CANARY}"),
        ("text/csv", f"{CANARY},81,7\n{CANARY_NUMBER},{CANARY},3\n"),
        ("application/vnd.apache.parquet", CANARY),
    ],
)
def test_rest_refuses_broken_tables_of_other_kinds_without_a_value(
    server: SimpleNamespace, kind: str, body: str
) -> None:
    status, text = post(server, body, kind)
    assert status == 400
    assert CANARY not in text


def test_rest_answers_csv_with_how_to_ask(server: SimpleNamespace) -> None:
    """MLflow 3.17 reads no CSV for a model whose inputs are of any type; the answer says what it does read."""
    status, text = post(server, people(3).to_csv(index=False), "text/csv")
    assert status == 400
    assert "Send a JSON object with one of dataframe_split and dataframe_records" in text


def test_the_servers_log_holds_no_value(server: SimpleNamespace) -> None:
    """Whatever was refused before; asked once more so that this test stands alone."""
    for body, _ in REASONS.values():
        post(server, body)
    post(server, f"{CANARY},81,7\n{CANARY_NUMBER},{CANARY},3\n", "text/csv")
    log = server.log.read_text()
    assert "400 Bad Request" in log
    assert "Traceback" not in log
    for value in (CANARY, str(CANARY_NUMBER), "943 476"):
        assert value not in log
