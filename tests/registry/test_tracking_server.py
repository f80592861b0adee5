"""Publishing to a real MLflow tracking server instead of the embedded database."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from hfrisk.registry import RegistrySettings, publish
from tests.registry.processes import free_port, served
from tests.registry.registry_examples import expected_risk, people, release_example

SCORE = """
import json, sys
import mlflow, pandas as pd
table = pd.read_json(sys.argv[2])
print(json.dumps(mlflow.pyfunc.load_model(sys.argv[1]).predict(table)["risk"].tolist()))
"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    home = tmp_path_factory.mktemp("tracking")
    port = free_port()
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    command += ["--backend-store-uri", f"sqlite:///{home / 'server.db'}", "--artifacts-destination", str(home / "kept")]
    environment = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true"}
    with served(command, environment, home / "server.log", f"http://127.0.0.1:{port}/health"):
        yield f"http://127.0.0.1:{port}"


def test_a_server_takes_the_run_and_serves_the_model(
    address: str, tmp_path: Path, consumer: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    settings = RegistrySettings(tracking_uri=address)
    folder = tmp_path / "models" / "demo"
    first = publish(release_example(), settings, folder=folder, artefacts={"report.html": "<p>"})
    again = publish(release_example(), settings, folder=folder, artefacts={"report.html": "<p>"})
    assert (first.version, first.new) == ("1", True)
    assert (again.version, again.new) == ("1", False)
    assert first.tracking_uri == address
    assert not (folder.parent / "mlflow.db").exists()

    table = people(50)
    (tmp_path / "table.json").write_text(table.to_json())
    done = consumer(SCORE, first.model_uri, str(tmp_path / "table.json"), MLFLOW_TRACKING_URI=address)
    assert done.returncode == 0, done.stderr
    np.testing.assert_allclose(json.loads(done.stdout), expected_risk(table), rtol=0, atol=1e-9)
