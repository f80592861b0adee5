"""What stands above the clinical drugs."""

from __future__ import annotations

import random

from tests.features.random_records.drug_exposure import CLINICAL_DRUGS
from tests.features.random_records.moments import Row

__all__ = ["fixed"]


def fixed(rng: random.Random) -> list[Row]:
    pairs = [(ingredient, drug) for drug, parts in CLINICAL_DRUGS.items() for ingredient in parts]
    # a group of medicines is above them too, and a concept is above itself
    pairs += [(21601664, drug) for drug in CLINICAL_DRUGS] + [(956874, 956874), (19900001, 19900001)]
    rng.shuffle(pairs)
    return [{"ancestor_concept_id": above, "descendant_concept_id": below} for above, below in pairs]
