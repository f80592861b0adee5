"""MLflow without its voice: no telemetry, no log lines, and nothing of the caller's state changed."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["offline_mlflow"]

_ENVIRONMENT = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}
_UNLESS_SET = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "3"}  # MLflow's own 7 keep a wrong address waiting for minutes
_LOGGERS = ("mlflow", "alembic", "sqlalchemy.engine")


@contextmanager
def offline_mlflow(artifacts: str | None = None) -> Iterator[None]:
    """Within it MLflow may be imported and called. Environment, warnings and log levels are put back afterwards.

    MLflow decides on telemetry when it is first imported, and again at each call; both fall inside. Its warnings
    are about its own type hints and its use of SQLAlchemy, which nobody who runs a study can change.

    Parameters
    ----------
    artifacts
        Address of the artefact folder that a new embedded database is to have as its default; without it, MLflow
        writes the working directory of whoever came first into the database.
    """
    wanted = {**_UNLESS_SET, **{k: os.environ[k] for k in _UNLESS_SET if k in os.environ}, **_ENVIRONMENT}
    if artifacts is not None:
        wanted["_MLFLOW_SERVER_ARTIFACT_ROOT"] = artifacts
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    levels: dict[str, int] = {}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import mlflow.pyfunc.model  # noqa: F401  (sets the log levels that are raised below)

            for name in _LOGGERS:
                levels[name] = logging.getLogger(name).level
                logging.getLogger(name).setLevel(logging.CRITICAL)
            yield
    finally:
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
