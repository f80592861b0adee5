"""What a study may choose about explanation."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from hfrisk.settings import Settings

__all__ = ["ExplanationSettings"]


class ExplanationSettings(Settings):
    """Whose risks are explained, and how finely."""

    split: Literal["development", "test", "both"] = Field(
        "test", description="Discharges that are explained: development, test (as the model would be used) or both."
    )
    rows: int = Field(20_000, ge=100, description="Most discharges that are explained (count); more are sampled.")
    bins: int = Field(10, ge=3, le=50, description="Most steps of a dependence curve (count).")
    minimum_bin: int = Field(20, ge=10, description="Fewest discharges in a step of a dependence curve (count).")
    seed: int = Field(20260403, ge=0, description="Seed of the sample of discharges (whole number).")
