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
    """Boxes from top to bottom, then the parts into which the last one divides, side by side.

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
        main = 2.45 if phone else 3.7
        wrap = 36 if phone else 52
        x, y = 0.06, height - 0.08
        tall = _tall(phone)
        gap = 0.24
        for place, box in enumerate(boxes):
            _box(axes, x, y, main, tall, box, wrap, phone, last=place == len(boxes) - 1)
            if box.excluded:
                side = y + gap / 2
                axes.plot([x + main / 2, x + main + 0.12], [side, side], color=GREY, linewidth=0.9)
                axes.text(
                    x + main + 0.17,
                    side,
                    box.excluded.replace(" ", "\n", 1) if phone else box.excluded,
                    va="center",
                    fontsize=8.5,
                    color=INK,
                )
            if place < len(boxes) - 1:
                _arrow(axes, x + main / 2, y - tall, y - tall - gap)
            y -= tall + gap
        if ends:
            y -= 0.12
            part = (width - 0.12 - 0.15 * (len(ends) - 1)) / len(ends)
            top = y + 0.24
            for place, box in enumerate(ends):
                left = 0.06 + place * (part + 0.15)
                centre = left + part / 2
                axes.plot([x + main / 2, centre], [top, top], color=GREY, linewidth=0.9)
                _arrow(axes, centre, top, y)
                _box(axes, left, y, part, tall + (0.3 if phone else 0.16), box, 23 if phone else 44, phone, last=False)
            axes.plot([x + main / 2] * 2, [top, top + 0.12], color=GREY, linewidth=0.9)

    def size(phone: bool) -> float:
        tall = _tall(phone)
        return 0.1 + len(boxes) * (tall + 0.24) + ((tall + 0.45) if ends else -0.1)

    return draw(
        "flow", paint, wide=(7.0, size(False)), narrow=(3.5, size(True)), dots_per_inch=dots_per_inch, by_hand=True
    )


def _tall(phone: bool) -> float:
    return 0.8 if phone else 0.56


def _box(
    axes: Axes, x: float, y: float, width: float, tall: float, box: Box, wrap: int, phone: bool, *, last: bool
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
    lines = textwrap.wrap(box.words, wrap)[:2]
    axes.text(x + 0.1, y - 0.08, "\n".join(lines), va="top", fontsize=8.5, color=colour, linespacing=1.15)
    remaining = box.remaining.replace(" admissions, ", " admissions,\n") if phone else box.remaining
    axes.text(x + 0.1, y - tall + 0.08, remaining, va="bottom", fontsize=8.5, color=colour, weight="bold")


def _arrow(axes: Axes, x: float, top: float, bottom: float) -> None:
    axes.annotate(
        "",
        (x, bottom),
        (x, top),
        arrowprops={"arrowstyle": "-|>", "color": GREY, "linewidth": 0.9, "shrinkA": 0, "shrinkB": 0},
    )
