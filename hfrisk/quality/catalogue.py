"""Every numbered check of the house, for the docs and for whoever meets a code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

from hfrisk.checks import Severity
from hfrisk.codelists import read_yaml

__all__ = ["CatalogueEntry", "catalogue", "catalogue_page"]

_RANK = get_args(Severity)


@dataclass(frozen=True)
class CatalogueEntry:
    """One code.

    Parameters
    ----------
    code
        ``HFR`` and three digits.
    severities
        How grave it can be, gravest first.
    title
        What it is called; a check may be more exact.
    finds
        What it finds.
    """

    code: str
    severities: tuple[Severity, ...]
    title: str
    finds: str


def catalogue() -> tuple[CatalogueEntry, ...]:
    """All codes, in their order."""
    return tuple(
        CatalogueEntry(
            code, tuple(sorted(entry["severity"], key=_RANK.index)), str(entry["title"]), str(entry["finds"])
        )
        for code, entry in sorted(read_yaml("checks.yaml").items())
    )


def catalogue_page() -> str:
    """The codes as a Markdown table."""
    lines = ["| code | severity | title | finds |", "|---|---|---|---|"]
    lines += [f"| {e.code} | {' or '.join(e.severities)} | {e.title} | {e.finds} |" for e in catalogue()]
    return "\n".join(lines) + "\n"
