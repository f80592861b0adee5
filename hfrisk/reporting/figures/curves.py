"""Usefulness over thresholds, and agreement over time."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from hfrisk.reporting.exhibits import Picture
from hfrisk.reporting.figures.canvas import (
    ACCENT,
    FAINT,
    GREY,
    INK,
    SECOND,
    draw,
    held_back,
    outlined,
    percent_axis,
)

__all__ = ["draw_decision", "draw_periods", "draw_quarters"]


def draw_decision(
    curve: pd.DataFrame, comparator: pd.DataFrame, comparator_words: str, threshold: float, dots_per_inch: int
) -> Picture:
    """Net benefit, as people found per 100 without a false alarm, over thresholds.

    Parameters
    ----------
    curve, comparator
        Rows with threshold, net_benefit, net_benefit_all, of this model and of another.
    comparator_words
        What the other is called.
    threshold
        The study's decision threshold.
    dots_per_inch
        Resolution.
    """

    def paint(figure: Figure, phone: bool) -> None:
        axes = figure.add_subplot()
        axes.axhline(0, color=GREY, linewidth=1)
        axes.plot(
            curve["threshold"],
            100 * curve["net_benefit_all"],
            color=GREY,
            linewidth=1.4,
            linestyle=(0, (1, 2)),
            label="review everyone",
        )
        if len(comparator):
            axes.plot(
                comparator["threshold"],
                100 * comparator["net_benefit"],
                color=SECOND,
                linewidth=1.6,
                linestyle=(0, (5, 2)),
                label=comparator_words,
            )
        axes.plot(curve["threshold"], 100 * curve["net_benefit"], color=ACCENT, linewidth=2, label="this model")
        benefit = 100 * pd.concat([curve["net_benefit"], comparator["net_benefit"]])
        top = max(float(benefit.max()), 100 * float(curve["net_benefit_all"].max()), 0.0)
        low = min(float(benefit.min()), 0.0)
        room = max(top - low, 0.5)
        axes.set_ylim(low - 0.12 * room, top + 0.3 * room)
        first, last = float(curve["threshold"].min()), float(curve["threshold"].max())
        if first <= threshold <= last:
            axes.axvline(threshold, color=INK, linewidth=0.8, ymax=0.8)
            axes.annotate(
                f"threshold {100 * threshold:.0f}%",
                (threshold, top + 0.04 * room),
                ha="center",
                va="bottom",
                fontsize=8.5,
            )
        step = next((s for s in (0.01, 0.02, 0.05) if (last - first) / s <= (5 if phone else 8)), 0.1)
        percent_axis(axes.xaxis, step, last)
        axes.set_xlim(first, max(last, first + 0.01))
        axes.set_xlabel("Risk above which a person is reviewed")
        axes.set_ylabel("Net benefit per 100 people")
        axes.grid(True, axis="y", color=FAINT)
        axes.annotate(
            "review nobody",
            (last, 0),
            ha="right",
            va="top" if top > -low else "bottom",
            fontsize=8,
            color=GREY,
            xytext=(0, -2 if top > -low else 2),
            textcoords="offset points",
        )
        axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
        axes.legend(loc="upper right" if top > -low else "lower right")

    return draw("decision_curve", paint, wide=(6.6, 3.6), narrow=(3.5, 3.5), dots_per_inch=dots_per_inch)


def draw_periods(periods: pd.DataFrame, tested: Mapping[str, str], dots_per_inch: int) -> Picture:
    """Observed over expected by quarter, development open and the test filled.

    Parameters
    ----------
    periods
        Rows with split, period, oe_ratio, lower, upper, in order of time; NaN where held back.
    tested
        What is said of the test.
    dots_per_inch
        Resolution.
    """
    table = periods.reset_index(drop=True)

    def paint(figure: Figure, phone: bool) -> None:
        axes = figure.add_subplot()
        axes.axhline(1, color=GREY, linewidth=1, linestyle=(0, (4, 3)))
        for split, mark, face, label in (
            ("cross-validation", "D", "white", f"{tested['learned_mark']} (cross-validation)"),
            ("test", "o", ACCENT, tested["discharges"]),
        ):
            part = table[(table["split"] == split) & table["oe_ratio"].notna()]
            if part.empty:
                continue
            colour = ACCENT if split == "test" else SECOND
            axes.vlines(part.index, part["lower"], part["upper"], color=colour, linewidth=1.6)
            axes.plot(
                part.index,
                part["oe_ratio"],
                marker=mark,
                linestyle="none",
                color=colour,
                markerfacecolor=face,
                markersize=5.5,
                markeredgewidth=1.4,
                label=label,
            )
        seen = table[["oe_ratio", "lower", "upper"]].stack()
        seen = seen[seen > 0]
        high = max(1.3, float(seen.max()) * 1.05) if len(seen) else 1.5
        low = min(0.75, float(seen.min()) * 0.95) if len(seen) else 0.67
        axes.set_yscale("log")
        axes.set_ylim(low, high)
        ticks = [t for t in (0.1, 0.2, 0.33, 0.5, 0.67, 0.8, 1, 1.25, 1.5, 2, 3, 5) if low <= t <= high]
        axes.set_yticks(ticks, [f"{t:g}" for t in ticks])
        axes.minorticks_off()
        every = max(1, -(-len(table) // (6 if phone else 12)))
        axes.set_xticks(
            list(table.index[::every]),
            [str(p).replace(" ", "\n") for p in table["period"][::every]],
        )
        axes.set_xlim(-0.7, len(table) - 0.3)
        axes.set_ylabel("Observed over expected")
        for place in table.index[table["oe_ratio"].isna()]:
            held_back(axes, float(place))
        axes.grid(True, axis="y", color=FAINT)
        figure.legend(loc="outside upper left", ncols=1 if phone else 2)

    return draw("over_time", paint, wide=(7.0, 3.3), narrow=(3.5, 3.5), dots_per_inch=dots_per_inch)


def draw_quarters(
    quarters: pd.DataFrame, overall: float, came_back: str, dots_per_inch: int, *, small: bool = False
) -> Picture:
    """The share who came back in each quarter, with its interval, and how many discharges there were.

    Parameters
    ----------
    quarters
        Rows with level, n, share, lower, upper, in order of time; NaN where held back.
    overall
        The share of the whole period; NaN where held back.
    came_back
        The outcome in two or three words.
    dots_per_inch
        Resolution.
    small
        Drawn for half a page's width.
    """
    table = quarters.reset_index(drop=True)

    def paint(figure: Figure, phone: bool) -> None:
        phone = phone or small
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3.4, 1))
        upper.grid(True, axis="y", color=FAINT)
        if overall == overall:
            upper.axhline(overall, color=GREY, linewidth=1, linestyle=(0, (4, 3)))
        upper.vlines(table.index, table["lower"], table["upper"], color=ACCENT, linewidth=1.6)
        upper.plot(table.index, table["share"], marker="o", linestyle="none", color=ACCENT, markersize=4.5)
        top = float(table["upper"].max())
        step = next((s for s in (0.02, 0.05, 0.1, 0.2) if top / s <= 6), 0.25)
        percent_axis(upper.yaxis, step, step * -(-round(1000 * top) // round(1000 * step)))
        upper.set_ylabel(f"Share who {came_back}")
        upper.tick_params(labelbottom=False)
        for place in table.index[table["share"].isna()]:
            held_back(upper, float(place))
        outlined(lower, table.index, table["n"].fillna(0), width=0.75)
        lower.set_ylabel("Discharges")
        lower.yaxis.set_major_locator(MaxNLocator(2, integer=True))
        every = max(1, -(-len(table) // (6 if phone else 12)))
        lower.set_xticks(list(table.index[::every]), [str(p).replace(" ", "\n") for p in table["level"][::every]])
        lower.set_xlim(-0.7, len(table) - 0.3)
        figure.align_ylabels()

    narrow = (3.5, 2.9) if small else (3.5, 3.9)
    name = "quarters_small" if small else "quarters"
    return draw(name, paint, wide=narrow if small else (7.0, 4.0), narrow=narrow, dots_per_inch=dots_per_inch)
