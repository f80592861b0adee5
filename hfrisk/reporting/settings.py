"""Settings of the validation report: how strict its verdict is, and how much it shows."""

from __future__ import annotations

from pydantic import Field

from hfrisk.settings import Settings

__all__ = ["ReportingSettings"]


class ReportingSettings(Settings):
    """The study key `reporting`."""

    recalibrate_beyond: float = Field(
        1.15,
        ge=1,
        description=(
            "Factor. The verdict asks for recalibration when people came back more or less often than predicted by "
            "more than this factor, and the interval leaves no doubt that they differ."
        ),
    )
    refuse_beyond: float = Field(
        1.50,
        ge=1,
        description=(
            "Factor. The verdict is `Do not use` when people came back more or less often than predicted by more "
            "than this factor, or when the test is too small to rule that out."
        ),
    )
    slope_from: float = Field(
        0.80,
        ge=0,
        le=1,
        description="Calibration slope below which, interval included, the verdict asks for recalibration (no unit).",
    )
    slope_to: float = Field(
        1.25,
        ge=1,
        description="Calibration slope above which, interval included, the verdict asks for recalibration (no unit).",
    )
    group_beyond: float = Field(
        1.25,
        ge=1,
        description=(
            "Factor. The verdict asks for recalibration when, for a group of people, the whole interval of observed "
            "over expected lies further from 1 than this factor, and its characteristic as a whole differs by more than chance gives."
        ),
    )
    themes_on_page_one: int = Field(5, ge=1, le=12, description="Themes of the model drawn on page one (count).")
    top_features: int = Field(15, ge=1, le=60, description="Features shown in the explanation chapter (count).")
    dependence_features: int = Field(
        6, ge=0, le=12, description="Features whose effect is drawn against their value (count)."
    )
    dots_per_inch: int = Field(150, ge=72, le=300, description="Resolution of the figures (dots per inch).")
    pdf: bool = Field(
        False, description="Also write report.pdf; needs the `pdf` extra (WeasyPrint and its system libraries)."
    )
