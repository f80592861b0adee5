"""What a chapter is made of: paragraphs, tables, and figures with their finding, their sentence and their table."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from hfrisk.reporting import words
from hfrisk.reporting.evidence import firm, reason_of
from hfrisk.reporting.naming import CROSS

__all__ = [
    "Chapter",
    "Definitions",
    "Exhibit",
    "Linked",
    "Picture",
    "Prose",
    "Table",
    "Tabulator",
    "data_uri",
    "emphasis",
]


@dataclass(frozen=True)
class Picture:
    """One figure as PNG bytes, drawn for a page and again for a phone."""

    name: str
    wide: bytes
    narrow: bytes


class Linked(str):
    """A cell whose words are followed by links into the report, and by what is left to the authors.

    Parameters
    ----------
    words
        What the cell says, with ``**`` around what is strong; may be empty.
    places
        Id and title of each chapter to look at.
    authors
        What the authors have to write here; empty where nothing.
    """

    __slots__ = ("authors", "places")

    def __new__(cls, words: str, places: tuple[tuple[str, str], ...] = (), authors: str = "") -> Linked:
        """The cell."""
        cell = super().__new__(cls, words)
        cell.places, cell.authors = places, authors
        return cell

    places: tuple[tuple[str, str], ...]
    authors: str


@dataclass(frozen=True)
class Table:
    """A table as the page shows it.

    Parameters
    ----------
    caption
        What the table is, for everyone and for screen readers.
    head
        Column headings; the first column holds the row headings.
    rows
        Texts; a row with one text is a heading over the rows after it.
    notes
        What stands under the table: reasons for suppression, units.
    left
        Columns (by number) that hold words rather than numbers.
    folded
        Shown closed, to be opened by the reader.
    """

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()
    left: frozenset[int] = frozenset({0})
    folded: bool = False


@dataclass(frozen=True)
class Exhibit:
    """A figure with its finding as a title, a computed sentence under it, and the table behind it.

    `picture` is None where there is nothing to draw; `sentence` then says why.
    """

    key: str
    title: str
    sentence: str
    alt: str = ""
    picture: Picture | None = None
    table: Table | None = None
    note: str = ""


@dataclass(frozen=True)
class Prose:
    """Paragraphs, with an optional heading and an optional list."""

    paragraphs: tuple[str, ...]
    heading: str = ""
    items: tuple[str, ...] = ()


@dataclass(frozen=True)
class Definitions:
    """Terms and what they mean."""

    pairs: tuple[tuple[str, str], ...]
    heading: str = ""


@dataclass(frozen=True)
class Chapter:
    """One numbered part of the report after page one."""

    key: str
    title: str
    lead: str
    blocks: tuple[Exhibit | Table | Prose | Definitions, ...]


@dataclass
class Tabulator:
    """Shows the cells of a released table and remembers why any of them are held back."""

    notes: list[str] = field(default_factory=list)

    def cell(self, text: str, value: object, row: Any = None) -> str:
        """`text` when `value` is known, else the word for why it is not."""
        if words.known(value):
            return text
        reason = reason_of(row) if row is not None else ""
        if reason and reason not in self.notes:
            self.notes.append(reason)
        return words.NOT_COMPUTED if reason.startswith(words.NOT_COMPUTED) or not reason else words.SUPPRESSED

    def count(self, row: pd.Series, column: str) -> str:
        """A count of people."""
        value = row.get(column)
        return self.cell(words.count(value) if words.known(value) else "", value, row)

    def number(self, row: pd.Series, column: str, decimals: int = 2) -> str:
        """A number with fixed decimals."""
        value = row.get(column)
        return self.cell(words.figure(value, decimals) if words.known(value) else "", value, row)

    def percent(self, row: pd.Series, column: str) -> str:
        """A share as a percentage."""
        value = row.get(column)
        return self.cell(words.percent(value) if words.known(value) else "", value, row)

    def estimate(self, row: pd.Series, decimals: int = 2, *, column: str = "estimate") -> str:
        """A number with its interval in brackets."""
        value = row.get(column)
        if not words.known(value):
            return self.cell("", value, row)
        sure = firm(row.get("n"), row.get("events")) and CROSS not in str(row.get("group", ""))
        span = words.interval(row.get("lower"), row.get("upper"), lambda v: words.estimate(v, decimals, firm=sure))
        return words.estimate(value, decimals, firm=sure) + (f" ({span})" if span else "")

    def table(
        self,
        caption: str,
        head: Iterable[str],
        rows: Iterable[tuple[str, ...]],
        *,
        left: Iterable[int] = (0,),
        notes: Iterable[str] = (),
        folded: bool = False,
    ) -> Table:
        """The finished table, with the reasons collected so far under it."""
        body = tuple(rows)
        reasons = tuple(f"{words.capital(note).rstrip('.')}." for note in self.notes)
        return Table(caption, tuple(head), body, (*notes, *reasons), frozenset(left), folded)


def data_uri(png: bytes) -> str:
    """A PNG as an address that carries the picture itself, so that the page needs no other file."""
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")


def emphasis(text: str) -> list[tuple[bool, str]]:
    """The pieces of `text`, each with whether it stood between ``**``; the template escapes them."""
    return [(place % 2 == 1, piece) for place, piece in enumerate(text.split("**"))]
