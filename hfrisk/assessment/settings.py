"""Settings of the assessment: which numbers are computed, for whom, and what is called a fault."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator, model_validator

from hfrisk.settings import Settings

__all__ = ["AssessmentSettings", "Years"]

Years = Literal["financial", "calendar"]


class AssessmentSettings(Settings):
    """How the model is judged (the study's key ``assessment``)."""

    threshold: float = Field(
        0.20, gt=0, lt=1, description="Decision threshold: people at or above this risk are flagged (risk, 0 to 1)."
    )
    bands: tuple[float, ...] = Field(
        (0.10, 0.20, 0.30),
        description="Edges between the risk bands, rising; at each, who would be found and missed is told (risks, 0 to 1).",
    )
    net_benefit_from: float = Field(0.05, gt=0, lt=1, description="First threshold of the decision curve (risk).")
    net_benefit_to: float = Field(0.40, gt=0, lt=1, description="Last threshold of the decision curve (risk).")
    net_benefit_step: float = Field(
        0.01, ge=0.01, lt=1, description="Step between thresholds of the decision curve (risk; whole hundredths)."
    )
    replicates: int = Field(
        500, ge=50, le=20_000, description="Replicates of the person-clustered bootstrap behind every interval (count)."
    )
    confidence: float = Field(0.95, gt=0.5, lt=1, description="Confidence of every interval (share).")
    seed: int = Field(20260401, ge=0, description="Seed of the bootstrap and of the redrawn outcomes.")
    redraws: int = Field(
        200,
        ge=50,
        le=5_000,
        description="Times that outcomes are redrawn from the predictions, to say how large the ICI would be if the "
        "model were perfectly calibrated (count).",
    )
    groups: tuple[str, ...] = Field(
        ("sex", "age_band", "ethnicity", "imd_quintile", "site_group"),
        description="Columns by which the model is judged for groups of people.",
    )
    intersections: tuple[tuple[str, ...], ...] = Field(
        (("sex", "imd_quintile"),),
        description="Pairs (or threes) of such columns, in the levels of which taken together the model is judged too. The more levels "
        "they have, the fewer of them are large enough.",
    )
    permutations: int = Field(
        999,
        ge=99,
        le=99_999,
        description="Times that groups are dealt out anew among the people, to say whether a difference between groups is more than "
        "chance gives (count).",
    )
    years: Years = Field(
        "financial", description="Years by which the model is judged: financial (April to March) or calendar."
    )
    capacities: tuple[float, ...] = Field(
        (0.05, 0.10, 0.20), description="Shares of discharges, highest risk first, that a team could review (0 to 1)."
    )
    reviews_a_week: tuple[int, ...] = Field(
        (5,),
        description="Discharges that a team could review each week at each site, highest risk first (counts). The site is the group "
        "site_group.",
    )
    leakage_alarm: float | None = Field(
        None,
        gt=0.5,
        lt=1,
        description="AUROC above which, on the lower end of its interval, a leak is presumed (HFR101). Empty: 0.70 for "
        "readmission, 0.75 for readmission or death, 0.85 for death.",
    )
    margin: float = Field(
        0.01, ge=0, lt=0.5, description="AUROC by which the model must beat the logistic model to be worth it (HFR133)."
    )
    slope_width: float = Field(
        0.2, gt=0, le=2, description="Width of the calibration slope's interval that a test set should allow (HFR132)."
    )
    oe_width: float = Field(
        0.2,
        gt=0,
        le=2,
        description="Width of the interval of observed over expected that a test set should allow (ratio, around 1).",
    )
    auroc_width: float = Field(
        0.1, gt=0, le=1, description="Width of the AUROC's interval that a test set should allow."
    )
    minimum_for_anything: int = Field(
        10, ge=1, description="Events, and non-events, below which nothing is computed, in a group or in all others."
    )
    minimum_for_slope: int = Field(
        200, ge=10, description="Events, and non-events, below which no slope, curve or ICI is computed (count)."
    )
    threads: int = Field(2, ge=1, le=64, description="Processor threads for the bootstrap (count); changes no result.")

    @field_validator("bands", "capacities")
    @classmethod
    def _rising_shares(cls, values: tuple[float, ...]) -> tuple[float, ...]:
        if any(not 0 < value < 1 for value in values):
            raise ValueError("each must lie between 0 and 1")
        if list(values) != sorted(set(values)):
            raise ValueError("must rise, without repeats")
        return values

    @field_validator("reviews_a_week")
    @classmethod
    def _rising_counts(cls, values: tuple[int, ...]) -> tuple[int, ...]:
        if any(value < 1 for value in values):
            raise ValueError("each must be at least 1")
        if list(values) != sorted(set(values)):
            raise ValueError("must rise, without repeats")
        return values

    @field_validator("groups")
    @classmethod
    def _no_repeats(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(values)) != len(values):
            raise ValueError("each group may be named once")
        return values

    @field_validator("intersections")
    @classmethod
    def _of_two_or_three(cls, values: tuple[tuple[str, ...], ...]) -> tuple[tuple[str, ...], ...]:
        if any(len(set(names)) != len(names) or len(names) not in (2, 3) for names in values):
            raise ValueError("each must name two or three different groups")
        if len({frozenset(names) for names in values}) != len(values):
            raise ValueError("the same groups may be taken together once")
        return values

    @field_validator("threshold", "net_benefit_from", "net_benefit_to", "net_benefit_step")
    @classmethod
    def _whole_hundredths(cls, value: float) -> float:
        # Measures are named net_benefit@0.20: a finer threshold would share its name with a neighbour.
        if abs(value * 100 - round(value * 100)) > 1e-9:
            raise ValueError("must be a whole number of hundredths")
        return round(value, 2)

    @model_validator(mode="after")
    def _a_range(self) -> AssessmentSettings:
        if self.net_benefit_to < self.net_benefit_from:
            raise ValueError("net_benefit_to must not be below net_benefit_from")
        return self

    @property
    def net_benefit_thresholds(self) -> tuple[float, ...]:
        """Thresholds of the decision curve, with those of `rate_thresholds` among them (risks, rising)."""
        first, last, step = (
            round(x * 100) for x in (self.net_benefit_from, self.net_benefit_to, self.net_benefit_step)
        )
        grid = {hundredths / 100 for hundredths in range(first, last + 1, step)}
        return tuple(sorted(grid | set(self.rate_thresholds)))

    @property
    def rate_thresholds(self) -> tuple[float, ...]:
        """The decision threshold and the edges of the bands, at which sensitivity and its like are told (risks, rising)."""
        return tuple(sorted({self.threshold, *(round(edge, 6) for edge in self.bands)}))
