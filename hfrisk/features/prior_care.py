"""Use of hospital before the stay: earlier spells, A&E attendances, outpatient appointments, and how far back the data reach."""

from __future__ import annotations

from hfrisk.features.contacts import contacts
from hfrisk.features.earlier_spells import earlier_spells
from hfrisk.features.family import Context, Family, joined

__all__ = ["prior_care"]


def prior_care(context: Context) -> Family:
    """Earlier spells, A&E attendances and outpatient appointments; see `earlier_spells` and `contacts`."""
    spells, seen = earlier_spells(context), contacts(context)
    table = spells.table
    if seen.table is not None and table is not None:
        table = joined(table, seen.table)
    return Family((*spells.entries, *seen.entries), table, notices=[*spells.notices, *seen.notices])
