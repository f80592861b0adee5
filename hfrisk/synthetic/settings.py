"""What can be chosen about a made-up region."""

from __future__ import annotations

from datetime import date, timedelta

from pydantic import Field, model_validator

from hfrisk.settings import Settings

__all__ = ["RegionSettings"]

_LOOK_BACK_DAYS = 730
_FOLLOW_UP_DAYS = 29
_SHORTEST_PERIOD_DAYS = 180


class RegionSettings(Settings):
    """The size, the period and the seed of a made-up region. Its other numbers are in codelists/region.yaml."""

    index_discharges: int = Field(
        10_000, ge=1, description="Live emergency heart-failure discharges with complete follow-up: exactly this many."
    )
    seed: int = Field(1, ge=0, description="The same seed makes the same region, to the last digit.")
    background: float = Field(
        2.0, ge=0, description="People without heart failure for each person with it (at least one in all)."
    )
    trusts: int = Field(22, ge=1, le=200, description="Hospital trusts, of unequal size, deprivation and diversity.")
    discharges_from: date = Field(
        date(2015, 4, 1), description="First day of a heart-failure admission; records begin two years before."
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
