"""Clinical scores, put together from other features."""

from __future__ import annotations

from hfrisk.features.family import Context, Family

__all__ = ["scores"]


def scores(context: Context) -> Family:
    """Clinical scores, put together from other features."""
    return Family((), None)
