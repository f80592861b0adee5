"""The page opens anywhere: one file, nothing fetched, headings in order, pictures in words, tables with headers."""

from __future__ import annotations

import itertools
import re
import struct

import pytest

from hfrisk.reporting import Rendered, ReportingSettings, render
from tests.reporting import reporting_samples as samples
from tests.reporting.conftest import QUICK
from tests.reporting.page_reader import read


def test_page_carries_everything_and_asks_for_nothing(rendered: Rendered) -> None:
    page = read(rendered.html)
    for address in page.addresses:
        assert address.startswith(("data:", "#")), address[:60]
    assert not [tag for tag, _ in page.tags if tag in ("script", "iframe", "object", "embed", "form", "base")]
    assert "url(" not in rendered.html
    assert "@import" not in rendered.html
    assert not re.search(r"https?://", rendered.html)
    assert "default-src 'none'" in rendered.html


def test_page_is_small_enough_to_send(rendered: Rendered) -> None:
    assert len(rendered.html.encode()) < 5_000_000


def test_headings_are_in_order_and_never_empty(rendered: Rendered) -> None:
    headings = read(rendered.html).headings
    assert [level for level, _ in headings].count(1) == 1
    assert headings[0][0] == 1
    for (before, _), (level, words) in itertools.pairwise(headings):
        assert level <= before + 1, words
        assert words


def test_page_one_asks_its_six_questions_in_order(of_a_model: Rendered) -> None:
    asked = [words for _, words in read(of_a_model.html).headings]
    first = [
        "What is this, and may I use it?",
        "Whom was it tried on?",
        "Does it pick out the right people?",
        "Are its percentages true?",
        "For whom is it worse?",
        "What drives it, and what can be changed?",
        "What to worry about",
        "What happens next",
    ]
    places = [asked.index(question) for question in first]
    assert places == sorted(places)


def test_every_picture_is_told_in_words_with_numbers(rendered: Rendered) -> None:
    images = read(rendered.html).images
    assert len(images) >= (0 if "not computed" in rendered.html else 10 if rendered.model_card else 7)
    for image in images:
        assert len(image["alt"]) > 40
        assert re.search(r"\d", image["alt"])
        assert int(image["width"]) > 0


def test_every_figure_of_the_chapters_has_a_title_a_sentence_and_its_table(region_report: Rendered) -> None:
    figures = re.findall(
        r'<div class="block" id="[\w-]+">\s*<h3.*?</div>\s*(?=<div class="block|</section>)',
        region_report.html,
        re.DOTALL,
    )
    drawn = [block for block in figures if "<img" in block]
    assert len(drawn) >= 9
    for block in drawn:
        assert re.search(r'<h3 class="figure-title">[^<]{10,}</h3>', block)
        assert re.search(r"<figcaption>[^<]{20,}</figcaption>", block)
        assert "<summary>The table behind this figure</summary>" in block
        assert "<table>" in block


def test_every_table_has_a_caption_and_headers(rendered: Rendered) -> None:
    for table in re.findall(r"<table>.*?</table>", rendered.html, re.DOTALL):
        assert re.search(r"<caption>[^<]+</caption>", table)
        assert '<th scope="col"' in table
        for row in re.findall(r"<tr.*?</tr>", table.split("<tbody>", 1)[1], re.DOTALL):
            assert re.match(r'<tr[^>]*><th scope="(row|rowgroup)"', row)


def test_links_lead_somewhere_and_ids_are_unique(rendered: Rendered) -> None:
    page = read(rendered.html)
    ids = [found["id"] for _, found in page.tags if "id" in found]
    assert len(ids) == len(set(ids))
    assert {address[1:] for address in page.addresses if address.startswith("#")} <= set(ids)


def test_style_has_no_red_and_no_green() -> None:
    html = render(samples.bare(), QUICK).html
    for colour in re.findall(r"#([0-9a-f]{6})\b", html):
        red, green, blue = (int(colour[i : i + 2], 16) for i in (0, 2, 4))
        assert not (red > 150 and green < 90 and blue < 90), colour
        assert not (green > 120 and red < 90 and blue < 110), colour


def test_pictures_carry_no_metadata(region_report: Rendered) -> None:
    for name, png in region_report.figures.items():
        chunks, place = set(), 8
        while place < len(png):
            size = struct.unpack(">I", png[place : place + 4])[0]
            chunks.add(png[place + 4 : place + 8].decode())
            place += 12 + size
        assert chunks <= {"IHDR", "PLTE", "IDAT", "IEND"}, name


def test_the_same_numbers_give_the_same_bytes(region_report: Rendered) -> None:
    again = render(samples.region(), ReportingSettings())
    assert again.html == region_report.html
    assert again.model_card == region_report.model_card
    assert again.figures == region_report.figures


def test_drawing_leaves_no_trace_in_the_global_state() -> None:
    import matplotlib

    with matplotlib.rc_context({"font.size": 31.0, "axes.edgecolor": "magenta"}):
        mine = render(samples.tiny(), QUICK).html
        assert matplotlib.rcParams["font.size"] == 31.0
    assert mine == render(samples.tiny(), QUICK).html


def test_over_prediction_is_told_where_a_reader_looks(desynpuf_report: Rendered) -> None:
    page = read(desynpuf_report.html)
    assert desynpuf_report.verdict == "Do not use"
    assert "Do not use" in page.by_id["front"]
    assert "It predicts about twice as many as came back among later discharges" in page.by_id["front"]
    assert "It must not be used." in page.by_id["front"]
    assert "It predicts about twice as many as came back." in page.by_id["percentages"]
    assert "The model must not be used" in page.by_id["worries"]


def test_research_software_is_said_on_the_page_and_on_the_card(rendered: Rendered) -> None:
    assert "not a medical device" in read(rendered.html).text
    assert rendered.model_card is None or "not a medical device" in rendered.model_card


def test_model_card_repeats_the_page(of_a_model: Rendered) -> None:
    card = of_a_model.model_card
    assert card is not None
    assert card.startswith("# Model card: ")
    assert f"**Verdict: {of_a_model.verdict}.**" in card
    assert "## For whom is it worse?" in card
    assert "nan" not in card.lower().split()


def test_tables_leave_as_they_were_released(region_report: Rendered) -> None:
    base = samples.region()
    for name, frame in base.tables().items():
        if len(frame):
            assert region_report.tables[name].equals(frame)
    assert "outcomes" not in region_report.tables, "with a model, an empty table is no file"
    assert set(region_report.tables["statements"]["where"]) >= {"verdict", "who", "picks", "percentages", "drivers"}


@pytest.mark.parametrize("top", [1, 3])
def test_settings_say_how_much_is_shown(top: int) -> None:
    page = read(
        render(samples.region(), ReportingSettings(top_features=top, themes_on_page_one=top, dots_per_inch=72)).html
    )
    assert f"The {top} features" in page.text or "make up" in page.text
    assert f"The {top} features that count most" in page.text


def test_settings_are_described() -> None:
    for name, field in ReportingSettings.model_fields.items():
        assert field.description, name
