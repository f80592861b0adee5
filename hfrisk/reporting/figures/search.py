"""How a search went: what each trial came to, and the best so far."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from hfrisk.reporting import words
from hfrisk.reporting.exhibits import Picture
from hfrisk.reporting.figures.canvas import ACCENT, FAINT, GREY, SECOND, draw

__all__ = ["draw_search"]


def draw_search(name: str, trials: pd.DataFrame, measure: str, dots_per_inch: int) -> Picture:
    """Trials in the order in which they were begun.

    Parameters
    ----------
    name
        The file name without its ending.
    trials
        ``trial``, ``value``, ``best_so_far``, ``complete``; values not shown are missing.
    measure
        What the vertical axis shows.
    dots_per_inch
        Resolution.
    """

    def paint(figure: Figure, phone: bool) -> None:
        axes = figure.add_subplot()
        axes.grid(True, axis="y", color=FAINT)
        best = trials.dropna(subset=["best_so_far"])
        if len(best):
            axes.step(best["trial"], best["best_so_far"], where="post", color=ACCENT, linewidth=2, label="best so far")
        for chosen, mark, colour, label in (
            (trials["complete"], "o", ACCENT, "run on every fold"),
            (~trials["complete"], "x", SECOND, "stopped early"),
        ):
            mine = trials[chosen]
            if len(mine):
                axes.plot(
                    mine["trial"], mine["value"], linestyle="none", marker=mark, markersize=5, color=colour, label=label
                )
        axes.set_xlabel("Trial")
        axes.set_ylabel(words.capital(measure))
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        axes.tick_params(colors=GREY)
        figure.legend(loc="outside lower left", ncols=1 if phone else 3, fontsize=8.5)

    return draw(name, paint, wide=(6.8, 3.2), narrow=(3.5, 3.1), dots_per_inch=dots_per_inch)
