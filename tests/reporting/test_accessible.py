"""axe looks at whole reports in a real browser, every folded table open, by the rules of WCAG 2.2 AA and its own good practice."""

from __future__ import annotations

import os
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from tests.reporting.conftest import report_on
from tests.reporting.test_page_in_chromium import as_wide_as

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_RUN = """
const done = arguments[arguments.length - 1];
axe.run(document, {runOnly: {type: 'tag', values: arguments[0]}, resultTypes: ['violations']}).then(
    found => done({version: axe.version, passed: found.passes.length,
        wrong: found.violations.map(v => [v.id, v.nodes.length, v.nodes[0].html.slice(0, 160)])}),
    error => done({version: axe.version, passed: 0, wrong: [[String(error), 0, '']]}));
"""


@cache
def axe() -> str:
    """The source of axe-core, from the test extra."""
    try:
        return (files("axe_selenium_python") / "node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")
    except (ModuleNotFoundError, FileNotFoundError):
        absent = "not installed: axe-selenium-python-nhsuk (test extra), which carries axe-core"
        return pytest.fail(absent) if os.environ.get("CI") else pytest.skip(absent)


def looked_at(browser: Any, html: str, width: int, folder: Path) -> dict[str, Any]:
    """What axe says of the page."""
    source = axe()
    path = folder / "page.html"
    path.write_text(html, encoding="utf-8")
    as_wide_as(browser, width)
    browser.get(path.as_uri())
    browser.execute_script("document.querySelectorAll('details').forEach(folded => { folded.open = true; })")
    browser.execute_script(source)
    browser.set_script_timeout(300)
    found: dict[str, Any] = browser.execute_async_script(_RUN, RULES)
    return found


@pytest.mark.parametrize(("sample", "width"), [("region", 1280), ("described", 360)])
def test_axe_finds_nothing_wrong(browser: Any, sample: str, width: int, tmp_path: Path) -> None:
    found = looked_at(browser, report_on(sample).html, width, tmp_path)
    assert found["wrong"] == []
    assert found["passed"] > 25
    # the rules of WCAG 2.2 came with 4.5
    assert tuple(int(part) for part in found["version"].split(".")[:2]) >= (4, 5)


def test_axe_finds_what_is_planted(browser: Any, tmp_path: Path) -> None:
    page = report_on("bare").html.replace('<html lang="en-GB">', "<html>")
    page = page.replace("</footer>", '<img src="data:,"><p style="color: #ccc">pale</p></footer>')
    assert {rule for rule, _, _ in looked_at(browser, page, 1280, tmp_path)["wrong"]} == {
        "html-has-lang",
        "image-alt",
        "color-contrast",
    }
