"""Every code that can be met is in the catalogue, and the other way round."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import hfrisk
from hfrisk.quality import catalogue, catalogue_page

SOURCE = Path(hfrisk.__file__).parent


def test_every_code_in_the_package_is_in_the_catalogue() -> None:
    written = {
        code for path in SOURCE.rglob("*.py") for code in re.findall(r"HFR\d{3}\b", path.read_text(encoding="utf-8"))
    }
    assert written == {entry.code for entry in catalogue()}


def test_the_page_has_a_line_for_each_code_in_order() -> None:
    lines = catalogue_page().splitlines()[2:]
    assert [line[2:8] for line in lines] == sorted(entry.code for entry in catalogue())
    assert all(line.count("|") == 5 for line in lines)


def test_words_are_whole() -> None:
    for entry in catalogue():
        assert entry.title
        assert entry.finds
        assert entry.severities
        assert not [hole for _, hole, _, _ in Formatter().parse(entry.title + entry.finds) if hole]
