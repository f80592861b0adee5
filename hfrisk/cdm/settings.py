"""Where the harmonised data is."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from pydantic import Field

from hfrisk.settings import Settings

__all__ = ["SourceSettings"]


class SourceSettings(Settings):
    """The OMOP data that a study reads. Nothing is ever written there."""

    path: Path = Field(description="A folder of OMOP tables (.parquet, .csv, .csv.gz; any case), or one .duckdb file.")
    data_end: date | None = Field(
        default=None,
        description="Last day on which an admission would have been seen. Empty: the latest discharge that is not in the "
        "future. Follow-up is complete only for discharges a full window before this day.",
    )
    memory_gb: float = Field(
        default=2.5,
        gt=0.2,
        description="Most memory that the embedded engine may use, in gigabytes; it spills to disk.",
    )
    threads: int = Field(default=2, ge=1, description="Processor cores that the embedded engine may use.")
