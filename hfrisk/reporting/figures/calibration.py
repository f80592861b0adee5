"""What it said against what happened, with the spread of the risks under it; and deaths by tenth of risk."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from hfrisk.reporting.exhibits import Picture
from hfrisk.reporting.figures.canvas import (
    ACCENT,
    FAINT,
    GREY,
    LIGHT,
    SECOND,
    band,
    draw,
    held_back,
    outlined,
    percent_axis,
    quiet,
)

__all__ = ["draw_calibration", "draw_deciles"]


def draw_calibration(
    name: str,
    curve: pd.DataFrame,
    spread: pd.DataFrame,
    came_back: str,
    dots_per_inch: int,
    *,
    comparator: pd.DataFrame | None = None,
    comparator_words: str = "",
    small: bool = False,
) -> Picture:
    """The calibration curve with its band, the line of agreement, and a histogram of predicted risks.

    Parameters
    ----------
    name
        The file name without its ending.
    curve
        Rows with predicted, observed, lower, upper.
    spread
        Rows with bin_lower, bin_upper, n.
    came_back
        The outcome in two or three words.
    dots_per_inch
        Resolution.
    comparator, comparator_words
        A second curve, and what it is called.
    small
        Drawn for half a page's width.
    """
    curve = curve.dropna(subset=["predicted", "observed"])
    highest = max([0.3, *curve["predicted"], *curve["observed"]])
    if len(spread):
        highest = max(highest, float(spread.loc[spread["n"].fillna(0) > 0, "bin_upper"].max()))
    limit = min(1.0, 0.1 * -(-round(highest * 100) // 10))

    def paint(figure: Figure, phone: bool) -> None:
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(4.2, 1))
        percent_axis(upper.xaxis, 0.1 if limit <= 0.6 else 0.2, limit)
        percent_axis(upper.yaxis, 0.1 if limit <= 0.6 else 0.2, limit)
        upper.grid(True)
        band(upper, curve["predicted"], curve["lower"], curve["upper"], colour=LIGHT, shade=0.75)
        upper.plot(curve["predicted"], curve["observed"], color=ACCENT, linewidth=2, label="this model")
        upper.plot(
            [0, limit],
            [0, limit],
            color=GREY,
            linewidth=1,
            linestyle=(0, (2, 2)),
            label="said and seen agree",
            zorder=1,
        )
        if comparator is not None and len(comparator):
            second = comparator.dropna(subset=["predicted", "observed"])
            upper.plot(
                second["predicted"],
                second["observed"],
                color=SECOND,
                linewidth=1.6,
                linestyle=(0, (5, 2)),
                label=comparator_words,
            )
        # The legend goes where the curve is not.
        above = float((curve["observed"] - curve["predicted"]).mean()) > 0.05
        upper.legend(loc="lower right" if above else "upper left")
        upper.set_xlim(0, limit)
        upper.set_ylim(0, limit)
        upper.set_ylabel(f"Share who {came_back}")
        upper.tick_params(labelbottom=False)
        shown = spread.dropna(subset=["n"]) if len(spread) else spread
        if len(shown):
            # The gate merges small bins, so that bins differ in width: areas, not heights, are people.
            width = shown["bin_upper"] - shown["bin_lower"]
            lower.bar(
                shown["bin_lower"],
                shown["n"] / width,
                width=width,
                align="edge",
                color=ACCENT,
                edgecolor="white",
                linewidth=0.6,
            )
        lower.set_yticks([])
        lower.set_ylabel("People", labelpad=12)
        lower.set_xlabel("Risk that the model gave")
        quiet(lower, keep=("bottom",))

    narrow = (3.5, 2.9) if small else (3.5, 4.0)
    wide = narrow if small else (6.2, 5.4)
    return draw(name, paint, wide=wide, narrow=narrow, dots_per_inch=dots_per_inch)


def draw_deciles(deciles: pd.DataFrame, came_back: str, dots_per_inch: int) -> Picture:
    """Observed readmission and death in each tenth of predicted risk.

    Parameters
    ----------
    deciles
        Rows with decile, n, events, died, mean_risk; NaN where suppressed.
    came_back
        The outcome in two or three words.
    dots_per_inch
        Resolution.
    """

    def paint(figure: Figure, phone: bool) -> None:
        axes = figure.add_subplot()
        positions = deciles["decile"].to_numpy(dtype=float)
        axes.grid(True, axis="y")
        outlined(axes, positions, deciles["events"] / deciles["n"], width=0.72, label=came_back.capitalize())
        axes.plot(
            positions, deciles["mean_risk"], color=ACCENT, marker="o", markersize=4, linewidth=1.4, label="Predicted"
        )
        if deciles["died"].notna().any():
            axes.plot(
                positions,
                deciles["died"] / deciles["n"],
                color=SECOND,
                marker="D",
                markersize=4.5,
                linewidth=1.4,
                linestyle=(0, (4, 2)),
                label="Died first",
            )
        for place, events in zip(positions, deciles["events"], strict=True):
            if events != events:
                held_back(axes, float(place))
        top = float(max((deciles["events"] / deciles["n"]).max(), deciles["mean_risk"].max(), 0.1))
        percent_axis(axes.yaxis, 0.1 if top > 0.25 else 0.05, 0.1 * -(-round(top * 100) // 10))
        axes.set_xticks(list(positions), [f"{int(p)}" for p in positions])
        axes.set_xlabel("Tenth of predicted risk (1 lowest, 10 highest)")
        axes.legend(loc="upper left", ncols=1 if phone else 3)
        axes.tick_params(bottom=False)
        axes.set_facecolor("white")
        axes.spines["left"].set_color(FAINT)

    return draw("deaths_by_risk", paint, wide=(6.8, 3.4), narrow=(3.5, 3.4), dots_per_inch=dots_per_inch)
