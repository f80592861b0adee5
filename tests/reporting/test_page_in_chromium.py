"""A real browser opens the report: nothing leaves, nothing goes wrong, nothing runs over the edge of a phone."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from hfrisk.reporting import Rendered


@pytest.fixture(scope="module")
def opened(browser: Any, region_report: Rendered, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The browser with the report open, and what opening it asked for."""
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(region_report.html, encoding="utf-8")
    browser.get("about:blank")
    browser.get_log("performance")
    browser.get_log("browser")
    browser.get(path.as_uri())
    browser.asked = [
        (message["params"]["documentURL"], message["params"]["request"]["url"])
        for message in (json.loads(entry["message"])["message"] for entry in browser.get_log("performance"))
        if message["method"] == "Network.requestWillBeSent"
    ]
    browser.said = browser.get_log("browser")
    return browser


@pytest.fixture
def described(browser: Any, description: Rendered, tmp_path: Path) -> Any:
    """The browser with the report of a study without a model open."""
    path = tmp_path / "description.html"
    path.write_text(description.html, encoding="utf-8")
    browser.get(path.as_uri())
    return browser


def as_wide_as(browser: Any, width: int) -> None:
    size = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)


def test_no_request_leaves_the_page(opened: Any) -> None:
    # The browser's own new-tab page asks for chrome: addresses; they are its own and stay inside it.
    assert [url[:80] for _, url in opened.asked if not url.startswith(("file:", "data:", "chrome:"))] == []
    by_page = [url for page, url in opened.asked if page.startswith("file:")]
    assert [url[:80] for url in by_page if not url.startswith("data:")] == [opened.current_url]


def test_the_console_stays_silent(opened: Any) -> None:
    assert opened.said == []


def test_every_picture_is_shown_and_told(opened: Any) -> None:
    pictures = opened.execute_script(
        "return [...document.images].map(i => [i.alt, i.complete && i.naturalWidth > 0, i.getAttribute('alt') !== null])"
    )
    assert len(pictures) >= 10
    assert all(alt.strip() and shown and told for alt, shown, told in pictures)


def over_the_edge(browser: Any, width: int) -> list[str]:
    """What runs over the right edge of the window."""
    as_wide_as(browser, width)
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    found: list[str] = browser.execute_script(
        "const w = window.innerWidth; return [...document.querySelectorAll('body *')]"
        ".filter(e => !e.closest('.scroll') && !e.matches('.skip') && e.getBoundingClientRect().right > w + 1)"
        ".map(e => e.tagName + ' ' + e.className)"
    )
    return found


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_nothing_runs_over_the_edge(opened: Any, width: int) -> None:
    assert over_the_edge(opened, width) == []


@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_runs_over_the_edge_when_every_folded_table_is_open(opened: Any, width: int) -> None:
    opened.execute_script("document.querySelectorAll('details').forEach(folded => { folded.open = true; })")
    assert opened.execute_script("return document.querySelectorAll('details[open]').length") > 5
    assert over_the_edge(opened, width) == []


def test_a_phone_is_given_the_pictures_drawn_for_it(opened: Any) -> None:
    script = (
        "return [...document.querySelectorAll('#figure-ranking img, #figure-groups img')].map(i => i.currentSrc.length)"
    )
    as_wide_as(opened, 1280)
    wide = opened.execute_script(script)
    as_wide_as(opened, 360)
    assert opened.execute_script(script) != wide


def test_words_stand_out_from_their_ground(opened: Any) -> None:
    as_wide_as(opened, 1280)
    script = """
    const lum = c => { const v = c.match(/[\\d.]+/g).slice(0, 3).map(x => { x /= 255;
        return x <= 0.03928 ? x / 12.92 : Math.pow((x + 0.055) / 1.055, 2.4); });
        return 0.2126 * v[0] + 0.7152 * v[1] + 0.0722 * v[2]; };
    const ground = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor;
        if (!c.endsWith(', 0)')) return c; } return 'rgb(255, 255, 255)'; };
    return [...document.querySelectorAll('p, li, h1, h2, h3, th, td, a, summary, dt, dd, caption, span, figcaption')]
        .filter(e => e.textContent.trim())
        .map(e => { const a = lum(getComputedStyle(e).color), b = lum(ground(e));
            return [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), e.tagName + ' ' + e.className]; })
        .filter(([ratio]) => ratio < 4.5);
    """
    assert opened.execute_script(script) == []


def on_paper(browser: Any, tmp_path: Path) -> tuple[str, str]:
    """The words of the first sheet, and of all of them."""
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    texts = shutil.which("pdftotext")
    if texts is None:
        absent = "pdftotext is not on this machine (Debian package poppler-utils)"
        pytest.fail(absent) if os.environ.get("CI") else pytest.skip(absent)
    import base64
    import subprocess

    made = browser.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True})
    paper = tmp_path / "report.pdf"
    paper.write_bytes(base64.b64decode(made["data"]))
    first, whole = (
        subprocess.run([texts, *pages, str(paper), "-"], capture_output=True, text=True, check=True).stdout
        for pages in (["-l", "1"], [])
    )
    return first, whole


def test_page_one_is_one_sheet_of_paper(opened: Any, tmp_path: Path) -> None:
    first, whole = on_paper(opened, tmp_path)
    assert "What is this, and may I use it?" in first
    assert "What drives it, and what can be changed?" in first
    assert "What to worry about" not in first
    assert "Not computed: fewer than 200 events." in whole, "the tables behind the figures are not printed"


def test_page_one_of_a_description_is_one_sheet_too(described: Any, tmp_path: Path) -> None:
    first, whole = on_paper(described, tmp_path)
    assert "These figures can be used with care" in first
    assert "Does it depend on how people are counted?" in first
    assert "What to worry about" not in first
    assert "People so far" in whole, "the tables behind the figures are not printed"


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_a_description_fits_every_screen(described: Any, width: int) -> None:
    assert over_the_edge(described, width) == []
