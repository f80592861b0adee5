"""`metrics.json` from released values, in the shape that other programs build on."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import pandas as pd

__all__ = ["metrics_of", "metrics_schema"]

_PERFORMANCE = ["model", "split", "group", "level", "measure", "estimate", "lower", "upper", "n", "events", "reason"]
_CHECKS = ["code", "severity", "finding", "consequence"]


def metrics_of(
    study: Mapping[str, Any],
    headline: Mapping[str, Any],
    tables: Mapping[str, pd.DataFrame],
    provenance: Mapping[str, Any],
) -> dict[str, Any]:
    """Put released values into the published shape; NaN becomes null, and a null estimate has its reason.

    Raises
    ------
    ValueError
        When the result does not fit `metrics.schema.json`.
    """
    performance = tables["performance"].copy()
    performance["reason"] = performance["suppressed"].where(performance["suppressed"] != "", performance["reason"])
    result = {
        "study": _plain(study),
        "cohort": _plain(headline),
        "performance": _records(performance[_PERFORMANCE]),
        "checks": _records(tables["checks"][_CHECKS]),
        "provenance": _plain(provenance),
        "tables": {name: _records(frame) for name, frame in tables.items() if name not in {"performance", "checks"}},
    }
    error = next(_validator().iter_errors(result), None)
    if error is not None:
        place = "/".join(map(str, error.absolute_path))
        raise ValueError(f"metrics.json does not fit its schema at {place}: {error.validator}")
    return result


@cache
def metrics_schema() -> dict[str, Any]:
    """The JSON Schema of `metrics.json`."""
    text = files("hfrisk").joinpath("codelists/metrics.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


@cache
def _validator() -> Any:
    from jsonschema import Draft202012Validator

    return Draft202012Validator(metrics_schema())


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(k): _plain(v) for k, v in row.items()} for row in frame.to_dict("records")]


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        number = float(value)
        if not math.isfinite(number):
            return None
        return int(number) if number.is_integer() and abs(number) < 2**53 else number
    return str(value)
