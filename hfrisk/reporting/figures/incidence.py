"""How many had come back, and how many had died first, by the end of each day: two step curves with their intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hfrisk.reporting.exhibits import Picture
from hfrisk.reporting.figures.canvas import ACCENT, FAINT, INK, SECOND, band, draw, percent_axis

__all__ = ["Curve", "draw_incidence"]

_LOOK = ((ACCENT, "solid", 0.22), (SECOND, (0, (5, 2)), 0.28))


@dataclass(frozen=True)
class Curve:
    """One outcome: its words, what stands at its end, and rows with day, share, lower, upper."""

    words: str
    end: str
    points: pd.DataFrame


def draw_incidence(
    name: str, curves: Sequence[Curve], last_day: int, dots_per_inch: int, *, small: bool = False
) -> Picture:
    """The curves from discharge to the last day of the window, each flat until the next day that may be shown.

    Parameters
    ----------
    name
        The file name without its ending.
    curves
        At most two, the outcome of the study first.
    last_day
        Last day of the window.
    dots_per_inch
        Resolution.
    small
        Drawn for half a page's width.
    """
    top = max(float(curve.points["upper"].max()) for curve in curves)
    step = next((s for s in (0.01, 0.02, 0.05, 0.1, 0.2) if top / s <= 6), 0.25)
    highest = step * -(-round(1000 * top) // round(1000 * step))

    def paint(figure: Figure, phone: bool) -> None:
        axes = figure.add_subplot()
        axes.grid(True, axis="y", color=FAINT)
        for curve, (colour, line, shade) in zip(curves, _LOOK, strict=False):
            points = _from_the_start(curve.points, last_day)
            band(axes, points["day"], points["lower"], points["upper"], colour=colour, shade=shade, step="post")
            axes.step(points["day"], points["share"], where="post", color=colour, linewidth=2, linestyle=line)
        _ends(axes, curves, last_day, highest)
        axes.set_xlim(-0.5, last_day + 0.5 + (9.5 if phone or small else 7.5))
        axes.set_ylim(0, highest)
        percent_axis(axes.yaxis, step, highest)
        ticks = [day for day in range(0, last_day + 1, 7) if last_day - day > 3]
        axes.set_xticks([*ticks, last_day])
        axes.spines["bottom"].set_bounds(-0.5, last_day + 0.5)
        axes.set_xlabel("Days since leaving hospital", x=(last_day / 2) / (last_day + 8))

    narrow = (3.5, 2.9)
    return draw(name, paint, wide=narrow if small else (6.8, 3.7), narrow=narrow, dots_per_inch=dots_per_inch)


def _from_the_start(points: pd.DataFrame, last_day: int) -> pd.DataFrame:
    start = pd.DataFrame({"day": [-0.5], "share": [0.0], "lower": [0.0], "upper": [0.0]})
    shown = points[["day", "share", "lower", "upper"]].astype(float)
    end = shown.tail(1).assign(day=last_day + 0.5)
    return pd.concat([start, shown, end], ignore_index=True)


def _ends(axes: Axes, curves: Sequence[Curve], last_day: int, highest: float) -> None:
    """Words at the end of each curve, kept apart where the curves end close together."""
    places = [float(curve.points["share"].iloc[-1]) for curve in curves]
    least = 0.15 * highest
    if len(places) == 2 and abs(places[0] - places[1]) < least:
        middle, up = sum(places) / 2, 1 if places[0] >= places[1] else -1
        places = [middle + up * least / 2, middle - up * least / 2]
    for curve, place, (colour, _, _) in zip(curves, places, _LOOK, strict=False):
        place = min(max(place, 0.06 * highest), 0.94 * highest)
        axes.text(last_day + 1.2, place, f"{curve.end}\n{curve.words}", va="center", fontsize=8.5, color=INK)
        axes.plot([last_day + 0.5], [float(curve.points["share"].iloc[-1])], marker="o", markersize=3.5, color=colour)
