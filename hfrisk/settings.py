"""The strict base that every room's settings share. Each room keeps its own settings beside its code."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

__all__ = ["Settings"]


class Settings(BaseModel):
    """A block of the study file: unknown keys are refused, and nothing changes after loading.

    Every field of a subclass has a description, with its unit where it has one: `hfrisk init` prints it
    as the comment above the field, and the JSON Schema shows it in an editor.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)
