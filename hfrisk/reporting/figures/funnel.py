"""Trusts over their size, between the limits within which chance alone would keep them."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from hfrisk.reporting.exhibits import Picture
from hfrisk.reporting.figures.canvas import ACCENT, FAINT, GREY, INK, LIGHT, SECOND, draw, percent_axis

__all__ = ["draw_funnel"]


def draw_funnel(trusts: pd.DataFrame, limits: pd.DataFrame, axis: str, dots_per_inch: int) -> Picture:
    """The funnel.

    Parameters
    ----------
    trusts
        Rows with level, n, rate, target, place; none missing.
    limits
        Rows with n, lower_95, upper_95, lower_998, upper_998, by rising n.
    axis
        What the vertical axis is.
    dots_per_inch
        Resolution.
    """

    def paint(figure: Figure, phone: bool) -> None:
        axes = figure.add_subplot()
        axes.grid(True, axis="y", color=FAINT)
        axes.fill_between(limits["n"], limits["lower_998"], limits["upper_998"], color=FAINT, linewidth=0)
        axes.fill_between(limits["n"], limits["lower_95"], limits["upper_95"], color=LIGHT, alpha=0.6, linewidth=0)
        for end in ("lower_998", "upper_998"):
            axes.plot(limits["n"], limits[end], color=GREY, linewidth=1, label="99.8 in 100" if end[0] == "u" else None)
        for end in ("lower_95", "upper_95"):
            label = "95 in 100 trusts by chance" if end[0] == "u" else None
            axes.plot(limits["n"], limits[end], color=GREY, linewidth=1, linestyle=(0, (4, 3)), label=label)
        axes.axhline(float(trusts["target"].iloc[0]), color=INK, linewidth=0.9, label="everyone")
        far = trusts["place"].str.contains("99.8")
        axes.plot(trusts["n"][~far], trusts["rate"][~far], "o", color=ACCENT, markersize=5.5)
        axes.plot(trusts["n"][far], trusts["rate"][far], "D", color=SECOND, markersize=6.5)
        for _, row in trusts[far].iterrows():
            axes.annotate(
                str(row["level"]),
                (row["n"], row["rate"]),
                xytext=(0, 8),
                textcoords="offset points",
                fontsize=8,
                ha="center",
            )
        low = min(float(trusts["rate"].min()), float(limits["lower_998"].min()))
        high = max(float(trusts["rate"].max()), float(limits["upper_998"].max()))
        step = next((s for s in (0.01, 0.02, 0.05, 0.1) if (high - low) / s <= 7), 0.2)
        percent_axis(axes.yaxis, step, 1.0)
        axes.set_ylim(max(0.0, low - 0.12 * (high - low)), high + 0.16 * (high - low))
        axes.xaxis.set_major_locator(MaxNLocator(4 if phone else 8, integer=True))
        axes.xaxis.set_major_formatter("{x:,.0f}")
        axes.set_xlabel("Discharges of the trust")
        axes.set_ylabel(axis)
        figure.legend(loc="outside upper left", ncols=1 if phone else 3)

    return draw("funnel", paint, wide=(6.6, 4.0), narrow=(3.5, 4.0), dots_per_inch=dots_per_inch)
