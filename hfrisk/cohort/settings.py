"""Who is in the cohort and what counts as the outcome."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from hfrisk.settings import Settings

__all__ = ["CohortSettings", "HeartFailureSettings", "SpellSettings"]

Preset = Literal["nicor7", "i50_only", "caliber", "cms_icd10cm", "icd9_428", "omop_316139"]
Window = Literal["0-29", "1-30", "0-30"]


class HeartFailureSettings(Settings):
    """Which diagnoses make a stay a heart-failure stay."""

    preset: Preset = Field(
        default="nicor7",
        description="Named code list: nicor7 (National Heart Failure Audit), i50_only, caliber (UK ICD-10); cms_icd10cm; "
        "icd9_428; omop_316139 (standard concepts).",
    )
    position: Literal["principal", "any"] = Field(
        default="principal",
        description="Whether heart failure must be the principal diagnosis, or may stand in any position.",
    )
    principal_status_concepts: tuple[int, ...] = Field(
        default=(32903, 32902),
        description="condition_status_concept_id values that mark a principal diagnosis (32903 primary discharge diagnosis, "
        "32902 primary diagnosis).",
    )


class SpellSettings(Settings):
    """How stays become continuous spells."""

    merge_overlapping: bool = Field(default=True, description="Stays of one person that overlap in time are one spell.")
    merge_same_day: bool = Field(
        default=False,
        description="A stay that begins on the day another ended joins it. Off: home in the morning and back at night is a "
        "readmission on day 0.",
    )


class CohortSettings(Settings):
    """From hospital stays to index discharges and what became of them."""

    heart_failure: HeartFailureSettings = Field(
        default_factory=HeartFailureSettings, description="Which diagnoses make a stay a heart-failure stay."
    )
    diagnosis_vocabulary: Literal["icd10_uk", "icd10_cm", "icd9_cm"] = Field(
        default="icd10_uk", description="How diagnoses are coded in condition_source_value."
    )
    inpatient_visit_concepts: tuple[int, ...] = Field(
        default=(9201, 262),
        description="visit_concept_id values of inpatient stays (9201 inpatient, 262 A&E and inpatient).",
    )
    spells: SpellSettings = Field(default_factory=SpellSettings, description="How stays become continuous spells.")
    unplanned: Literal["ae_segment", "assume_unplanned"] = Field(
        default="ae_segment",
        description="How an unplanned admission is told: ae_segment (visit concept 262, or an A&E visit 9203 that ends on the day "
        "of admission or the day before), or assume_unplanned (every admission).",
    )
    require_unplanned_index: bool = Field(default=True, description="Index admissions must be unplanned.")
    minimum_age: int | None = Field(
        default=18, ge=0, description="Youngest age at admission, in years. Empty: any age."
    )
    discharged_alive: bool = Field(
        default=True,
        description="Leave out stays that end in death (death on or before discharge, destination 79 or 4216643).",
    )
    complete_follow_up: bool = Field(
        default=True, description="Leave out discharges less than a full window before source.data_end."
    )
    index: Literal["every", "first"] = Field(
        default="every", description="Every index discharge of a person, or only the first."
    )
    window: Window = Field(
        default="0-29",
        description="Days from discharge to admission that count: 0-29 (NHS indicator), 1-30, 0-30. Calendar days, both ends in.",
    )
    risk: Literal["cumulative_incidence", "composite"] = Field(
        default="cumulative_incidence",
        description="cumulative_incidence: readmission in the presence of death (a death without readmission is not an event). "
        "composite: readmission or death.",
    )

    @model_validator(mode="after")
    def _codes_belong_to_the_vocabulary(self) -> CohortSettings:
        belongs = {
            "nicor7": "icd10_uk",
            "i50_only": "icd10_uk",
            "caliber": "icd10_uk",
            "cms_icd10cm": "icd10_cm",
            "icd9_428": "icd9_cm",
        }
        needed = belongs.get(self.heart_failure.preset)
        if needed is not None and needed != self.diagnosis_vocabulary:
            raise ValueError(
                f"the preset {self.heart_failure.preset} is written in {needed}, but diagnosis_vocabulary is "
                f"{self.diagnosis_vocabulary}: the editions share shapes but not codes"
            )
        return self

    @property
    def window_days(self) -> tuple[int, int]:
        """First and last day of the window."""
        first, last = self.window.split("-")
        return int(first), int(last)
