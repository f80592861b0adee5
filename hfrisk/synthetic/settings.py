"""What can be chosen about a made-up region."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Any

from pydantic import Field, model_validator

from hfrisk.settings import Settings

__all__ = ["RegionSettings"]

_LOOK_BACK_DAYS = 730
_FOLLOW_UP_DAYS = 29
_SHORTEST_PERIOD_DAYS = 180
_FIRST_DAY_WITH_PERSONS = date(2011, 4, 1)  # records from April 2009 to April 2024


class RegionSettings(Settings):
    """The size, the period and the seed of a made-up region. Its other numbers are in codelists/region.yaml."""

    index_discharges: int = Field(
        10_000, ge=1, description="Live emergency heart-failure discharges with complete follow-up: exactly this many."
    )
    persons: int | None = Field(
        None,
        ge=2,
        description="Size the region by its people instead: exactly this many, of whom as many have heart failure as in England, "
        "with 15 years of visits, diagnoses, tests and drugs of everybody. index_discharges is then not used.",
    )
    seed: int = Field(1, ge=0, description="The same seed makes the same region, to the last digit.")
    background: float | None = Field(
        None,
        ge=0,
        description="People without heart failure for each person with it (at least one in all). "
        "Not given: 2, or with persons as many as leave England's rate of heart-failure admissions.",
    )
    trusts: int = Field(22, ge=1, le=200, description="Hospital trusts, of unequal size, deprivation and diversity.")
    discharges_from: date = Field(
        date(2015, 4, 1),
        description="First day of a heart-failure admission; records begin two years before. With persons, 1 April 2011 unless given.",
    )
    discharges_to: date = Field(
        date(2024, 3, 31), description="Last date of an index discharge; records end 29 days after it."
    )
    ethnicity_missing: float = Field(
        0.08, ge=0, le=1, description="Share of people whose ethnicity is empty, not stated (Z) or not known (99)."
    )
    missing_laboratory: bool = Field(
        True, description="Whether some stays lack some tests (half of them NT-proBNP), as real ones do."
    )
    nhs_columns: bool = Field(
        False,
        description="Whether visits carry the NHS's admission_method, patient_class and discharge_method, as some environments add them.",
    )
    chunk: int = Field(
        12_000,
        ge=100,
        description="People that are simulated and written at a time (around patients, other people four times as many). "
        "It bounds the memory; another chunk makes another region.",
    )
    drift: tuple[str, ...] = Field(
        (), description="What changes over the years: names of codelists/region.yaml, drift. None by default."
    )
    defects: dict[str, Annotated[float, Field(ge=0, le=1)]] = Field(
        default_factory=dict,
        description="What to plant: name -> rate (a share, 0 to 1), as codelists/region_defects.yaml describes.",
    )

    @model_validator(mode="before")
    @classmethod
    def _fifteen_years_of_people(cls, given: Any) -> Any:
        if isinstance(given, dict) and given.get("persons") is not None:
            return {"discharges_from": _FIRST_DAY_WITH_PERSONS, **given}
        return given

    @model_validator(mode="after")
    def _period_is_long_enough(self) -> RegionSettings:
        if (self.discharges_to - self.discharges_from).days < _SHORTEST_PERIOD_DAYS:
            raise ValueError(f"discharges_to must be at least {_SHORTEST_PERIOD_DAYS} days after discharges_from")
        return self

    @property
    def data_start(self) -> date:
        """The first day of the records: two years before the first heart-failure admission."""
        return self.discharges_from - timedelta(days=_LOOK_BACK_DAYS)

    @property
    def data_end(self) -> date:
        """The last day of the records: day 29 after the last index discharge. Open stays are cut here."""
        return self.discharges_to + timedelta(days=_FOLLOW_UP_DAYS)
