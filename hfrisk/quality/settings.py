"""From where on a finding is worth saying, and from where on it stops the run."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from hfrisk.settings import Settings

__all__ = ["QualitySettings"]


class QualitySettings(Settings):
    """Thresholds of the data-quality checks HFR040 to HFR060. Shares are proportions from 0 to 1."""

    enough: int = Field(
        default=50, ge=20, description="Fewest rows, stays or people on which a share is judged at all (count)."
    )
    clear: float = Field(
        default=0.001,
        gt=0,
        lt=0.05,
        description="Chance of a false alarm that a step or a trend over time may have, over all sites and months together "
        "(probability).",
    )
    i50_0_share: float = Field(
        default=0.05,
        gt=0,
        lt=0.5,
        description="Share of I50.0 among I50 codes below which it is said to be hardly ever seen; in English hospitals it is the "
        "commonest of them (proportion).",
    )
    stays_without_diagnosis: float = Field(
        default=0.02,
        gt=0,
        lt=1,
        description="Share of ended stays without any diagnosis that is worth a warning (proportion).",
    )
    stays_without_diagnosis_refused: float = Field(
        default=0.5,
        gt=0,
        le=1,
        description="Share of ended stays without any diagnosis that stops the run (proportion).",
    )
    without_position: float = Field(
        default=0.01,
        gt=0,
        lt=1,
        description="Share of coded stays in which no diagnosis is marked as principal that is worth a warning (proportion).",
    )
    dangling: float = Field(
        default=0.001,
        gt=0,
        lt=1,
        description="Share of a table's links to visits that lead nowhere, or of its rows of nobody known, worth a warning (proportion).",
    )
    dangling_refused: float = Field(
        default=0.5,
        gt=0,
        le=1,
        description="Share of diagnoses whose link leads nowhere that stops the run (proportion).",
    )
    unmapped: float = Field(
        default=0.1,
        gt=0,
        lt=1,
        description="Share of a table's rows without a standard concept that is worth saying (proportion).",
    )
    misplaced_dates: float = Field(
        default=0.001,
        gt=0,
        lt=1,
        description="Share of a table's rows with an impossible date from which it is a warning and not a note (proportion).",
    )
    after_death_days: int = Field(
        default=7,
        ge=0,
        description="Records may follow a death by this much, since deaths are registered late and results come back, in days.",
    )
    proxy: float = Field(
        default=0.05,
        ge=0,
        lt=1,
        description="Share of readmissions that may rest on a stand-in for the admission method before it is a warning (proportion).",
    )
    fallback: float = Field(
        default=0.05,
        ge=0,
        lt=1,
        description="Share of heart-failure stays whose principal diagnosis may be told by a fallback before it is a warning (proportion).",
    )
    implausible: float = Field(
        default=0.01,
        gt=0,
        lt=1,
        description="Share of an analyte's values outside the plausible range that is worth a warning (proportion).",
    )
    wrong_unit: float = Field(
        default=0.001,
        gt=0,
        lt=1,
        description="Share of an analyte's values that look like another unit that is worth a warning (proportion).",
    )
    foreign_codes: float = Field(
        default=0.001,
        gt=0,
        lt=1,
        description="Share of codes of another edition among those that tell the editions apart, worth a warning (proportion).",
    )
    foreign_codes_refused: float = Field(
        default=0.5,
        gt=0,
        le=1,
        description="Share of codes of another edition among the codes of heart failure that stops the run (proportion).",
    )
    thinning: float = Field(
        default=0.75,
        gt=0,
        lt=1,
        description="Records thin out when the last months hold less than this share of the same months a year earlier (ratio).",
    )
    gap: float = Field(
        default=0.7,
        gt=0,
        lt=1,
        description="A month is a gap when it holds less than this share of the median of the year around it (ratio).",
    )
    step: float = Field(
        default=2.0, gt=1, description="A trust's step over time is told when its level changes by this factor (ratio)."
    )
    look_back_days: int = Field(
        default=365, ge=30, description="Look-back that every index discharge should have, in days."
    )
    short_look_back: float = Field(
        default=0.02,
        gt=0,
        lt=1,
        description="Share of index discharges with too short a look-back from which it is said (proportion).",
    )
    late_site_days: int = Field(
        default=90,
        ge=31,
        description="A trust begins late when its first stay is this much later than the source, and chance cannot explain it (days).",
    )
    small_site: int = Field(
        default=50,
        ge=10,
        description="Index discharges below which a trust is small: at one event in five, ten events (count).",
    )
    ethnicity_gap: float = Field(
        default=0.03,
        gt=0,
        lt=1,
        description="Difference between the most and the least deprived fifth in the share without ethnicity, worth a warning "
        "(proportion).",
    )
    next_day_elsewhere: float = Field(
        default=0.005,
        gt=0,
        lt=1,
        description="Share of discharges followed by a stay at another site on that day or the next, not counted as a transfer, "
        "that is worth a warning (proportion).",
    )
    uncoded: float = Field(
        default=0.05,
        gt=0,
        lt=1,
        description="Share of the last months' stays that are not coded yet (R69, or no diagnosis) worth a warning (proportion).",
    )
    catchment: Path | None = Field(
        default=None,
        description="A CSV with a column `area`: every location_source_value that the region's hospitals serve. Empty: residents "
        "from outside are not counted.",
    )
    outside_catchment: float = Field(
        default=0.05,
        gt=0,
        lt=1,
        description="Share of index discharges of people who live outside the catchment worth a warning (proportion).",
    )
