"""Every code that can be met is in the catalogue, and the other way round."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter
from typing import get_args

import hfrisk
from hfrisk.codelists import read_yaml
from hfrisk.quality import CatalogueEntry, CheckPage, catalogue, catalogue_page, check_page
from hfrisk.study import Study

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


def test_every_method_check_has_a_page_and_no_page_is_of_another() -> None:
    methods = {entry.code for entry in catalogue() if entry.code >= "HFR100"}
    assert set(read_yaml("method_checks.yaml")) == methods
    for code in methods:
        page = check_page(code)
        assert isinstance(page, CheckPage)
        for words in (page.why, page.how, page.source):
            assert words.endswith(".")
            assert not re.search(r"[*_`{}]{2}|  ", words)
        # settings that a page speaks of exist
        blocks = "assessment|model|designs|fairness|inequality|disclosure"
        for block, name in re.findall(rf"\b({blocks})\.([a-z_]+)\b", page.how):
            assert name in _settings(block), f"{code}: {block}.{name}"


def test_a_code_of_the_data_has_its_line_and_another_has_nothing() -> None:
    assert isinstance(check_page("HFR045"), CatalogueEntry)
    assert check_page("HFR999") is None


def _settings(block: str) -> set[str]:
    annotation = Study.model_fields[block].annotation
    # the model may be left out, so that its annotation is a union
    return {name for part in (annotation, *get_args(annotation)) for name in getattr(part, "model_fields", {})}


def test_words_are_whole() -> None:
    # a comma ends a value that is not quoted
    assert {tuple(entry) for entry in read_yaml("checks.yaml").values()} == {("severity", "title", "finds")}
    for entry in catalogue():
        assert entry.title
        assert entry.finds
        assert entry.severities
        assert not [hole for _, hole, _, _ in Formatter().parse(entry.title + entry.finds) if hole]
