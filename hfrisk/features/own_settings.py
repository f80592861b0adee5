"""How a study file makes a feature of a concept set, of codes or of a cohort of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from hfrisk.features.dictionary import Direction, Monotone, Role
from hfrisk.settings import Settings

__all__ = ["OWN_NAME", "OwnFeature", "Statistic"]

OWN_NAME = r"[a-z][a-z0-9_]{0,39}"

Statistic = Literal["any", "count", "days_since", "last_value"]
OwnTable = Literal["condition_occurrence", "measurement", "drug_exposure", "procedure_occurrence", "observation"]

_WITH_VALUES = ("measurement", "observation")
_WITH_CODES = ("condition_occurrence", "procedure_occurrence")


class OwnFeature(Settings):
    """What is looked for, where and when, and what is made of it."""

    words: str = Field(
        min_length=1, description="What it is, as a clinician would say it: cardiac amyloidosis recorded."
    )
    table: OwnTable | None = Field(
        default=None,
        description="The OMOP table that is searched: condition_occurrence, measurement, drug_exposure, procedure_occurrence or "
        "observation. Empty for a cohort.",
    )
    concept_set: Path | None = Field(default=None, description="An ATLAS concept set (JSON) to look for.")
    concepts: tuple[int, ...] = Field(default=(), description="Concept ids to look for.")
    descendants: bool = Field(
        default=True,
        description="Whether what stands below the concept ids in the source's hierarchy counts too; a concept set says that itself.",
    )
    codes: tuple[str, ...] = Field(
        default=(),
        description="Beginnings of codes to look for: in condition_occurrence in the study's diagnosis vocabulary, in "
        "procedure_occurrence as procedures are coded in procedure_source_value.",
    )
    cohort: int | None = Field(
        default=None,
        description="A cohort_definition_id of the table cohort, which ATLAS fills: the day is cohort_start_date. A cohort whose entry "
        "rests on what happens later would let the future in.",
    )
    when: Literal["before", "stay", "both"] = Field(
        default="before",
        description="before: in the days before admission, the day of admission left out. stay: from the day of admission to the "
        "prediction. both: either. Diagnoses of the stay itself are known only where features.coding_is_live.",
    )
    window_days: int = Field(
        default=365, ge=1, le=36_500, description="How far before admission it looks, in days; the last day is in."
    )
    statistics: tuple[Statistic, ...] = Field(
        default=("any",),
        min_length=1,
        description="What is made of it, each a column own_<name>_<statistic>: any (1 or 0), count (on how many different days), "
        "days_since (days from the last time to admission, or to the day of the prediction where the stay is searched too; not "
        "recorded where there is none), last_value (the last value of a measurement or an observation).",
    )
    lower: float | None = Field(
        default=None,
        description="Lowest value that counts, in the unit in which values are recorded; a record without a value then does not count. "
        "last_value needs it.",
    )
    upper: float | None = Field(default=None, description="Highest value that counts; last_value needs it.")
    unit: str = Field(default="", description="The unit of the values, for the report. Values are not converted.")
    unit_concepts: tuple[int, ...] = Field(
        default=(), description="unit_concept_id values of the measurements that count. Empty: any, also none."
    )
    precision: float = Field(default=0.1, gt=0, description="last_value is rounded to a multiple of this.")
    role: Role = Field(
        default="input",
        description="input: offered to the model. more: made, and offered where features.also names it. audit: only to look at groups of "
        "people.",
    )
    direction: Direction = Field(
        default="either", description="Whether a higher or a lower value is expected to go with a higher risk."
    )
    modifiable: bool = Field(default=False, description="Whether care can change it.")
    sensitive: bool = Field(
        default=False, description="Whether it speaks of a protected characteristic or of deprivation."
    )
    monotone: Monotone = Field(
        default="none",
        description="The constraint that the study may ask of the model: increasing, decreasing or none.",
    )

    @property
    def read_from(self) -> str:
        """The table that is read."""
        return "cohort" if self.table is None else self.table

    @model_validator(mode="after")
    def _it_can_be_made(self) -> OwnFeature:
        asked = bool(self.concept_set or self.concepts or self.codes)
        if self.cohort is not None and (asked or self.table is not None):
            raise ValueError("cohort stands alone: leave out table, concept_set, concepts and codes")
        if self.cohort is None and not asked:
            raise ValueError("nothing is looked for: give concept_set, concepts, codes or cohort")
        if self.cohort is None and self.table is None:
            raise ValueError("table is required: name the table that is searched")
        if self.codes and self.table not in _WITH_CODES:
            raise ValueError(f"codes are looked for in {' and '.join(_WITH_CODES)} only; give concepts")
        if any(not code.strip() for code in self.codes):
            raise ValueError("codes has a blank one, which every record begins with")
        twice = sorted({name for name in self.statistics if self.statistics.count(name) > 1})
        if twice:
            raise ValueError(f"statistics names {twice[0]} twice")
        return self

    @model_validator(mode="after")
    def _its_values_can_be_read(self) -> OwnFeature:
        valued = self.table in _WITH_VALUES
        if "last_value" in self.statistics and not valued:
            raise ValueError(f"last_value needs a table with values: {' or '.join(_WITH_VALUES)}")
        if "last_value" in self.statistics and (self.lower is None or self.upper is None):
            raise ValueError("last_value needs lower and upper, the range that a value can have")
        if (self.lower is not None or self.upper is not None) and not valued:
            raise ValueError(f"lower and upper need a table with values: {' or '.join(_WITH_VALUES)}")
        if self.unit_concepts and self.table != "measurement":
            raise ValueError("unit_concepts belongs to the table measurement")
        if self.lower is not None and self.upper is not None and self.lower > self.upper:
            raise ValueError("lower is above upper")
        return self
