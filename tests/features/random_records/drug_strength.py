"""How much of a loop diuretic is in a clinical drug."""

from __future__ import annotations

import random

from tests.features.random_records.moments import Row

__all__ = ["fixed"]


def fixed(rng: random.Random) -> list[Row]:
    told = [(19900001, 956874, 40.0, 8576), (19900001, 956874, 20.0, 8576), (19900002, 956874, 40.0, 8576),
            (19900002, 991382, 5.0, 8576), (19900004, 932745, 1.0, 8587), (956874, 956874, None, 8576)]  # fmt: skip
    rng.shuffle(told)
    names = ("drug_concept_id", "ingredient_concept_id", "amount_value", "amount_unit_concept_id")
    return [dict(zip(names, line, strict=True)) for line in told]
