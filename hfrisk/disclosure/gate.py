"""The gate: everything that a run found goes in, and what may leave comes out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from hfrisk.checks import Check
from hfrisk.disclosure.bundle import feature_records, release_bundle, release_tuning
from hfrisk.disclosure.curves import (
    release_by_period,
    release_calibration_curve,
    release_capacity,
    release_deciles,
    release_decision_curve,
    release_distribution,
)
from hfrisk.disclosure.description import headline, release_flow, release_table1
from hfrisk.disclosure.explained import release_dependence, release_means
from hfrisk.disclosure.model_text import ScrubbedModel
from hfrisk.disclosure.people import EVERYONE, released_sets
from hfrisk.disclosure.performance import (
    benefits_shown,
    release_comparison,
    release_performance,
    release_threshold_groups,
)
from hfrisk.disclosure.policy import Policy
from hfrisk.disclosure.released import _SEAL, Released
from hfrisk.disclosure.settings import DisclosureSettings
from hfrisk.disclosure.wording import release_checks, release_definitions, without_places

if TYPE_CHECKING:
    from hfrisk.assessment import Results
    from hfrisk.cohort import Cohort
    from hfrisk.explanation import Explanation
    from hfrisk.features import FeatureTable
    from hfrisk.modelling import Model

__all__ = ["release"]

_NEEDED = ("model_name", "outcome_words", "bands", "threshold")
_RULES = {
    "flow": "counts rounded; boxes that differ by fewer than the threshold merged or withheld",
    "table1": "counts rounded, parts of a total protected; centiles with enough people on either side",
    "performance": "counts rounded, parts of a total protected; estimates recomputed from the shown counts",
    "calibration_curve": "points joined until each has enough events and non-events",
    "decision_curve": "cells rounded or withheld; steps of enough people; net benefit from the shown counts",
    "risk_distribution": "bins merged until each has enough people",
    "risk_deciles": "counts rounded, parts of a total protected",
    "capacity": "cells rounded or withheld",
    "threshold_groups": "four cells rounded or withheld together; rates from the shown cells",
    "by_period": "counts rounded, parts of a total protected; ratios from the shown counts",
    "comparison": "counts rounded; differences to the shown prevalence",
    "by_feature": "means over enough people",
    "by_family": "means over enough people",
    "by_theme": "means over enough people",
    "dependence": "bins of enough people; edges on the feature's grid",
    "checks": "counts in words, rounded",
    "dictionary": "published facts",
    "definitions": "words",
    "model": "ranges, counts, weights, values and gains of training replaced",
}


def release(
    cohort: Cohort,
    features: FeatureTable,
    results: tuple[Results, Explanation],
    model: Model,
    settings: DisclosureSettings,
    *,
    study: Mapping[str, Any],
    provenance: Mapping[str, Any],
) -> Released:
    """Pass everything through the gate.

    Parameters
    ----------
    cohort, features, results, model
        As the stages made them; `results` is the assessment and the explanation.
    settings
        The output rule of the environment.
    study
        Words and settings of the study, no data: at least ``model_name``, ``outcome_words``, ``bands``,
        ``threshold``; ``settings.assessment.confidence`` if intervals are not at 95 %.
    provenance
        Hashes, versions and seeds.

    Returns
    -------
    Released

    Raises
    ------
    DataError
        If the model may not leave (HFR140, HFR141, HFR142).
    ValueError
        If something is missing that the stages should have handed on (a fault of ours).
    """
    absent = [name for name in _NEEDED if name not in study]
    if absent:
        raise ValueError(f"the gate needs {', '.join(absent)} in the study")
    policy = Policy.of(settings)
    found, explanation = results
    threshold = float(study["threshold"])

    decision = release_decision_curve(found.decision_curve, policy, threshold)
    groups = release_threshold_groups(found.threshold_groups, policy)
    benefits = benefits_shown(decision, groups)
    performance = release_performance(found.performance, policy, benefits)
    by_period = release_by_period(found.by_period, policy, _confidence(study))
    numbers = headline(cohort, performance, by_period, policy)
    bundle, scrubbed = release_bundle(
        model,
        features.dictionary,
        policy,
        study=study,
        cohort={"window": [int(day) for day in cohort.window], "risk": cohort.risk},
        versions=provenance.get("libraries", {}),
    )
    dictionary = pd.DataFrame(feature_records(features.dictionary))
    dictionary["in_model"] = dictionary["name"].isin(model.inputs)
    checks = _in_order([*_all_checks(cohort, features, model, found, explanation), *scrubbed.checks()])
    tables = {
        "flow": release_flow(cohort.attrition, policy),
        "table1": release_table1(found.table1, features.dictionary, policy, _events_by_split(found.performance)),
        "performance": performance,
        "calibration_curve": release_calibration_curve(
            found.calibration_curve, policy, released_sets(found.performance, policy)
        ),
        "decision_curve": decision,
        "risk_distribution": release_distribution(found.risk_distribution, policy),
        "risk_deciles": release_deciles(found.risk_deciles, policy),
        "capacity": release_capacity(found.capacity, policy),
        "threshold_groups": groups,
        "by_period": by_period,
        "comparison": release_comparison(found.comparison, policy, benefits),
        "by_feature": release_means(explanation.by_feature, policy),
        "by_family": release_means(explanation.by_family, policy),
        "by_theme": release_means(explanation.by_theme, policy),
        "dependence": release_dependence(explanation.dependence, features.dictionary, policy),
        "checks": release_checks(checks, policy, found.performance.reset_index(drop=True), performance),
        "dictionary": dictionary,
        "definitions": release_definitions(cohort.definitions),
    }
    sources = {"flow": cohort.attrition} | {
        name: frame
        for source in (found, explanation)
        for name in tables
        if isinstance(frame := getattr(source, name, None), pd.DataFrame)
    }
    return Released(
        study=without_places(study, keep_dates=True),
        headline=numbers,
        **tables,
        bundle=bundle,
        tuning=release_tuning(model, policy, _development_share(numbers)),
        provenance=without_places(provenance),
        ledger=_ledger(tables, sources, scrubbed),
        seal=_SEAL,
    )


def _all_checks(
    cohort: Cohort, features: FeatureTable, model: Model, found: Results, explanation: Explanation
) -> list[Check]:
    return [*cohort.checks, *features.notices, *model.checks, *found.checks, *explanation.checks]


def _in_order(checks: list[Check]) -> list[Check]:
    severities = {"error": 0, "warning": 1, "note": 2}
    return sorted(checks, key=lambda check: (severities[check.severity], check.code))


def _events_by_split(performance: pd.DataFrame) -> dict[str, float]:
    names = {"cross-validation": "development", "test": "test"}
    everyone = performance[performance["group"] == EVERYONE].drop_duplicates("split")
    return {names[row.split]: float(row.events) for row in everyone.itertuples()}


def _confidence(study: Mapping[str, Any]) -> float:
    # 0.95 is the assessment's own default.
    return float(study.get("settings", {}).get("assessment", {}).get("confidence", 0.95))


def _development_share(numbers: Mapping[str, Any]) -> float:
    development = numbers["by_split"].get("development", {})
    n, events = development.get("n"), development.get("events")
    return math.nan if n is None or events is None else float(events / n)


def _ledger(
    tables: Mapping[str, pd.DataFrame], sources: Mapping[str, pd.DataFrame], scrubbed: ScrubbedModel
) -> pd.DataFrame:
    rows = []
    for name, table in tables.items():
        shown = _numbers(table)
        source = sources.get(name)
        was = shown if source is None else _numbers(source[[c for c in source.columns if c in table.columns]])
        now = shown if source is None else _numbers(table[[c for c in table.columns if c in source.columns]])
        rows.append((name, len(table), shown, max(was - now, 0), _RULES[name]))
    rows.append(("model", scrubbed.trees, 0, scrubbed.replaced, _RULES["model"]))
    return pd.DataFrame(rows, columns=["table", "rows", "cells_released", "cells_suppressed", "rule"])


def _numbers(frame: pd.DataFrame) -> int:
    return int(frame.select_dtypes("number").notna().to_numpy().sum())
