"""How contributions spread over people, as strips of steps; and the joint effect of two features, as a field of cells."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from hfrisk.reporting import words
from hfrisk.reporting.exhibits import Picture
from hfrisk.reporting.figures.canvas import ACCENT, FAINT, GREY, INK, SECOND, draw, quiet

__all__ = ["Cell", "Strip", "draw_joint", "draw_spread"]

_VALUES = LinearSegmentedColormap.from_list("values", ["#c3d5ea", ACCENT])
_BEHIND: dict[str, Any] = {"facecolor": "white", "edgecolor": "none", "pad": 0.5}
_UNKNOWN: dict[str, Any] = {"facecolor": "white", "edgecolor": GREY, "linewidth": 0.6, "hatch": "...."}
_EFFECTS = LinearSegmentedColormap.from_list("effects", [ACCENT, "#ffffff", SECOND])


@dataclass(frozen=True)
class Strip:
    """One feature: rows with lower, upper, share, rank."""

    label: str
    steps: pd.DataFrame


@dataclass(frozen=True)
class Cell:
    """One cell: its steps in words, the joint contribution, and what of it neither says alone (NaN where not shown)."""

    across: str
    up: str
    together: float
    beyond: float


def draw_spread(strips: Sequence[Strip], dots_per_inch: int) -> Picture:
    """A strip a feature: steps of the contribution, as high as many people have it, the darker the higher their values."""

    def paint(figure: Figure, phone: bool) -> None:
        axes = figure.add_subplot()
        reach = 0.02
        for place, strip in enumerate(strips):
            steps = strip.steps
            density = [
                float(row["share"]) / max(float(row["upper"]) - float(row["lower"]), 1e-9)
                for _, row in steps.iterrows()
            ]
            tallest = max(density, default=1.0)
            for (_, row), thick in zip(steps.iterrows(), density, strict=True):
                low, high = float(row["lower"]), float(row["upper"])
                height = (0.1 + 0.36 * thick / tallest) if phone else (0.12 + 0.5 * thick / tallest)
                look = (
                    {"facecolor": _VALUES(float(row["rank"])), "edgecolor": "white", "linewidth": 0.6}
                    if words.known(row["rank"])
                    else _UNKNOWN
                )
                axes.add_patch(Rectangle((low, place - height / 2), high - low, height, **look))
                reach = max(reach, abs(low), abs(high))
            if phone:
                axes.text(-reach, place - 0.4, strip.label, fontsize=8, color=INK, va="center", bbox=_BEHIND)
        axes.axvline(0, color=GREY, linewidth=0.9, linestyle=(0, (4, 3)))
        axes.set_xlim(-1.05 * reach, 1.05 * reach)
        axes.set_ylim(len(strips) - 0.4, -0.75 if phone else -0.6)
        axes.set_xticks([-0.7 * reach, 0, 0.7 * reach], ["lowers the risk", "no change", "raises the risk"])
        axes.tick_params(axis="x", length=0)
        if phone:
            axes.set_yticks([])
            for text in axes.texts:
                text.set_x(-reach)
        else:
            axes.set_yticks(range(len(strips)), ["\n".join(textwrap.wrap(strip.label, 40)) for strip in strips])
            axes.tick_params(axis="y", length=0)
        quiet(axes, keep=("bottom",))
        for colour, label in ((_VALUES(0.0), "low values"), (_VALUES(1.0), "high values")):
            axes.barh([-9], [0], color=colour, label=label)
        if any(strip.steps["rank"].isna().any() for strip in strips):
            axes.barh([-9], [0], label="hardly anybody's is recorded", **_UNKNOWN)
        figure.legend(loc="outside lower left", ncols=3, fontsize=8, handlelength=1.2, columnspacing=1.0)

    return draw(
        "spread",
        paint,
        wide=(7.2, 0.9 + 0.42 * len(strips)),
        narrow=(3.5, 0.9 + 0.6 * len(strips)),
        dots_per_inch=dots_per_inch,
    )


def draw_joint(across: str, up: str, cells: Sequence[Cell], dots_per_inch: int) -> Picture:
    """A field: one feature across, the other up, the joint contribution in each cell as a number and a shade."""
    columns, rows = list(dict.fromkeys(c.across for c in cells)), list(dict.fromkeys(c.up for c in cells))

    def paint(figure: Figure, phone: bool) -> None:
        axes = figure.add_subplot()
        values = [abs(c.together) for c in cells if words.known(c.together)]
        reach = max([*values, 0.02])
        for cell in cells:
            x, y = columns.index(cell.across), rows.index(cell.up)
            known = words.known(cell.together)
            colour = _EFFECTS(0.5 + 0.5 * cell.together / reach) if known else FAINT
            axes.add_patch(Rectangle((x - 0.5, y - 0.5), 1, 1, facecolor=colour, edgecolor="white", linewidth=1.5))
            dark = known and cell.together < -0.6 * reach
            text = words.signed(cell.together, 2) if known else "not shown"
            axes.text(x, y, text, ha="center", va="center", fontsize=8, color="white" if dark else INK)
        axes.set_xlim(-0.5, len(columns) - 0.5)
        axes.set_ylim(-0.5, len(rows) - 0.5)
        axes.set_xticks(np.arange(len(columns)), columns)
        axes.set_yticks(np.arange(len(rows)), rows)
        wrap = 34 if phone else 60
        axes.set_xlabel("\n".join(textwrap.wrap(across, wrap)))
        axes.set_ylabel("\n".join(textwrap.wrap(up, 34)))
        axes.tick_params(length=0, labelsize=8)
        quiet(axes, keep=())

    return draw("together", paint, wide=(6.4, 3.6), narrow=(3.5, 3.2), dots_per_inch=dots_per_inch)
