"""What the registry's tests share: a published model, and the consumer's own environment."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from hfrisk.registry import RegistrySettings, publish
from hfrisk.registry.offline import offline_mlflow
from tests.registry.registry_examples import release_example

with offline_mlflow():  # MLflow warns when first imported, and warnings are errors here
    pass

REPOSITORY = Path(__file__).parents[2]
CONSUMER = REPOSITORY / ".venv-consumer" / ("Scripts" if os.name == "nt" else "bin") / "python"
MAKE_IT = "python3 -m venv .venv-consumer && .venv-consumer/bin/python -m pip install --require-hashes -r requirements-consumer.lock"


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """One study, published once with MLflow's embedded default; tests must leave it as it is."""
    models = tmp_path_factory.mktemp("project") / "models"
    artefacts = {"report.html": "<title>report</title>", "model_card.md": b"# Model card\n"}
    result = publish(release_example(), RegistrySettings(), folder=models / "demo", artefacts=artefacts)
    return SimpleNamespace(result=result, models=models, folder=models / "demo")


@pytest.fixture(scope="session")
def consumer_python() -> Path:
    """Python of the consumer's environment (mlflow, lightgbm, pandas, numpy; no hfrisk)."""
    if not CONSUMER.exists():
        message = f"The consumer's environment is absent. Make it with: {MAKE_IT}"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return CONSUMER


@pytest.fixture(scope="session")
def consumer_environment(
    consumer_python: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., dict[str, str]]:
    """Environment variables of a consumer's process: its own PATH and home, and no trace of ours."""
    home = tmp_path_factory.mktemp("consumer-home")

    def environment(**more: str) -> dict[str, str]:
        base = {
            "PATH": f"{consumer_python.parent}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(home),
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "PYTHONNOUSERSITE": "1",
        }
        return base | more

    return environment


@pytest.fixture(scope="session")
def consumer(
    consumer_python: Path, consumer_environment: Callable[..., dict[str, str]], tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a Python script in the consumer's environment, in an empty folder."""

    def run(script: str, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(consumer_python), "-c", script, *arguments],
            env=consumer_environment(**more),
            cwd=tmp_path_factory.mktemp("elsewhere"),
            capture_output=True,
            text=True,
            timeout=120,
        )

    return run
