"""The windows over which earlier care is counted, and the dictionary entries of such counts."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from hfrisk.features.dictionary import Direction, Feature, Role
from hfrisk.features.family import Context, on_grid

__all__ = ["THEME", "WINDOWS", "Counted", "counted"]

THEME = "Earlier hospital use"
WINDOWS = {
    30: "in the 30 days before",
    90: "in the 90 days before",
    180: "in the six months before",
    365: "in the year before",
    730: "in the two years before",
}
"""Days before admission, and how they are called. The day of admission is in none of them."""


class Counted:
    """A count over the days before admission: what it is called, and its dictionary entry.

    Parameters
    ----------
    what
        The beginning of the name: the window makes the rest.
    words
        The beginning of the words.
    upper
        The highest count that is plausible in a year; two years may hold twice as many.
    inputs
        The windows, in days, whose count is offered to the model by default.
    """

    def __init__(
        self,
        what: str,
        words: str,
        upper: float,
        *,
        inputs: tuple[int, ...] = (),
        unit: str = "count",
        direction: Direction = "higher",
        sources: tuple[str, ...] = ("visit_occurrence",),
    ) -> None:
        self.what = what
        self.words = words
        self.upper = upper
        self.inputs = inputs
        self.unit = unit
        self.direction = direction
        self.sources = sources

    def name(self, days: int) -> str:
        """The column of the count over so many days."""
        return f"{self.what}_{days}d"

    def entry(self, days: int) -> Feature:
        """The dictionary entry of the count over so many days."""
        role: Role = "input" if days in self.inputs else "more"
        return Feature(
            self.name(days),
            f"{self.words} {WINDOWS[days]}",
            family="prior_care",
            theme=THEME,
            unit=self.unit,
            window=f"{days} days before admission",
            sources=self.sources,
            precision=1,
            lower=0,
            upper=self.upper * 2 if days > 365 else self.upper,
            direction=self.direction,
            skewed=True,
            kind="count",
            role=role,
        )


def counted(context: Context, table: ir.Table, days: int, value: ir.NumericValue) -> ir.FloatingValue:
    """A count over so many days as a feature: none is 0; where the data do not reach back so far, as the study says.

    Parameters
    ----------
    table
        One row an index discharge, with ``look_back_days``.
    value
        The count, NULL for none.
    """
    number = on_grid(value.fill_null(0), 1)
    if context.settings.short_look_back == "count":
        return number
    return ibis.ifelse((table.look_back_days >= days).fill_null(False), number, ibis.null("float64"))
