"""How a moment is written: with its time, with its day only, or with a time of midnight that means no time."""

from __future__ import annotations

import random
from datetime import date, datetime
from typing import Any

__all__ = ["Row", "written"]

Row = dict[str, Any]


def written(at: datetime, rng: random.Random) -> tuple[date, datetime | None]:
    """The day, and the time where it was written."""
    kind = rng.random()
    if kind < 0.6:
        return at.date(), at.replace(microsecond=0)
    return at.date(), None if kind < 0.85 else datetime.combine(at.date(), datetime.min.time())
