"""A method of calibration that another installed package adds, under the entry point ``hfrisk.calibrators``.

It is a function of log-odds and events that returns one of the forms that the exported model can apply, so that what was
fitted can be read, judged and used without the package. For any other shape there is ``{"method": "piecewise_linear", "x": [...],
"y": [...]}``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hfrisk.errors import StudyError
from hfrisk.fingerprints import file_fingerprint, text_fingerprint
from hfrisk.modelling.calibration.tables import DECIMALS, LEAST_BLOCK

__all__ = ["ENTRY_POINT", "SHIPPED", "calibrator_version", "fit_outside", "why_not_applicable"]

ENTRY_POINT = "hfrisk.calibrators"

SHIPPED = ("auto", "none", "platt", "beta", "isotonic", "venn_abers")

_SETTING = "model.calibration"
_KEYS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    # numbers, and lists of numbers
    "none": ((), ()),
    "platt": (("intercept", "slope"), ()),
    "beta": (("intercept", "slope_event", "slope_none"), ()),
    "isotonic": ((), ("x", "y")),
    "piecewise_linear": ((), ("x", "y")),
    "venn_abers": ((), ("edges", "p0", "p1")),
}


def fit_outside(name: str, margin: NDArray[np.float64], event: NDArray[np.float64]) -> dict[str, Any]:
    """Fit a method from outside, and see that what it gives can be applied, keeps the order and is coarse enough to leave.

    Raises
    ------
    StudyError
        If it is not there, fails, or gives something else.
    """
    point = _point(name)
    fit = _loaded(point)
    try:
        fitted = fit(margin.copy(), event.copy())
    except Exception as error:
        # its words may hold values of patients
        raise _unusable(point, f"it failed ({type(error).__name__})") from None
    if why := why_not_applicable(fitted, len(margin)):
        raise _unusable(point, why)
    numbers, lists = _KEYS[fitted["method"]]
    plain = {key: float(fitted[key]) for key in numbers} | {key: [float(v) for v in fitted[key]] for key in lists}
    return {"method": fitted["method"], **plain}


def calibrator_version(name: str) -> str:
    """What stands for the code of a method from outside, since it bears on every risk; empty for one that ships.

    Raises
    ------
    StudyError
        If it is nowhere or twice among the packages, or cannot be loaded.
    """
    if name in SHIPPED:
        return ""
    point = _point(name)
    _loaded(point)
    module = sys.modules[point.module.partition(".")[0]]
    file = getattr(module, "__file__", None)
    code = [] if file is None else [Path(file)]
    if code and code[0].name == "__init__.py":
        code = sorted(path for path in code[0].parent.rglob("*.py") if "__pycache__" not in path.parts)
    return text_fingerprint([point.value, point.dist.version if point.dist else "", *map(file_fingerprint, code)])


def why_not_applicable(fitted: Any, rows: int) -> str:
    """Say what is wrong with a form; "" when it can be applied, keeps the order and may leave."""
    if not isinstance(fitted, Mapping) or fitted.get("method") not in _KEYS:
        return f"it does not give one of the forms {', '.join(_KEYS)}"
    numbers, lists = _KEYS[fitted["method"]]
    if set(fitted) != {"method", *numbers, *lists}:
        return f"a {fitted['method']} form has {', '.join(['method', *numbers, *lists])}, and nothing else"
    try:
        single = np.array([fitted[key] for key in numbers], dtype=np.float64)
        tables = {key: np.array(fitted[key], dtype=np.float64) for key in lists}
    except (TypeError, ValueError):
        return "it holds something else than numbers"
    if any(table.ndim != 1 for table in tables.values()) or not np.isfinite(single).all():
        return "a number of it is not finite, or a table is not a plain list"
    if any(not np.isfinite(table).all() for table in tables.values()):
        return "a number of it is not finite"
    slopes = [fitted[key] for key in numbers if key.startswith("slope")]
    if slopes and (min(slopes) < 0 or max(slopes) == 0):
        return "it reverses or loses the order in which the model puts people"
    return _why_no_table(tables, rows) if tables else ""


def _why_no_table(tables: dict[str, NDArray[np.float64]], rows: int) -> str:
    places = tables.get("x", tables.get("edges", np.empty(0)))
    levels = [tables[key] for key in ("y", "p0", "p1") if key in tables]
    wanted = len(places) if "x" in tables else len(places) + 1
    if any(len(level) != wanted for level in levels) or wanted == 0:
        return "its lists do not fit together"
    if (np.diff(places) <= 0).any() or any((np.diff(level) < 0).any() for level in levels):
        return "its table does not rise"
    least, most = tables.get("p1", levels[0]), tables.get("p0", levels[0])
    if (
        min(level.min() for level in levels) < 0
        or max(level.max() for level in levels) > 1
        or least.min() <= 0
        or most.max() >= 1
    ):
        return "a risk of its table is not between 0 and 1"
    if any(not np.array_equal(table, np.round(table, DECIMALS)) for table in tables.values()):
        return f"its table has more than {DECIMALS} decimals, and could not leave"
    if wanted > max(1, rows // LEAST_BLOCK):
        return f"its table has more than one step for {LEAST_BLOCK} index discharges, and could not leave"
    return ""


def _point(name: str) -> EntryPoint:
    found = {point.value: point for point in entry_points(group=ENTRY_POINT) if point.name == name}
    if len(found) > 1:
        raise StudyError(
            f"Two packages add a calibration called {name}.",
            where=f"{ENTRY_POINT}: {', '.join(sorted(found))}",
            todo="Remove one of the packages, or give one of the methods another name.",
        )
    if not found:
        known = sorted({point.name for point in entry_points(group=ENTRY_POINT)})
        raise StudyError(
            f"There is no calibration called {name}.",
            where=_SETTING,
            todo=f"Known: {', '.join([*SHIPPED, *known])}. A package adds one under the entry point {ENTRY_POINT}.",
        )
    return next(iter(found.values()))


def _loaded(point: EntryPoint) -> Callable[..., Any]:
    try:
        fit = point.load()
    except Exception as error:
        raise _unusable(point, f"it cannot be loaded: {type(error).__name__}") from None
    if not callable(fit):
        raise _unusable(point, "it is no function")
    return fit  # type: ignore[no-any-return]


def _unusable(point: EntryPoint, why: str) -> StudyError:
    return StudyError(
        f"The calibration {point.name} cannot be used: {why}.",
        where=f"{_SETTING}, {point.value}",
        todo="Mend the package that adds it, or choose another calibration.",
    )
