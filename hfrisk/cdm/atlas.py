"""Reading a concept set as ATLAS and its relatives write it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hfrisk.errors import StudyError

__all__ = ["Item", "read_concept_set"]

_TODO = "Export it from ATLAS (concept set, Export, JSON): an object with items, each with a concept."


@dataclass(frozen=True)
class Item:
    """One line of a concept set: its concept by id (0: not given) or by vocabulary and code, and what it reaches."""

    concept: int
    vocabulary: str
    code: str
    name: str
    descendants: bool
    mapped: bool
    excluded: bool

    @property
    def words(self) -> str:
        """The item as a reader of the concept set knows it."""
        identity = f"{self.vocabulary} {self.code}" if self.code else str(self.concept)
        return f"{self.name} ({identity})" if self.name else identity


def read_concept_set(content: Mapping[str, Any] | Path) -> list[Item]:
    """The items of a concept set.

    Parameters
    ----------
    content
        A file, or what it holds: ``{"items": [...]}``, ``{"expression": {"items": [...]}}``, or a cohort definition with one
        concept set. A file may also hold a bare list of items. Keys in any case, with or without underscores.

    Raises
    ------
    StudyError
        If it is not a concept set, holds no item, or an item names its concept neither by id nor by vocabulary and code.
    """
    where = f"concept set {content.name}" if isinstance(content, Path) else "concept set"
    listed = _items(_keys_lowered(_read(content, where) if isinstance(content, Path) else content), where)
    items = [_item(item, position, where) for position, item in enumerate(listed, start=1)]
    if all(item.excluded for item in items):
        raise StudyError(
            "The concept set includes nothing." if items else "The concept set has no item.", where=where, todo=_TODO
        )
    return items


def _read(path: Path, where: str) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise StudyError(
            f"There is no concept set {path}.", where=where, todo="A relative path counts from the study file."
        ) from None
    except json.JSONDecodeError as error:
        raise StudyError("The concept set is not JSON.", where=f"{where}, line {error.lineno}", todo=_TODO) from None
    except (OSError, UnicodeDecodeError, RecursionError):
        raise StudyError("The concept set cannot be read.", where=where, todo=_TODO) from None


def _keys_lowered(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key).lower().replace("_", ""): _keys_lowered(inner) for key, inner in value.items()}
    return [_keys_lowered(inner) for inner in value] if isinstance(value, list) else value


def _items(content: Any, where: str) -> list[Any]:
    if isinstance(content, list):
        return content
    if isinstance(content, Mapping):
        sets = content.get("conceptsets")
        if isinstance(sets, list):
            if len(sets) != 1:
                names = ", ".join(str(one.get("name", "")) for one in sets if isinstance(one, Mapping))
                raise StudyError(
                    f"The file is a cohort definition with {len(sets)} concept sets{f' ({names})' if names else ''}.",
                    where=where,
                    todo="Export the one concept set that means heart failure.",
                )
            return _items(sets[0], where)
        for key in ("items", "expression"):
            if key in content:
                return _items(content[key], where)
    raise StudyError("The content is not a concept set.", where=where, todo=_TODO)


def _item(content: Any, position: int, where: str) -> Item:
    concept = content.get("concept", content) if isinstance(content, Mapping) else None
    if not isinstance(concept, Mapping):
        raise StudyError(f"Item {position} of the concept set has no concept.", where=where, todo=_TODO)
    item = Item(
        concept=_id(concept.get("conceptid"), position, where),
        vocabulary=_text(concept.get("vocabularyid")),
        code=_text(concept.get("conceptcode")) if concept.get("vocabularyid") else "",
        name=_text(concept.get("conceptname")),
        descendants=_flag(content.get("includedescendants")),
        mapped=_flag(content.get("includemapped")),
        excluded=_flag(content.get("isexcluded")),
    )
    if not item.concept and not item.code:
        raise StudyError(
            f"Item {position} of the concept set{f', {item.name},' if item.name else ''} has neither an id nor a vocabulary with a code.",
            where=where,
            todo="Give CONCEPT_ID, or VOCABULARY_ID and CONCEPT_CODE.",
        )
    return item


def _id(value: Any, position: int, where: str) -> int:
    if value is None or value == "":
        return 0
    try:
        return int(str(value).strip())
    except ValueError:
        raise StudyError(f"The concept id of item {position} is not a whole number.", where=where, todo=_TODO) from None


def _flag(value: Any) -> bool:
    return value is True or str(value).strip().lower() in {"true", "1", "yes"}


def _text(value: Any) -> str:
    return "" if value is None else str(value).strip()
