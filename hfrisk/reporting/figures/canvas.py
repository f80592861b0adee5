"""One way to draw: no global state left behind, the same bytes every time, no metadata.

Every figure is drawn twice, for a page and for a phone, because a page's figure on a phone cannot be read.
The two accents differ in lightness and in mark or line style as well as in hue, so that greyscale paper and
colour-blind eyes tell them apart.
"""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any, Literal

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from hfrisk.reporting.exhibits import Picture

__all__ = [
    "ACCENT",
    "FAINT",
    "GREY",
    "INK",
    "LIGHT",
    "PAPER",
    "SECOND",
    "Painter",
    "band",
    "draw",
    "held_back",
    "outlined",
    "percent_axis",
    "quiet",
]

INK = "#1f2933"
GREY = "#66717d"
LIGHT = "#c9d0d7"
FAINT = "#eef1f4"
PAPER = "#ffffff"
ACCENT = "#1b4f8a"  # blue: this model, what was observed
SECOND = "#cf7620"  # orange, lighter in grey: the comparison, what can be changed

Painter = Callable[[Figure, bool], None]

_STYLE: Any = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "text.color": INK,
    "axes.edgecolor": GREY,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": False,
    "axes.axisbelow": True,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
    "grid.color": FAINT,
    "grid.linewidth": 0.9,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "figure.facecolor": PAPER,
    "savefig.facecolor": PAPER,
}


def draw(
    name: str,
    painter: Painter,
    *,
    wide: tuple[float, float],
    narrow: tuple[float, float],
    dots_per_inch: int,
    by_hand: bool = False,
) -> Picture:
    """Draw the figure at both sizes.

    Parameters
    ----------
    name
        The file name without its ending.
    painter
        Draws on the figure it is given; its second argument says whether it is the phone's.
    wide, narrow
        Width and height in inches.
    dots_per_inch
        Resolution.
    by_hand
        The painter places its axes itself.
    """
    layout: Literal["constrained"] | None = None if by_hand else "constrained"
    first = _png(painter, wide, False, dots_per_inch, layout)
    if wide == narrow:
        return Picture(name, first, first)
    return Picture(name, first, _png(painter, narrow, True, dots_per_inch, layout))


def _png(
    painter: Painter, size: tuple[float, float], phone: bool, dots_per_inch: int, layout: Literal["constrained"] | None
) -> bytes:
    with matplotlib.rc_context():
        # A user's own matplotlibrc must not change the report.
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_STYLE)
        figure = Figure(figsize=size, layout=layout)
        canvas = FigureCanvasAgg(figure)
        painter(figure, phone)
        raw = BytesIO()
        canvas.print_figure(raw, format="png", dpi=dots_per_inch, metadata={"Software": None})
    raw.seek(0)
    with Image.open(raw) as image:
        small = image.convert("RGB").quantize(colors=64, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    out = BytesIO()
    small.save(out, format="PNG", optimize=True)
    return out.getvalue()


def quiet(axes: Axes, *, keep: tuple[str, ...] = ("left", "bottom")) -> None:
    """Take away the frame lines that carry nothing."""
    for side, spine in axes.spines.items():
        spine.set_visible(side in keep)
    if "left" not in keep:
        axes.tick_params(left=False)
    if "bottom" not in keep:
        axes.tick_params(bottom=False)


def band(axes: Axes, x: Any, lower: Any, upper: Any, *, colour: str, shade: float = 1.0, **how: Any) -> None:
    """An interval as an area, with an edge that stands out from paper (3 to 1), since a pale area does not."""
    edge = GREY if colour == LIGHT else colour
    axes.fill_between(x, lower, upper, facecolor=(colour, shade), edgecolor=edge, linewidth=0.6, **how)


def outlined(axes: Axes, x: Any, height: Any, *, width: float, **how: Any) -> None:
    """Pale bars, with an edge that stands out from paper (3 to 1)."""
    axes.bar(x, height, width=width, color=LIGHT, edgecolor=GREY, linewidth=0.6, **how)


def held_back(axes: Axes, place: float) -> None:
    """Write where a number would stand that it is not shown."""
    axes.annotate(
        "not shown",
        (place, 0),
        xycoords=axes.get_xaxis_transform(),
        xytext=(0, 4),
        textcoords="offset points",
        rotation=90,
        ha="center",
        va="bottom",
        fontsize=7.5,
        color=GREY,
    )


def percent_axis(axis: Any, step: float, upper: float) -> None:
    """Ticks at every `step` from 0, written as percentages."""
    ticks = [i * step for i in range(round(upper / step) + 1)]
    axis.set_ticks(ticks, [f"{100 * t:.0f}%" for t in ticks])
