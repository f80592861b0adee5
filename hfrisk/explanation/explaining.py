"""What drives the risks: TreeSHAP contributions by feature, family and theme, and whether they add up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hfrisk.checks import Check
from hfrisk.errors import DataError
from hfrisk.explanation.dependence import direction, feature_dependence
from hfrisk.explanation.settings import ExplanationSettings
from hfrisk.features import Feature
from hfrisk.modelling import Model, ModellingData

__all__ = ["Explanation", "explain", "no_explanation"]

Floats = NDArray[np.float64]

_TOLERANCE = 1e-6
_COLUMNS = (
    "feature words family theme modifiable mean_abs share direction n",
    "family mean_abs share n",
    "theme modifiable_share mean_abs share n",
    "feature bin_lower bin_upper n mean_contribution",
)


@dataclass(frozen=True)
class Explanation:
    """Contributions to the log-odds before calibration, summed up so that no row can be read from them.

    Parameters
    ----------
    by_feature
        ``feature, words, family, theme, modifiable, mean_abs`` (log-odds), ``share`` (of the sum of `mean_abs`),
        ``direction`` (in words), ``n``; largest first.
    by_family
        ``family, mean_abs, share, n``: the mean absolute sum of a family's contributions.
    by_theme
        ``theme, modifiable_share`` (of the theme's features' `mean_abs`), ``mean_abs, share, n``.
    dependence
        ``feature, bin_lower, bin_upper, n, mean_contribution``; see `feature_dependence`.
    summary
        ``additivity_error`` (largest difference of the sum from the margin, log-odds), ``rows``, ``base`` (log-odds).
    checks
        HFR150 if the contributions do not add up.
    """

    by_feature: pd.DataFrame
    by_family: pd.DataFrame
    by_theme: pd.DataFrame
    dependence: pd.DataFrame
    summary: dict[str, Any]
    checks: list[Check]


def no_explanation() -> Explanation:
    """What there is to say where no model was learnt: nothing."""
    by_feature, by_family, by_theme, dependence = (pd.DataFrame(columns=names.split()) for names in _COLUMNS)
    return Explanation(by_feature, by_family, by_theme, dependence, summary={}, checks=[])


def explain(model: Model, data: ModellingData, settings: ExplanationSettings) -> Explanation:
    """Explain the model's risks.

    Contributions are those of path-dependent TreeSHAP (Lundberg et al., Nature Machine Intelligence 2020;2:56-67),
    as LightGBM computes them. They say what the model uses, not what would change if a value were changed.

    Parameters
    ----------
    model
        The learned model.
    data
        Index discharges.
    settings
        Which of them, at most how many, and how finely.

    Returns
    -------
    Explanation
        Frames without a row for anybody.

    Raises
    ------
    DataError
        If the chosen split has no index discharges.
    """
    features = _sample(data, settings)
    described = {feature.name: feature for feature in data.dictionary}
    entries = [described[name] for name in model.inputs]
    parts = model.contributions(features)
    contributions, base = parts[:, :-1], parts[:, -1]
    margin = model.margin(features)
    difference = np.abs(contributions.sum(axis=1) + base - margin)
    adds_up = bool((difference <= _TOLERANCE * np.maximum(1.0, np.abs(margin))).all())
    values = features[model.inputs].to_numpy(dtype=np.float64)
    curves = [
        feature_dependence(entry, values[:, i], contributions[:, i], bins=settings.bins, minimum=settings.minimum_bin)
        for i, entry in enumerate(entries)
        if np.any(contributions[:, i])
    ]
    by_feature = _by_feature(entries, values, contributions)
    by_theme = _by_group(entries, contributions, "theme", lambda entry: entry.theme)
    by_theme.insert(1, "modifiable_share", by_theme["theme"].map(_modifiable_share(by_feature)))
    return Explanation(
        by_feature=by_feature,
        by_family=_by_group(entries, contributions, "family", lambda entry: entry.family),
        by_theme=by_theme,
        dependence=pd.concat(curves, ignore_index=True) if curves else _no_curve(entries[0], settings),
        summary={
            "additivity_error": float(difference.max()),
            "rows": len(features),
            "base": float(base[0]),
            "split": settings.split,
        },
        checks=[] if adds_up else [_additivity_check()],
    )


def _sample(data: ModellingData, settings: ExplanationSettings) -> pd.DataFrame:
    wanted = ["development", "test"] if settings.split == "both" else [settings.split]
    chosen = np.flatnonzero(data.rows["split"].isin(wanted))
    if not len(chosen):
        raise DataError("There is no index discharge to explain.", where="explanation.split")
    if len(chosen) > settings.rows:
        random = np.random.default_rng(settings.seed)
        chosen = np.sort(random.choice(chosen, size=settings.rows, replace=False))
    return data.features.iloc[chosen].reset_index(drop=True)


def _by_feature(entries: list[Feature], values: Floats, contributions: Floats) -> pd.DataFrame:
    mean_abs = np.abs(contributions).mean(axis=0)
    frame = pd.DataFrame(
        {
            "feature": [entry.name for entry in entries],
            "words": [entry.words for entry in entries],
            "family": [entry.family for entry in entries],
            "theme": [entry.theme for entry in entries],
            "modifiable": [entry.modifiable for entry in entries],
            "mean_abs": mean_abs,
            "share": _share(mean_abs),
            "direction": [direction(values[:, i], contributions[:, i]) for i in range(len(entries))],
            "n": len(contributions),
        }
    )
    return frame.sort_values(["mean_abs", "feature"], ascending=[False, True], ignore_index=True)


def _by_group(
    entries: list[Feature], contributions: Floats, name: str, group: Callable[[Feature], str]
) -> pd.DataFrame:
    groups = sorted({group(entry) for entry in entries})
    belongs = np.array([[group(entry) == one for one in groups] for entry in entries], dtype=np.float64)
    mean_abs = np.abs(contributions @ belongs).mean(axis=0)
    frame = pd.DataFrame({name: groups, "mean_abs": mean_abs, "share": _share(mean_abs), "n": len(contributions)})
    return frame.sort_values(["mean_abs", name], ascending=[False, True], ignore_index=True)


def _modifiable_share(by_feature: pd.DataFrame) -> dict[str, float]:
    every = by_feature.groupby("theme")["mean_abs"].sum()
    modifiable = by_feature["mean_abs"].where(by_feature["modifiable"], 0.0).groupby(by_feature["theme"]).sum()
    shares: dict[str, float] = modifiable.div(every).where(every > 0, 0.0).to_dict()
    return shares


def _share(mean_abs: Floats) -> Floats:
    total = float(mean_abs.sum())
    return mean_abs / total if total > 0 else np.zeros_like(mean_abs)


def _no_curve(entry: Feature, settings: ExplanationSettings) -> pd.DataFrame:
    nothing = np.empty(0)
    return feature_dependence(entry, nothing, nothing, bins=settings.bins, minimum=settings.minimum_bin)


def _additivity_check() -> Check:
    return Check(
        code="HFR150",
        severity="error",
        title="Contributions do not add up",
        finding="The contributions of the features do not sum to the model's log-odds.",
        consequence="What the report says about what drives the model cannot be relied on.",
        todo="Do not use the explanation. Tell the makers of hfrisk; the model text may have been altered.",
    )
