"""Release of the model: its text, its calibration, its contract, and how it was tuned."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from hfrisk.disclosure.model_text import ScrubbedModel, scrub_model
from hfrisk.disclosure.policy import Policy
from hfrisk.disclosure.released import Bundle
from hfrisk.disclosure.wording import without_places
from hfrisk.errors import DataError

if TYPE_CHECKING:
    from hfrisk.features import Feature
    from hfrisk.modelling import Model

__all__ = ["feature_records", "release_bundle", "release_calibration", "release_tuning"]

_STATUS = "research software, not a medical device; not for direct care"
_TABLE_DECIMALS = 4
_NUMBERS: dict[str, tuple[str, ...]] = {
    "none": (),
    "platt": ("intercept", "slope"),
    "beta": ("intercept", "slope_event", "slope_none"),
}
_TABLES = {"isotonic": ("x", "y"), "piecewise_linear": ("x", "y"), "venn_abers": ("edges", "p0", "p1")}
_AS_THEY_ARE = frozenset(
    [
        "learner",
        "calibration",
        "logistic_calibration",
        "params",
        "rounds",
        "objective",
        "objective_words",
        "objective_better",
        "choice",
        "same_twice",
        "best_trial",
        "chosen_trial",
        "monotone",
        "monotone_features",
        "trials_complete",
        "trials_pruned",
        "fold_rounds",
        "logistic_penalty",
        "folds",
        "folds_forward",
        "repeats",
        "seed",
        "edge_of_space",
        "empty_features",
        "sizes",
        "sizes_for",
        "calibrated_in",
    ]
)
_LOSSES = frozenset(
    {
        "objective_value",
        "log_loss_out_of_fold",
        "logistic_losses",
        "calibration_losses",
        "logistic_calibration_losses",
    }
)
_COUNTS = frozenset({"n_development", "persons_development", "events"})
_TRIAL_FACTS = frozenset({"trial", "state", "rounds"})
_TRIAL_VALUES = frozenset({"value", "best_so_far"})
_ONE_FOLD = re.compile(r"fold_\d+")


def release_bundle(
    model: Model,
    dictionary: Sequence[Feature],
    policy: Policy,
    *,
    study: Mapping[str, Any],
    cohort: Mapping[str, Any],
    versions: Any,
    shown: Mapping[str, float] | None = None,
) -> tuple[Bundle, ScrubbedModel]:
    """The model as it may leave.

    Parameters
    ----------
    model
        As trained.
    dictionary
        Features; the inputs of the model are among them.
    policy
        The rules.
    study
        ``model_name``, ``outcome_words``, ``bands``, ``threshold``.
    cohort
        ``window`` and ``risk`` of the cohort.
    versions
        Library versions, for the contract.
    shown
        ``step``, ``lowest``, ``highest``: how risks may be shown, for the contract (`model_checks`).

    Raises
    ------
    DataError
        See `model_text.scrub_model`; also HFR142, if the table of a calibration holds exact shares of its steps.
    """
    scrubbed = scrub_model(model.booster_text, dictionary, policy)
    calibration = release_calibration(model.calibration)
    by_name = {f.name: f for f in dictionary}
    inputs = [by_name[name] for name in model.inputs]
    constrained = model.summary.get("monotone_features", {})
    contract = {
        "name": str(study["model_name"]),
        "inputs": [_input(f, constrained.get(f.name, "none")) for f in inputs],
        "outcome": str(study["outcome_words"]),
        "window": list(cohort["window"]),
        "risk": str(cohort["risk"]),
        "bands": [float(x) for x in study["bands"]],
        "threshold": float(study["threshold"]),
        "calibration": calibration,
        "missing": "a value that was not recorded is left empty; the model has a path for it",
        "precision": "values are rounded to the nearest multiple of the input's precision before scoring",
        "versions": without_places(versions),
        "status": _STATUS,
    }
    if shown:
        # beyond its ends, and more finely, a risk stands for few of those whom the model learnt from
        contract["shown"] = dict(shown)
    return Bundle(scrubbed.text, calibration, contract, feature_records(inputs)), scrubbed


def feature_records(dictionary: Sequence[Feature]) -> list[dict[str, Any]]:
    """The feature dictionary as records; it holds published facts only."""
    return [
        {
            "name": f.name,
            "words": f.words,
            "family": f.family,
            "theme": f.theme,
            "unit": f.unit,
            "window": f.window,
            "sources": ", ".join(f.sources),
            "precision": float(f.precision),
            "lower": float(f.lower),
            "upper": float(f.upper),
            "direction": f.direction,
            "modifiable": f.modifiable,
            "sensitive": f.sensitive,
            "skewed": f.skewed,
            "kind": f.kind,
            "monotone": f.monotone,
            "role": f.role,
        }
        for f in dictionary
    ]


def release_tuning(model: Model, policy: Policy, share_of_events: float) -> dict[str, Any]:
    """How the model was tuned: settings as they are, losses rounded, counts by the policy.

    The log loss without a model is the entropy of the event share, so it is computed from `share_of_events`, the
    shown one. What this code does not know stays inside.
    """
    summary: dict[str, Any] = {}
    for name, value in model.summary.items():
        if name in _AS_THEY_ARE:
            summary[name] = without_places(value)
        elif name in _LOSSES:
            summary[name] = _loss(value, policy)
        elif name in _COUNTS:
            summary[name] = None if value < policy.threshold else int(policy.rounded(value))
        elif name == "log_loss_null":
            q = share_of_events
            summary[name] = None if math.isnan(q) else policy.estimate(-q * math.log(q) - (1 - q) * math.log1p(-q))
    summed = model.summary.get("objective", "log_loss") == "log_loss"
    figures = _figures(model, policy)
    trials = []
    for row in model.trials.to_dict("records"):
        told = {}
        for name, value in row.items():
            if _ONE_FOLD.fullmatch(str(name)) and not summed:
                # An AUROC of one fold is one of few fractions of its events and non-events, and can give both away.
                continue
            told[str(name)] = (
                value if name in _TRIAL_FACTS else _loss(value, policy, figures if name in _TRIAL_VALUES else None)
            )
        trials.append(told)
    if "objective_value" in summary:
        summary["objective_value"] = _loss(model.summary["objective_value"], policy, figures)
    shares = zip(model.importances["setting"], model.importances["importance"], strict=True)
    return {
        "best": summary.get("params", {}),
        "summary": summary,
        "trials": trials,
        "importances": {str(name): _loss(float(share), policy) for name, share in shares},
    }


def _figures(model: Model, policy: Policy) -> int:
    """Figures that a mean over folds supports, by the events and non-events of all of them."""
    n, events = model.summary.get("n_development", 0), model.summary.get("events", 0)
    return policy.figures_for(float(events), float(n - events))


def _input(feature: Feature, monotone: str) -> dict[str, Any]:
    return {
        "name": feature.name,
        "words": feature.words,
        "unit": feature.unit,
        "type": "binary" if feature.kind == "binary" else "number",
        "lower": float(feature.lower),
        "upper": float(feature.upper),
        "precision": float(feature.precision),
        # what this model obeys; the dictionary says what it might
        "monotone": monotone,
        "required": True,
    }


def release_calibration(calibration: Mapping[str, Any]) -> dict[str, Any]:
    """A calibrator as it may leave: two or three numbers as they are, a table only when it is coarse.

    A few numbers fitted on all rows say nothing of a few people. The steps of a table are event shares of some tens of rows, and
    an exact share of a small denominator is a count.

    Raises
    ------
    DataError
        HFR142, if a table is finer than four decimals, or the form is not known here.
    """
    method = str(calibration["method"])
    if method == "recalibrated":
        whole = {k: float(calibration[k]) for k in ("intercept", "slope")}
        return {"method": method, **whole, "of": release_calibration(calibration["of"])}
    if method in _NUMBERS:
        return {"method": method, **{k: calibration[k] for k in _NUMBERS[method]}}
    table = {k: [float(v) for v in calibration[k]] for k in _TABLES.get(method, ())}
    coarse = all(np.array_equal(v, np.round(v, _TABLE_DECIMALS)) for v in table.values())
    if not table or not coarse:
        raise DataError(
            "The calibration holds exact shares of small groups of people (HFR142): it may not leave.",
            where="model.calibration",
            todo="Use platt, or a calibration whose steps are rounded to four decimals before they are used.",
        )
    return {"method": method, **table}


def _loss(value: Any, policy: Policy, figures: int | None = None) -> Any:
    if isinstance(value, Mapping):
        return {str(k): _loss(v, policy, figures) for k, v in value.items()}
    if isinstance(value, (float, np.floating)):
        rounded = policy.estimate(float(value), figures)
        return None if math.isnan(rounded) else rounded
    return value
