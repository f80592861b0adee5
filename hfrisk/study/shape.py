"""The shape of settings: which are groups, which are paths, and what a fault in them means in words."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

__all__ = ["faults", "is_path", "member_of", "model_of", "suggestion", "walk"]

# the validator's own words are a programmer's
_PLAIN = {
    "model_type": "is a group of settings; set one of those inside it",
    "model_attributes_type": "is a group of settings; set one of those inside it",
    "dict_type": "should be names, each with what belongs to it",
    "tuple_type": "is a list",
    "path_type": "should be a path",
    "date_from_datetime_parsing": "should be a date that exists, written 2024-03-31",
    "date_parsing": "should be a date that exists, written 2024-03-31",
    "date_type": "should be a date, written 2024-03-31",
    "int_parsing": "should be a whole number",
    "float_parsing": "should be a number",
    "bool_parsing": "should be true or false",
}


def model_of(annotation: Any) -> type[BaseModel] | None:
    """The group of settings that a setting is, or may be where it may also be none; else None."""
    for kind in (annotation, *get_args(annotation)):
        if (
            isinstance(kind, type)
            and issubclass(kind, BaseModel)
            and getattr(annotation, "__origin__", None) not in (dict, tuple, list)
        ):
            return kind
    return None


def member_of(annotation: Any) -> type[BaseModel] | None:
    """The group that each member of a setting is, where the setting is names with a group each; else None."""
    kinds = get_args(annotation) if getattr(annotation, "__origin__", None) is dict else ()
    return next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)), None)


def is_path(annotation: Any) -> bool:
    """Whether a setting is a path."""
    return annotation is Path or Path in get_args(annotation)


def walk(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every setting below a model: its dotted path and its pydantic field."""
    for name, field in model.model_fields.items():
        yield prefix + name, field
        inner = model_of(field.annotation)
        if inner is not None:
            yield from walk(inner, f"{prefix}{name}.")


def faults(error: ValidationError, root: type[BaseModel], *, most: int = 5) -> tuple[list[str], str]:
    """The first few faults in words, each with the setting that it is about, and what to do about the last unknown one.

    Parameters
    ----------
    root
        The model that was validated.
    """
    lines, todo = [], ""
    for fault in error.errors(include_url=False, include_context=False)[:most]:
        setting = ".".join(str(part) for part in fault["loc"])
        if fault["type"] == "extra_forbidden":
            model = _model_at(fault["loc"][:-1], root)
            lines.append(f"There is no setting {setting}.")
            todo = suggestion(str(fault["loc"][-1]), model, root) if model else todo
        elif fault["type"] == "missing":
            lines.append(f"The setting {setting} is required.")
        else:
            words = f"{_PLAIN.get(fault['type']) or _plain(fault['msg'])}."
            lines.append(f"{setting}: {words}" if fault["loc"] else words)
    return lines, todo


def suggestion(key: str, model: type[BaseModel], root: type[BaseModel]) -> str:
    """What somebody may have meant by `key`, which `model` (a part of `root`) does not have."""
    settings = [path for path, _ in walk(root)]
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


def _plain(message: str) -> str:
    return message.removeprefix("Value error, ").rstrip(".").replace("Input should be", "should be")


def _model_at(location: Sequence[Any], root: type[BaseModel]) -> type[BaseModel] | None:
    model: type[BaseModel] | None = root
    a_name = False
    for part in location:
        if isinstance(part, int) or a_name:
            a_name = False
            continue
        field = model.model_fields.get(str(part)) if model else None
        a_name = field is not None and member_of(field.annotation) is not None
        model = _part_of(field.annotation) if field else None
    return model


def _part_of(annotation: Any) -> type[BaseModel] | None:
    """The group that a setting is or is a list of."""
    inner = [kind for kind in get_args(annotation) if isinstance(kind, type) and issubclass(kind, BaseModel)]
    return model_of(annotation) or (inner[0] if inner else None)
