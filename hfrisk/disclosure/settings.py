"""What the disclosure gate obeys: the rule of the environment that the outputs leave."""

from __future__ import annotations

from pydantic import Field, model_validator

from hfrisk.settings import Settings

__all__ = ["DisclosureSettings"]


class DisclosureSettings(Settings):
    """The output rule of the secure environment. The defaults are the strictest of the published ones."""

    threshold: int = Field(
        10,
        ge=5,
        le=1000,
        description=(
            "Counts of people or discharges below this number are withheld, zero included, and so is a count that "
            "leaves fewer than this number over (count)."
        ),
    )
    round_base: int = Field(
        5,
        ge=2,
        le=100,
        description="Every other count is rounded to the nearest multiple of this number, halves upwards (count).",
    )
    significant_figures: int = Field(
        3,
        ge=2,
        le=3,
        description=(
            "Estimates and their intervals carry this many significant figures (figures); two where fewer than 100 "
            "events or 100 non-events stand behind them."
        ),
    )

    @model_validator(mode="after")
    def _rounding_hides_no_more_than_it_must(self) -> DisclosureSettings:
        # A base above the threshold would show an allowed count as nought.
        if self.round_base > self.threshold:
            raise ValueError("round_base must not be above threshold")
        return self
