"""A study file written from the settings themselves: every field with its meaning above it and its default beside it."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping
from typing import Any, get_args

import yaml
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from hfrisk.profiles import map_names, map_text, read_profile
from hfrisk.study import Study, model_of

__all__ = ["map_templates", "schema_text", "starting_values", "study_text"]

_HEAD = """\
# yaml-language-server: $schema=./study.schema.json
# A study for hfrisk: `hfrisk check THIS_FILE`, then `hfrisk run THIS_FILE`.
# Every setting is shown with its default; a line that is left out keeps it. Relative paths count from this file.
"""
_FROM_PROFILE = "  # from the profile"
_MAPS = "maps"
_WIDTH = 110


def study_text(values: Mapping[str, Any]) -> str:
    """A commented study file with `values` (nested, as in the file) in place of the defaults.

    Values that are given stand as settings; the rest stands as comments, so that the file says what the study chose. Where the study
    has a profile, its settings stand in place of the defaults and say so.
    """
    name = str(values.get("profile") or Study.model_fields["profile"].default)
    profile = read_profile(name)
    head = _HEAD + "".join(f"# {line}\n" for line in textwrap.wrap(f"The profile {name}: {profile.words}.", _WIDTH))
    return head + "\n".join(_block(Study, values, profile.settings, 0)) + "\n"


def schema_text() -> str:
    """The JSON Schema of a study file, for editors."""
    schema = Study.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "hfrisk study"
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"


def starting_values(name: str, source: str, profile: str | None = None) -> dict[str, Any]:
    """What `hfrisk init` puts into a new study: its name, where the data is, its profile and the site maps that this needs.

    Pass the result to `study_text`; `map_templates` has the maps that it names.
    """
    values: dict[str, Any] = {"name": name, "source": {"path": source}}
    if profile is not None:
        values["profile"] = profile
        maps = {setting: f"{_MAPS}/{setting}.csv" for setting in read_profile(profile).maps}
        if maps:
            values["source"]["maps"] = maps
    return values


def map_templates(profile: str | None = None) -> dict[str, str]:
    """Example site maps, which a site copies and makes its own: the file's name, as `starting_values` names it, and its text.

    Where the profile brings a map of its own, that one stands in place of the general example.
    """
    special = read_profile(profile).maps if profile is not None else {}
    general = [name for name in map_names() if "_" not in name]
    return {f"{_MAPS}/{name}.csv": map_text(special.get(name, name)) for name in general}


def _block(model: type[BaseModel], values: Mapping[str, Any], profile: Mapping[str, Any], depth: int) -> list[str]:
    pad = "  " * depth
    lines: list[str] = []
    for name, field in model.model_fields.items():
        words = [f"{pad}# {line}" for line in textwrap.wrap(field.description or "", width=_WIDTH - len(pad))]
        inner = model_of(field.annotation)
        below = profile.get(name, {})
        if inner is not None and isinstance(values.get(name, {}), Mapping) and isinstance(below, Mapping):
            given = values.get(name, {})
            lines += [*([""] if depth == 0 else []), *words]
            lines += [f"{pad}{name}:" if given else f"{pad}# {name}:"]
            inside = _block(inner, given, below, depth + 1)
            lines += inside if given else _commented(inside)
            continue
        lines += [*([""] if inner is not None and depth == 0 else []), *words, *_parts(field.annotation, pad)]
        if name in values:
            lines += _written(name, values[name], pad)
        elif name in profile:
            lines.append(f"{pad}# {name}: {_flow(below)}{_FROM_PROFILE}")
        else:
            lines.append(f"{pad}# {name}: {_flow(_default(field))}")
    return lines


def _parts(annotation: Any, pad: str) -> list[str]:
    """What each member of a list of groups has, in words: they have no defaults to show."""
    kinds = [kind for kind in get_args(annotation) if isinstance(kind, type) and issubclass(kind, BaseModel)]
    if model_of(annotation) is not None or not kinds:
        return []
    lines = [f"{pad}# Each has:"]
    for name, field in kinds[0].model_fields.items():
        wrapped = textwrap.wrap(
            f"{name} - {field.description or ''}", width=_WIDTH - len(pad) - 4, break_on_hyphens=False
        )
        lines += [f"{pad}# - {wrapped[0]}", *[f"{pad}#   {line}" for line in wrapped[1:]]]
    return lines


def _commented(lines: list[str]) -> list[str]:
    return [line if line.lstrip().startswith("#") or not line else f"# {line}" for line in lines]


def _default(field: Any) -> Any:
    if field.default_factory is not None:
        return field.default_factory()
    return None if field.default is PydanticUndefined else field.default


class _Dumper(yaml.SafeDumper):  # type: ignore[misc]
    """Texts of several lines stand as they are read, not in quotes."""


def _text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    lines = "\n" in text
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if lines else None)


_Dumper.add_representer(str, _text)


def _written(name: str, value: Any, pad: str) -> list[str]:
    """A given value: on one line, or as a block where it has parts of its own."""
    members = value.values() if isinstance(value, Mapping) else value if isinstance(value, (list, tuple)) else ()
    if not any(isinstance(member, (Mapping, list, tuple)) for member in members):
        return [f"{pad}{name}: {_flow(value)}"]
    text = yaml.dump({name: value}, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH)
    return [pad + line if line else "" for line in text.rstrip("\n").splitlines()]


def _flow(value: Any) -> str:
    if isinstance(value, tuple):
        value = list(value)
    if hasattr(value, "as_posix"):
        value = value.as_posix()
    text: str = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=10_000)
    return text.removesuffix("...\n").strip()
