"""What drives the model, as bars: themes and features, what can be changed apart; and effects against values."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from hfrisk.reporting.exhibits import Picture
from hfrisk.reporting.figures.canvas import ACCENT, FAINT, GREY, INK, SECOND, draw, quiet

__all__ = ["Bar", "Panel", "draw_bars", "draw_dependence"]


@dataclass(frozen=True)
class Bar:
    """One bar: a share of what moves the risk, of which a part can be changed."""

    label: str
    share: float
    changeable: float
    text: str


@dataclass(frozen=True)
class Panel:
    """How one feature moves the risk: rows with bin_lower, bin_upper, mean_contribution; `whole` numbers or not."""

    title: str
    bins: pd.DataFrame
    whole: bool = False


def draw_bars(name: str, bars: Sequence[Bar], dots_per_inch: int, *, small: bool = False) -> Picture:
    """Horizontal bars, the longest first, with the changeable part hatched in the second accent."""

    def paint(figure: Figure, phone: bool) -> None:
        axes = figure.add_subplot()
        longest = max((bar.share for bar in bars), default=1.0)
        above = phone or small
        for place, bar in enumerate(bars):
            y = float(place)
            if above:
                axes.text(0, y - 0.36, bar.label, va="center", fontsize=8.5, color=INK)
            axes.barh(y, bar.share - bar.changeable, height=0.34 if above else 0.6, color=ACCENT)
            if bar.changeable > 0:
                axes.barh(
                    y,
                    bar.changeable,
                    left=bar.share - bar.changeable,
                    height=0.34 if above else 0.6,
                    color=SECOND,
                    hatch="////",
                    edgecolor="white",
                    linewidth=0,
                )
            axes.text(bar.share + 0.015 * longest, y, bar.text, va="center", fontsize=8.5, color=INK)
        axes.set_xlim(0, longest * 1.17)
        axes.set_ylim(len(bars) - 0.5 + (0 if above else 0.1), -0.75 if above else -0.6)
        axes.set_xticks([])
        if above:
            axes.set_yticks([])
        else:
            axes.set_yticks(range(len(bars)), ["\n".join(textwrap.wrap(bar.label, 44)) for bar in bars])
        quiet(axes, keep=())
        axes.barh([-9], [0], color=ACCENT, label="cannot be changed")
        axes.barh([-9], [0], color=SECOND, hatch="////", edgecolor="white", linewidth=0, label="can be changed")
        figure.legend(loc="outside lower left", ncols=2, fontsize=8.5, handlelength=1.4)

    narrow = (3.5, 0.38 + 0.38 * len(bars))
    wide = narrow if small else (7.0, 0.55 + 0.31 * len(bars))
    return draw(name, paint, wide=wide, narrow=narrow, dots_per_inch=dots_per_inch)


def draw_dependence(panels: Sequence[Panel], dots_per_inch: int) -> Picture:
    """Small panels on one vertical scale: above the line the value raises the risk, below it lowers it."""

    def paint(figure: Figure, phone: bool) -> None:
        columns = 1 if phone else 3
        rows = -(-len(panels) // columns)
        grid = figure.subplots(rows, columns, sharey=True, squeeze=False)
        values = pd.concat([panel.bins["mean_contribution"] for panel in panels])
        reach = 1.1 * max(abs(float(values.min())), abs(float(values.max())), 0.02)
        for place, axes in enumerate(grid.flat):
            if place >= len(panels):
                axes.set_axis_off()
                continue
            panel = panels[place]
            bins = panel.bins.sort_values("bin_lower")
            middle = (bins["bin_lower"] + bins["bin_upper"]) / 2
            axes.axhline(0, color=GREY, linewidth=0.9, linestyle=(0, (4, 3)))
            axes.plot(middle, bins["mean_contribution"], color=ACCENT, linewidth=1.8, marker="o", markersize=4)
            axes.set_ylim(-reach, reach)
            axes.set_title("\n".join(textwrap.wrap(panel.title, 40 if phone else 27)), fontsize=8.5, loc="left")
            axes.xaxis.set_major_locator(MaxNLocator(5, integer=panel.whole))
            axes.grid(True, axis="y", color=FAINT)
            if place % columns == 0:
                axes.set_yticks(
                    [-reach * 0.72, 0, reach * 0.72], ["lowers\nthe risk", "no\nchange", "raises\nthe risk"]
                )
            axes.tick_params(axis="y", length=0)

    rows = -(-len(panels) // 3)
    return draw(
        "effects_by_value",
        paint,
        wide=(7.2, 0.3 + 1.95 * rows),
        narrow=(3.5, 0.3 + 1.75 * len(panels)),
        dots_per_inch=dots_per_inch,
    )
