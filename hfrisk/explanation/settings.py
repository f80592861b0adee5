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
    minimum_bin: int = Field(
        20, ge=10, description="Fewest discharges in a step of a curve or a cell of a table (count)."
    )
    strongest: int = Field(
        15,
        ge=2,
        le=60,
        description="Features, those that count most first, whose spread, correlations and interactions are asked for (count).",
    )
    related_from: float = Field(
        0.7,
        gt=0,
        lt=1,
        description="Spearman's correlation, of either sign, from which two features are said to stand for one another (0 to 1).",
    )
    interaction_rows: int = Field(
        1_000, ge=0, description="Most discharges on which pairs of features are compared (count; 0: not done)."
    )
    interaction_work: int = Field(
        20_000_000,
        ge=100_000,
        description="Most work on interactions: discharges times leaves of the model (count; a million takes about a second on one core). "
        "A large model is asked on fewer discharges, never fewer than 100.",
    )
    interaction_least: float = Field(
        0.05,
        ge=0,
        lt=1,
        description="Share of what moves the risk from which a pair of features is spoken of as acting together (0 to 1; trees of data "
        "in which nothing acts together leave traces of up to about 0.04, measured).",
    )
    interaction_tables: int = Field(
        1, ge=0, le=5, description="Pairs, the strongest first, whose joint effect is shown by value (count)."
    )
    group_permutations: int = Field(
        500,
        ge=0,
        le=20_000,
        description="Times that people exchange their groups, to say how far what the model leans on differs by chance (count; 0: not "
        "done).",
    )
    minimum_group: int = Field(
        100,
        ge=10,
        description="Fewest discharges of a group, and of everyone else, in which it is asked what the model leans on (count).",
    )
    leans_apart: float = Field(
        0.1,
        gt=0,
        lt=1,
        description="Difference of a theme's share in a group from that in everyone else, beyond chance, from which it is said (HFR151; "
        "0 to 1).",
    )
    surrogate_depth: int = Field(
        3, ge=0, le=3, description="Most questions in a rule that copies the model (count; 0: not done)."
    )
    surrogate_least: int = Field(
        100, ge=20, description="Fewest discharges of such a rule (count); never less than a twentieth."
    )
    reasons: int = Field(
        0,
        ge=0,
        le=20,
        description="Reasons told for each discharge, in internal/reasons.parquet, which stays inside (count; 0: none).",
    )
    seed: int = Field(20260403, ge=0, description="Seed of the samples of discharges and of people (whole number).")
