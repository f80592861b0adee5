"""What a study file holds. It only composes each room's settings."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, BeforeValidator, Field, ValidationError, field_validator, model_validator

from hfrisk.assessment.settings import AssessmentSettings
from hfrisk.cdm.settings import SourceSettings
from hfrisk.cohort import Assurance
from hfrisk.cohort.settings import CohortSettings
from hfrisk.designs.settings import DesignSettings
from hfrisk.disclosure.settings import DisclosureSettings
from hfrisk.explanation.settings import ExplanationSettings
from hfrisk.fairness.settings import FairnessSettings
from hfrisk.features.settings import FeatureSettings
from hfrisk.fingerprints import file_fingerprint, text_fingerprint
from hfrisk.inequality.settings import InequalitySettings
from hfrisk.modelling.settings import ModelSettings, ValidationSettings
from hfrisk.profiles import profile_names, under
from hfrisk.quality.settings import QualitySettings
from hfrisk.registry.settings import RegistrySettings
from hfrisk.reporting.settings import ReportingSettings
from hfrisk.settings import Settings
from hfrisk.study.shape import faults

__all__ = ["AS_DEFINED", "STUDY_NAME", "FolderSettings", "Study", "unknown_profile"]

STUDY_NAME = r"[a-z0-9][a-z0-9-]{0,63}"
AS_DEFINED = "as defined"
"""The name of the study's own definition among its sensitivity cohorts."""

# Where things lie, what computes and how fast: nothing of it bears on a result.
_ELSEWHERE = {
    "folders",
    "source.engine",
    "source.path",
    "source.omop_schema",
    "source.scratch_schema",
    "source.keep_scratch",
    "source.memory_gb",
    "source.threads",
    "model.threads",
    "assessment.threads",
    "designs.threads",
    "registry.tracking_uri",
    "registry.registry_uri",
}


def _none(value: Any) -> Any:
    """`none`, as the word that a study file says."""
    return None if isinstance(value, str) and value.strip().lower() in {"none", ""} else value


def _or_the_word_none(schema: dict[str, Any]) -> None:
    schema["anyOf"] = [*schema.get("anyOf", []), {"const": "none"}]


class FolderSettings(Settings):
    """Where results go."""

    reports: Path = Field(
        default=Path("reports"), description="Folder of reports; the study's own is inside it, under its name."
    )
    models: Path = Field(
        default=Path("models"), description="Folder of exported models and of the embedded model registry."
    )


class Study(Settings):
    """Everything that a run depends on, besides the data and the code."""

    name: str = Field(description="Short name, used for folders: lower-case letters, digits and hyphens.")
    title: str = Field(default="", description="Title of the report. Empty: made from the name.")
    environment: str = Field(default="", description="Where the data lives, as a reader would know it.")
    question: str = Field(
        default="Who comes back to hospital within 30 days of going home after heart failure?",
        description="The question that the study answers, in one sentence.",
    )
    made_up: bool = Field(
        default=False, description="Whether the data are made up; the report then says so on every page."
    )
    profile: str = Field(
        default="omop54",
        description=f"The convention in which the data was made into OMOP: {', '.join(profile_names())}. It gives settings that hold "
        "unless this file says otherwise.",
        json_schema_extra={"enum": list(profile_names())},
    )
    source: SourceSettings = Field(description="The OMOP data that the study reads.")
    cohort: CohortSettings = Field(
        default_factory=CohortSettings, description="Who is in, and what counts as the outcome."
    )
    sensitivity: dict[str, dict[str, Any]] = Field(
        default_factory=dict,
        description="Other definitions of the cohort, told beside the study's own: a name, and the settings of cohort that differ. For "
        "instance {any position: {heart_failure: {position: any}}, a month: {window: 0-30}}.",
    )
    assurances: tuple[Assurance, ...] = Field(
        default=(),
        description="Made-up patients, and what should become of them; `hfrisk check` tries them before any data is read.",
    )
    quality: QualitySettings = Field(
        default_factory=QualitySettings, description="From where on a fault of the data is said, or stops the run."
    )
    features: FeatureSettings = Field(default_factory=FeatureSettings, description="What was known at discharge.")
    validation: ValidationSettings = Field(
        default_factory=ValidationSettings, description="How the model is tried out."
    )
    model: Annotated[ModelSettings | None, BeforeValidator(_none)] = Field(
        default_factory=ModelSettings,
        description="How the model is made. `model: none` is a study that describes and makes no model.",
        json_schema_extra=_or_the_word_none,
    )
    assessment: AssessmentSettings = Field(
        default_factory=AssessmentSettings, description="How good it is, and for whom."
    )
    designs: DesignSettings = Field(
        default_factory=DesignSettings, description="Whether it would hold elsewhere, and again."
    )
    fairness: FairnessSettings = Field(
        default_factory=FairnessSettings,
        description="What remedies for unfairness would cost; whether labels are fair.",
    )
    inequality: InequalitySettings = Field(
        default_factory=InequalitySettings,
        description="Outcomes, treatment and representation by group of people, before any model.",
    )
    explanation: ExplanationSettings = Field(default_factory=ExplanationSettings, description="What drives it.")
    disclosure: DisclosureSettings = Field(default_factory=DisclosureSettings, description="What may leave.")
    reporting: ReportingSettings = Field(default_factory=ReportingSettings, description="The report.")
    registry: RegistrySettings = Field(default_factory=RegistrySettings, description="Where the model is registered.")
    folders: FolderSettings = Field(default_factory=FolderSettings, description="Where results go.")

    @field_validator("name")
    @classmethod
    def _a_plain_name(cls, value: str) -> str:
        if not re.fullmatch(STUDY_NAME, value):
            raise ValueError("use lower-case letters, digits and hyphens, beginning with a letter or digit")
        return value

    @field_validator("profile")
    @classmethod
    def _a_profile_that_ships(cls, value: str) -> str:
        if value not in profile_names():
            raise ValueError(" ".join(unknown_profile(value)))
        return value

    @model_validator(mode="after")
    def _each_sensitivity_is_a_cohort(self) -> Study:
        self.sensitivity_settings()
        names = [assurance.name for assurance in self.assurances]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"two assurances have the name {twice}")
        return self

    @model_validator(mode="after")
    def _no_leaf_below_the_threshold(self) -> Study:
        if self.model is not None and self.model.min_data_in_leaf[0] < self.disclosure.threshold:
            raise ValueError(
                f"model.min_data_in_leaf begins below disclosure.threshold ({self.disclosure.threshold}): a tree with a leaf of fewer "
                "people may not leave; begin the range there or above"
            )
        return self

    @property
    def folder(self) -> Path:
        """Where this study's results go."""
        return self.folders.reports / self.name

    @property
    def model_folder(self) -> Path:
        """Where this study's exported model goes."""
        return self.folders.models / self.name

    def sensitivity_settings(self) -> dict[str, CohortSettings]:
        """The cohort of each sensitivity analysis, by name; the study's own comes first, as ``as defined``.

        Raises
        ------
        ValueError
            If one of them names a setting that the cohort does not have, or a value that it cannot take.
        """
        cohorts = {AS_DEFINED: self.cohort}
        defined = self.cohort.model_dump()
        for name, changes in self.sensitivity.items():
            if not name.strip() or name in cohorts or "\n" in name:
                raise ValueError(f"sensitivity.{name}: give it a name of its own, in one line (not {AS_DEFINED})")
            try:
                cohorts[name] = CohortSettings.model_validate(under(defined, changes))
            except ValidationError as error:
                lines, todo = faults(error, CohortSettings)
                raise ValueError(f"sensitivity.{name}: {' '.join([*lines, todo]).strip()}") from None
        return cohorts

    def fingerprint(self) -> str:
        """A hash of every setting that bears on the result, and of the content of the lists that it names.

        Where things lie, the engine and its size do not count: two environments that run one study have one hash. What the engine read
        is in the source's own fingerprint.
        """
        return text_fingerprint([yaml.safe_dump(_told(self, ""), sort_keys=True)])


def unknown_profile(name: str) -> tuple[str, str]:
    """What to say of a profile that does not ship, and what to do about it."""
    near = difflib.get_close_matches(name, profile_names(), n=1, cutoff=0.4)
    meant = f"Did you mean {near[0]}? " if near else ""
    return f"There is no profile {name}.", f"{meant}Known: {', '.join(profile_names())}."


def _told(value: Any, at: str) -> Any:
    """A value as plain data: settings that lie elsewhere left out, a file as the hash of what it holds."""
    if isinstance(value, BaseModel):
        paths = {name: f"{at}.{name}" if at else name for name in type(value).model_fields}
        return {name: _told(getattr(value, name), path) for name, path in paths.items() if path not in _ELSEWHERE}
    if isinstance(value, Mapping):
        return {str(key): _told(inner, at) for key, inner in value.items()}
    if isinstance(value, (tuple, list)):
        return [_told(inner, at) for inner in value]
    if isinstance(value, Path):
        return file_fingerprint(value) if value.is_file() else "absent"
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)
