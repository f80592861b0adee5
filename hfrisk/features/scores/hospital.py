"""HOSPITAL (Donzé 2013, 2016): seven facts known on the day of discharge."""

from __future__ import annotations

from hfrisk.features.scores.facts import SCORES
from hfrisk.features.scores.points import Inputs, Made, parts_of, scored

__all__ = ["hospital"]


def hospital(inputs: Inputs) -> Made:
    """The HOSPITAL score, in the version that the study names: the two differ in earlier admissions."""
    facts = SCORES["hospital"]
    version = inputs.context.settings.hospital_variant
    parts = parts_of(facts, hospital_admissions=version)
    return scored(inputs, facts, parts, variant=facts.data["variants"][version])
