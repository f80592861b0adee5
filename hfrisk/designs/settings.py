"""Settings of the validation designs: which are run, how much they cost, and what is called a fault."""

from __future__ import annotations

from pydantic import Field, field_validator

from hfrisk.settings import Settings

__all__ = ["DesignSettings"]


class DesignSettings(Settings):
    """Designs beside cross-validation and the test (the study's key ``designs``).

    One refit makes the whole model again at the settings that the search found: one fit a fold, one of all rows, and the calibration.
    For 7,000 discharges and 200 features that takes one to three seconds on one core, so that 36 refits (10 bootstrap models, 22 trusts, 4
    shares) take about half a minute on two.
    """

    bootstraps: int = Field(
        10,
        ge=0,
        le=2_000,
        description="Bootstrap models, each made from people drawn with replacement, for prediction instability and for performance "
        "corrected for optimism (count; one refit each; 0: not done). 10 are a first look; for a publication use 200 or more (Riley and "
        "Collins 2023).",
    )
    retune_trials: int = Field(
        0,
        ge=0,
        le=200,
        description="Trials with which the search is made again inside each bootstrap model (count). 0: settings are those that were found "
        "once on all development discharges, so that what the search itself adds to optimism is not seen. Each trial costs about a refit.",
    )
    driver_rows: int = Field(
        2_000,
        ge=0,
        description="Most development discharges on which it is asked what drives each bootstrap model (count; 0: not done).",
    )
    leave_one_out: bool = Field(
        True,
        description="Internal-external validation: whether each trust is left out once and the model made without it (yes or no; one refit "
        "for each trust that has enough events).",
    )
    leave_out: str = Field("site_group", description="Group that is left out one level at a time (column of groups).")
    most_left_out: int = Field(
        30,
        ge=3,
        le=500,
        description="Most levels that are left out, those with most events first (count; one refit each).",
    )
    learning_curve: bool = Field(
        True, description="Whether the model is made from growing shares of people (yes or no; one refit a share)."
    )
    shares: tuple[float, ...] = Field(
        (0.25, 0.5, 0.75, 1.0),
        description="Shares of the people of all folds but the first, rising; the first fold is what they are judged on (0 to 1).",
    )
    drift: bool = Field(
        True, description="Whether the test is followed month by month (yes or no; a second or two, no refit)."
    )
    drift_events: int = Field(
        50, ge=10, description="Events, and non-events, of a period; months are joined until there are so many (count)."
    )
    oe_within: tuple[float, float] = Field(
        (0.8, 1.25),
        description="Observed over expected within which a period is taken as steady (HFR161; ratios; those of HFR130).",
    )
    psi_note: float = Field(
        0.10, gt=0, description="Population stability index from which a shift is said (HFR162; Siddiqi 2006: 0.10)."
    )
    psi_warning: float = Field(
        0.25, gt=0, description="The same, from which it is a warning (HFR162; Siddiqi 2006: 0.25)."
    )
    unstable: float = Field(
        0.10,
        gt=0,
        lt=1,
        description="Mean share of bootstrap models that put a person on the other side of the decision threshold, from which it is said "
        "(HFR160; Riley and Collins 2023 set no limit, this one is ours).",
    )
    seed: int = Field(20260404, ge=0, description="Seed of the people who are drawn and of their folds (whole number).")
    threads: int = Field(2, ge=1, le=64, description="Models that are made side by side (count); changes no result.")

    @field_validator("shares")
    @classmethod
    def _rising(cls, values: tuple[float, ...]) -> tuple[float, ...]:
        if not values or any(not 0 < value <= 1 for value in values) or list(values) != sorted(set(values)):
            raise ValueError("must rise, without repeats, each above 0 and at most 1")
        return values

    @field_validator("oe_within")
    @classmethod
    def _around_one(cls, values: tuple[float, float]) -> tuple[float, float]:
        if not 0 < values[0] < 1 < values[1]:
            raise ValueError("one must lie between the two")
        return values
