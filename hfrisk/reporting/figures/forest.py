"""Estimates with their intervals, one row each, beside the line where they ought to be."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from hfrisk.reporting.exhibits import Picture
from hfrisk.reporting.figures.canvas import ACCENT, FAINT, GREY, INK, LIGHT, PAPER, SECOND, draw, quiet
from hfrisk.reporting.words import known

__all__ = ["Line", "draw_forest"]


@dataclass(frozen=True)
class Line:
    """One row of a forest.

    Parameters
    ----------
    label
        Whose estimate it is.
    estimate, lower, upper
        The estimate and its interval; NaN where held back.
    text
        The estimate in figures, or the word for why it is not there.
    section
        The heading under which the row stands.
    second
        Drawn in the second accent with an open mark, for a comparison.
    """

    label: str
    estimate: float
    lower: float
    upper: float
    text: str
    section: str = ""
    second: bool = False


_ACROSS = 46  # letters that fit across a phone
_MORE = 0.75  # further down, by a line of words
_MANY = 25
_CLEAR = {"facecolor": PAPER, "edgecolor": "none", "pad": 1.0}


def draw_forest(
    name: str,
    lines: Sequence[Line],
    dots_per_inch: int,
    *,
    reference: float,
    axis: str,
    low_words: str = "",
    high_words: str = "",
    ratio: bool = False,
    percent: bool = False,
    small: bool = False,
) -> Picture | None:
    """The forest; None where there is nothing to draw.

    Parameters
    ----------
    name
        The file name without its ending.
    lines
        Rows from top to bottom; rows of a section stand together.
    dots_per_inch
        Resolution.
    reference
        Where the dashed line stands.
    axis
        What the horizontal axis is.
    low_words, high_words
        What it means to lie left or right of the line.
    ratio
        Whether the axis is logarithmic.
    percent
        Whether the axis shows shares as percentages.
    small
        Drawn for half a page's width.
    """
    if not known(reference) or not any(known(line.estimate) for line in lines):
        return None
    span = _span(lines, reference, ratio)
    sections = len({line.section for line in lines if line.section})

    def paint(figure: Figure, phone: bool) -> None:
        phone = phone or small
        step = 1.55 if phone else 1.0
        left, width = (0.03, 0.94) if phone else (0.33, 0.43)
        height = figure.get_figheight()
        words_below = textwrap.fill(axis, _ACROSS) if phone else axis
        bottom = (0.62 + 0.16 * words_below.count("\n")) / height
        head = (0.3 if low_words or high_words else 0.08) / height
        axes = figure.add_axes((left, bottom, width, 1 - bottom - head))
        if ratio:
            axes.set_xscale("log")
        axes.set_xlim(*span)
        _ticks(axes, span, ratio, percent)
        y = 0.0
        section = ""
        for line in lines:
            if line.section and line.section != section:
                section = line.section
                y += 0.35 if y else 0.0
                x = 0.0 if phone else -0.33 / 0.43 + 0.02
                axes.text(
                    x, y, section, transform=axes.get_yaxis_transform(), weight="bold", va="center", clip_on=False
                )
                y += 1.0
            _row(axes, line, y, phone)
            y += step + (_MORE if phone and _crowded(line) else 0.0)
        axes.axvline(reference, color=GREY, linewidth=1, linestyle=(0, (4, 3)), zorder=1)
        axes.set_ylim(y - step + (0.9 if phone else 0.6), -0.7)
        axes.set_yticks([])
        axes.grid(True, axis="x", which="major")
        axes.set_xlabel(words_below)
        quiet(axes, keep=("bottom",))
        for words, x, align in ((low_words, 0.0, "left"), (high_words, 1.0, "right")):
            if words:
                axes.text(x, 1.0 + 0.08 / height, words, transform=axes.transAxes, ha=align, va="bottom", fontsize=8)

    # on paper a tall picture is made smaller, and its words with it
    pitch = 0.255 if len(lines) <= _MANY else 0.205
    wide_height = 0.95 + pitch * len(lines) + 0.35 * sections
    narrow_height = 0.95 + 0.4 * len(lines) + 0.35 * sections
    narrow_height += 0.2 * sum(map(_crowded, lines)) + 0.16 * (len(axis) // _ACROSS)
    if small:
        return draw(
            name,
            paint,
            wide=(3.5, narrow_height),
            narrow=(3.5, narrow_height),
            dots_per_inch=dots_per_inch,
            by_hand=True,
        )
    return draw(
        name, paint, wide=(7.4, wide_height), narrow=(3.5, narrow_height), dots_per_inch=dots_per_inch, by_hand=True
    )


def _row(axes: Axes, line: Line, y: float, phone: bool) -> None:
    across = axes.get_yaxis_transform()
    shown = known(line.estimate)
    colour = INK if shown else GREY
    if phone:
        size = _label_size(line.label, 40 if _crowded(line) else 29)
        axes.text(
            0.0, y, line.label, transform=across, va="center", color=colour, clip_on=False, bbox=_CLEAR, fontsize=size
        )
        y += _MORE if _crowded(line) else 0.0
        axes.text(
            1.0, y, line.text, transform=across, va="center", ha="right", color=colour, clip_on=False, bbox=_CLEAR
        )
        y += 0.68
    else:
        size = _label_size(line.label, 33)
        axes.text(
            -0.33 / 0.43 + 0.05,
            y,
            line.label,
            transform=across,
            va="center",
            color=colour,
            clip_on=False,
            fontsize=size,
        )
        axes.text(1.04, y, line.text, transform=across, va="center", color=colour, clip_on=False)
    axes.plot(
        [0, 1], [y, y], transform=across, color=FAINT, linewidth=5 if shown else 1, zorder=0, solid_capstyle="butt"
    )
    if not shown:
        return
    mark = SECOND if line.second else ACCENT
    if known(line.lower) and known(line.upper):
        axes.plot([line.lower, line.upper], [y, y], color=mark, linewidth=1.8, zorder=2, solid_capstyle="round")
    axes.plot(
        [line.estimate],
        [y],
        marker="D" if line.second else "o",
        markersize=5.5 if line.second else 6,
        markerfacecolor="white" if line.second else mark,
        markeredgecolor=mark,
        markeredgewidth=1.5,
        linestyle="none",
        zorder=3,
    )


def _crowded(line: Line) -> bool:
    """Whether label and number do not fit beside each other on a phone; the number then has a line of its own."""
    return len(line.label) + len(line.text) > _ACROSS


def _label_size(label: str, room: int) -> float:
    return max(6.5, 9.0 * min(1.0, room / max(len(label), 1)))


def _span(lines: Sequence[Line], reference: float, ratio: bool) -> tuple[float, float]:
    seen = [v for line in lines for v in (line.estimate, line.lower, line.upper) if known(v)] + [reference]
    low, high = min(seen), max(seen)
    if ratio:
        reach = max(math.log(high / reference), math.log(reference / max(low, 0.05)), math.log(1.3)) * 1.08
        return reference * math.exp(-reach), reference * math.exp(reach)
    pad = 0.06 * (high - low or 0.1)
    return max(0.0, low - pad) if low >= 0 else low - pad, high + pad


def _ticks(axes: Axes, span: tuple[float, float], ratio: bool, percent: bool) -> None:
    if ratio:
        choice = [0.1, 0.2, 0.25, 0.33, 0.5, 0.67, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 10]
        ticks = [t for t in choice if span[0] <= t <= span[1]]
        if len(ticks) > 7:
            ticks = [t for t in ticks if t in (0.1, 0.25, 0.5, 1, 2, 4, 10)]
        axes.set_xticks(ticks, [f"{t:g}" for t in ticks])
        axes.xaxis.set_minor_locator(NullLocator())
    else:
        reach = span[1] - span[0]
        step = next((s for s in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5) if reach / s <= 7), 1.0)
        first = math.ceil(span[0] / step)
        ticks = [i * step for i in range(first, math.floor(span[1] / step) + 1)]
        axes.set_xticks(ticks, [f"{100 * t:.0f}%" if percent else f"{t:.2f}" for t in ticks])
    axes.spines["bottom"].set_color(LIGHT)
