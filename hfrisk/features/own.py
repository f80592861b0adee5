"""Cohorts and concept sets of the researcher's own as features, from the study file."""

from __future__ import annotations

from hfrisk.features.family import Context, Family

__all__ = ["own"]


def own(context: Context) -> Family:
    """Cohorts and concept sets of the researcher's own as features, from the study file."""
    return Family((), None)
