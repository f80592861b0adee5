"""Which features are made, and how far back they look."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field, field_validator

from hfrisk.features.own_settings import OWN_NAME, OwnFeature
from hfrisk.features.sweep_settings import SweepSettings
from hfrisk.fingerprints import file_fingerprint, text_fingerprint
from hfrisk.settings import Settings

__all__ = ["FAMILIES", "FeatureSettings"]

FAMILIES = (
    "demography",
    "stay",
    "prior_care",
    "comorbidity",
    "frailty",
    "laboratory",
    "medicines",
    "own",
    "scores",
)
"""The families that ship, in the order in which they are made; the scores are put together from the others."""


class FeatureSettings(Settings):
    """Everything known at discharge, nothing known later."""

    families: tuple[str, ...] = Field(
        default=FAMILIES,
        description="Families of features that are made: those that ship, and those that another installed package adds under the "
        "entry point hfrisk.families.",
    )
    also: tuple[str, ...] = Field(
        default=(),
        description="Features that are offered to the model besides the usual ones: names, patterns with *, or family: and a family. "
        "`hfrisk features STUDY` lists every feature that is made.",
    )
    leave_out: tuple[str, ...] = Field(
        default=(), description="Features that are not offered to the model, in the same words as `also`."
    )
    sensitive: Literal["train", "audit"] = Field(
        default="train",
        description="Whether features that speak of a protected characteristic or of deprivation are offered to the model (train), or "
        "only used to look at groups of people (audit).",
    )
    dates_are_known: Literal["end_of_day", "start_of_day"] = Field(
        default="end_of_day",
        description="When a record that has a date and no time became known. end_of_day: a test dated on the day of discharge is not "
        "known at discharge. start_of_day takes it as known, and may let in what came after.",
    )
    coding_lag_days: int = Field(
        default=0,
        ge=0,
        description="How long after a stay its diagnoses are coded, in days: those of earlier stays that ended later than this before "
        "the prediction do not count.",
    )

    coding_is_live: bool = Field(
        default=False,
        description="Whether the diagnoses coded for the index stay are known at discharge. In most NHS trusts coding is finished "
        "days to weeks later, so the default is false.",
    )
    short_look_back: Literal["count", "missing"] = Field(
        default="count",
        description="What a count of earlier care is where its window reaches back before the beginning of the data "
        "(source.data_start). count: what was seen of it, which a model in use always has; look_back_days says how far the data reach. "
        "missing: not recorded, so that none and not seen are two things.",
    )
    condition_lookback_days: int = Field(
        default=1825,
        ge=30,
        description="How far before admission a recorded diagnosis counts as a long-term condition, in days.",
    )
    frailty_lookback_days: int = Field(
        default=730,
        ge=30,
        description="How far before admission the Hospital Frailty Risk Score looks, in days (two years in the paper).",
    )
    comorbidity_index_lookback_days: int | None = Field(
        default=None,
        ge=30,
        description="How far before admission the Charlson and Elixhauser indices look, in days; without it, as far as "
        "condition_lookback_days.",
    )
    conditions_from: Literal["source_codes", "omop_concepts"] = Field(
        default="source_codes",
        description="What tells a condition: source_codes (the ICD code in condition_source_value, the most faithful to the published "
        "lists) or omop_concepts (condition_concept_id, for sources that keep no ICD codes; the published lists are then looked up "
        "through the source's own vocabulary tables).",
    )
    codes_in_observations: bool = Field(
        default=True,
        description="Whether rows of observation whose source value is an ICD code count as diagnoses: an ETL puts codes there that "
        "its vocabulary does not call a condition (living alone, a fall, dialysis). In ICD-9-CM only V and E codes do, since a bare "
        "number may be anything.",
    )
    medicines_hours: int = Field(
        default=72,
        ge=1,
        description="A medicine given in this many hours before discharge counts as taken at discharge, in hours.",
    )
    availability: Literal["england", "none"] = Field(
        default="england",
        description="Since when medicines could be had for heart failure: england (the days of the NICE appraisals; before its own a "
        "medicine is not available rather than not given), or none (they always could, as in other countries).",
    )
    ethnicity_from: Literal["nhs_category", "omop_race"] = Field(
        default="nhs_category",
        description="How ethnicity is recorded: nhs_category (the NHS letter code in race_source_value, or a local code with the map "
        "source.maps.ethnicity) or omop_race (race and ethnicity concepts, as in data from the United States).",
    )
    ethnicity_detail: Literal["five", "sixteen"] = Field(
        default="five",
        description="Groups in which ethnicity is shown: five, or the sixteen categories of the NHS Data Dictionary. Not stated and not "
        "recorded are groups of their own in both.",
    )
    imd_scale: Literal["quintile", "decile"] = Field(
        default="quintile",
        description="What the observation of deprivation (concept 35812882) holds: 1 to 5, or 1 to 10; 1 is the most deprived.",
    )
    calendar_year: bool = Field(
        default=False,
        description="Whether the year of discharge is an input. A model that leans on it cannot be used in a year it has not seen.",
    )
    ethnicity_observations: tuple[int, ...] = Field(
        default=(),
        description="observation_concept_id values that record ethnicity, where the source has dated records besides the table person. The "
        "latest that says an ethnicity and was known in time goes before the table person.",
    )
    living_alone_observations: tuple[int, ...] = Field(
        default=(),
        description="More concepts of an observation, or of its value, that say that a person lives alone.",
    )
    care_home_observations: tuple[int, ...] = Field(
        default=(),
        description="Concepts of an observation, or of its value, that say that a person lives in a care home.",
    )
    specialist_review_observations: tuple[int, ...] = Field(
        default=(),
        description="observation_concept_id values that record a review by the heart-failure team, as in "
        "cohort.eligibility.team_list_observations. Empty: the feature is not made.",
    )
    cardiology_wards: tuple[str, ...] = Field(
        default=(),
        description="Wards of cardiology: care_site_name, care_site_source_value or care_site_id of an episode or a stay, whatever their "
        "case. Episodes under cardiologists (main specialty 320) count without being named.",
    )
    ejection_fraction_measurements: tuple[int, ...] = Field(
        default=(),
        description="More measurement_concept_id values that hold the left-ventricular ejection fraction.",
    )
    ejection_fraction_lookback_days: int = Field(
        default=730,
        ge=0,
        description="How far before admission an ejection fraction, or a diagnosis that tells it, counts, in days.",
    )
    procedures_are_known: Literal["when_done", "when_coded"] = Field(
        default="when_done",
        description="When a procedure of the stay is known: when_done (theatres and wards record it as it happens) or when_coded (it comes "
        "from clinical coding, like the diagnoses: see coding_is_live; without it the procedures of the stay are not features).",
    )
    most_sites: int = Field(
        default=30,
        ge=1,
        description="With more sites than this, sites are shown in four groups by volume instead of one by one.",
    )

    own: dict[str, OwnFeature] = Field(
        default_factory=dict,
        description="Concept sets, codes and cohorts of the study's own as features: a name, and what is looked for. For instance "
        "{amyloid: {words: cardiac amyloidosis recorded, table: condition_occurrence, codes: [E85], statistics: [any, days_since]}}.",
    )

    sweep: SweepSettings = Field(
        default_factory=SweepSettings,
        description="Every condition, medicine and measurement that is common enough, as a long table beside the features. It is made when "
        "it is asked for (`hfrisk features STUDY --sweep`), and the model does not use it.",
    )

    # clinical scores
    charlson_variant: Literal["schneeweiss", "original", "quan2011"] = Field(
        default="schneeweiss",
        description="Which weights the Charlson index has that LACE's C comes from: schneeweiss (as in the LACE paper), original "
        "(Charlson 1987) or quan2011.",
    )
    hospital_variant: Literal["2013", "2016"] = Field(
        default="2016",
        description="Which HOSPITAL score is made: that of 2013 (0, 1 to 5 or more than 5 admissions in the year before) or that of the "
        "validation of 2016 (0 or 1, 2 to 5, more than 5), to which the published bands belong.",
    )
    gwtg_race_term: Literal["omit", "as_published"] = Field(
        default="omit",
        description="Race term of the GWTG-HF score: omit gives everybody the 3 points of the larger group; as_published gives Black "
        "patients none, which is an equity concern.",
    )
    scores_missing: Literal["missing", "normal"] = Field(
        default="missing",
        description="What a clinical score makes of an input that was not observed. missing: it has no total. normal: missing tests "
        "and facts count as normal, as the validations of HOSPITAL did; ejection fraction, NYHA class, deprivation, "
        "age and sex are never assumed.",
    )

    @field_validator("own")
    @classmethod
    def _names_are_plain_words(cls, value: dict[str, OwnFeature]) -> dict[str, OwnFeature]:
        odd = next((name for name in value if not re.fullmatch(OWN_NAME, name)), None)
        if odd is not None:
            raise ValueError(
                f"the name {odd} cannot be part of a column: use lower-case letters, digits and underscores, beginning with a letter, at "
                "most 40 of them"
            )
        return value

    @property
    def identity(self) -> str:
        """Everything that bears on the features: the settings, and the content of the files that they name. A sweep is beside them."""
        files = [feature.concept_set for feature in self.own.values() if feature.concept_set is not None]
        contents = [file_fingerprint(file) if file.is_file() else "absent" for file in files]
        return text_fingerprint([self.model_dump_json(exclude={"sweep"}), *contents])
