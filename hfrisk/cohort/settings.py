"""Who is in the cohort and what counts as the outcome."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from hfrisk.settings import Settings

__all__ = ["CohortSettings", "EligibilitySettings", "HeartFailureSettings", "SpellSettings"]

Preset = Literal["nicor7", "i50_only", "caliber", "cms_icd10cm", "icd9_428", "omop_316139", "qof", "concept_set"]
Principal = Literal["condition_status", "legacy_type", "source_status", "order"]
Unplanned = Literal["admission_method", "observation", "ae_segment", "admitted_from", "assume_unplanned"]
Window = Literal["0-29", "1-30", "0-30"]
Sign = Literal["previous_heart_failure", "problem_list", "team_list", "iv_loop_and_natriuretic_peptide"]

_EDITIONS = {
    "nicor7": "icd10_uk",
    "i50_only": "icd10_uk",
    "caliber": "icd10_uk",
    "cms_icd10cm": "icd10_cm",
    "icd9_428": "icd9_cm",
}
_WHY = {
    ("icd10_uk", "icd10_cm"): "I50.0, the commonest heart-failure code of the UK edition, does not exist in ICD-10-CM",
    ("icd10_cm", "icd10_uk"): "codes such as I50.22 exist in ICD-10-CM only",
}


class HeartFailureSettings(Settings):
    """Which diagnoses make a stay a heart-failure stay."""

    preset: Preset = Field(
        default="nicor7",
        description="Named code list: nicor7 (National Heart Failure Audit), i50_only, caliber (UK ICD-10); cms_icd10cm; "
        "icd9_428; omop_316139 (standard concepts); qof (SNOMED refset of the Quality and Outcomes Framework); "
        "concept_set (the ATLAS file named below).",
    )
    concept_set: Path | None = Field(
        default=None, description="An ATLAS concept set (JSON), for the preset concept_set."
    )
    position: Literal["principal", "any"] = Field(
        default="principal",
        description="Whether heart failure must be the principal diagnosis, or may stand in any position.",
    )
    principal: tuple[Principal, ...] = Field(
        default=("condition_status", "legacy_type", "source_status"),
        description="How the principal diagnosis of a stay is told, tried in this order for each stay: condition_status (the concepts "
        "below), legacy_type (condition types of older sources), source_status (1, P, PRIMARY as the source wrote it), order (the "
        "smallest condition_occurrence_id, for sources that kept the order of coding).",
    )
    principal_status_concepts: tuple[int, ...] = Field(
        default=(32903, 32902),
        description="condition_status_concept_id values that mark a principal diagnosis (32903 primary discharge diagnosis, "
        "32902 primary diagnosis; 32901 is the primary admission diagnosis).",
    )
    episode: Literal["first", "any", "last"] = Field(
        default="any", description="Which episode of the spell must carry the diagnosis."
    )

    @model_validator(mode="after")
    def _a_concept_set_is_named(self) -> HeartFailureSettings:
        if (self.preset == "concept_set") != (self.concept_set is not None):
            raise ValueError("the preset concept_set and the file concept_set belong together: set both, or neither")
        if self.position == "principal" and not self.principal:
            raise ValueError("principal needs at least one way of telling the principal diagnosis")
        return self


class SpellSettings(Settings):
    """How stays become continuous spells."""

    rule: Literal["nhs_digital", "che", "none"] = Field(
        default="nhs_digital",
        description="Which transfers make one spell: nhs_digital (at most 2 days between stays), che (at most 3 days, fewer codes), none.",
    )
    without_evidence: Literal["other_site_next_day", "nothing"] = Field(
        default="other_site_next_day",
        description="What stands in where the source records no transfer at all: a stay that begins at another care site on the day "
        "the last one ended or the day after, and not through A&E; or nothing.",
    )
    merge_overlapping: bool = Field(default=True, description="Stays of one person that overlap in time are one spell.")
    merge_same_day: bool = Field(
        default=False,
        description="A stay that begins on the day another ended joins it. Off: home in the morning and back at night is a "
        "readmission on day 0.",
    )


class EligibilitySettings(Settings):
    """Whom the model would be run for, before any diagnosis is coded."""

    any_of: tuple[Sign, ...] = Field(
        default=("previous_heart_failure", "iv_loop_and_natriuretic_peptide"),
        description="Signs of heart failure that are there at the time of prediction; one is enough. previous_heart_failure (any diagnosis "
        "of it before this admission), problem_list, team_list (seen by the heart-failure team), iv_loop_and_natriuretic_peptide.",
    )
    problem_list_types: tuple[int, ...] = Field(
        default=(32840,), description="condition_type_concept_id values of the problem list."
    )
    team_list_observations: tuple[int, ...] = Field(
        default=(), description="observation_concept_id values that record a review by the heart-failure team."
    )
    intravenous_routes: tuple[int, ...] = Field(
        default=(4171047,), description="route_concept_id values of intravenous drugs."
    )
    nt_probnp_from: float = Field(
        default=300.0,
        ge=0,
        description="Lowest NT-proBNP that counts, in ng/L (ESC: 300 rules out acute heart failure).",
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
    nhs_codes: bool = Field(
        default=True,
        description="discharged_to_source_value and admitted_from_source_value hold codes of the NHS Data Dictionary.",
    )
    spells: SpellSettings = Field(default_factory=SpellSettings, description="How stays become continuous spells.")
    unplanned: tuple[Unplanned, ...] = Field(
        default=("admission_method", "ae_segment"),
        description="How an unplanned admission is told, tried in this order for each spell: admission_method (column admission_method "
        "of visit_occurrence), observation (the same codes as an observation), ae_segment (a visit concept named below, or an A&E "
        "visit 9203 that ends on the day of admission or the day before), admitted_from (concept 8870), assume_unplanned (every "
        "admission that is left). An admission that none of them tells is taken as planned.",
    )
    unplanned_visit_concepts: tuple[int, ...] = Field(
        default=(262,),
        description="visit_concept_id values of stays that began in A&E, for ae_segment (262 A&E and inpatient).",
    )
    admission_method_observations: tuple[int, ...] = Field(
        default=(), description="observation_concept_id values whose value_as_string is the admission method."
    )
    require_unplanned_index: bool = Field(default=True, description="Index admissions must be unplanned.")
    minimum_age: int | None = Field(
        default=18, ge=0, description="Youngest age at admission, in years. Empty: any age."
    )
    discharged_alive: bool = Field(
        default=True,
        description="Leave out stays that end in death (death on or before discharge, destination 79 or 4216643).",
    )
    keep_transferred_out: bool = Field(
        default=False, description="Keep discharges to another hospital whose stay there is not in the source."
    )
    complete_follow_up: bool = Field(
        default=True, description="Leave out discharges less than a full window before source.data_end."
    )
    minimum_look_back_days: int = Field(
        default=0,
        ge=0,
        description="Leave out admissions that begin less than this many days after source.data_start.",
    )
    nhs_exclusions: bool = Field(
        default=False,
        description="Leave out what the NHS indicator leaves out: cancer and chemotherapy, maternity, mental-health specialties. "
        "It removes frail people who may need the tool.",
    )
    index: Literal["every", "first", "random"] = Field(
        default="every", description="Every index discharge of a person, only the first, or one at random."
    )
    random_seed: int = Field(default=1, description="Which random index discharge, where index is random.")
    window: Window = Field(
        default="0-29",
        description="Days from discharge to admission that count: 0-29 (NHS indicator), 1-30, 0-30. Calendar days, both ends in.",
    )
    risk: Literal["cumulative_incidence", "composite"] = Field(
        default="cumulative_incidence",
        description="cumulative_incidence: readmission in the presence of death (a death without readmission is not an event). "
        "composite: readmission or death.",
    )
    outcome: Literal["first_unplanned", "cms"] = Field(
        default="first_unplanned",
        description="first_unplanned: the first unplanned admission in the window, whatever planned ones come before it. cms: none if "
        "the first admission in the window is planned.",
    )
    count_zero_day_readmissions: bool = Field(
        default=True, description="Readmissions that end on the day they begin count. Off: a sensitivity analysis."
    )
    prediction_time: Literal["admission_24h", "discharge", "coded"] = Field(
        default="discharge",
        description="When the risk is asked for: 24 hours after admission, at discharge, or once the stay has been coded. Only what was "
        "known then is used.",
    )
    eligibility: EligibilitySettings = Field(
        default_factory=EligibilitySettings,
        description="Whom the model would be run for in practice, when no diagnosis of the stay has been coded yet.",
    )

    @field_validator("unplanned", mode="before")
    @classmethod
    def _one_strategy_is_a_list_of_one(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _codes_belong_to_the_vocabulary(self) -> CohortSettings:
        needed = _EDITIONS.get(self.heart_failure.preset)
        if needed is not None and needed != self.diagnosis_vocabulary:
            reason = _WHY.get((needed, self.diagnosis_vocabulary), "the editions share shapes but not codes")
            raise ValueError(
                f"the preset {self.heart_failure.preset} is written in {needed}, but diagnosis_vocabulary is "
                f"{self.diagnosis_vocabulary}: {reason}"
            )
        if not self.unplanned:
            raise ValueError("unplanned needs at least one way of telling an unplanned admission")
        return self

    @property
    def window_days(self) -> tuple[int, int]:
        """First and last day of the window."""
        first, last = self.window.split("-")
        return int(first), int(last)

    @property
    def planned_is_told(self) -> bool:
        """Whether the study tells planned from unplanned admissions at all."""
        return self.unplanned[0] != "assume_unplanned"
