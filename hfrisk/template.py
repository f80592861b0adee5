"""A study file written from the settings themselves: every field with its meaning above it and its default beside it."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping
from typing import Any

import yaml
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from hfrisk.study import Study

__all__ = ["schema_text", "study_text"]

_HEAD = """\
# yaml-language-server: $schema=./study.schema.json
# A study for hfrisk: `hfrisk check THIS_FILE`, then `hfrisk run THIS_FILE`.
# Every setting is shown with its default; a line that is left out keeps it. Relative paths count from this file.
"""


def study_text(values: Mapping[str, Any]) -> str:
    """A commented study file with `values` (nested, as in the file) in place of the defaults.

    Values that are given stand as settings; the rest stands as comments, so that the file says what the study chose.
    """
    return _HEAD + "\n".join(_block(Study, values, 0, all_given=False)) + "\n"


def schema_text() -> str:
    """The JSON Schema of a study file, for editors."""
    schema = Study.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "hfrisk study"
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"


def _block(model: type[BaseModel], values: Mapping[str, Any], depth: int, *, all_given: bool) -> list[str]:
    pad = "  " * depth
    lines: list[str] = []
    for name, field in model.model_fields.items():
        words = textwrap.wrap(field.description or "", width=110 - len(pad))
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            lines += ["", *[f"{pad}# {line}" for line in words]] if depth == 0 else [f"{pad}# {line}" for line in words]
            given = values.get(name, {})
            lines += [f"{pad}{name}:" if given else f"{pad}# {name}:"]
            lines += _block(inner, given, depth + 1, all_given=all_given) if given else _commented(inner, depth + 1)
            continue
        lines += [f"{pad}# {line}" for line in words]
        if name in values:
            lines.append(f"{pad}{name}: {_flow(values[name])}")
        else:
            lines.append(f"{pad}# {name}: {_flow(_default(field))}")
    return lines


def _commented(model: type[BaseModel], depth: int) -> list[str]:
    return [
        line if line.lstrip().startswith("#") or not line else f"# {line}"
        for line in _block(model, {}, depth, all_given=False)
    ]


def _default(field: Any) -> Any:
    if field.default_factory is not None:
        return field.default_factory()
    return None if field.default is PydanticUndefined else field.default


def _flow(value: Any) -> str:
    if isinstance(value, tuple):
        value = list(value)
    if hasattr(value, "as_posix"):
        value = value.as_posix()
    text: str = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=10_000)
    return text.removesuffix("...\n").strip()
