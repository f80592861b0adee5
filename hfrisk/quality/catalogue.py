"""Every numbered check of the house, for the docs and for whoever meets a code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

from hfrisk.checks import Severity
from hfrisk.codelists import read_yaml

__all__ = ["CatalogueEntry", "CheckPage", "catalogue", "catalogue_page", "check_page", "check_pages"]

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


@dataclass(frozen=True)
class CheckPage:
    """What a method check is about.

    Attributes
    ----------
    entry
        Its code, title and what it finds.
    why
        Why it matters.
    how
        How it is worked out.
    source
        Where that comes from.
    """

    entry: CatalogueEntry
    why: str
    how: str
    source: str

    def markdown(self) -> str:
        """The page as Markdown."""
        graded = " or ".join(self.entry.severities)
        return (
            f"## {self.entry.code}: {self.entry.title}\n\n*{graded}; finds {self.entry.finds}*\n\n**Why it matters.** {self.why}\n\n"
            f"**How it is worked out.** {self.how}\n\n**Source.** {self.source}\n"
        )


def check_page(code: str) -> CheckPage | CatalogueEntry | None:
    """The page of a code; what the catalogue says where it has no page of its own; None where there is no such check."""
    entry = next((one for one in catalogue() if one.code == code), None)
    told = read_yaml("method_checks.yaml").get(code)
    if entry is None or told is None:
        return entry
    return CheckPage(entry, str(told["why"]), str(told["how"]), str(told["source"]))


def check_pages() -> str:
    """Every page, and the list of all codes, as Markdown."""
    pages = [page.markdown() for entry in catalogue() if isinstance(page := check_page(entry.code), CheckPage)]
    head = (
        "# Checks\n\nWritten from `hfrisk/codelists/checks.yaml` and `method_checks.yaml` by `make docs`; "
        "`hfrisk explain CODE` shows one.\n"
    )
    return "\n".join([head, catalogue_page(), *pages])
