"""The hospital stay itself, put together from its parts."""

from __future__ import annotations

from hfrisk.features.arrival import arrival, season
from hfrisk.features.critical_care import critical_care
from hfrisk.features.departure import departure
from hfrisk.features.ejection_fraction import ejection_fraction
from hfrisk.features.family import Context, Family
from hfrisk.features.parts import put_together
from hfrisk.features.procedures import procedures
from hfrisk.features.wards import wards

__all__ = ["stay"]

_PARTS = (departure, arrival, season, wards, critical_care, ejection_fraction, procedures)


def stay(context: Context) -> Family:
    """How the stay began and ended, who looked after the patient, what was done, and how the heart works."""
    return put_together(context, [part(context) for part in _PARTS])
