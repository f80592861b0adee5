"""Numbered checks (HFR###): what was found, how much it matters, and what to do.

A finding is kept as words with named holes, and the counts beside it, so that the researcher inside sees
exact numbers while the report sees only what the disclosure gate rounded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

__all__ = ["Check", "Severity"]

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True)
class Check:
    """One numbered finding.

    Parameters
    ----------
    code
        ``HFR`` and three digits; 0xx are about data, 1xx about method.
    severity
        ``error`` (do not use), ``warning`` (use with care), ``note`` (worth knowing).
    title
        A few words, without numbers.
    finding
        One sentence with named holes, such as ``"{spells} spells have no diagnosis."``
    consequence
        What it does to the result, in words that a clinician understands.
    todo
        What to do about it.
    counts
        Numbers of people, spells or rows that fill the holes. They are rounded or suppressed on release.
    facts
        Other numbers and words that fill the holes (rates already computed, dates by month, names of tables).
        They must not be counts of people, nor values of a patient.
    """

    code: str
    severity: Severity
    title: str
    finding: str
    consequence: str
    todo: str
    counts: Mapping[str, int] = field(default_factory=dict)
    facts: Mapping[str, str | float | int] = field(default_factory=dict)

    def text(self, show_count: Callable[[int], str] = "{:,}".format) -> str:
        """The finding as a sentence; `show_count` turns each count into words (exact by default)."""
        return self.finding.format(**{k: show_count(v) for k, v in self.counts.items()}, **self.facts)
