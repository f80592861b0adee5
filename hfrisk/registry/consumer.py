"""Scores heart-failure index discharges with the model that lies in this folder.

MLflow loads this file (models from code); it needs mlflow, lightgbm, pandas and numpy, and nothing else.
The model is LightGBM's own text, the calibration and the input contract are JSON: nothing is unpickled.

Research software. Not a medical device, and not for direct care.
"""

from __future__ import annotations

import functools
import hashlib
import json
import logging
import sys
import threading
from collections.abc import Iterable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
import pandas as pd
from mlflow.exceptions import MlflowException
from mlflow.models import set_model
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE
from mlflow.pyfunc.model import PythonModel

__all__ = ["BundleError", "InputError", "ReadmissionModel", "Scorer", "band_labels", "calibrated"]

_NUMBERS = frozenset({"integer", "floating", "mixed-integer-float", "decimal", "empty"})
_FOUND = {
    "string": "text",
    "boolean": "true or false",
    "categorical": "categories",
    "datetime64": "dates",
    "datetime": "dates",
    "date": "dates",
    "timedelta64": "time spans",
    "timedelta": "time spans",
    "period": "periods",
    "complex": "complex numbers",
    "bytes": "bytes",
}


class InputError(MlflowException, ValueError):
    """The table cannot be scored. The text names columns of the contract, never a value.

    MLflow's scoring server overwrites `message` with the whole table that it was sent, in front of the reason;
    `message` therefore stays what it was.
    """

    safe_to_show = True

    def __init__(self, reason: str) -> None:
        super().__init__(reason, error_code=INVALID_PARAMETER_VALUE)

    @property
    def message(self) -> str:
        """The reason."""
        return str(self.args[0])

    @message.setter
    def message(self, ignored: str) -> None:
        """Keep the reason as it was."""


class BundleError(ValueError):
    """A file of the model folder is missing, or is not the one that was released."""


class Scorer:
    """The risk and the band of each row.

    Parameters
    ----------
    booster
        The trees; their raw score is the log-odds before calibration.
    calibration
        ``{"method": "none" | "platt" | "beta" | "isotonic" | ..., ...}`` on those log-odds; see `calibrated`.
    contract
        ``inputs`` (name, unit, type, range), in the order of the trees, and ``bands`` (risks, 0 to 1).
    """

    def __init__(self, booster: lgb.Booster, calibration: Mapping[str, Any], contract: Mapping[str, Any]) -> None:
        self.booster = booster
        self.calibration = dict(calibration)
        self.contract = dict(contract)
        self.inputs = [str(item["name"]) for item in contract["inputs"]]
        self._flags = {str(item["name"]) for item in contract["inputs"] if _is_flag(item)}
        self._edges = np.asarray(contract["bands"], dtype=float)
        self._labels = np.asarray(band_labels(self._edges), dtype=object)
        if booster.feature_name() != self.inputs:
            raise BundleError("The inputs of the trees are not those of the contract.")

    @classmethod
    def load(cls, folder: Path) -> Scorer:
        """Read model.txt, calibration.json and contract.json, each checked against hashes.json.

        Raises
        ------
        BundleError
            When a file is missing or changed.
        """
        texts = _checked_texts(folder, ("model.txt", "calibration.json", "contract.json"))
        booster = lgb.Booster(model_str=texts["model.txt"])
        return cls(booster, json.loads(texts["calibration.json"]), json.loads(texts["contract.json"]))

    def predict(self, table: pd.DataFrame) -> pd.DataFrame:
        """Score a table.

        Parameters
        ----------
        table
            One row an index discharge, with at least the columns of the contract (others are ignored). Whole numbers
            pass for decimals, and true or false for 1 or 0 in flags; None, NaN and NA mean *not recorded*.

        Returns
        -------
        DataFrame
            ``risk`` (0 to 1) and ``band`` (words), with the index of `table`.

        Raises
        ------
        InputError
            When a column is missing, given twice, not made of numbers, or infinite.
        """
        values = self._matrix(table)
        margin = np.asarray(self.booster.predict(values, raw_score=True)) if len(values) else np.empty(0)
        risk = calibrated(margin, self.calibration)
        band = self._labels[np.searchsorted(self._edges, risk, side="right")]
        return pd.DataFrame({"risk": risk, "band": band}, index=table.index)

    def _matrix(self, table: pd.DataFrame) -> np.ndarray:
        if not isinstance(table, pd.DataFrame):
            raise InputError("The model scores a table (a pandas DataFrame) with one row an index discharge.")
        present = set(table.columns)
        if missing := [name for name in self.inputs if name not in present]:
            raise InputError(f"Columns missing from the input: {', '.join(missing)}.")
        if not table.columns.is_unique:
            counts = table.columns.value_counts()
            if twice := [name for name in self.inputs if counts[name] > 1]:
                raise InputError(f"Columns given more than once: {', '.join(twice)}.")
        values = np.empty((len(table), len(self.inputs)))
        wrong: list[str] = []
        infinite: list[str] = []
        for place, name in enumerate(self.inputs):
            column = table[name]
            found = _not_numbers(column, flag=name in self._flags)
            if found:
                wrong.append(f"{name} (found {found})")
                continue
            try:
                values[:, place] = column.to_numpy(dtype=float, na_value=np.nan)
            except (TypeError, ValueError, OverflowError):
                wrong.append(f"{name} (found numbers that do not fit)")
                continue
            if np.isinf(values[:, place]).any():
                infinite.append(name)
        reasons = []
        if wrong:
            reasons.append(f"These columns must hold numbers, or nothing where not recorded: {', '.join(wrong)}.")
        if infinite:
            reasons.append(f"These columns hold infinite numbers: {', '.join(infinite)}.")
        if reasons:
            raise InputError(" ".join(reasons))
        return values


def calibrated(margin: np.ndarray, calibration: Mapping[str, Any]) -> np.ndarray:
    """Turn log-odds into the calibrated risk.

    Parameters
    ----------
    margin
        Log-odds of the trees, one a row.
    calibration
        ``none``; ``platt`` (``intercept`` and ``slope`` on the log-odds); ``beta`` (``intercept``, and the coefficients
        ``slope_event`` of ln s and ``slope_none`` of -ln(1 - s), s the risk before calibration); ``isotonic`` or
        ``piecewise_linear`` (risks ``y`` at the log-odds ``x``, straight lines between, level outside); ``venn_abers`` (``p0``
        and ``p1`` of the blocks between the log-odds ``edges``; the risk is p1 / (1 - p0 + p1)); or ``recalibrated``
        (``intercept`` and ``slope`` on the log-odds of the risk that the calibration ``of`` gives).

    Raises
    ------
    BundleError
        When the calibration is of another kind.
    """
    return _risk(_calibrated_log_odds(np.asarray(margin, dtype=float), calibration))


def _calibrated_log_odds(margin: np.ndarray, calibration: Mapping[str, Any]) -> np.ndarray:
    method = calibration["method"]
    if method == "none":
        return margin
    if method == "platt":
        return np.asarray(float(calibration["intercept"]) + float(calibration["slope"]) * margin)
    if method == "beta":
        event, none = float(calibration["slope_event"]), float(calibration["slope_none"])
        logs = none * np.logaddexp(0, margin) - event * np.logaddexp(0, -margin)
        return np.asarray(float(calibration["intercept"]) + logs)
    if method in {"isotonic", "piecewise_linear"}:
        x, y = (np.asarray(calibration[axis], dtype=float) for axis in ("x", "y"))
        risk = np.interp(margin, x, y)
        return np.asarray(np.log(risk) - np.log1p(-risk))
    if method == "venn_abers":
        edges, p0, p1 = (np.asarray(calibration[name], dtype=float) for name in ("edges", "p0", "p1"))
        block = np.searchsorted(edges, margin, side="right")
        return np.asarray(np.log(p1[block]) - np.log1p(-p0[block]))
    if method == "recalibrated":
        before = _calibrated_log_odds(margin, calibration["of"])
        return np.asarray(float(calibration["intercept"]) + float(calibration["slope"]) * before)
    raise BundleError("The calibration is of a kind that this version of the model does not know.")


def band_labels(edges: Iterable[float]) -> list[str]:
    """Words for the bands between `edges` (risks, rising): ``under 10 %``, ``10 % to under 20 %``, ..."""
    words = [f"{round(100 * float(edge), 6):g} %" for edge in edges]
    if not words:
        return ["any risk"]
    between = [f"{low} to under {high}" for low, high in pairwise(words)]
    return [f"under {words[0]}", *between, f"{words[-1]} or more"]


class ReadmissionModel(PythonModel):
    """What MLflow loads: `predict` takes a table and returns ``risk`` and ``band``."""

    keeps_values_out_of_answers = True

    def load_context(self, context: Any) -> None:
        """Read the folder, checked against its hashes."""
        self.scorer = Scorer.load(Path(context.artifacts["model"]).parent)
        _keep_values_out_of_answers()

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """Risk and band of each row; see `Scorer.predict`."""
        return self.scorer.predict(model_input)


def _risk(log_odds: np.ndarray) -> np.ndarray:
    """Apply the logistic function, without overflow at either end."""
    small = np.exp(-np.abs(log_odds))
    return np.asarray(np.where(log_odds >= 0, 1 / (1 + small), small / (1 + small)))


def _is_flag(item: Mapping[str, Any]) -> bool:
    return item.get("type") in {"binary", "boolean"} or (item.get("lower") == 0 and item.get("upper") == 1)


def _not_numbers(column: pd.Series, *, flag: bool) -> str:
    """Say what the column holds in place of numbers; "" when it holds numbers (or nothing)."""
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "iuf":
        return ""
    kind = pd.api.types.infer_dtype(column, skipna=True)
    if kind in _NUMBERS or (flag and kind == "boolean"):
        return ""
    return _FOUND.get(kind, "a mixture, or something that is not a number")


def _checked_texts(folder: Path, names: Iterable[str]) -> dict[str, str]:
    texts = {}
    try:
        hashes = json.loads((folder / "hashes.json").read_text(encoding="utf-8"))["files"]
        for name in names:
            content = (folder / name).read_bytes()
            if hashlib.sha256(content).hexdigest() != hashes[name]:
                raise BundleError(f"{name} is not the file that was released (its hash differs).")
            texts[name] = content.decode("utf-8")
    except (OSError, KeyError, TypeError, ValueError) as error:
        if isinstance(error, BundleError):
            raise
        raise BundleError("A file of the model folder is missing or cannot be read.") from error
    return texts


def _keep_values_out_of_answers() -> None:
    """Answer a request that cannot be read with the reason alone, and log no word of it.

    MLflow's scoring server sends the whole request back when its JSON is malformed, and the parser's words with
    values in them when its CSV is; it logs the names of columns that it does not know, which are a patient's values
    when a CSV came without its header. Only requests to this model are treated differently.
    """
    server: Any = sys.modules.get("mlflow.pyfunc.scoring_server")
    original = getattr(server, "invocations", None)
    if original is None or getattr(original, "keeps_values_out_of_answers", False):
        return
    answering = threading.local()

    def unless_answering(record: logging.LogRecord) -> bool:
        return not getattr(answering, "now", False)

    for name in ("mlflow.models.utils", "mlflow.pyfunc", "mlflow.pyfunc.model", "mlflow.pyfunc.scoring_server"):
        logging.getLogger(name).addFilter(unless_answering)

    @functools.wraps(original)
    def invocations(*args: Any, **kwargs: Any) -> Any:
        if not _is_ours(kwargs.get("model", args[2] if len(args) > 2 else None)):
            return original(*args, **kwargs)
        answering.now = True
        try:
            return original(*args, **kwargs)
        except Exception as error:
            if getattr(error, "safe_to_show", False):
                raise
            raise InputError(
                "The request could not be read as a table. Send a JSON object with one of dataframe_split and "
                "dataframe_records, whose columns are those of the model's contract."
            ) from None
        finally:
            answering.now = False

    invocations.keeps_values_out_of_answers = True  # type: ignore[attr-defined]
    server.invocations = invocations


def _is_ours(served: Any) -> bool:
    try:
        return bool(getattr(served.unwrap_python_model(), "keeps_values_out_of_answers", False))
    except (AttributeError, MlflowException):  # what other kinds of model answer
        return False


set_model(ReadmissionModel())
