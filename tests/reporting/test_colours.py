"""What shares a figure is told apart by every kind of eye, on grey paper too, and stands out from paper."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import matplotlib
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.container import BarContainer
from matplotlib.figure import Figure

from hfrisk.codelists import read_yaml
from hfrisk.reporting import render
from hfrisk.reporting.figures import canvas
from hfrisk.reporting.figures.people import _HOLLOW
from tests.reporting import reporting_samples as samples
from tests.reporting.colour_vision import ciede2000, contrast, lab, seen
from tests.reporting.conftest import QUICK

VISIONS = ("usual", *read_yaml("colour_vision.yaml")["matrices"])
#: CIEDE2000 below which two colours alone do not carry a difference; a just noticeable one is about 1 to 2.
APART = 20.0
#: WCAG 2.2, 1.4.11: what is needed to understand a picture, against its ground.
STANDS_OUT = 3.0


def distance(one: str, other: str, vision: str) -> float:
    return ciede2000(lab(seen(one, vision)), lab(seen(other, vision)))


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        # Sharma, Wu and Dalal 2005, table 1: pairs 1, 7, 9, 10, 17, 21, 25
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, 0, 0), (50, -1, 2), 2.3669),
        ((50, 2.49, -0.001), (50, -2.49, 0.0009), 7.1792),
        ((50, 2.49, -0.001), (50, -2.49, 0.0011), 7.2195),
        ((50, 2.5, 0), (73, 25, -18), 27.1492),
        ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
        ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
    ],
)  # fmt: skip
def test_distances_are_those_that_were_published(
    one: tuple[float, ...], other: tuple[float, ...], expected: float
) -> None:
    assert ciede2000(np.array(one, float), np.array(other, float)) == pytest.approx(expected, abs=5e-5)


def test_white_and_grey_look_the_same_to_everyone_and_red_and_green_do_not_to_most() -> None:
    for vision in VISIONS:
        for neutral in ("#ffffff", "#808080"):
            assert distance(neutral, neutral, vision) == 0
            assert np.allclose(seen(neutral, vision), seen(neutral, "usual"), atol=2e-6)
    # the classic confusion: far apart to most people, near each other without the middle cone
    assert distance("#a05000", "#5a7800", "usual") > 2 * distance("#a05000", "#5a7800", "deuteranopia")


@pytest.mark.parametrize("vision", [*VISIONS, "grey"])
def test_the_two_accents_and_the_pale_grey_are_told_apart(vision: str) -> None:
    assert distance(canvas.ACCENT, canvas.SECOND, vision) > APART
    assert distance(canvas.ACCENT, canvas.LIGHT, vision) > APART
    if vision != "grey":
        assert distance(canvas.SECOND, canvas.LIGHT, vision) > APART
        assert distance(canvas.SECOND, canvas.GREY, vision) > APART


@pytest.mark.parametrize("colour", ["ACCENT", "SECOND", "GREY", "INK"])
def test_what_is_drawn_stands_out_from_paper(colour: str) -> None:
    assert contrast(getattr(canvas, colour), canvas.PAPER) >= STANDS_OUT
    assert contrast(_HOLLOW, canvas.PAPER) >= STANDS_OUT
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)  # WCAG's own example


@pytest.fixture(scope="module")
def drawn() -> list[tuple[str, Figure]]:
    """Every figure of two reports, before it becomes a picture."""
    found: list[tuple[str, Figure]] = []
    original = canvas.draw

    def kept(name: str, painter: Callable[[Figure, bool], None], **how: Any) -> Any:
        with matplotlib.rc_context():
            matplotlib.rcdefaults()
            matplotlib.rcParams.update(canvas._STYLE)
            figure = Figure(figsize=how["wide"], layout=None if how.get("by_hand") else "constrained")
            FigureCanvasAgg(figure)
            painter(figure, False)
        found.append((name, figure))
        return canvas.Picture(name, _DOT, _DOT)

    with pytest.MonkeyPatch.context() as patch:
        for module in _drawing():
            assert module.draw is original
            patch.setattr(module, "draw", kept)
        render(samples.region(), QUICK)
        render(samples.described(), QUICK)
    return found


#: The start of a PNG, from which the page reads the size.
_DOT = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01"


def _drawing() -> Iterator[Any]:
    import hfrisk.reporting.figures as room

    for name in ("bars", "calibration", "curves", "designs", "flow", "forest", "incidence", "people", "search"):
        yield __import__(f"{room.__name__}.{name}", fromlist=["draw"])


def _series(axes: Any) -> list[tuple[str, str, str, str]]:
    """Colour, line style, mark, and open or filled, of each line that shows data; straight lines that mark a value are not such."""
    told = []
    for line in axes.lines:
        x, y = np.asarray(line.get_xdata(), float), np.asarray(line.get_ydata(), float)
        if len(x) == 0 or (
            len(x) <= 2 and (np.ptp(x) == 0 or np.ptp(y) == 0) and line.get_marker() in ("None", None, "")
        ):
            continue
        face, edge = (to_hex(colour) for colour in (line.get_markerfacecolor(), line.get_markeredgecolor()))
        marked = line.get_linestyle() == "None"
        colour = to_hex(line.get_color()) if not marked else edge if face == canvas.PAPER else face
        style = "none" if marked else str(line._dash_pattern)
        told.append((colour, style, str(line.get_marker()), "open" if marked and face == canvas.PAPER else "filled"))
    return told


def test_lines_that_share_a_figure_differ_in_more_than_hue(drawn: list[tuple[str, Figure]]) -> None:
    pairs = 0
    for name, figure in drawn:
        if name == "flow":
            continue
        for axes in figure.axes:
            for one, other in itertools.combinations(dict.fromkeys(_series(axes)), 2):
                pairs += 1
                near = min(distance(one[0], other[0], vision) for vision in (*VISIONS, "grey"))
                assert near > APART or one[1:] != other[1:], (name, one, other)
    assert pairs >= 8


def test_bars_and_bands_stand_out_from_paper(drawn: list[tuple[str, Figure]]) -> None:
    seen_bars = seen_bands = 0
    for name, figure in drawn:
        for axes in figure.axes:
            for container in axes.containers:
                if not isinstance(container, BarContainer):
                    continue
                for bar in container.patches:
                    edge = to_hex(bar.get_edgecolor()) if bar.get_linewidth() else canvas.PAPER
                    colours = (to_hex(bar.get_facecolor()), edge)
                    assert max(contrast(colour, canvas.PAPER) for colour in colours) >= STANDS_OUT, name
                    seen_bars += 1
            for area in axes.collections:
                if type(area).__name__ in ("PolyCollection", "FillBetweenPolyCollection"):
                    assert contrast(to_hex(area.get_edgecolor()[0]), canvas.PAPER) >= STANDS_OUT, name
                    assert area.get_linewidth()[0] > 0
                    seen_bands += 1
    assert seen_bars > 20
    assert seen_bands >= 3
