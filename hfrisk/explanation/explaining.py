"""What drives the risks: TreeSHAP contributions by feature, family and theme, and whether they add up."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hfrisk.errors import DataError
from hfrisk.explanation.dependence import direction, feature_dependence
from hfrisk.explanation.findings import explanation_checks, not_additive, pairs_do_not_agree
from hfrisk.explanation.indication import stands_for
from hfrisk.explanation.joint import joint_effects
from hfrisk.explanation.leaning import themes_by_group
from hfrisk.explanation.related import related
from hfrisk.explanation.results import COLUMNS, Explanation
from hfrisk.explanation.settings import ExplanationSettings
from hfrisk.explanation.spread import contribution_spread, step_width
from hfrisk.explanation.surrogate import surrogate
from hfrisk.features import Feature
from hfrisk.modelling import Model, ModellingData

__all__ = ["explain"]

Floats = NDArray[np.float64]

_TOLERANCE = 1e-6


def explain(
    model: Model,
    data: ModellingData,
    settings: ExplanationSettings,
    *,
    groups: Sequence[str] = (),
    confidence: float = 0.95,
) -> Explanation:
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
    groups
        Groups of people for which it is asked what the model leans on; those that the data do not have are left out.
    confidence
        Of the limits beyond which groups are said to differ (0 to 1).

    Returns
    -------
    Explanation
        Frames without a row for anybody.

    Raises
    ------
    DataError
        If the chosen split has no index discharges.
    """
    chosen = _sample(data, settings)
    features = data.features.iloc[chosen].reset_index(drop=True)
    person = data.rows["person_id"].iloc[chosen].reset_index(drop=True)
    described = {feature.name: feature for feature in data.dictionary}
    entries = [described[name] for name in model.inputs]
    parts = model.contributions(features)
    contributions, base = parts[:, :-1], parts[:, -1]
    margin = model.margin(features)
    difference = np.abs(contributions.sum(axis=1) + base - margin)
    adds_up = bool((difference <= _TOLERANCE * np.maximum(1.0, np.abs(margin))).all())
    values = features[model.inputs].to_numpy(dtype=np.float64)
    by_feature = _by_feature(entries, values, contributions)
    by_theme = _by_group(entries, contributions, "theme", lambda entry: entry.theme)
    by_theme.insert(1, "modifiable_share", by_theme["theme"].map(_modifiable_share(by_feature)))
    by_modifiable = _by_group(entries, contributions, "modifiable", lambda entry: entry.modifiable)
    frames = {
        "by_feature": by_feature,
        "by_family": _by_group(entries, contributions, "family", lambda entry: entry.family),
        "by_theme": by_theme,
        "by_modifiable": by_modifiable,
        "dependence": _curves(entries, values, contributions, settings),
        "not_recorded": _not_recorded(entries, values, contributions, settings),
    }
    checks = [] if adds_up else [not_additive()]
    if adds_up:
        place = {name: at for at, name in enumerate(model.inputs)}
        used = by_feature.loc[by_feature["mean_abs"] > 0, "feature"].head(settings.strongest)
        top = [place[name] for name in used]
        joint = joint_effects(model.booster_text, entries, values, contributions, settings)
        frames |= {
            "spread": contribution_spread(
                list(used),
                values[:, top],
                contributions[:, top],
                width=step_width(contributions[:, top]),
                minimum=settings.minimum_bin,
            ),
            "related": related(list(used), values[:, top], from_=settings.related_from, minimum=settings.minimum_group),
            "interactions": joint.pairs,
            "interaction_table": joint.table,
            "themes_by_group": _leaning(
                entries, contributions, data.groups.iloc[chosen], person, settings, groups, confidence
            ),
        }
        if settings.surrogate_depth and top:
            frames["surrogate"] = surrogate(
                [entries[at] for at in top],
                values[:, top],
                margin,
                model.predict(features),
                person,
                depth=settings.surrogate_depth,
                least=settings.surrogate_least,
                seed=settings.seed,
            )
        checks += [] if joint.agree else [pairs_do_not_agree()]
        checks += explanation_checks(by_feature, frames["themes_by_group"], settings)
    empty = {name: pd.DataFrame(columns=columns.split()) for name, columns in COLUMNS.items()}
    return Explanation(
        **(empty | frames),
        summary={
            "additivity_error": float(difference.max()),
            "rows": len(features),
            "base": float(base[0]),
            "split": settings.split,
        },
        checks=checks,
    )


def _sample(data: ModellingData, settings: ExplanationSettings) -> NDArray[np.intp]:
    wanted = ["development", "test"] if settings.split == "both" else [settings.split]
    chosen = np.flatnonzero(data.rows["split"].isin(wanted))
    if not len(chosen):
        raise DataError("There is no index discharge to explain.", where="explanation.split")
    if len(chosen) > settings.rows:
        random = np.random.default_rng(settings.seed)
        chosen = np.sort(random.choice(chosen, size=settings.rows, replace=False))
    return chosen


def _curves(
    entries: list[Feature], values: Floats, contributions: Floats, settings: ExplanationSettings
) -> pd.DataFrame:
    curves = [
        feature_dependence(entry, values[:, i], contributions[:, i], bins=settings.bins, minimum=settings.minimum_bin)
        for i, entry in enumerate(entries)
        if np.any(contributions[:, i])
    ]
    return pd.concat(curves, ignore_index=True) if curves else _no_curve(entries[0], settings)


def _not_recorded(
    entries: list[Feature], values: Floats, contributions: Floats, settings: ExplanationSettings
) -> pd.DataFrame:
    rows = []
    for i, entry in enumerate(entries):
        absent = np.isnan(values[:, i])
        n = int(absent.sum())
        if n >= settings.minimum_bin and np.any(contributions[:, i]):
            rows.append((entry.name, n, float(contributions[absent, i].mean())))
    return pd.DataFrame(rows, columns=COLUMNS["not_recorded"].split())


def _leaning(
    entries: list[Feature],
    contributions: Floats,
    groups: pd.DataFrame,
    person: pd.Series,
    settings: ExplanationSettings,
    wanted: Sequence[str],
    confidence: float,
) -> pd.DataFrame:
    present = [name for name in wanted if name in groups.columns]
    if not settings.group_permutations or not present:
        return pd.DataFrame(columns=COLUMNS["themes_by_group"].split())
    themes, sums = _summed(entries, contributions, lambda entry: entry.theme)
    return themes_by_group(
        [str(theme) for theme in themes],
        np.abs(sums),
        groups[present].reset_index(drop=True),
        person,
        permutations=settings.group_permutations,
        minimum=settings.minimum_group,
        confidence=confidence,
        seed=settings.seed,
    )


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
            "indication": [stands_for(entry.name) for entry in entries],
        }
    )
    return frame.sort_values(["mean_abs", "feature"], ascending=[False, True], ignore_index=True)


def _by_group(
    entries: list[Feature], contributions: Floats, name: str, group: Callable[[Feature], str | bool]
) -> pd.DataFrame:
    groups, sums = _summed(entries, contributions, group)
    mean_abs = np.abs(sums).mean(axis=0)
    frame = pd.DataFrame({name: groups, "mean_abs": mean_abs, "share": _share(mean_abs), "n": len(contributions)})
    return frame.sort_values(["mean_abs", name], ascending=[False, True], ignore_index=True)


def _summed(
    entries: list[Feature], contributions: Floats, group: Callable[[Feature], str | bool]
) -> tuple[list[str | bool], Floats]:
    """The groups, and each row's contributions added up within them, sign and all."""
    groups = sorted({group(entry) for entry in entries})
    belongs = np.array([[group(entry) == one for one in groups] for entry in entries], dtype=np.float64)
    return groups, contributions @ belongs


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
