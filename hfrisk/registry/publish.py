"""Publishing: the exported folder, the MLflow run, and the registered version with its alias."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from hfrisk.errors import StudyError
from hfrisk.progress import Quiet
from hfrisk.registry.bundle import Staged, staged_bundle
from hfrisk.registry.offline import offline_mlflow
from hfrisk.registry.tracking import Place, experiment_in, log_run, log_trials, place_of, tracked_run

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

    from hfrisk.disclosure import Released
    from hfrisk.registry.settings import RegistrySettings

__all__ = ["Published", "publish"]

_FINGERPRINT = "hfrisk.bundle"
_STUDY = "hfrisk.study"
_STATUS = "Research software. Not a medical device, and not for direct care."


@dataclass(frozen=True)
class Published:
    """Where the model went.

    Parameters
    ----------
    run_id
        The MLflow run.
    version
        Version number under the registered model's name.
    model_uri
        What `mlflow.pyfunc.load_model` takes.
    tracking_uri
        What ``MLFLOW_TRACKING_URI`` must be for that.
    fingerprint
        One hash of the exported folder's files.
    new
        False when this very bundle was registered before, and its version was kept.
    """

    run_id: str
    version: str
    model_uri: str
    tracking_uri: str
    fingerprint: str
    new: bool


def publish(
    released: Released,
    settings: RegistrySettings,
    *,
    folder: Path,
    artefacts: Mapping[str, Path | bytes | str],
    verdict: str = "",
    tags: Mapping[str, str] | None = None,
    progress: Quiet | None = None,
) -> Published:
    """Export the model, record the run, register the version and point the alias at it.

    The exported folder changes last: when anything before fails, the earlier one is still there. The same bundle
    published again keeps its version; its run then gets the new artefacts.

    Parameters
    ----------
    released
        What the gate let through; nothing else is published.
    settings
        Names, and where tracking lives.
    folder
        ``models/<study>``, the exported model; MLflow's own files lie beside it unless the settings say otherwise.
    artefacts
        Released files by name (``report.html``): a path, bytes or text each.
    verdict
        What the report says first, such as "Do not use". It is kept beside the version, since the alias only says that the model is
        registered, not that it is good.
    tags
        More to be kept beside run and version, such as what a recalibrated model came from.
    progress
        Who is told.

    Raises
    ------
    StudyError
        When the folder cannot be written, or the tracking server does not take the run.
    """
    progress = progress or Quiet()
    place = place_of(settings, folder.parent)
    with staged_bundle(released, folder, progress) as staged, offline_mlflow(place.artifacts):
        from mlflow import MlflowClient
        from mlflow.exceptions import MlflowException
        from sqlalchemy.exc import SQLAlchemyError

        with tempfile.TemporaryDirectory(prefix="hfrisk-artefacts-") as temporary:
            files = Path(temporary)
            _collect(artefacts, files)
            try:
                client = MlflowClient(tracking_uri=place.tracking_uri, registry_uri=place.registry_uri)
                published = _Publication(
                    client, place, released, settings, staged, files, verdict, progress, tags
                ).make()
            except (MlflowException, SQLAlchemyError) as error:
                reason = str(error).strip().partition("\n")[0][:300]
                raise StudyError(
                    f"MLflow did not take the run: {reason}",
                    where=f"registry.tracking_uri ({place.tracking_uri})",
                    todo="Check that the tracking server or database is there and can be written to; then run again.",
                ) from error
        staged.install()
    return published


class _Publication:
    """One publication, with what its steps share."""

    def __init__(
        self,
        client: MlflowClient,
        place: Place,
        released: Released,
        settings: RegistrySettings,
        staged: Staged,
        files: Path,
        verdict: str,
        progress: Quiet,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        self.client = client
        self.place = place
        self.released = released
        self.settings = settings
        self.staged = staged
        self.files = files
        self.verdict = verdict
        self.progress = progress
        self.more = dict(tags or {})
        self.study = staged.folder.name

    def make(self) -> Published:
        experiment = experiment_in(self.client, self.settings.experiment, self.place)
        if self.place.embedded:
            self._end_stale_runs(experiment)
        self._make_registered_model()
        earlier = self._earlier_version()
        if earlier is None:
            version = self._new_version(experiment)
        else:
            version = earlier
            self.client.log_artifacts(str(version.run_id), str(self.files))
        self.client.set_registered_model_alias(self.settings.model_name, self.settings.alias, str(version.version))
        return Published(
            run_id=str(version.run_id),
            version=str(version.version),
            model_uri=f"models:/{self.settings.model_name}@{self.settings.alias}",
            tracking_uri=self.place.tracking_uri,
            fingerprint=self.staged.fingerprint,
            new=earlier is None,
        )

    def _new_version(self, experiment: str) -> ModelVersion:
        from mlflow.entities import LoggedModelOutput

        client, tags = self.client, self._tags()
        trials = len(self.released.tuning.get("trials", [])) if self.settings.trials else 0
        with (
            self.progress.step("Recording the run in MLflow", trials + 2) as step,
            tracked_run(client, experiment, self.study, {**tags, "mlflow.note.content": _STATUS}) as run_id,
        ):
            model = client.create_logged_model(experiment, name="model", source_run_id=run_id, tags=tags)
            log_run(client, run_id, self.released, study=self.study, model_id=model.model_id, files=self.files)
            step.advance()
            if self.settings.trials:
                log_trials(client, experiment, run_id, self.released, step)
            client.log_model_artifacts(model.model_id, str(self.staged.path))
            client.finalize_logged_model(model.model_id, "READY")
            client.log_outputs(run_id, [LoggedModelOutput(model.model_id, 0)])
            version = client.create_model_version(
                self.settings.model_name,
                # A server finds the model by its id; without one, MLflow would look it up at its global address.
                source=f"models:/{model.model_id}" if self.place.artifacts is None else model.artifact_location,
                run_id=run_id,
                model_id=model.model_id,
                tags=tags,
                description=". ".join(
                    filter(None, [str(self.released.study.get("title", self.study)), self.verdict, _STATUS])
                ),
            )
            step.advance()
        return version

    def _tags(self) -> dict[str, str]:
        study, provenance = self.released.study, self.released.provenance
        facts: dict[str, Any] = {
            _STUDY: self.study,
            _FINGERPRINT: self.staged.fingerprint,
            "hfrisk.study_hash": provenance.get("study_hash"),
            "hfrisk.code_version": provenance.get("code_version"),
            "hfrisk.source_fingerprint": provenance.get("source_fingerprint"),
            "hfrisk.verdict": self.verdict or None,
            "hfrisk.risk": study.get("risk"),
            "hfrisk.window": study.get("window"),
        }
        words = {k: "-".join(map(str, v)) if isinstance(v, (list, tuple)) else str(v) for k, v in facts.items()}
        return {key: value for key, value in words.items() if facts[key] is not None} | self.more

    def _make_registered_model(self) -> None:
        from mlflow.exceptions import MlflowException

        try:
            self.client.get_registered_model(self.settings.model_name)
        except MlflowException as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
            words = f"Risk of emergency readmission after a heart-failure discharge. {_STATUS}"
            self.client.create_registered_model(self.settings.model_name, description=words)

    def _earlier_version(self) -> ModelVersion | None:
        """Find the newest version made from this very bundle, whose files are still there."""
        versions = self.client.search_model_versions(f"name = '{self.settings.model_name}'")
        same = [v for v in versions if v.tags.get(_FINGERPRINT) == self.staged.fingerprint and v.run_id]
        return next((v for v in sorted(same, key=lambda v: -int(v.version)) if self._files_are_there(v)), None)

    def _files_are_there(self, version: ModelVersion) -> bool:
        if self.place.artifacts is None:
            return True
        source = urlsplit(str(version.source))
        here = str(version.source).startswith(f"{self.place.artifacts}/")
        return here and (Path(url2pathname(source.path)) / "MLmodel").exists()

    def _end_stale_runs(self, experiment: str) -> None:
        """Close the runs of a publisher that was killed: under the lock, a run still open has nobody behind it."""
        for run in self.client.search_runs([experiment], "attributes.status = 'RUNNING'", max_results=1000):
            if _STUDY in run.data.tags or "hfrisk.trial" in run.data.tags:
                self.client.set_terminated(run.info.run_id, "KILLED")


def _collect(artefacts: Mapping[str, Path | bytes | str], folder: Path) -> None:
    """Put the artefacts side by side in `folder`."""
    for name, content in artefacts.items():
        relative = PurePosixPath(name)
        if relative.is_absolute() or ".." in relative.parts or not relative.name:
            raise ValueError(f"{name} is not a name for an artefact")
        target = folder / relative
        target.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, Path):
            if content.is_dir():
                shutil.copytree(content, target)
            else:
                shutil.copyfile(content, target)
        else:
            target.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
