"""Blood tests and vital signs, one index discharge at a time."""

from __future__ import annotations

from hfrisk.features import FeatureSettings
from tests.features.naive import Index, Source

__all__ = ["CASES", "expected"]

CASES = [(("laboratory",), {}), (("laboratory",), {"dates_are_known": "start_of_day"})]


def expected(source: Source, index: Index, settings: FeatureSettings) -> dict[str, float | None]:
    return {}
