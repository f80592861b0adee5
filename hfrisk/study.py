"""The study: one document (YAML) that describes a run. It only composes each room's settings."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, Field, ValidationError, field_validator

from hfrisk.assessment.settings import AssessmentSettings
from hfrisk.cdm.settings import SourceSettings
from hfrisk.cohort.settings import CohortSettings
from hfrisk.disclosure.settings import DisclosureSettings
from hfrisk.errors import StudyError
from hfrisk.explanation.settings import ExplanationSettings
from hfrisk.features.settings import FeatureSettings
from hfrisk.fingerprints import text_fingerprint
from hfrisk.modelling.settings import ModelSettings, ValidationSettings
from hfrisk.registry.settings import RegistrySettings
from hfrisk.reporting.settings import ReportingSettings
from hfrisk.settings import Settings

__all__ = ["STUDY_NAME", "FolderSettings", "Study", "load_study", "study_from", "walk"]

STUDY_NAME = r"[a-z0-9][a-z0-9-]{0,63}"


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
    source: SourceSettings = Field(description="The OMOP data that the study reads.")
    cohort: CohortSettings = Field(
        default_factory=CohortSettings, description="Who is in, and what counts as the outcome."
    )
    features: FeatureSettings = Field(default_factory=FeatureSettings, description="What was known at discharge.")
    validation: ValidationSettings = Field(
        default_factory=ValidationSettings, description="How the model is tried out."
    )
    model: ModelSettings = Field(default_factory=ModelSettings, description="How the model is made.")
    assessment: AssessmentSettings = Field(
        default_factory=AssessmentSettings, description="How good it is, and for whom."
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

    @property
    def folder(self) -> Path:
        """Where this study's results go."""
        return self.folders.reports / self.name

    @property
    def model_folder(self) -> Path:
        """Where this study's exported model goes."""
        return self.folders.models / self.name

    def fingerprint(self) -> str:
        """A hash of every setting that bears on the result; where things lie on disk does not."""
        content = self.model_dump(mode="json", exclude={"folders": True, "source": {"path", "memory_gb", "threads"}})
        return text_fingerprint([yaml.safe_dump(content, sort_keys=True)])


class _Loader(yaml.SafeLoader):  # type: ignore[misc]
    """Safe YAML that refuses a key given twice."""


def _no_duplicates(loader: _Loader, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
    seen: set[Any] = set()
    for key_node, _ in node.value:
        key = loader.construct_object(key_node, deep=True)
        if isinstance(key, (dict, list)) or key in seen:
            raise yaml.constructor.ConstructorError(None, None, f"the key {key} is given twice", key_node.start_mark)
        seen.add(key)
    content: dict[Any, Any] = yaml.SafeLoader.construct_mapping(loader, node, deep)
    return content


# A date stays text until its setting reads it: one that does not exist is then told by the name of the setting.
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_constructor(
    yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, lambda loader, node: _no_duplicates(loader, node, deep=True)
)


def load_study(path: Path, overrides: Sequence[str] = ()) -> Study:
    """Read a study file and obey each ``a.b=c`` of `overrides`.

    Relative paths are relative to the study file, or to the working directory when they are given as an override.

    Raises
    ------
    StudyError
        If the file is not there, is not YAML, or holds a key or a value that cannot be obeyed.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except IsADirectoryError:
        raise StudyError(f"{path} is a folder.", where=str(path), todo="Give the study file (YAML) in it.") from None
    except FileNotFoundError:
        raise StudyError(
            f"There is no study file {path}.", where=str(path), todo="Write one with `hfrisk init`, or check the path."
        ) from None
    except (OSError, UnicodeDecodeError):
        raise StudyError(
            "The study file cannot be read.", where=str(path), todo="It should be a UTF-8 text file."
        ) from None
    try:
        content = yaml.load(text, Loader=_Loader)  # noqa: S506  # a subclass of SafeLoader
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or "the text is not YAML"
        raise StudyError(
            f"The study file cannot be understood: {_yaml_words(problem)}.",
            where=f"{path}{line}",
            todo="Mend the line; indentation matters.",
        ) from None
    if not isinstance(content, dict):
        raise StudyError(
            "The study file is empty or is not a list of settings.", where=str(path), todo="Start from `hfrisk init`."
        )
    return study_from(content, base=path.resolve().parent, overrides=overrides, where=str(path))


def _yaml_words(problem: str) -> str:
    return "a tab stands where spaces belong" if "'\\t'" in problem else problem


def study_from(content: Mapping[str, Any], *, base: Path, overrides: Sequence[str] = (), where: str = "study") -> Study:
    """A study from settings in memory; relative paths count from `base`, those in `overrides` from the working directory."""
    settings = _resolved(content, Study, base)
    folders = settings.get("folders") or {}
    if isinstance(folders, Mapping):
        settings["folders"] = {
            name: base / str(field.default) for name, field in FolderSettings.model_fields.items()
        } | dict(folders)
    for override in overrides:
        key, separator, value = override.partition("=")
        if not separator or not key.strip():
            raise StudyError(
                f"--set {override} is not of the form a.b=c.",
                where="--set",
                todo="For instance --set source.path=my/folder.",
            )
        _set(settings, key.strip().split("."), _value(override, value), where=f"--set {key.strip()}")
    try:
        return Study.model_validate(settings)
    except ValidationError as error:
        raise _explained(error, where) from None


def _value(override: str, text: str) -> Any:
    try:
        return yaml.load(text, Loader=_Loader) if text.strip() else None  # noqa: S506  # a subclass of SafeLoader
    except (yaml.YAMLError, RecursionError):
        raise StudyError(
            f"The value in --set {override} cannot be understood.", where="--set", todo="Quote it."
        ) from None


def _set(settings: dict[str, Any], keys: list[str], value: Any, *, where: str) -> None:
    model: type[BaseModel] | None = Study
    here = settings
    for depth, key in enumerate(keys):
        field = model.model_fields.get(key) if model else None
        if model is not None and field is None:
            raise StudyError(
                f"There is no setting {'.'.join(keys[: depth + 1])}.", where=where, todo=_suggestion(key, model)
            )
        if depth == len(keys) - 1:
            here[key] = (
                (Path.cwd() / value)
                if field is not None and _is_path(field.annotation) and isinstance(value, str)
                else value
            )
            return
        deeper = here.get(key)
        here[key] = dict(deeper) if isinstance(deeper, dict) else {}
        here = here[key]
        model = _model_of(field.annotation) if field is not None else None
        if model is None:
            raise StudyError(
                f"The setting {'.'.join(keys[: depth + 1])} has no parts.", where=where, todo="Set it as a whole."
            )


def _resolved(content: Mapping[str, Any], model: type[BaseModel], base: Path) -> dict[str, Any]:
    """The same settings with relative paths made absolute."""
    settings: dict[str, Any] = {}
    for key, value in content.items():
        field = model.model_fields.get(key) if isinstance(key, str) else None
        inner = _model_of(field.annotation) if field is not None else None
        if inner is not None and isinstance(value, Mapping):
            settings[key] = _resolved(value, inner, base)
        elif field is not None and _is_path(field.annotation) and isinstance(value, str):
            settings[key] = _placed(base, value)
        else:
            settings[str(key)] = value
    return settings


def _placed(base: Path, value: str) -> Path:
    return Path(os.path.normpath(base / Path(value).expanduser()))


def _is_path(annotation: Any) -> bool:
    return annotation is Path or Path in getattr(annotation, "__args__", ())


def _model_of(annotation: Any) -> type[BaseModel] | None:
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None


def _explained(error: ValidationError, where: str) -> StudyError:
    """The first few faults in words, each with the setting that it is about."""
    lines = []
    todo = "The comment above the setting says what it takes; `hfrisk init FILE` writes a study file with all of them."
    for fault in error.errors(include_url=False, include_context=False)[:5]:
        setting = ".".join(str(part) for part in fault["loc"]) or "study"
        if fault["type"] == "extra_forbidden":
            model = _model_at(fault["loc"][:-1])
            lines.append(f"There is no setting {setting}.")
            todo = _suggestion(str(fault["loc"][-1]), model) if model else todo
        elif fault["type"] == "missing":
            lines.append(f"The setting {setting} is required.")
        else:
            lines.append(f"{setting}: {_PLAIN.get(fault['type']) or _plain(fault['msg'])}.")
    return StudyError("\n  ".join(lines), where=where, todo=todo)


# the validator's own words are a programmer's
_PLAIN = {
    "model_type": "is a group of settings; set one of those inside it",
    "path_type": "should be a path",
    "date_from_datetime_parsing": "should be a date that exists, written 2024-03-31",
    "date_parsing": "should be a date that exists, written 2024-03-31",
    "date_type": "should be a date, written 2024-03-31",
    "int_parsing": "should be a whole number",
    "float_parsing": "should be a number",
    "bool_parsing": "should be true or false",
}


def _plain(message: str) -> str:
    return message.removeprefix("Value error, ").rstrip(".").replace("Input should be", "should be")


def _model_at(location: Sequence[Any]) -> type[BaseModel] | None:
    model: type[BaseModel] | None = Study
    for part in location:
        field = model.model_fields.get(str(part)) if model else None
        model = _model_of(field.annotation) if field else None
    return model


def _suggestion(key: str, model: type[BaseModel]) -> str:
    settings = [path for path, _ in walk(Study)]
    elsewhere = [path for path in settings if path.rsplit(".", 1)[-1] == key]
    near = difflib.get_close_matches(key, list(model.model_fields), n=1, cutoff=0.5)
    if elsewhere:
        return f"Did you mean {elsewhere[0]}?"
    if near:
        return f"Did you mean {near[0]}?"
    far = difflib.get_close_matches(key, [path.rsplit(".", 1)[-1] for path in settings], n=1, cutoff=0.7)
    if far:
        return f"Did you mean {next(path for path in settings if path.rsplit('.', 1)[-1] == far[0])}?"
    return f"Known here: {', '.join(model.model_fields)}."


def walk(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every setting below a model: its dotted path and its pydantic field."""
    for name, field in model.model_fields.items():
        yield prefix + name, field
        inner = _model_of(field.annotation)
        if inner is not None:
            yield from walk(inner, f"{prefix}{name}.")
