"""A model that was released before, by its exported folder or by its address in the registry."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hfrisk.errors import StudyError
from hfrisk.registry.bundle import LoadedBundle, load_bundle
from hfrisk.registry.offline import offline_mlflow
from hfrisk.registry.tracking import place_of

if TYPE_CHECKING:
    from hfrisk.registry.settings import RegistrySettings

__all__ = ["FoundModel", "found_model"]

_ADDRESS = re.compile(r"models:/(?P<name>[^@]+?)(?:/(?P<version>\d+)|@(?P<alias>[^/@]+))")


@dataclass(frozen=True)
class FoundModel:
    """A released model, and where it was.

    Parameters
    ----------
    bundle
        The model, its files checked against their hashes.
    version
        ``name/number`` in the registry; empty where it was given as a folder.
    model_text, dictionary
        The trees as LightGBM's text, and the feature dictionary of the inputs.
    source_fingerprint
        That of the data it was made from; empty where its metrics do not tell.
    """

    bundle: LoadedBundle
    version: str
    model_text: str
    dictionary: list[dict[str, Any]]
    source_fingerprint: str


@contextmanager
def found_model(model: str, settings: RegistrySettings, models: Path) -> Iterator[FoundModel]:
    """Open a model.

    Parameters
    ----------
    model
        An exported folder, or ``models:/NAME/VERSION`` or ``models:/NAME@ALIAS``.
    settings
        Where the registry is.
    models
        Folder of the exported models, beside which MLflow's files lie unless the settings say otherwise.

    Raises
    ------
    StudyError
        If there is no such model, or the registry does not answer.
    DataError
        If its files are not those that were released.
    """
    if not model.startswith("models:/"):
        if not Path(model).is_dir():
            raise StudyError(
                "There is no exported model here.",
                where=model,
                todo="Give the folder of an exported model, models:/NAME/VERSION, or models:/NAME@ALIAS.",
            )
        yield _read(Path(model), "")
        return
    with tempfile.TemporaryDirectory(prefix="hfrisk-model-") as temporary:
        folder, version = _fetched(model, settings, models, Path(temporary))
        yield _read(folder, version)


def _read(folder: Path, version: str) -> FoundModel:
    bundle = load_bundle(folder)
    dictionary = json.loads((folder / "feature_dictionary.json").read_text(encoding="utf-8"))
    metrics = folder / "metrics.json"
    made = json.loads(metrics.read_text(encoding="utf-8"))["provenance"] if metrics.exists() else {}
    text = (folder / "model.txt").read_text(encoding="utf-8")
    return FoundModel(bundle, version, text, dictionary, str(made.get("source_fingerprint", "")))


def _fetched(model: str, settings: RegistrySettings, models: Path, into: Path) -> tuple[Path, str]:
    """Copy a registered model's files, and say which version it is."""
    parts = _ADDRESS.fullmatch(model)
    if parts is None:
        raise StudyError(
            "This is no address of a registered model.",
            where=model,
            todo="Write models:/NAME/VERSION with a number, or models:/NAME@ALIAS.",
        )
    place = place_of(settings, models)
    if place.embedded and not (models / "mlflow.db").exists():
        raise StudyError(
            "There is no registry here.",
            where=str(models / "mlflow.db"),
            todo="Set registry.tracking_uri, or folders.models, to where the model was registered.",
        )
    with offline_mlflow(place.artifacts):
        import mlflow.artifacts
        from mlflow import MlflowClient
        from mlflow.exceptions import MlflowException
        from sqlalchemy.exc import SQLAlchemyError

        client = MlflowClient(tracking_uri=place.tracking_uri, registry_uri=place.registry_uri)
        try:
            if parts["alias"]:
                found = client.get_model_version_by_alias(parts["name"], parts["alias"])
            else:
                found = client.get_model_version(parts["name"], parts["version"])
            source = client.get_model_version_download_uri(found.name, str(found.version))
            path = mlflow.artifacts.download_artifacts(
                artifact_uri=source,
                dst_path=str(into),
                tracking_uri=place.tracking_uri,
                registry_uri=place.registry_uri,
            )
        except (MlflowException, SQLAlchemyError, OSError) as error:
            reason = str(error).strip().partition("\n")[0][:300]
            raise StudyError(
                f"MLflow did not give the model: {reason}",
                where=f"{model}, registry.tracking_uri ({place.tracking_uri})",
                todo="Check the name and the version, and that the registry can be reached and its files are there.",
            ) from error
    return Path(path), f"{found.name}/{found.version}"
