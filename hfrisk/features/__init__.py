"""What was known about a person at the moment of discharge."""

from hfrisk.features.dictionary import Direction, Feature, Kind

__all__ = ["Direction", "Feature", "Kind"]
