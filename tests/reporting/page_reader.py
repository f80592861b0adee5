"""Reads a report as a reader does: visible words, headings, pictures, tables."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

_VOID = {"meta", "link", "img", "source", "br", "hr", "input"}


@dataclass
class Page:
    """What is on the page."""

    text: str
    headings: list[tuple[int, str]]
    images: list[dict[str, str]]
    addresses: list[str]
    tags: list[tuple[str, dict[str, str]]]
    by_id: dict[str, str] = field(default_factory=dict)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.stack: list[tuple[str, str]] = []
        self.pieces: list[str] = []
        self.headings: list[tuple[int, str]] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.by_id: dict[str, list[str]] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "strong":
            return
        found = {name: value or "" for name, value in attrs}
        self.tags.append((tag, found))
        if tag in ("h1", "h2", "h3", "h4"):
            self.headings.append((int(tag[1]), ""))
        if tag not in _VOID:
            self.stack.append((tag, found.get("id", "")))
        self._space()

    def handle_endtag(self, tag: str) -> None:
        if tag == "strong":
            return
        self._space()
        while self.stack and self.stack.pop()[0] != tag:
            pass

    def _space(self) -> None:
        # Words of neighbouring elements stay apart; strong ones are part of their sentence and skipped above.
        self.pieces.append(" ")
        for _, name in self.stack:
            if name:
                self.by_id.setdefault(name, []).append(" ")

    def handle_data(self, data: str) -> None:
        inside = [tag for tag, _ in self.stack]
        if "style" in inside or "title" in inside:
            return
        self.pieces.append(data)
        for _, name in self.stack:
            if name:
                self.by_id.setdefault(name, []).append(data)
        if any(tag in ("h1", "h2", "h3", "h4") for tag in inside):
            level, words = self.headings[-1]
            self.headings[-1] = (level, words + data)


def read(html: str) -> Page:
    """The page."""
    reader = _Reader()
    reader.feed(html)
    addresses = [
        value
        for _, found in reader.tags
        for name, value in found.items()
        if name in ("href", "src", "srcset", "action", "data", "poster", "xlink:href")
    ]
    return Page(
        " ".join("".join(reader.pieces).split()),
        [(level, " ".join(words.split())) for level, words in reader.headings],
        [found for tag, found in reader.tags if tag == "img"],
        addresses,
        reader.tags,
        {name: " ".join("".join(pieces).split()) for name, pieces in reader.by_id.items()},
    )
