"""Publishing to MLflow: what is recorded, what is not, and what happens when it is interrupted."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import mlflow
import pytest
from mlflow import MlflowClient
from pydantic import ValidationError

from hfrisk.errors import StudyError
from hfrisk.progress import Quiet
from hfrisk.registry import RegistrySettings, load_bundle, publish
from hfrisk.registry.bundle import staged_bundle
from hfrisk.registry.offline import offline_mlflow
from tests.registry.registry_examples import NAMES, booster, release_example

REPOSITORY = Path(__file__).parents[2]
NAME = "hf-readmission-30d"


@contextmanager
def client_of(models: Path) -> Iterator[Any]:
    with offline_mlflow():
        uri = f"sqlite:///{models / 'mlflow.db'}"
        yield MlflowClient(tracking_uri=uri, registry_uri=uri)


def in_a_process(code: str, folder: Path, *, wait: bool = True, **more: str) -> Any:
    """Run `code` with `release`, `publish`, `settings` and `folder` at hand, in a process of its own."""
    start = (
        f"import sys; sys.path.insert(0, {str(REPOSITORY)!r})\n"
        "from pathlib import Path\n"
        "from tests.registry.registry_examples import release_example\n"
        "from hfrisk.registry import RegistrySettings, publish\n"
        f"folder, settings, release = Path({str(folder)!r}), RegistrySettings(), release_example()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", start + code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **more},
    )
    if not wait:
        return process
    out, err = process.communicate(timeout=120)
    return SimpleNamespace(code=process.returncode, out=out, err=err)


@pytest.fixture
def database(published: SimpleNamespace, tmp_path: Path) -> Path:
    """A models folder with MLflow's empty tables in it, which take seconds to make."""
    models = tmp_path / "models"
    models.mkdir()
    with client_of(published.models) as client:
        assert client.get_experiment_by_name("hf-readmission")
    shutil.copyfile(published.models / "mlflow.db", models / "mlflow.db")
    with client_of(models) as client:
        client.delete_registered_model(NAME)
        client.rename_experiment(client.get_experiment_by_name("hf-readmission").experiment_id, "elsewhere")
    return models


def test_the_run_has_settings_results_data_and_files(published: SimpleNamespace) -> None:
    with client_of(published.models) as client:
        run = client.get_run(published.result.run_id)
        files = {file.path for file in client.list_artifacts(published.result.run_id)}
    assert run.info.status == "FINISHED"
    assert run.data.params["tuning.best.num_leaves"] == "15"
    assert run.data.params["study.window"] == "[0, 29]"
    assert run.data.params["provenance.seeds.model"] == "1"
    metrics = run.data.metrics
    assert metrics["test.auroc"] == 0.671
    assert metrics["test.auroc.lower"] == 0.65
    assert metrics["cross-validation.auroc"] == 0.68
    assert metrics["logistic.test.auroc"] == 0.66
    assert metrics["test.net_benefit_at_0.20"] == 0.021
    assert metrics["test.n"] == 3000
    assert "test.ici.lower" not in metrics
    assert not any("Female" in name for name in metrics)
    assert files == {"report.html", "model_card.md"}
    (data,) = run.inputs.dataset_inputs
    assert data.dataset.digest == "f" * 36
    assert json.loads(data.dataset.source) == {"environment": "tests", "fingerprint": "f" * 64}
    assert data.dataset.schema is None
    assert json.loads(data.dataset.profile)["index_discharges"] == 10000


def test_each_trial_with_a_loss_is_a_nested_run(published: SimpleNamespace) -> None:
    with client_of(published.models) as client:
        experiment = client.get_experiment_by_name("hf-readmission").experiment_id
        mine = f"tags.`mlflow.parentRunId` = '{published.result.run_id}'"
        trials = client.search_runs([experiment], mine)
    assert {t.info.run_name for t in trials} == {"trial 0", "trial 1", "trial 2", "trial 3"}
    for trial in trials:
        assert trial.info.status == "FINISHED"
        assert trial.data.params == {"num_leaves": "15"}
        assert trial.data.metrics == {"log_loss": 0.48, "rounds": 60}


def test_the_version_is_registered_with_its_alias_and_its_lineage(published: SimpleNamespace) -> None:
    with client_of(published.models) as client:
        version = client.get_model_version_by_alias(NAME, "candidate")
        alone = client.search_model_versions(f"name = '{NAME}'")
    assert str(version.version) == published.result.version == "1"
    assert len(alone) == 1
    assert version.run_id == published.result.run_id
    assert version.status == "READY"
    assert version.tags == {
        "hfrisk.study": "demo",
        "hfrisk.bundle": published.result.fingerprint,
        "hfrisk.study_hash": "0123abcd",
        "hfrisk.code_version": "0.1.0",
        "hfrisk.source_fingerprint": "f" * 64,
        "hfrisk.risk": "cumulative_incidence",
        "hfrisk.window": "0-29",
    }
    assert published.result.model_uri == f"models:/{NAME}@candidate"
    assert published.result.tracking_uri == f"sqlite:///{published.models / 'mlflow.db'}"


def test_the_registered_files_are_the_exported_ones(published: SimpleNamespace) -> None:
    (registered,) = published.models.glob("artifacts/models/*/artifacts")
    names = [*json.loads((published.folder / "hashes.json").read_text())["files"], "hashes.json"]
    for name in names:
        assert (registered / name).read_bytes() == (published.folder / name).read_bytes(), name


def test_no_person_machine_or_repository_is_named(published: SimpleNamespace) -> None:
    with client_of(published.models) as client:
        experiment = client.get_experiment_by_name("hf-readmission").experiment_id
        runs = client.search_runs([experiment])
    assert len(runs) == 5
    for run in runs:
        assert run.data.tags["mlflow.user"] == "hfrisk"
        assert run.data.tags["mlflow.source.name"] == "hfrisk"
        assert not any(tag.startswith("mlflow.source.git") for tag in run.data.tags)
    stored = (published.models / "mlflow.db").read_bytes()
    assert socket.gethostname().encode() not in stored
    assert str(Path.cwd()).encode() not in stored


def test_publishing_is_silent_offline_and_leaves_no_trace_in_the_process(tmp_path: Path) -> None:
    here = tmp_path / "here"
    here.mkdir()
    code = f"""
import os, socket, logging, warnings
os.chdir({str(here)!r})
def no_network(*a): raise AssertionError("the network was tried")
socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = no_network
environment, filters = dict(os.environ), list(warnings.filters)
assert not any(m == "mlflow" or m.startswith("mlflow.") for m in sys.modules), "hfrisk.registry imported mlflow"
result = publish(release, settings, folder=folder, artefacts={{}})
assert dict(os.environ) == environment and warnings.filters == filters
import mlflow
assert mlflow.get_tracking_uri() != result.tracking_uri and mlflow.active_run() is None
assert logging.getLogger("mlflow").level == logging.INFO
assert os.listdir(".") == [], os.listdir(".")
"""
    done = in_a_process(code, tmp_path / "a folder with spaces é" / "models" / "demo")
    assert (done.code, done.out, done.err) == (0, "", "")


def test_the_same_bundle_keeps_its_version_and_gets_the_new_report(database: Path) -> None:
    settings, folder = RegistrySettings(), database / "demo"
    first = publish(release_example(), settings, folder=folder, artefacts={"report.html": "first"})
    again = publish(release_example(), settings, folder=folder, artefacts={"report.html": "second"})
    assert first.new
    assert not again.new
    assert (again.version, again.run_id, again.fingerprint) == (first.version, first.run_id, first.fingerprint)
    with client_of(database) as client:
        assert len(client.search_model_versions(f"name = '{NAME}'")) == 1
        assert Path(client.download_artifacts(first.run_id, "report.html")).read_text() == "second"


def test_another_bundle_is_another_version_and_the_alias_follows(database: Path) -> None:
    settings, folder = RegistrySettings(), database / "demo"
    versions = [
        publish(release, settings, folder=folder, artefacts={})
        for release in (release_example(), release_example("isotonic"), release_example())
    ]
    assert [v.version for v in versions] == ["1", "2", "1"]
    assert [v.new for v in versions] == [True, True, False]
    with client_of(database) as client:
        assert str(client.get_model_version_by_alias(NAME, "candidate").version) == "1"
    assert load_bundle(folder).fingerprint == versions[0].fingerprint


def test_a_version_whose_files_are_gone_is_made_anew(database: Path) -> None:
    settings, folder = RegistrySettings(trials=False), database / "demo"
    publish(release_example(), settings, folder=folder, artefacts={})
    shutil.rmtree(database / "artifacts" / "models")
    again = publish(release_example(), settings, folder=folder, artefacts={})
    assert (again.version, again.new) == ("2", True)


def test_artefacts_may_be_paths_bytes_text_or_folders(database: Path, tmp_path: Path) -> None:
    (tmp_path / "egress").mkdir()
    (tmp_path / "egress" / "manifest.json").write_text("{}")
    (tmp_path / "card.md").write_text("# Card")
    artefacts: dict[str, Path | bytes | str] = {
        "report.html": "<p>",
        "figures/flow.png": b"\x89PNG",
        "model_card.md": tmp_path / "card.md",
        "egress": tmp_path / "egress",
    }
    result = publish(release_example(), RegistrySettings(trials=False), folder=database / "demo", artefacts=artefacts)
    with client_of(database) as client:
        root = Path(client.download_artifacts(result.run_id, ""))
    assert (root / "figures" / "flow.png").read_bytes() == b"\x89PNG"
    assert (root / "model_card.md").read_text() == "# Card"
    assert (root / "egress" / "manifest.json").exists()
    with pytest.raises(ValueError, match="not a name"):
        publish(release_example(), RegistrySettings(), folder=database / "demo", artefacts={"../x": ""})


@pytest.mark.parametrize("stop", [KeyboardInterrupt, RuntimeError])
def test_an_interrupted_publication_leaves_the_earlier_model(
    database: Path, monkeypatch: pytest.MonkeyPatch, stop: type[BaseException]
) -> None:
    settings, folder = RegistrySettings(trials=False), database / "demo"
    first = publish(release_example(), settings, folder=folder, artefacts={})

    def stopped(*args: object) -> None:
        raise stop

    with monkeypatch.context() as patch:
        patch.setattr(MlflowClient, "log_model_artifacts", stopped)
        with pytest.raises(stop):
            publish(release_example("isotonic"), settings, folder=folder, artefacts={})
    assert load_bundle(folder).fingerprint == first.fingerprint
    with client_of(database) as client:
        assert str(client.get_model_version_by_alias(NAME, "candidate").version) == first.version
        experiment = client.get_experiment_by_name("hf-readmission").experiment_id
        states = {run.info.status for run in client.search_runs([experiment])}
    assert states == {"FINISHED", "KILLED" if stop is KeyboardInterrupt else "FAILED"}
    second = publish(release_example("isotonic"), settings, folder=folder, artefacts={})
    assert second.new
    assert load_bundle(folder).fingerprint == second.fingerprint


def test_a_killed_publication_leaves_the_earlier_model_and_the_next_one_goes_on(database: Path) -> None:
    settings, folder = RegistrySettings(), database / "demo"
    first = publish(release_example(), settings, folder=folder, artefacts={})
    code = """
import os, signal
from mlflow import MlflowClient
MlflowClient.finalize_logged_model = lambda *a: os.kill(os.getpid(), signal.SIGKILL)
publish(release_example("isotonic"), settings, folder=folder, artefacts={})
"""
    assert in_a_process(code, folder, MLFLOW_DISABLE_TELEMETRY="true").code == -signal.SIGKILL
    assert load_bundle(folder).fingerprint == first.fingerprint
    assert list(database.glob(".demo.new-*"))
    second = publish(release_example("isotonic"), settings, folder=folder, artefacts={})
    assert (second.version, second.new) == ("2", True)
    assert load_bundle(folder).fingerprint == second.fingerprint
    assert not list(database.glob(".demo.*"))
    with client_of(database) as client:
        experiment = client.get_experiment_by_name("hf-readmission").experiment_id
        states = [run.info.status for run in client.search_runs([experiment]) if run.info.run_name == "demo"]
    assert sorted(states) == ["FINISHED", "FINISHED", "KILLED"]


def test_two_studies_published_at_once_are_both_there(tmp_path: Path) -> None:
    models = tmp_path / "models"
    code = "print(publish(release, settings, folder=folder, artefacts={}).version)"
    both = [in_a_process(code, models / name, wait=False) for name in ("east", "north-west")]
    results = [process.communicate(timeout=120) for process in both]
    assert [process.returncode for process in both] == [0, 0], results
    assert sorted(out.strip() for out, _ in results) == ["1", "2"]
    with client_of(models) as client:
        studies = {v.tags["hfrisk.study"] for v in client.search_model_versions(f"name = '{NAME}'")}
    assert studies == {"east", "north-west"}
    for name in studies:
        load_bundle(models / name)


def test_one_waits_for_the_other_and_says_so(tmp_path: Path) -> None:
    class Told(Quiet):
        def __init__(self) -> None:
            self.messages: list[str] = []

        def say(self, message: str) -> None:
            self.messages.append(message)
            release_lock.set()

    told, release_lock, held = Told(), threading.Event(), threading.Event()

    def other() -> None:
        with staged_bundle(release_example(), tmp_path / "models" / "other"):
            held.set()
            release_lock.wait(30)

    thread = threading.Thread(target=other)
    thread.start()
    assert held.wait(30)
    with staged_bundle(release_example(), tmp_path / "models" / "demo", told) as staged:
        staged.install()
    thread.join()
    assert told.messages == ["Another run is publishing to the same models folder; waiting for it."]
    assert load_bundle(tmp_path / "models" / "demo").fingerprint == staged.fingerprint


def test_a_models_folder_that_was_moved_keeps_its_artefacts_to_itself(database: Path, tmp_path: Path) -> None:
    settings = RegistrySettings(trials=False)
    publish(release_example(), settings, folder=database / "demo", artefacts={})
    moved = tmp_path / "moved"
    shutil.copytree(database, moved)
    there_before = sorted(database.rglob("*"))
    result = publish(release_example("isotonic"), settings, folder=moved / "demo", artefacts={})
    assert sorted(database.rglob("*")) == there_before
    with client_of(moved) as client:
        source = client.get_model_version(NAME, result.version).source
    assert source.startswith(moved.as_uri())


def test_a_database_that_is_none_is_said_plainly(tmp_path: Path) -> None:
    models = tmp_path / "models"
    models.mkdir()
    (models / "mlflow.db").write_bytes(b"this is not a database" * 400)
    with pytest.raises(StudyError, match="MLflow did not take the run") as caught:
        publish(release_example(), RegistrySettings(), folder=models / "demo", artefacts={})
    assert "mlflow.db" in str(caught.value)


@pytest.mark.parametrize("name", ["a%20b", "what?"])
def test_a_path_that_mlflow_would_misread_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(StudyError, match="% or \\?"):
        publish(release_example(), RegistrySettings(), folder=tmp_path / name / "models" / "demo", artefacts={})


def test_a_server_that_does_not_answer_is_said_plainly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    settings = RegistrySettings(tracking_uri="http://127.0.0.1:9")
    with pytest.raises(StudyError, match="MLflow did not take the run"):
        publish(release_example(), settings, folder=tmp_path / "demo", artefacts={})
    assert not (tmp_path / "demo").exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("model_name", "a/b"),
        ("model_name", "it's"),
        ("alias", "v3"),
        ("alias", "latest"),
        ("tracking_uri", "postgresql://me:opensesame@127.0.0.1/mlflow"),
    ],
)
def test_settings_that_mlflow_or_good_sense_forbids_are_refused(field: str, value: str) -> None:
    with pytest.raises(ValidationError) as caught:
        RegistrySettings(**{field: value})
    assert "opensesame" not in caught.value.errors()[0]["msg"]


def test_unity_catalog_names_and_addresses_are_taken() -> None:
    settings = RegistrySettings(
        model_name="health.models.hf_readmission_30d", tracking_uri="databricks", registry_uri="databricks-uc"
    )
    assert settings.alias == "candidate"


def test_the_model_in_these_tests_is_a_real_one() -> None:
    assert booster().num_trees() == 60
    assert booster().feature_name() == NAMES
    assert mlflow.active_run() is None
