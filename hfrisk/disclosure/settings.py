"""What the disclosure gate obeys: the rule of the environment that the outputs leave."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator, model_validator

from hfrisk.modelling.membership_settings import MembershipSettings
from hfrisk.settings import Settings

__all__ = ["DisclosureSettings", "ModelException"]

ModelTest = Literal["HFR144", "HFR145", "HFR146", "HFR147", "HFR148"]


class ModelException(Settings):
    """A test of the model whose failure somebody answers for. It is told in the report, the manifests and the model card."""

    check: ModelTest = Field(
        description="The test that the model may fail (HFR144 to HFR148). HFR140, HFR141 and HFR142 cannot be waived."
    )
    reason: str = Field(
        description="Why the model may leave all the same, in a sentence that the output checkers will read."
    )
    by: str = Field(description="Who decided it: name and role.")

    @field_validator("check", mode="before")
    @classmethod
    def _one_that_may_be_waived(cls, value: object) -> object:
        if value in ("HFR140", "HFR141", "HFR142"):
            raise ValueError(f"{value} cannot be waived: the model holds what may not leave; only HFR144 to HFR148 can")
        return value

    @field_validator("reason", "by")
    @classmethod
    def _said(cls, value: str) -> str:
        if len(value.split()) < 2:
            raise ValueError("say it in words that the output checkers can judge")
        return value.strip()


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

    membership: MembershipSettings = Field(
        default_factory=MembershipSettings,
        description="The attacks on the model (settings): whether it gives away who was in its development.",
    )
    exceptions: tuple[ModelException, ...] = Field(
        default=(),
        description="Tests of the model (checks) whose failure somebody answers for; a model that fails one without an exception is "
        "reported and not exported. For instance "
        '[{check: HFR144, reason: "Few trees short; agreed with the airlock", by: "A. Name, data manager"}].',
    )

    @model_validator(mode="after")
    def _one_exception_a_test(self) -> DisclosureSettings:
        named = [exception.check for exception in self.exceptions]
        twice = next((name for name in named if named.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"exceptions: {twice} is there twice")
        return self

    @model_validator(mode="after")
    def _rounding_hides_no_more_than_it_must(self) -> DisclosureSettings:
        # A base above the threshold would show an allowed count as nought.
        if self.round_base > self.threshold:
            raise ValueError("round_base must not be above threshold")
        return self
