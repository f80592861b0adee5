"""Two calibration curves on one pair of axes."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from hfrisk.reporting.exhibits import Picture
from hfrisk.reporting.figures.canvas import ACCENT, GREY, LIGHT, SECOND, draw, percent_axis

__all__ = ["draw_two_curves"]


def draw_two_curves(a: pd.DataFrame, b: pd.DataFrame, dots_per_inch: int) -> Picture:
    """What each of two models said against what happened.

    Parameters
    ----------
    a, b
        Rows with predicted, observed, lower, upper; sorted by predicted.
    dots_per_inch
        Resolution.
    """
    highest = max(0.3, *(float(frame[["predicted", "observed"]].max().max()) for frame in (a, b)))
    limit = min(1.0, 0.1 * -(-round(highest * 100) // 10))

    def paint(figure: Figure, phone: bool) -> None:
        axes = figure.add_subplot()
        step = 0.1 if limit <= 0.6 else 0.2
        percent_axis(axes.xaxis, step, limit)
        percent_axis(axes.yaxis, step, limit)
        axes.grid(True)
        for frame, colour, style, label in ((a, ACCENT, "solid", "A"), (b, SECOND, (0, (5, 2)), "B")):
            axes.fill_between(frame["predicted"], frame["lower"], frame["upper"], color=LIGHT, alpha=0.55, linewidth=0)
            axes.plot(frame["predicted"], frame["observed"], color=colour, linewidth=2, linestyle=style, label=label)
        axes.plot(
            [0, limit],
            [0, limit],
            color=GREY,
            linewidth=1,
            linestyle=(0, (2, 2)),
            label="said and seen agree",
            zorder=1,
        )
        axes.set_xlim(0, limit)
        axes.set_ylim(0, limit)
        axes.set_xlabel("Risk that the model gave")
        axes.set_ylabel("Share with the outcome")
        axes.legend(loc="upper left")

    return draw("two_calibration_curves", paint, wide=(6.2, 4.6), narrow=(3.5, 3.5), dots_per_inch=dots_per_inch)
