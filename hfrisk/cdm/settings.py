"""Where the harmonised data is."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator, model_validator

from hfrisk.settings import Settings

__all__ = ["SiteMaps", "SourceSettings"]


class SiteMaps(Settings):
    """Lists that the site owns: CSV files, checked when a study opens its source. `hfrisk init` writes examples."""

    analyte: Path | None = Field(
        default=None,
        description="Which laboratory names are which test. Columns: source_value (measurement_source_value), analyte, and if needed "
        "concept and unit. It goes before the concept of a measurement.",
    )
    trust: Path | None = Field(
        default=None,
        description="Which ward or site belongs to which trust. Columns: source_value (care_site_source_value or care_site_name), trust.",
    )
    imd: Path | None = Field(
        default=None,
        description="The deprivation of each small area, for people without an observation of it. Columns: source_value "
        "(location_source_value, an LSOA), imd_quintile or imd_decile; 1 is the most deprived. Where the site has them, imd_score (the "
        "score of the index, which PARR-30 asks for) and rurality (U or R, or the ONS class).",
    )
    imd_release: Literal["2015", "2019", "2025"] | None = Field(
        default=None,
        description="Which release of the English index the map imd holds. 2019 uses the LSOAs of 2011, 2025 those of 2021.",
    )
    ethnicity: Path | None = Field(
        default=None,
        description="Which local code of ethnicity is which category of the NHS Data Dictionary. Columns: source_value "
        "(race_source_value or ethnicity_source_value), category (A to S, Z, 99).",
    )

    @model_validator(mode="after")
    def _a_release_for_the_index(self) -> SiteMaps:
        if self.imd is not None and self.imd_release is None:
            raise ValueError("imd needs imd_release: 2015, 2019 or 2025, the release of the index in the map")
        return self


class SourceSettings(Settings):
    """The OMOP data that a study reads. Nothing is ever written there."""

    engine: Literal["duckdb", "postgres", "spark", "databricks"] = Field(
        default="duckdb",
        description="Where the data is and what computes: duckdb (files, read by the embedded engine), postgres, spark, databricks "
        "(a SQL warehouse). Credentials come from environment variables only: HFRISK_POSTGRES_URL or PGHOST, PGUSER, PGPASSWORD "
        "...; DATABRICKS_SERVER_HOSTNAME, DATABRICKS_HTTP_PATH, DATABRICKS_TOKEN.",
    )
    path: Path | None = Field(
        default=None,
        description="duckdb: a folder of OMOP tables (.parquet, .csv, .csv.gz or Delta; any case), or one .duckdb file. "
        "spark: a folder of Parquet or Delta tables, unless omop_schema is given.",
    )
    omop_schema: str = Field(
        default="",
        description="postgres: the schema that holds the OMOP tables. spark, databricks: schema or catalog.schema.",
    )
    scratch_schema: str = Field(
        default="",
        description="Schema in which stage results are kept while a run lasts; everything that hfrisk put there is dropped "
        "afterwards. Needed on postgres and databricks, and on spark with omop_schema. It must not be the schema of the data.",
    )
    keep_scratch: bool = Field(
        default=False, description="Whether stage results stay in the scratch schema, so that the next run finds them."
    )
    columns: dict[str, str] = Field(
        default_factory=dict,
        description="Columns that the source calls otherwise, as table.column: its name there; for instance "
        "visit_occurrence.admission_method: ADMIMETH. Case does not matter.",
    )
    maps: SiteMaps = Field(default_factory=SiteMaps, description="Lists that the site owns.")
    data_start: date | None = Field(
        default=None,
        description="First day from which the source holds what happened. Empty: taken from the data. What lies before it is not "
        "known, and is not taken as absent.",
    )
    data_end: date | None = Field(
        default=None,
        description="Last day on which an admission would have been seen. Empty: the latest discharge that is not in the "
        "future. Follow-up is complete only for discharges a full window before this day.",
    )
    memory_gb: float = Field(
        default=2.5,
        gt=0.2,
        description="Most memory that the embedded engine (or a Spark that hfrisk starts itself) may use, in gigabytes; it "
        "spills to disk.",
    )
    threads: int = Field(
        default=2,
        ge=1,
        description="Processor cores that the embedded engine (or a Spark that hfrisk starts itself) may use.",
    )

    @field_validator("columns")
    @classmethod
    def _table_and_column(cls, value: dict[str, str]) -> dict[str, str]:
        for key, column in value.items():
            if len([part for part in key.split(".") if part.strip()]) != 2 or key.count(".") != 1:
                raise ValueError(f"{key} is not of the form table.column")
            if not column.strip():
                raise ValueError(f"{key} has no name in the source")
        return value

    @model_validator(mode="after")
    def _what_each_engine_needs(self) -> SourceSettings:
        problem = self._lacking() or self._contrary()
        if problem:
            raise ValueError(problem)
        return self

    def _lacking(self) -> str:
        if self.engine == "duckdb" and self.path is None:
            return "the engine duckdb needs path: a folder of OMOP tables, or one .duckdb file"
        if self.engine == "spark" and self.path is None and not self.omop_schema:
            return "the engine spark needs path (a folder of Parquet tables) or omop_schema (schema, or catalog.schema)"
        if self.engine in {"postgres", "databricks"} and not self.omop_schema:
            return f"the engine {self.engine} needs omop_schema: the schema that holds the OMOP tables"
        if self.engine == "databricks" and not self.scratch_schema:
            return "the engine databricks needs scratch_schema: a schema that hfrisk may write its stages to"
        return ""

    def _contrary(self) -> str:
        if self.engine == "duckdb" and self.omop_schema:
            return "omop_schema is for postgres, spark and databricks; the engine duckdb finds its tables by path"
        if self.engine in {"postgres", "databricks"} and self.path is not None:
            return f"path is for duckdb and spark; the engine {self.engine} finds its tables by omop_schema"
        if self.path is not None and self.omop_schema:
            return "give path or omop_schema, not both"
        longest = 1 if self.engine == "postgres" else 2
        for name, schema in (("omop_schema", self.omop_schema), ("scratch_schema", self.scratch_schema)):
            if schema and self.engine != "duckdb" and not _names(schema, at_most=longest):
                form = "one name" if self.engine == "postgres" else "schema or catalog.schema"
                return f"{name} should be {form}"
        if self.omop_schema and self.scratch_schema.strip().lower() == self.omop_schema.strip().lower():
            return "scratch_schema must not be omop_schema: nothing is ever written among the data"
        return ""


def _names(schema: str, *, at_most: int) -> bool:
    parts = schema.split(".")
    return len(parts) <= at_most and all(part.strip() for part in parts)
