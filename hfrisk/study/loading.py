"""Reading a study file, strictly: what it says, what its profile says below it, and what the command line says above it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from hfrisk.cohort.settings import CohortSettings
from hfrisk.errors import StudyError
from hfrisk.profiles import profile_names, read_profile, under
from hfrisk.study.settings import FolderSettings, Study, unknown_profile
from hfrisk.study.shape import faults, is_path, member_of, model_of, suggestion

__all__ = ["load_study", "study_from"]

_TODO = "The comment above the setting says what it takes; `hfrisk init FILE` writes a study file with all of them."


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
    """A study from settings in memory; relative paths count from `base`, those in `overrides` from the working directory.

    What its profile says lies under all of it.
    """
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
        return Study.model_validate(under(_profile_of(settings, where), settings))
    except ValidationError as error:
        lines, todo = faults(error, Study)
        raise StudyError("\n  ".join(lines), where=where, todo=todo or _TODO) from None


def _profile_of(settings: Mapping[str, Any], where: str) -> Mapping[str, Any]:
    name = settings.get("profile", Study.model_fields["profile"].default)
    if not isinstance(name, str) or name not in profile_names():
        what, todo = unknown_profile(str(name))
        raise StudyError(what, where=where, todo=todo)
    return read_profile(name).settings


def _value(override: str, text: str) -> Any:
    try:
        return yaml.load(text, Loader=_Loader) if text.strip() else None  # noqa: S506  # a subclass of SafeLoader
    except (yaml.YAMLError, RecursionError):
        raise StudyError(
            f"The value in --set {override} cannot be understood.", where="--set", todo="Quote it."
        ) from None


def _set(settings: dict[str, Any], keys: list[str], value: Any, *, where: str) -> None:
    model: type[BaseModel] | None = Study
    member: type[BaseModel] | None = None
    here = settings
    for depth, key in enumerate(keys):
        if member is not None and depth < len(keys) - 1:
            # a name that the study gave, and then the settings of what it named
            model, member = member, None
            deeper = here.get(key)
            here[key] = dict(deeper) if isinstance(deeper, dict) else {}
            here = here[key]
            continue
        field = model.model_fields.get(key) if model and member is None else None
        if model is not None and field is None and member is None:
            raise StudyError(
                f"There is no setting {'.'.join(keys[: depth + 1])}.", where=where, todo=suggestion(key, model, Study)
            )
        if depth == len(keys) - 1:
            here[key] = (
                (Path.cwd() / value)
                if field is not None and is_path(field.annotation) and isinstance(value, str)
                else value
            )
            return
        deeper = here.get(key)
        here[key] = dict(deeper) if isinstance(deeper, dict) else {}
        here = here[key]
        member = member_of(field.annotation) if field is not None else None
        model = model_of(field.annotation) if field is not None else None
        if model is None and member is None:
            raise StudyError(
                f"The setting {'.'.join(keys[: depth + 1])} has no parts.", where=where, todo="Set it as a whole."
            )


def _resolved(content: Mapping[str, Any], model: type[BaseModel], base: Path) -> dict[str, Any]:
    """The same settings with relative paths made absolute."""
    settings: dict[str, Any] = {}
    for key, value in content.items():
        field = model.model_fields.get(key) if isinstance(key, str) else None
        inner = model_of(field.annotation) if field is not None else None
        member = member_of(field.annotation) if field is not None else None
        if inner is not None and isinstance(value, Mapping):
            settings[key] = _resolved(value, inner, base)
        elif member is not None and isinstance(value, Mapping):
            settings[key] = {
                name: _resolved(given, member, base) if isinstance(given, Mapping) else given
                for name, given in value.items()
            }
        elif model is Study and key == "sensitivity" and isinstance(value, Mapping):
            settings[key] = {
                name: _resolved(changes, CohortSettings, base) if isinstance(changes, Mapping) else changes
                for name, changes in value.items()
            }
        elif field is not None and is_path(field.annotation) and isinstance(value, str):
            settings[key] = _placed(base, value)
        else:
            settings[str(key)] = value
    return settings


def _placed(base: Path, value: str) -> Path:
    return Path(os.path.normpath(base / Path(value).expanduser()))
