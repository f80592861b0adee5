"""Settings of the model registry: names, and where tracking lives."""

from __future__ import annotations

import re

from pydantic import Field, field_validator

from hfrisk.settings import Settings

__all__ = ["RegistrySettings"]


class RegistrySettings(Settings):
    """The study key `registry`. By default everything lies beside the study's models, and no server is needed."""

    model_name: str = Field(
        "hf-readmission-30d",
        pattern=r"^[A-Za-z0-9_][A-Za-z0-9_. -]{0,199}$",
        description="Name of the registered model (Unity Catalog: catalog.schema.model).",
    )
    experiment: str = Field(
        "hf-readmission",
        min_length=1,
        max_length=200,
        description="MLflow experiment under which runs are kept (Databricks: a workspace path).",
    )
    alias: str = Field(
        "candidate",
        pattern=r"^[A-Za-z][A-Za-z0-9_-]*$",
        description="Alias that a newly published version is given.",
    )
    tracking_uri: str | None = Field(
        None,
        description=(
            "MLflow tracking server or database (for instance http://127.0.0.1:5000 or databricks). "
            "Not given: an SQLite file mlflow.db and a folder artifacts beside the exported models."
        ),
    )
    registry_uri: str | None = Field(
        None,
        description="MLflow model registry where it is not that of the tracking server (for instance databricks-uc).",
    )
    trials: bool = Field(
        True,
        description="Whether each finished tuning trial is kept as a nested run (settings tried, and mean log loss).",
    )

    @field_validator("alias")
    @classmethod
    def _alias_that_mlflow_allows(cls, value: str) -> str:
        if value.lower() == "latest" or re.fullmatch(r"v\d+", value.lower()):
            raise ValueError("must not be latest, nor v and a number, which MLflow keeps for itself")
        return value

    @field_validator("tracking_uri", "registry_uri")
    @classmethod
    def _address_without_password(cls, value: str | None) -> str | None:
        if value is not None and re.search(r"://[^/@]*:[^/@]*@", value):
            raise ValueError(
                "must not hold a password: give it by MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, "
                "or the database's own means (for PostgreSQL, PGPASSWORD or a password file)"
            )
        return value
