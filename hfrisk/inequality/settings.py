"""What a study may choose about the inequality picture."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, field_validator

from hfrisk.settings import Settings

__all__ = ["InequalitySettings"]


class InequalitySettings(Settings):
    """Outcomes, treatment and representation by group of people, before any model (the study's key ``inequality``).

    The groups are those of assessment.groups, the confidence is that of assessment.confidence. It takes a second or two for
    100,000 discharges.
    """

    standard: Path | None = Field(
        default=None,
        description="A CSV file with the columns sex, age_band and count: the population to whose ages and sexes rates are standardised, "
        "in the levels that the report shows (Female, 75-84 ...). None: the study's own discharges.",
    )
    census: Path | None = Field(
        default=None,
        description="A CSV file with the columns group, level and count, such as sex, Female, 512000: the people of the catchment, against "
        "whom the cohort is set. The site owns it. None: nobody can say whom the cohort represents.",
    )
    pairs: tuple[tuple[str, str], ...] = Field(
        (
            ("sex", "age_band"),
            ("sex", "imd_quintile"),
            ("sex", "ethnicity"),
            ("age_band", "imd_quintile"),
            ("age_band", "ethnicity"),
            ("imd_quintile", "ethnicity"),
            ("imd_quintile", "site_group"),
        ),
        description="Pairs of groups that are crossed (names of two groups each). Those of which one is not recorded are left out.",
    )
    least_coverage: float = Field(
        0.9,
        gt=0,
        le=1,
        description="Share of the standard whose ages and sexes a group must hold for a standardised rate (0 to 1).",
    )
    recorded: tuple[str, ...] = Field(
        (
            "nt_probnp_last",
            "creatinine_last",
            "potassium_last",
            "haemoglobin_last",
            "systolic_pressure_last",
            "weight_last",
            "lvef",
        ),
        description="Features of which the share not recorded is told by group (names; those that were not made are said to be absent).",
    )
    representation_within: tuple[float, float] = Field(
        (0.8, 1.25),
        description="Share of the cohort over share of the catchment within which a group is taken as represented (HFR172; ratios).",
    )
    representation_of: tuple[str, ...] = Field(
        ("sex", "ethnicity", "imd_quintile"),
        description="Groups whose representation HFR172 judges. Age is left out: heart failure is a disease of old age, so that no cohort "
        "has the ages of its catchment.",
    )

    @field_validator("pairs")
    @classmethod
    def _two_groups(cls, pairs: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
        seen = [frozenset(pair) for pair in pairs]
        if any(len(pair) != 2 for pair in seen) or len(set(seen)) != len(seen):
            raise ValueError("each pair names two groups, and no pair is there twice")
        return pairs

    @field_validator("representation_within")
    @classmethod
    def _around_one(cls, values: tuple[float, float]) -> tuple[float, float]:
        if not 0 < values[0] < 1 < values[1]:
            raise ValueError("one must lie between the two")
        return values
