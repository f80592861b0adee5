"""Where the data is and what computes: one module an engine, behind one interface."""

from __future__ import annotations

from pathlib import Path

from hfrisk.cdm.engines.base import Engine
from hfrisk.cdm.settings import SourceSettings

__all__ = ["Engine", "open_engine"]


def open_engine(settings: SourceSettings, stages: Path | None) -> Engine:
    """Open the engine of a study; only its own packages are imported.

    Parameters
    ----------
    settings
        Where the data is.
    stages
        A folder for kept results, or for the seals of those in a scratch schema. None: results last as long as the connection.
    """
    if settings.engine == "postgres":
        from hfrisk.cdm.engines.postgres import PostgresEngine

        return PostgresEngine.open(settings, stages)
    if settings.engine == "spark":
        from hfrisk.cdm.engines.spark import SparkEngine

        return SparkEngine.open(settings, stages)
    if settings.engine == "databricks":
        from hfrisk.cdm.engines.databricks import DatabricksEngine

        return DatabricksEngine.open(settings, stages)
    from hfrisk.cdm.engines.duckdb import DuckEngine

    return DuckEngine(settings, stages)
