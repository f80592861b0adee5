"""A hundred people, as a picture: those whom a team would see, those who came back, and who was missed."""

from __future__ import annotations

from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyBboxPatch

from hfrisk.reporting.exhibits import Picture
from hfrisk.reporting.figures.canvas import ACCENT, FAINT, INK, PAPER, draw

__all__ = ["Hundred", "draw_hundred"]

_COLUMNS = 20
_HOLLOW = "#7b8794"


@dataclass(frozen=True)
class Hundred:
    """Whole people out of 100.

    Parameters
    ----------
    reviewed, found
        At highest risk by the model, and how many of them had the outcome.
    others, missed
        Everyone else, and how many of them had the outcome.
    """

    reviewed: int
    found: int
    others: int
    missed: int


def draw_hundred(people: Hundred, came_back: str, dots_per_inch: int) -> Picture:
    """The picture of 100 people, twenty to a row; those who had the outcome are filled, the others hollow."""
    first = f"{people.reviewed} at highest risk, reviewed: {people.found} {came_back}"
    second = f"{people.others} not reviewed: {people.missed} {came_back}"
    rows = -(-people.reviewed // _COLUMNS) + -(-people.others // _COLUMNS)

    def paint(figure: Figure, phone: bool) -> None:
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_axis_off()
        axes.set_aspect("equal")
        lowest = _block(axes, 0.0, people.reviewed, people.found, first)
        lowest = _block(axes, lowest - 2.6, people.others, people.missed, second)
        axes.set_xlim(-0.75, _COLUMNS - 0.25)
        axes.set_ylim(lowest - 0.25, 2.1)

    size = (3.5, 3.5 / _COLUMNS * (rows * 1.25 + 4.6))
    return draw("hundred_people", paint, wide=size, narrow=size, dots_per_inch=dots_per_inch, by_hand=True)


def _block(axes: Axes, top: float, people: int, with_outcome: int, words: str) -> float:
    rows = max(1, -(-people // _COLUMNS))
    bottom = top - (rows - 1) * 1.25 - 0.62
    axes.text(-0.5, top + 1.25, words, fontsize=8.5, color=INK, va="center", weight="bold")
    axes.add_patch(
        FancyBboxPatch(
            (-0.6, bottom),
            _COLUMNS + 0.2,
            top + 0.6 - bottom,
            boxstyle="round,pad=0,rounding_size=0.3",
            facecolor=FAINT,
            edgecolor="none",
        )
    )
    for place in range(people):
        _person(axes, place % _COLUMNS, top - 1.25 * (place // _COLUMNS), place < with_outcome)
    return bottom


def _person(axes: Axes, x: float, y: float, came_back: bool) -> None:
    # Filled against hollow, so that the picture does not depend on colour.
    face, edge = (ACCENT, ACCENT) if came_back else (PAPER, _HOLLOW)
    axes.add_patch(Circle((x, y + 0.26), 0.17, facecolor=face, edgecolor=edge, linewidth=0.7))
    axes.add_patch(
        FancyBboxPatch(
            (x - 0.26, y - 0.42),
            0.52,
            0.46,
            boxstyle="round,pad=0,rounding_size=0.2",
            facecolor=face,
            edgecolor=edge,
            linewidth=0.7,
        )
    )
