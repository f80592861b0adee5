"""The validation designs drawn: how far bootstrap models scatter, what more people would bring, and months of the test."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from hfrisk.reporting.exhibits import Picture
from hfrisk.reporting.figures.canvas import (
    ACCENT,
    FAINT,
    GREY,
    INK,
    LIGHT,
    SECOND,
    band,
    draw,
    held_back,
    outlined,
    percent_axis,
)

__all__ = ["draw_instability", "draw_learning", "draw_months"]


def draw_instability(steps: pd.DataFrame, threshold: float, dots_per_inch: int) -> Picture:
    """Risks by bootstrap models over the model's own risk.

    Parameters
    ----------
    steps
        Rows with risk, low, middle, high, by rising risk; none missing.
    threshold
        The study's decision threshold.
    dots_per_inch
        Resolution.
    """

    def paint(figure: Figure, phone: bool) -> None:
        axes = figure.add_subplot()
        top = 1.04 * float(steps[["risk", "high"]].max().max())
        axes.grid(True, color=FAINT)
        band(axes, steps["risk"], steps["low"], steps["high"], colour=LIGHT, label="95 in 100 risks")
        axes.plot([0, top], [0, top], color=GREY, linewidth=1, linestyle=(0, (4, 3)), label="the model's own risk")
        axes.plot(
            steps["risk"], steps["middle"], color=ACCENT, marker="o", markersize=4, linewidth=1.4, label="middle risk"
        )
        if threshold < top:
            axes.axvline(threshold, color=INK, linewidth=0.8)
            axes.axhline(threshold, color=INK, linewidth=0.8)
        step = next((s for s in (0.02, 0.05, 0.1, 0.2) if top / s <= (5 if phone else 8)), 0.25)
        percent_axis(axes.xaxis, step, top)
        percent_axis(axes.yaxis, step, top)
        axes.set_xlim(0, top)
        axes.set_ylim(0, top)
        axes.set_xlabel("Risk by this model")
        axes.set_ylabel("Risk by models from other samples")
        figure.legend(loc="outside upper left", ncols=1 if phone else 3)

    return draw("instability", paint, wide=(6.0, 4.6), narrow=(3.5, 4.2), dots_per_inch=dots_per_inch)


def draw_learning(curve: pd.DataFrame, dots_per_inch: int) -> Picture:
    """AUROC of held-out people over the number of discharges learnt from.

    Parameters
    ----------
    curve
        Rows with n, estimate, lower, upper, by rising n; none missing.
    dots_per_inch
        Resolution.
    """

    def paint(figure: Figure, phone: bool) -> None:
        axes = figure.add_subplot()
        axes.grid(True, axis="y", color=FAINT)
        axes.vlines(curve["n"], curve["lower"], curve["upper"], color=ACCENT, linewidth=1.6)
        axes.plot(curve["n"], curve["estimate"], marker="o", markersize=5.5, color=ACCENT, linewidth=1.2)
        axes.set_xlim(0, 1.08 * float(curve["n"].max()))
        axes.xaxis.set_major_locator(MaxNLocator(4 if phone else 7, integer=True))
        axes.xaxis.set_major_formatter("{x:,.0f}")
        axes.yaxis.set_major_locator(MaxNLocator(5))
        axes.set_xlabel("Discharges learnt from")
        axes.set_ylabel("AUROC in people held out")

    return draw("learning_curve", paint, wide=(6.2, 3.2), narrow=(3.5, 3.2), dots_per_inch=dots_per_inch)


def draw_months(months: pd.DataFrame, limits: tuple[float, float], dots_per_inch: int) -> Picture:
    """Observed over expected, and the stability index of risk, by period of the test.

    Parameters
    ----------
    months
        Rows with period, oe_ratio, lower, upper, psi, psi_expected, by time; NaN where held back.
    limits
        Index from which a shift is said, and from which it is a warning.
    dots_per_inch
        Resolution.
    """
    table = months.reset_index(drop=True)

    def paint(figure: Figure, phone: bool) -> None:
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(2.2, 1.3))
        upper.axhline(1, color=GREY, linewidth=1, linestyle=(0, (4, 3)))
        seen = table.dropna(subset=["oe_ratio"])
        upper.vlines(seen.index, seen["lower"], seen["upper"], color=ACCENT, linewidth=1.6)
        upper.plot(seen.index, seen["oe_ratio"], marker="o", linestyle="none", color=ACCENT, markersize=5.5)
        for place in table.index[table["oe_ratio"].isna()]:
            held_back(upper, float(place))
        upper.set_yscale("log")
        low = min(0.75, float(seen["lower"].min()) * 0.95) if len(seen) else 0.67
        high = max(1.3, float(seen["upper"].max()) * 1.05) if len(seen) else 1.5
        upper.set_ylim(max(low, 0.05), high)
        ticks = [t for t in (0.1, 0.2, 0.33, 0.5, 0.67, 0.8, 1, 1.25, 1.5, 2, 3, 5) if low <= t <= high]
        upper.set_yticks(ticks, [f"{t:g}" for t in ticks])
        upper.minorticks_off()
        upper.grid(True, axis="y", color=FAINT)
        upper.set_ylabel("Observed over\nexpected")
        outlined(lower, table.index, table["psi"].fillna(0), width=0.6)
        lower.plot(
            table.index,
            table["psi_expected"],
            marker="_",
            markersize=11,
            linestyle="none",
            color=SECOND,
            label="chance",
        )
        for limit in limits:
            lower.axhline(limit, color=GREY, linewidth=0.9, linestyle=(0, (1, 2)))
        lower.set_ylim(0, max(1.1 * limits[1], 1.1 * float(table[["psi", "psi_expected"]].max().max())))
        lower.set_ylabel("Stability\nindex")
        every = max(1, -(-len(table) // (4 if phone else 9)))
        lower.set_xticks(
            list(table.index[::every]),
            [str(p).replace(" to ", "\nto ") for p in table["period"][::every]],
            fontsize=7.5,
        )
        lower.set_xlim(-0.7, len(table) - 0.3)
        figure.align_ylabels()

    return draw("drift", paint, wide=(7.0, 4.2), narrow=(3.5, 4.2), dots_per_inch=dots_per_inch)
