"""Settings of the remedies that are compared, and of what is looked for in labels, features and risks of groups."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from hfrisk.settings import Settings

__all__ = ["FairnessSettings", "Remedy"]

Remedy = Literal[
    "recalibration",
    "group_thresholds",
    "threshold_optimizer",
    "exponentiated_gradient",
    "reweighting",
    "without_sensitive",
]


class FairnessSettings(Settings):
    """Remedies for unfairness, compared and never put to use (the study's key ``fairness``).

    For 7,000 development discharges and 200 features the six remedies and the three checks take about twelve seconds: the two that make the
    model again one to three seconds each, `exponentiated_gradient` about five, the others less than a second each.
    """

    remedies: tuple[Remedy, ...] = Field(
        (
            "recalibration",
            "group_thresholds",
            "threshold_optimizer",
            "exponentiated_gradient",
            "reweighting",
            "without_sensitive",
        ),
        description="Remedies that are set beside the model as it is: recalibration (of each group's risks), group_thresholds (one "
        "threshold a group, never above the study's), threshold_optimizer and exponentiated_gradient (fairlearn's, by chance in part), "
        "reweighting (Kamiran and Calders), without_sensitive (the model made without the features that the dictionary calls "
        "sensitive). All are analysis only. Empty: none.",
    )
    group: str = Field(
        "imd_quintile",
        description="Group between which the remedies equalise (column of groups; one of assessment.groups, else its counts "
        "are withheld).",
    )
    equalise: Literal["true_positive_rate", "selection_rate"] = Field(
        "true_positive_rate",
        description="What thresholds and fairlearn's remedies make equal between groups: the share flagged of those who came back, or "
        "the share flagged of all.",
    )
    target: float | None = Field(
        None,
        gt=0,
        lt=1,
        description="The rate that every group's threshold must reach in development (0 to 1). Empty: that of everyone.",
    )
    recalibration: Literal["intercept", "slope"] = Field(
        "intercept",
        description="Recalibration of a group: intercept (in the large, log-odds are shifted) or slope (shifted and stretched).",
    )
    least_events: int = Field(
        100,
        ge=20,
        description="Development events, and non-events, of a group from which it has a correction or a threshold of its own (count); "
        "a smaller one has everyone's.",
    )
    rows: int = Field(
        4_000,
        ge=500,
        description="Most development discharges that exponentiated_gradient learns from; people are drawn at random (count).",
    )
    iterations: int = Field(
        15, ge=2, le=200, description="Most iterations of exponentiated_gradient (count; a few small fits each)."
    )
    look_at: tuple[str, ...] = Field(
        ("imd_quintile", "ethnicity"),
        description="Groups in which labels, proxies and risks are looked at (HFR177 to HFR179; columns of groups).",
    )
    adjust: tuple[str, ...] = Field(
        ("age", "male"),
        description="Features that are held equal when groups are compared (names; those that the study lacks are passed over).",
    )
    severity: tuple[str, ...] = Field(
        ("nt_probnp_last", "urea_last", "frailty_score"),
        description="Signs of illness that are shown beside deaths at equal risk (features; those that the study lacks are passed over).",
    )
    proxies: tuple[str, ...] = Field(
        ("ae_attendances_180d", "charlson_quan_2011", "frailty_score", "nt_probnp_last"),
        description="Features that may be recorded less for a group of equal need: a count, a score or a condition, or a test that is "
        "made less often (HFR179; features; those that the study lacks are passed over).",
    )
    alarm: float = Field(
        0.05,
        gt=0,
        lt=0.5,
        description="Chance with which each of HFR177 to HFR179 is raised for a study in which nothing is wrong (share).",
    )
    draws: int = Field(
        200, ge=50, le=10_000, description="Times that groups are dealt out anew to say what gap chance gives (count)."
    )
    seed: int = Field(20260405, ge=0, description="Seed of these draws, and of the rows that are drawn (whole number).")

    @field_validator("remedies", "look_at", "adjust", "severity", "proxies")
    @classmethod
    def _no_repeats(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(values)) != len(values):
            raise ValueError("each may be named once")
        return values
