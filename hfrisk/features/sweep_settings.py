"""What a wide sweep looks for, and how common it has to be."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from hfrisk.settings import Settings

__all__ = ["STAY", "SweepSettings", "Window"]

STAY: Literal["stay"] = "stay"
Window = tuple[int, int] | Literal["stay"]
_MOST_WINDOWS = 99


class SweepSettings(Settings):
    """Every concept that is common enough, whether anybody thought of it or not."""

    conditions: bool = Field(default=True, description="Whether conditions are counted, by their standard concept.")
    drugs: bool = Field(
        default=True,
        description="Whether medicines are counted, by ingredient where the source's vocabulary tells it, otherwise as they are recorded.",
    )
    measurements: bool = Field(
        default=True, description="Whether measurements are counted: that one was made, not what it showed."
    )
    windows: tuple[Window, ...] = Field(
        default=((1, 30), (1, 365), STAY),
        min_length=1,
        max_length=_MOST_WINDOWS,
        description="When: pairs of days before admission, both of them in the window (1 is the day before), and the word stay for the "
        "day of admission and what came after it until the prediction.",
    )
    statistics: Literal["count", "any"] = Field(
        default="count", description="count: on how many different days. any: 1 where there was at least one."
    )
    minimum_share: float = Field(
        default=0.01, ge=0, le=1, description="The share of index discharges that have it, below which it is left out."
    )
    minimum_people: int = Field(
        default=10, ge=1, description="How many different people have it; with fewer it is left out."
    )

    @field_validator("windows")
    @classmethod
    def _windows_run_backwards_from_admission(cls, value: tuple[Window, ...]) -> tuple[Window, ...]:
        odd = [window for window in value if window != STAY and not 1 <= window[0] <= window[1]]
        if odd:
            raise ValueError(
                f"{list(odd[0])} is no window: give days before admission as [1, 30], the nearer one first"
            )
        if len(set(value)) < len(value):
            raise ValueError("a window is there twice")
        return value
