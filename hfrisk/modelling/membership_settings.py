"""What a study may choose about the attacks on its own model."""

from __future__ import annotations

from pydantic import Field, field_validator

from hfrisk.settings import Settings

__all__ = ["MembershipSettings"]


class MembershipSettings(Settings):
    """The attacks that ask whether a model gives away who was in its development."""

    shadow_models: int = Field(
        4,
        ge=0,
        le=64,
        description="Models of the same settings, each made from a random half of the people, by which the second attack learns what a "
        "model says of people whom it has not seen (even count). 0: the second attack is not made. Each costs about half a fit.",
    )
    folds: int = Field(5, ge=2, le=10, description="Folds of people in which the first attack is learnt (count).")
    seed: int = Field(20260406, ge=0, description="Seed of the attacks (whole number).")

    @field_validator("shadow_models")
    @classmethod
    def _pairs(cls, value: int) -> int:
        if value % 2:
            raise ValueError("use an even number: the people are halved, and each half makes one model")
        return value
