"""The gate: everything that a run found goes in, and what may leave comes out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from hfrisk.checks import Check
from hfrisk.disclosure.bundle import feature_records, release_bundle, release_tuning
from hfrisk.disclosure.code_lists import release_code_lists
from hfrisk.disclosure.companions import (
    release_card,
    release_competing,
    release_competing_performance,
    release_hazards,
    release_totals,
    states_withheld,
)
from hfrisk.disclosure.counting import release_eligibility, release_sensitivity, release_strategies
from hfrisk.disclosure.crossed import crossed_values
from hfrisk.disclosure.curves import (
    release_by_period,
    release_calibration_curve,
    release_capacity,
    release_deciles,
    release_decision_curve,
    release_distribution,
    release_sizes,
)
from hfrisk.disclosure.description import headline, release_flow, release_table1
from hfrisk.disclosure.designs import release_designs
from hfrisk.disclosure.drivers import release_drivers
from hfrisk.disclosure.equity import release_capacity_groups, release_equity
from hfrisk.disclosure.explained import release_dependence, release_means
from hfrisk.disclosure.incidence import exact_incidence, release_incidence
from hfrisk.disclosure.inequality import release_inequality, sources_of
from hfrisk.disclosure.ledger import NOTHING, ledger_of
from hfrisk.disclosure.mitigation import release_mitigation
from hfrisk.disclosure.model_checks import ModelVerdict, release_model_checks
from hfrisk.disclosure.model_text import ScrubbedModel
from hfrisk.disclosure.people import EVERYONE, released_sets
from hfrisk.disclosure.performance import (
    benefits_shown,
    rates_shown,
    release_comparison,
    release_performance,
    release_threshold_groups,
)
from hfrisk.disclosure.policy import Policy
from hfrisk.disclosure.population import OUTCOMES, release_population
from hfrisk.disclosure.released import _SEAL, Bundle, Released
from hfrisk.disclosure.scores import missing_withheld, release_score_inputs, release_score_outcomes
from hfrisk.disclosure.settings import DisclosureSettings
from hfrisk.disclosure.table_one import known_by_split, known_of_everyone, release_by_outcome, release_differences
from hfrisk.disclosure.wording import release_checks, release_definitions, without_places
from hfrisk.disclosure.years import release_by_year

if TYPE_CHECKING:
    from hfrisk.assessment import Population, Results
    from hfrisk.cohort import Cohort
    from hfrisk.designs import Designs
    from hfrisk.explanation import Explanation
    from hfrisk.fairness import Mitigation
    from hfrisk.features import FeatureTable
    from hfrisk.inequality import Inequality
    from hfrisk.modelling import Model
    from hfrisk.modelling.structure import ModelRisks

__all__ = ["release"]

_NEEDED = ("outcome_words",)
_NEEDED_OF_A_MODEL = ("model_name", "bands", "threshold")


def release(
    cohort: Cohort,
    features: FeatureTable,
    results: tuple[Results, Explanation] | None,
    model: Model | None,
    settings: DisclosureSettings,
    *,
    study: Mapping[str, Any],
    provenance: Mapping[str, Any],
    population: Population | None = None,
    sensitivity: pd.DataFrame | None = None,
    checks: Sequence[Check] = (),
    for_heart_failure: int | None = None,
    designs: Designs | None = None,
    mitigation: Mitigation | None = None,
    risks: ModelRisks | None = None,
    inequality: Inequality | None = None,
) -> Released:
    """Pass everything through the gate.

    Parameters
    ----------
    cohort, features, results, model
        As the stages made them; `results` is the assessment and the explanation. A study without a model has neither results
        nor model, and hands on a `population`.
    settings
        The output rule of the environment.
    study
        Words and settings of the study, no data: at least ``outcome_words``; with a model ``model_name``, ``bands`` and
        ``threshold`` too; ``settings.assessment.confidence`` if intervals are not at 95 %.
    provenance
        Hashes, versions and seeds.
    population
        Everyone described, where there is no model.
    sensitivity
        Other definitions beside the study's own (`hfrisk.cohort.sensitivity_cohorts`).
    checks
        Checks of the data besides those that cohort, features, model and results carry.
    for_heart_failure
        Of those who came back, how many did for heart failure.
    designs
        The validation designs beside cross-validation and the test, where they were run.
    mitigation
        Remedies for unfairness side by side, where they were compared.
    risks
        What could be told from the learnt model of those whom it was learnt from.
    inequality
        The inequality picture, of everyone described or of development and test together.

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
    given = (results is not None, model is not None, population is None)
    if len(set(given)) > 1:
        raise ValueError("the gate needs a model with its results, or a population")
    absent = [name for name in (*_NEEDED, *(_NEEDED_OF_A_MODEL if model else ())) if name not in study]
    if absent:
        raise ValueError(f"the gate needs {', '.join(absent)} in the study")
    policy, confidence = Policy.of(settings), _confidence(study)
    told = [*cohort.checks, *checks, *features.notices]
    if population is not None:
        numbers = headline(cohort, NOTHING["performance"], NOTHING["by_period"], policy, for_heart_failure)
        parts = _without_model(population, features, numbers, policy, confidence)
        told += population.checks
    else:
        assert results is not None
        assert model is not None
        verdict = release_model_checks(risks, settings, policy, confidence)
        parts = _with_model(cohort, features, results, model, policy, study, provenance, designs, mitigation, verdict)
        learnt = model.summary if model.summary.get("folds_forward") else None
        numbers = headline(
            cohort, parts.tables["performance"], parts.tables["by_period"], policy, for_heart_failure, learnt
        )
        told += parts.checks
    told += parts.scrubbed.checks() if parts.scrubbed else []
    picture, noticed = release_inequality(
        inequality,
        policy,
        confidence,
        composite=numbers["risk"] == "composite",
        outcomes=parts.tables["outcomes"],
        performance=parts.tables["performance"],
        no_deaths=numbers["died"] is None or parts.no_deaths,
    )
    told += noticed
    dictionary = pd.DataFrame(feature_records(features.dictionary))
    dictionary["in_model"] = dictionary["name"].isin(model.inputs) if model else False
    own = exact_incidence(cohort.incidence, cohort.index_discharges)
    table1 = parts.tables.pop("table1")
    tables = {
        "flow": release_flow(cohort.attrition, policy),
        "table1": table1,
        "table1_by_outcome": parts.tables.pop("table1_by_outcome"),
        "table1_differences": parts.tables.pop("table1_differences"),
        "incidence": release_incidence(cohort.incidence, cohort.index_discharges, numbers, policy, confidence),
        "outcomes": parts.tables.pop("outcomes"),
        "sensitivity": release_sensitivity(sensitivity, own, policy, confidence, numbers),
        "strategies": release_strategies(cohort.strategies, policy),
        "eligibility": release_eligibility(cohort.eligibility, policy, confidence),
        "score_inputs": release_score_inputs(features.observed, policy, missing_withheld(table1, features.dictionary)),
        **parts.tables,
        **picture,
        "checks": release_checks(_in_order(told), policy, parts.exact, parts.tables["performance"]),
        "dictionary": dictionary,
        "definitions": release_definitions(cohort.definitions),
        "code_lists": release_code_lists(study),
    }
    sources = {
        "flow": cohort.attrition,
        "incidence": own,
        "eligibility": cohort.eligibility,
        "sensitivity": sensitivity,
        "score_inputs": features.observed,
    }
    sources |= {
        name: frame
        for source in (population, designs, mitigation, *(results or ()))
        for name in tables
        if isinstance(frame := getattr(source, name, None), pd.DataFrame)
    }
    sources |= sources_of(inequality)
    return Released(
        study=without_places(study, keep_dates=True),
        headline=numbers,
        **tables,
        bundle=parts.bundle,
        tuning=release_tuning(model, policy, _development_share(numbers)) if model else {},
        provenance=without_places(provenance),
        ledger=ledger_of(tables, sources, parts.scrubbed, described=population is not None),
        seal=_SEAL,
    )


class _Parts(NamedTuple):
    """What differs between a run with a model and one without."""

    tables: dict[str, pd.DataFrame]
    exact: pd.DataFrame
    bundle: Bundle | None
    scrubbed: ScrubbedModel | None
    checks: list[Check]
    no_deaths: bool = False


def _with_model(
    cohort: Cohort,
    features: FeatureTable,
    results: tuple[Results, Explanation],
    model: Model,
    policy: Policy,
    study: Mapping[str, Any],
    provenance: Mapping[str, Any],
    designs: Designs | None,
    mitigation: Mitigation | None,
    verdict: ModelVerdict,
) -> _Parts:
    found, explanation = results
    decision = release_decision_curve(found.decision_curve, policy, float(study["threshold"]))
    groups = release_threshold_groups(found.threshold_groups, policy)
    capacity = release_capacity(found.capacity, policy)
    benefits = benefits_shown(decision, groups)
    weekly = release_capacity(found.weekly, policy)
    capacity_groups = release_capacity_groups(found.capacity_groups, policy)
    rates = {
        **rates_shown(decision, groups, capacity, weekly, capacity_groups),
        **crossed_values(found.threshold_groups, found.capacity_groups, policy),
    }
    withheld = states_withheld(found.competing, policy)
    bundle, scrubbed = (
        release_bundle(
            model,
            features.dictionary,
            policy,
            study=study,
            cohort={"window": [int(day) for day in cohort.window], "risk": cohort.risk},
            versions=provenance.get("libraries", {}),
            shown=verdict.shown,
        )
        if model.learnt
        else (None, None)
    )
    sets = released_sets(found.performance, policy)
    table1 = release_table1(found.table1, features.dictionary, policy, _events_by_split(found.performance, model))
    by_outcome = release_by_outcome(
        found.table1_by_outcome,
        found.table1,
        table1,
        known_by_split(sets, table1),
        features.dictionary,
        policy,
        composite=cohort.risk == "composite",
    )
    by_period = release_by_period(found.by_period, policy, _confidence(study))
    tables = {
        "table1": table1,
        "table1_by_outcome": by_outcome,
        "table1_differences": release_differences(found.table1_differences, table1, by_outcome, policy),
        "outcomes": pd.DataFrame(columns=OUTCOMES),
        "performance": release_performance(found.performance, policy, {**benefits, **rates}),
        "calibration_curve": release_calibration_curve(found.calibration_curve, policy, sets),
        "decision_curve": decision,
        "risk_distribution": release_distribution(found.risk_distribution, policy),
        "risk_deciles": release_deciles(found.risk_deciles, policy),
        "capacity": capacity,
        "weekly": weekly,
        "sizes": release_sizes(found.sizes, policy),
        "threshold_groups": groups,
        "by_period": by_period,
        "by_year": release_by_year(found.by_year, by_period, policy, _confidence(study)),
        "score_outcomes": release_score_outcomes(found.score_outcomes, policy),
        "comparison": release_comparison(found.comparison, policy, benefits),
        "competing": release_competing(found.competing, policy, _confidence(study), withheld),
        "competing_performance": release_competing_performance(found.competing_performance, policy, withheld),
        "competing_hazards": release_hazards(found.competing_hazards, policy, withheld),
        "points_card": release_card(model.points, features.dictionary, policy),
        "points_risk": release_totals(model.points, policy),
        "by_feature": release_means(explanation.by_feature, policy),
        "by_family": release_means(explanation.by_family, policy),
        "by_theme": release_means(explanation.by_theme, policy),
        "dependence": release_dependence(explanation.dependence, features.dictionary, policy),
        "model_egress": verdict.table,
        **release_drivers(explanation, features.dictionary, found.performance, policy),
    }
    tables["capacity_groups"] = capacity_groups
    tables |= release_equity(found, tables["performance"], policy, float(study["threshold"]), _confidence(study))
    words = {feature.name: feature.words for feature in features.dictionary}
    tables |= release_designs(designs, found.performance, policy, _confidence(study), words)
    tables |= release_mitigation(mitigation, found.performance, policy, _confidence(study), words)
    checks = [*model.checks, *found.checks, *explanation.checks, *(designs.checks if designs else ())]
    checks += mitigation.checks if mitigation else []
    checks += verdict.checks
    return _Parts(tables, found.performance.reset_index(drop=True), bundle, scrubbed, checks, bool(withheld))


def _without_model(
    population: Population, features: FeatureTable, numbers: Mapping[str, Any], policy: Policy, confidence: float
) -> _Parts:
    table1, outcomes = release_population(
        population.table1, population.outcomes, features.dictionary, policy, confidence, numbers
    )
    by_outcome = release_by_outcome(
        population.table1_by_outcome,
        population.table1,
        table1,
        known_of_everyone(outcomes),
        features.dictionary,
        policy,
        composite=numbers["risk"] == "composite",
    )
    tables = {
        "table1": table1,
        "table1_by_outcome": by_outcome,
        "table1_differences": release_differences(population.table1_differences, table1, by_outcome, policy),
        "outcomes": outcomes,
        **NOTHING,
    }
    return _Parts(tables, NOTHING["performance"], None, None, [])


def _in_order(checks: list[Check]) -> list[Check]:
    severities = {"error": 0, "warning": 1, "note": 2}
    return sorted(checks, key=lambda check: (severities[check.severity], check.code))


def _events_by_split(performance: pd.DataFrame, model: Model) -> dict[str, float]:
    names = {"cross-validation": "development", "test": "test"}
    everyone = performance[performance["group"] == EVERYONE].drop_duplicates("split")
    found = {names[row.split]: float(row.events) for row in everyone.itertuples()}
    # cross-validation does not judge all of development where folds run forward in time
    return found | ({"development": float(model.summary["events"])} if model.summary.get("folds_forward") else {})


def _confidence(study: Mapping[str, Any]) -> float:
    # 0.95 is the assessment's own default.
    return float(study.get("settings", {}).get("assessment", {}).get("confidence", 0.95))


def _development_share(numbers: Mapping[str, Any]) -> float:
    development = numbers["by_split"].get("development", {})
    n, events = development.get("n"), development.get("events")
    return math.nan if n is None or events is None else float(events / n)
