"""The places where the random people are looked after."""

from __future__ import annotations

import random

from tests.features.random_records.moments import Row

__all__ = ["fixed"]


def fixed(_: random.Random) -> list[Row]:
    return [
        {"care_site_id": 100, "care_site_name": "CCU", "care_site_source_value": "W1"},
        {"care_site_id": 101, "care_site_name": "Manor", "care_site_source_value": None},
        {"care_site_id": 102, "care_site_name": None, "care_site_source_value": "W3"},
    ]
