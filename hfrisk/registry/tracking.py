"""What MLflow is told about a run: settings, released numbers, the data's fingerprint, trials and released files.

Everything goes through an explicit `MlflowClient`: MLflow's global tracking address and active run are the
caller's own. Nothing here sees a row of data.
"""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hfrisk.errors import StudyError
from hfrisk.progress import Step

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Metric, Param

    from hfrisk.disclosure import Released
    from hfrisk.registry.settings import RegistrySettings

__all__ = ["Place", "experiment_in", "flat", "log_run", "log_trials", "place_of", "released_metrics", "tracked_run"]

_USER = "hfrisk"
_PER_BATCH = 100
_LONGEST_PARAMETER = 6000
_LONGEST_DIGEST = 36
_NOT_SETTINGS = re.compile(r"trial|number|state|value|best_so_far|rounds|fold_\d+|suppressed")


@dataclass(frozen=True)
class Place:
    """Where tracking and registry are.

    Parameters
    ----------
    tracking_uri, registry_uri
        Addresses for `MlflowClient`, and for ``MLFLOW_TRACKING_URI``.
    artifacts
        Address of the artefact folder, when this process writes the files itself; None when a server does.
    embedded
        Whether it is the SQLite file beside the models, which one process at a time writes to.
    """

    tracking_uri: str
    registry_uri: str
    artifacts: str | None
    embedded: bool


def place_of(settings: RegistrySettings, models: Path) -> Place:
    """Where `settings` put tracking; by default ``mlflow.db`` and ``artifacts`` in the folder `models`.

    Raises
    ------
    StudyError
        When MLflow could not find its own files again in that folder.
    """
    models = models.resolve()
    tracking = settings.tracking_uri or f"sqlite:///{(models / 'mlflow.db').as_posix()}"
    direct = not re.match(r"https?:|databricks", tracking)
    if direct and re.search(r"[%?]", str(models)):
        raise StudyError(
            "MLflow cannot keep its files under a path with % or ? in it: it reads them as parts of an address.",
            where=str(models),
            todo="Give the study another models folder, or rename that one.",
        )
    return Place(
        tracking_uri=tracking,
        registry_uri=settings.registry_uri or tracking,
        artifacts=(models / "artifacts").as_uri() if direct else None,
        embedded=settings.tracking_uri is None,
    )


def experiment_in(client: MlflowClient, name: str, place: Place) -> str:
    """Find the id of the experiment, made when absent.

    MLflow stores the absolute place of artefacts in the experiment. After the models folder was moved, that is
    somebody else's place: a second experiment (``name-2`` ...) is then used.
    """
    number = 1
    while True:
        numbered = name if number == 1 else f"{name}-{number}"
        found = client.get_experiment_by_name(numbered)
        if found is None:
            return str(client.create_experiment(numbered, artifact_location=place.artifacts))
        if found.lifecycle_stage == "active" and (
            place.artifacts is None or found.artifact_location.rstrip("/") == place.artifacts
        ):
            return str(found.experiment_id)
        number += 1


@contextmanager
def tracked_run(client: MlflowClient, experiment: str, name: str, tags: Mapping[str, str]) -> Iterator[str]:
    """Keep a run that ends finished, failed or killed, as the work inside it does; yields its id."""
    described = {"mlflow.user": _USER, "mlflow.source.name": "hfrisk", "mlflow.source.type": "LOCAL", **tags}
    run_id = str(client.create_run(experiment, tags=described, run_name=name).info.run_id)
    try:
        yield run_id
    except BaseException as error:
        client.set_terminated(run_id, "FAILED" if isinstance(error, Exception) else "KILLED")
        raise
    client.set_terminated(run_id)


def log_run(client: MlflowClient, run_id: str, released: Released, *, study: str, model_id: str, files: Path) -> None:
    """Parameters, released metrics, the data's fingerprint and the released files in the folder `files`."""
    from mlflow.entities import Dataset, DatasetInput, InputTag, Metric

    facts = {"study": released.study, "provenance": released.provenance, "tuning": _but(released.tuning, "trials")}
    _log_batches(client, run_id, params=_params(flat(facts)))
    now = int(time.time() * 1000)
    metrics = [
        Metric(name, value, now, 0, model_id=model_id, run_id=run_id)
        for name, value in released_metrics(released).items()
    ]
    _log_batches(client, run_id, metrics=metrics)

    fingerprint = str(released.provenance.get("source_fingerprint", ""))
    source = {"environment": str(released.study.get("environment", "")), "fingerprint": fingerprint}
    dataset = Dataset(
        name=study,
        digest=fingerprint[:_LONGEST_DIGEST] or "unknown",
        source_type="omop",
        source=json.dumps(source),
        profile=json.dumps({k: v for k, v in flat(released.headline).items() if v is not None}),
    )
    client.log_inputs(run_id, [DatasetInput(dataset, [InputTag("mlflow.data.context", "training")])])
    client.log_artifacts(run_id, str(files))


def log_trials(client: MlflowClient, experiment: str, run_id: str, released: Released, step: Step) -> None:
    """One nested run a trial that has a value: what was tried, and the mean of what was searched on, as released."""
    from mlflow.entities import Metric

    now = int(time.time() * 1000)
    measure = str(released.tuning.get("summary", {}).get("objective", "log_loss"))
    for place, trial in enumerate(released.tuning.get("trials", [])):
        step.advance()
        loss = trial.get("value")
        if not _is_number(loss):
            continue
        number = trial.get("trial", trial.get("number", place))
        tags = {"mlflow.parentRunId": run_id, "hfrisk.trial": str(number), "hfrisk.state": str(trial.get("state", ""))}
        with tracked_run(client, experiment, f"trial {number}", tags) as nested:
            tried = {k: v for k, v in trial.items() if not _NOT_SETTINGS.fullmatch(k) and v is not None}
            results = [Metric(measure, float(loss), now, 0)]
            if _is_number(trial.get("rounds")):
                results.append(Metric("rounds", float(trial["rounds"]), now, 0))
            client.log_batch(nested, metrics=results, params=_params(tried))


def released_metrics(released: Released) -> dict[str, float]:
    """Overall results by name: ``test.auroc``, ``test.auroc.lower`` ...; comparators as ``logistic.test.auroc``.

    Results by group stay in metrics.json: as hundreds of separate series nobody would find any of them.
    """
    named: dict[str, float] = {}
    frame = released.performance
    for row in frame[frame["group"] == "all"].to_dict("records"):
        model = "" if row["model"] == "lightgbm" else f"{row['model']}."
        stem = _name(f"{model}{row['split']}.{row['measure']}")
        for name, key in ((stem, "estimate"), (f"{stem}.lower", "lower"), (f"{stem}.upper", "upper")):
            if _is_number(row[key]):
                named[name] = float(row[key])
        for key in ("n", "events"):
            if not model and _is_number(row[key]):
                named[_name(f"{row['split']}.{key}")] = float(row[key])
    return named


def flat(value: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """Nested settings as one level, keys joined by dots; lists become JSON."""
    result: dict[str, Any] = {}
    for key, item in value.items():
        name = f"{before}{key}"
        if isinstance(item, Mapping):
            result.update(flat(item, f"{name}."))
        elif isinstance(item, (list, tuple)):
            result[name] = json.dumps(item, default=str, ensure_ascii=False)
        else:
            result[name] = item
    return result


def _params(values: Mapping[str, Any]) -> list[Param]:
    from mlflow.entities import Param

    return [Param(_name(key), str(value)[:_LONGEST_PARAMETER]) for key, value in values.items() if value is not None]


def _log_batches(
    client: MlflowClient, run_id: str, *, params: Sequence[Param] = (), metrics: Sequence[Metric] = ()
) -> None:
    for start in range(0, len(params), _PER_BATCH):
        client.log_batch(run_id, params=params[start : start + _PER_BATCH])
    for start in range(0, len(metrics), _PER_BATCH):
        client.log_batch(run_id, metrics=metrics[start : start + _PER_BATCH])


def _name(words: str) -> str:
    """Make a name that MLflow allows: ``net_benefit@0.20`` becomes ``net_benefit_at_0.20``."""
    return re.sub(r"[^\w./ -]", "_", words.replace("@", "_at_"))[:250]


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _but(value: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    return {k: v for k, v in value.items() if k not in keys}
