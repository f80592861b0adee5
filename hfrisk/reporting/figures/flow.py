"""The flow of patients: a column of boxes, with what each rule left out beside it."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from hfrisk.reporting.exhibits import Picture
from hfrisk.reporting.figures.canvas import ACCENT, FAINT, GREY, INK, PAPER, draw

__all__ = ["Box", "draw_flow"]


@dataclass(frozen=True)
class Box:
    """One rule: who is left after it, and what it left out."""

    words: str
    remaining: str
    excluded: str = ""


def draw_flow(boxes: Sequence[Box], ends: Sequence[Box], dots_per_inch: int) -> Picture:
    """Boxes from top to bottom, each as tall as its words, then the parts into which the last one divides, side by side.

    Parameters
    ----------
    boxes
        One for each rule.
    ends
        The parts, such as development and test.
    dots_per_inch
        Resolution.
    """

    def paint(figure: Figure, phone: bool) -> None:
        width, height = figure.get_size_inches()
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_axis_off()
        axes.set_xlim(0, width)
        axes.set_ylim(0, height)
        shape = _PHONE if phone else _PAGE
        x, y = _EDGE, height - _EDGE
        middle = x + shape.main / 2
        for place, box in enumerate(boxes):
            tall = _tall(box, shape)
            _box(axes, x, y, shape.main, tall, box, shape.wrap, shape, last=place == len(boxes) - 1)
            if box.excluded:
                side = y + _GAP / 2
                axes.plot([middle, x + shape.main + 0.12], [side, side], color=GREY, linewidth=0.9)
                axes.text(
                    x + shape.main + 0.17,
                    side,
                    box.excluded.replace(" ", "\n", 1) if phone else box.excluded,
                    va="center",
                    fontsize=_FONT,
                    color=INK,
                )
            if place < len(boxes) - 1:
                _arrow(axes, middle, y - tall, y - tall - _GAP)
            y -= tall + _GAP
        if ends:
            y -= 0.12
            part = (width - 2 * _EDGE - _BETWEEN * (len(ends) - 1)) / len(ends)
            top = y + _GAP
            tall = max(_tall(box, shape, shape.wrap_of_ends) for box in ends)
            for place, box in enumerate(ends):
                left = _EDGE + place * (part + _BETWEEN)
                centre = left + part / 2
                axes.plot([middle, centre], [top, top], color=GREY, linewidth=0.9)
                _arrow(axes, centre, top, y)
                _box(axes, left, y, part, tall, box, shape.wrap_of_ends, shape, last=False)
            axes.plot([middle] * 2, [top, top + 0.12], color=GREY, linewidth=0.9)

    def size(phone: bool) -> float:
        shape = _PHONE if phone else _PAGE
        column = sum(_tall(box, shape) for box in boxes) + _GAP * (len(boxes) - 1)
        below = max((_tall(box, shape, shape.wrap_of_ends) for box in ends), default=0.0)
        return 2 * _EDGE + column + (_GAP + 0.12 + below if ends else 0.0)

    return draw(
        "flow", paint, wide=(7.0, size(False)), narrow=(3.5, size(True)), dots_per_inch=dots_per_inch, by_hand=True
    )


@dataclass(frozen=True)
class _Shape:
    """How wide the boxes are (inches), and how many letters fit into a line of them."""

    main: float
    wrap: int
    wrap_of_ends: int
    two_lines: bool


_PAGE = _Shape(5.0, 70, 46, two_lines=False)
_PHONE = _Shape(2.45, 36, 24, two_lines=True)
_EDGE, _GAP, _BETWEEN, _PAD = 0.06, 0.22, 0.15, 0.08
_FONT, _LINE = 8.5, 0.148


def _lines(box: Box, wrap: int, shape: _Shape) -> tuple[list[str], list[str]]:
    remaining = box.remaining.replace(" admissions, ", " admissions,\n") if shape.two_lines else box.remaining
    return textwrap.wrap(box.words, wrap), remaining.split("\n")


def _tall(box: Box, shape: _Shape, wrap: int | None = None) -> float:
    words, remaining = _lines(box, wrap or shape.wrap, shape)
    return 2 * _PAD + 0.04 + _LINE * (len(words) + len(remaining))


def _box(
    axes: Axes, x: float, y: float, width: float, tall: float, box: Box, wrap: int, shape: _Shape, *, last: bool
) -> None:
    axes.add_patch(
        FancyBboxPatch(
            (x, y - tall),
            width,
            tall,
            boxstyle="round,pad=0,rounding_size=0.06",
            facecolor=ACCENT if last else FAINT,
            edgecolor=ACCENT if last else "none",
        )
    )
    colour = PAPER if last else INK
    words, remaining = _lines(box, wrap, shape)
    for lines, top, align, weight in (
        (words, y - _PAD, "top", "normal"),
        (remaining, y - tall + _PAD, "bottom", "bold"),
    ):
        axes.text(
            x + 0.1, top, "\n".join(lines), va=align, fontsize=_FONT, color=colour, linespacing=1.12, weight=weight
        )


def _arrow(axes: Axes, x: float, top: float, bottom: float) -> None:
    axes.annotate(
        "",
        (x, bottom),
        (x, top),
        arrowprops={"arrowstyle": "-|>", "color": GREY, "linewidth": 0.9, "shrinkA": 0, "shrinkB": 0},
    )
