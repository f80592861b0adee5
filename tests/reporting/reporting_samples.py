"""Released values with invented numbers, for looking at and for testing the report."""

from __future__ import annotations

import math
from dataclasses import fields
from typing import Any

import pandas as pd

from hfrisk.disclosure import Bundle, Released
from hfrisk.disclosure import released as gate
from hfrisk.disclosure.code_lists import release_code_lists
from hfrisk.disclosure.mitigation import MITIGATION
from tests.reporting.invented_groups import (
    capacity_groups_table,
    drawn_table,
    of_groups,
    tests_table,
)
from tests.reporting.invented_inequality import inequality_tables
from tests.reporting.invented_population import (
    definitions_table,
    eligibility_table,
    incidence_table,
    outcomes_table,
    score_outcomes_table,
    scores_table,
    strategies_table,
)
from tests.reporting.invented_remedies import signs
from tests.reporting.invented_remedies import tables as remedies_tables
from tests.reporting.invented_tables import (
    HELD,
    by_outcome_table,
    capacity_table,
    curves_table,
    deciles_table,
    decisions_table,
    differences_table,
    explanation_table,
    five,
    flow_table,
    performance_table,
    periods_table,
    sizes_of_test,
    spread_table,
    table1_table,
    threshold_table,
    weekly_table,
    years_table,
)

COHORT = {
    "heart_failure": {"preset": "nicor7"},
    "unplanned": ["admission_method", "ae_segment"],
    "spells": {"rule": "nhs_digital"},
    "nhs_codes": True,
    "minimum_age": 18,
    "require_unplanned_index": True,
    "index": "every",
}


def make(**changes: Any) -> Released:
    """A Released of these fields; the seal is the gate's, borrowed for tests."""
    return Released(**changes, seal=gate._SEAL)


def changed(base: Released, **changes: Any) -> Released:
    """`base` with some fields replaced."""
    values = {f.name: getattr(base, f.name) for f in fields(base)}
    return make(**{**values, **changes})


def with_number(base: Released, measure: str, estimate: float, lower: float, upper: float, **where: str) -> Released:
    """`base` with one estimate replaced (everyone, test, lightgbm unless said otherwise)."""
    place = {"model": "lightgbm", "split": "test", "group": "all", "level": "all", **where}
    frame = base.performance.copy()
    mask = frame["measure"] == measure
    for column, value in place.items():
        mask &= frame[column] == value
    assert mask.any(), (measure, place)
    frame.loc[mask, ["estimate", "lower", "upper"]] = [estimate, lower, upper]
    return changed(base, performance=frame)


def held_back(base: Released, why: str = HELD, **where: str) -> Released:
    """`base` with every performance row at this place withheld."""
    frame = base.performance.copy()
    mask = pd.Series(True, index=frame.index)
    for column, value in where.items():
        mask &= frame[column] == value
    frame.loc[mask, ["estimate", "lower", "upper", "n", "events"]] = math.nan
    frame.loc[mask, "suppressed"] = why
    return changed(base, performance=frame)


def region(n_test: int = 3010, rate: float = 0.196, ratio: float = 1.03, auroc: float = 0.64) -> Released:
    """A made-up UK region: a model that works fairly well, and less well for the most deprived."""
    n_dev = int(n_test * 7 / 3)
    study = {
        "title": "Heart failure: who comes back within 30 days?",
        "environment": "A made-up region",
        "question": "Why do a fifth of people with heart failure come back to hospital within a month, and for whom?",
        "outcome_words": "came back to hospital as an emergency within 30 days",
        "outcome_noun": "emergency readmission within 30 days",
        "window_words": "days 0 to 29 after discharge, both included",
        "risk": "cumulative_incidence",
        "threshold": 0.2,
        "bands": [0.1, 0.2, 0.3],
        "status": "candidate",
        "model_name": "hf-readmission-30d",
        "made_up": True,
        "cannot_know": ["OMOP has no field for the admission method."],
        "settings": {"cohort": COHORT},
    }
    total = n_test + n_dev
    headline = {
        "index_discharges": five(total),
        "persons": five(total * 0.72),
        "events": five(total * rate),
        "readmitted": five(total * rate),
        "died": five(total * 0.023),
        "died_first": five(total * 0.023),
        "sites": 22,
        "period_from": "2019-04",
        "period_to": "2024-03",
        "window": [0, 29],
        "readmitted_for_heart_failure": five(total * rate * 0.43),
        "share_events": round(rate, 3),
        "share_died": 0.023,
        "states": {},
        "by_split": {
            "development": {
                "n": five(n_dev),
                "events": five(n_dev * rate),
                "share_events": rate,
                "period_from": "2019 Q2",
                "period_to": "2022 Q3",
            },
            "test": {
                "n": five(n_test),
                "events": five(n_test * rate),
                "share_events": rate,
                "period_from": "2022 Q4",
                "period_to": "2024 Q1",
            },
        },
        "reasons": {},
    }
    return make(
        study=study,
        headline=headline,
        flow=flow_table(total, rate),
        table1=table1_table(n_dev, n_test, rate),
        incidence=incidence_table(total, rate),
        outcomes=outcomes_table(total, rate).iloc[:0],
        sensitivity=definitions_table(total, rate),
        strategies=strategies_table(total),
        eligibility=eligibility_table(total),
        score_inputs=scores_table(total),
        performance=of_groups(performance_table(n_dev, n_test, rate, ratio, auroc), n_test, rate),
        calibration_curve=curves_table(n_test, ratio),
        decision_curve=decisions_table(n_test, rate, ratio),
        risk_distribution=spread_table(n_test, rate),
        risk_deciles=deciles_table(n_test, rate, ratio),
        capacity=capacity_table(n_test, rate),
        weekly=weekly_table(n_test, rate),
        sizes=sizes_of_test(n_test),
        threshold_groups=threshold_table(n_test, rate),
        by_period=periods_table(n_dev, n_test, rate, ratio),
        capacity_groups=capacity_groups_table(n_test, rate),
        fairness_tests=tests_table(),
        shrunk=drawn_table(performance_table(n_dev, n_test, rate, ratio, auroc)),
        by_year=years_table(periods_table(n_dev, n_test, rate, ratio)),
        table1_by_outcome=by_outcome_table(total, rate),
        table1_differences=differences_table(),
        score_outcomes=score_outcomes_table(auroc),
        comparison=pd.DataFrame(
            [
                ("lightgbm", "logistic", "test", "auroc", 0.006, -0.004, 0.017, five(n_test), five(n_test * rate), ""),
                ("lightgbm", "lace", "test", "auroc", 0.05, 0.031, 0.069, five(n_test), five(n_test * rate), ""),
                ("lightgbm", "hospital", "test", "auroc", 0.04, 0.02, 0.06, five(n_test), five(n_test * rate), ""),
            ],
            columns=[
                "model_a",
                "model_b",
                "split",
                "measure",
                "difference",
                "lower",
                "upper",
                "n",
                "events",
                "suppressed",
            ],
        ),
        **explanation_table(n_test),
        **inequality_tables(),
        **remedies_tables(),
        **signs(),
        checks=pd.DataFrame(
            [
                (
                    "HFR132",
                    "note",
                    "The test is too small for a precise calibration slope",
                    "The test has 3,010 discharges; about 8,900 are needed for a slope known to within 0.1 "
                    "either way (Riley's criterion).",
                    "The spread of its percentages is known only roughly.",
                    "Pool more time or more sites for the test before relying on the spread of its percentages.",
                ),
                (
                    "HFR021",
                    "warning",
                    "A blood test is often missing",
                    "NT-proBNP is not recorded in 52% of discharges.",
                    "Its part in the risk may stand for who is measured rather than for how ill they are.",
                    "Ask the source whether results from outside laboratories are loaded.",
                ),
            ],
            columns=["code", "severity", "title", "finding", "consequence", "todo"],
        ),
        definitions=pd.DataFrame(
            [
                (
                    "Heart failure",
                    "the seven codes of the National Heart Failure Audit: I110, I255, I420, I429, I500, I501, I509",
                    "NICOR National Heart Failure Audit",
                ),
                ("Position of the diagnosis", "principal", ""),
                ("Spells", "merged: overlapping stays", "hfrisk decisions 1 and 2"),
                ("Window", "days 0 to 29 after discharge, both included", "NHS indicator: 0 to 29"),
                ("Discharged alive", "required", ""),
            ],
            columns=["item", "value", "source"],
        ),
        code_lists=release_code_lists(study),
        bundle=Bundle("tree", {"method": "platt", "intercept": 0.01, "slope": 1.02}, {"inputs": [{}] * 18}, []),
        tuning={
            "best": {"num_leaves": 9, "learning_rate": 0.05, "rounds": 140},
            "summary": {
                "objective": "log_loss",
                "objective_words": "log loss",
                "objective_better": "lower",
                "choice": "best",
                "best_trial": 17,
                "chosen_trial": 17,
                "monotone": "off",
                "edge_of_space": [],
                "sizes": {"shrinkage": 3500, "optimism": 1200, "prevalence": 300},
                "sizes_for": {"parameters": 40, "auroc": 0.65},
            },
            "trials": [
                {
                    "trial": i,
                    "state": "pruned" if i % 3 == 2 else "complete",
                    "value": 0.467 if i == 17 else 0.479,
                    "best_so_far": 0.467 if i >= 17 else 0.479,
                }
                for i in range(30)
            ],
            "importances": {"learning_rate": 0.61, "num_leaves": 0.39},
        },
        provenance={
            "study_hash": "4b1c9f0a77d2",
            "hfrisk": "0.1.0",
            "code_version": "7be1",
            "source_fingerprint": "content 91ac04",
            "seeds": {"folds": 20260401, "model": 20260401},
            "libraries": {"lightgbm": "4.7.0", "pandas": "2.3.3"},
        },
        ledger=pd.DataFrame(
            [("performance", 400, 3900, 120, "threshold 10, rounded to 5")],
            columns=["table", "rows", "cells_released", "cells_suppressed", "rule"],
        ),
    )


def desynpuf() -> Released:
    """Like DE-SynPUF: hardly any ranking, twice as many predicted as came back, few groups recorded."""
    base = region(n_test=6920, rate=0.067, ratio=0.47, auroc=0.512)
    frame = base.performance
    frame = frame[~frame["group"].str.contains("imd_quintile")].copy()
    frame.loc[(frame["group"] == "ethnicity"), "level"] = frame["level"].replace(
        {"Asian or Asian British": "Hispanic", "Black or Black British": "Black"}
    )
    slope = (frame["measure"] == "calibration_slope") & (frame["split"] == "test")
    frame.loc[slope, ["estimate", "lower", "upper"]] = [0.12, -0.3, 0.55]
    flagged = base.threshold_groups
    study = {
        **base.study,
        "title": "DE-SynPUF: who is admitted again within 30 days?",
        "environment": "CMS DE-SynPUF 2008-2010 (a public, partly synthetic file)",
        "outcome_words": "were admitted to hospital again within 30 days",
        "outcome_noun": "readmission within 30 days",
        "window_words": "days 1 to 30 after discharge, both included",
    }
    checks = pd.DataFrame(
        [
            (
                "HFR134",
                "error",
                "No better than chance",
                "In the test the AUROC is 0.512 (0.46 to 0.56), where 0.5 is tossing a coin.",
                "The model must not be used: it does not rank those who came back above those who did not.",
                "Check whether the population or the recording changed between development and test.",
            ),
            (
                "HFR130",
                "error",
                "Risks are too high in the test",
                "In the test the model over-predicts about twofold: observed over expected is 0.47.",
                "The model must not be used: its percentages are wrong for the people that it was tested on.",
                "Look at observed over expected by quarter to see when it went wrong.",
            ),
        ],
        columns=["code", "severity", "title", "finding", "consequence", "todo"],
    )
    return changed(
        base,
        study=study,
        performance=frame,
        checks=checks,
        threshold_groups=flagged[flagged["group"] != "imd_quintile"],
        **{
            name: getattr(base, name).pipe(lambda frame: frame[~frame["group"].str.contains("imd_quintile")])
            for name in ("capacity_groups", "fairness_tests", "shrunk")
        },
        headline={**base.headline, "share_events": 0.105, "sites": 2650},
    )


def tiny() -> Released:
    """A test far too small: most of it held back or not computed, no comparator, no groups but sex."""
    base = region(n_test=60, rate=0.2)
    frame = base.performance
    frame = frame[(frame["model"] == "lightgbm") & frame["group"].isin(["all", "sex"])].copy()
    mask = frame["split"] == "test"
    frame.loc[mask, ["estimate", "lower", "upper"]] = math.nan
    frame.loc[mask & (frame["group"] == "all"), "reason"] = "fewer than 10 events"
    frame.loc[mask & (frame["group"] != "all"), ["n", "events"]] = math.nan
    frame.loc[mask & (frame["group"] != "all"), "suppressed"] = HELD
    none: dict[str, Any] = {}
    for name in (
        "calibration_curve",
        "decision_curve",
        "risk_distribution",
        "comparison",
        "dependence",
        "fairness_tests",
        "shrunk",
        "capacity_groups",
    ):
        none[name] = getattr(base, name).iloc[:0]
    deciles = base.risk_deciles.copy()
    deciles[["n", "events", "died", "mean_risk"]] = math.nan
    deciles["suppressed"] = HELD
    capacity = base.capacity.copy()
    capacity[["reviewed", "events", "events_found"]] = math.nan
    capacity["suppressed"] = HELD
    weekly = base.weekly.copy()
    weekly[["reviewed", "events", "events_found"]] = math.nan
    weekly["suppressed"] = HELD
    groups = base.threshold_groups[base.threshold_groups["group"].isin(["all", "sex"])].copy()
    groups[groups.columns[5:-1]] = math.nan
    groups["suppressed"] = HELD
    periods = base.by_period.copy()
    periods[["n", "events", "expected", "oe_ratio", "lower", "upper"]] = math.nan
    periods["suppressed"] = HELD
    flow = base.flow.copy()
    flow.loc[flow.index[-1], ["events", "excluded_only_here"]] = math.nan
    flow.loc[flow.index[-1], "suppressed"] = HELD
    head = {
        **base.headline,
        "died": None,
        "died_first": None,
        "share_died": None,
        "reasons": {"died": HELD, "share_died": HELD},
    }
    head["by_split"] = {**base.headline["by_split"], "test": {"n": 60.0, "events": None, "share_events": None}}
    return changed(
        base,
        performance=frame,
        risk_deciles=deciles,
        capacity=capacity,
        weekly=weekly,
        sizes=base.sizes.assign(n=math.nan, suppressed=HELD),
        threshold_groups=groups,
        by_period=periods,
        by_year=years_table(periods),
        flow=flow,
        headline=head,
        **none,
    )


def composite() -> Released:
    """Readmission or death."""
    base = region(rate=0.22)
    study = {
        **base.study,
        "risk": "composite",
        "outcome_words": "came back to hospital as an emergency or died within 30 days",
        "outcome_noun": "emergency readmission or death within 30 days",
    }
    return changed(base, study=study)


def bare() -> Released:
    """A run in which nothing could be computed: every table of results is empty."""
    base = region()
    names = (
        "table1 incidence sensitivity strategies eligibility performance calibration_curve decision_curve "
        "risk_distribution risk_deciles capacity weekly sizes threshold_groups by_period score_outcomes "
        "comparison by_feature by_family by_theme by_modifiable not_recorded spread related interactions interaction_table "
        "themes_by_group surrogate stability dependence checks dictionary definitions code_lists flow ledger by_year "
        "table1_by_outcome table1_differences"
    )
    empty = {name: getattr(base, name).iloc[:0] for name in [*names.split(), *MITIGATION]}
    head = {name: None for name in base.headline if name not in ("by_split", "reasons", "states")}
    reasons = {name: HELD for name in head}
    return changed(
        base,
        **empty,
        study={key: base.study[key] for key in ("outcome_words", "bands", "threshold", "risk")},
        headline={**head, "by_split": {}, "states": {}, "reasons": reasons},
        tuning={"best": {}, "summary": {}, "trials": []},
        provenance={},
    )


_OF_A_MODEL = (
    "performance calibration_curve decision_curve risk_distribution risk_deciles capacity weekly sizes threshold_groups by_period "
    "score_outcomes comparison by_feature by_family by_theme dependence by_modifiable not_recorded spread related interactions "
    "interaction_table themes_by_group surrogate stability by_year"
)
_DATA_CHECKS = [
    (
        "HFR045",
        "warning",
        "The admission method is not recorded",
        "24% of the readmissions rest on an A&E visit, since no admission method is recorded.",
        "Emergencies that did not pass through A&E are taken as planned: too few readmissions are counted, by about a quarter.",
        "Ask the environment for the admission method.",
    ),
    (
        "HFR053",
        "note",
        "Some discharges have little history",
        "410 index discharges have less than a year of earlier records.",
        "Earlier illnesses are missed for them.",
        "Declare cohort.minimum_look_back_days, or begin later.",
    ),
]


def described(n: int = 10_030, rate: float = 0.196) -> Released:
    """A study of the same region that makes no model."""
    base = region(n_test=int(n * 0.3), rate=rate)
    table1 = base.table1[
        (base.table1["split"] == "test") & (base.table1["characteristic"] != "What happened first")
    ].copy()
    table1[["value", "n"]] = (
        table1[["value", "n"]].where(table1["unit"] != "discharges", table1[["value", "n"]] * (10 / 3)).round()
    )
    no_model = {"threshold", "bands", "status", "model_name"}
    return changed(
        base,
        study={key: value for key, value in base.study.items() if key not in no_model},
        headline={**base.headline, "by_split": {}},
        table1=table1.assign(split="all"),
        table1_differences=base.table1_differences[base.table1_differences["between"] == "outcomes"],
        outcomes=outcomes_table(base.headline["index_discharges"], rate),
        checks=pd.DataFrame(_DATA_CHECKS, columns=list(base.checks.columns)),
        dictionary=base.dictionary.assign(in_model=False),
        bundle=None,
        tuning={},
        provenance={"study_hash": "4b1c9f0a77d2", "hfrisk": "0.1.0", "libraries": {"pandas": "2.3.3"}},
        **{name: getattr(base, name).iloc[:0] for name in _OF_A_MODEL.split()},
    )


def described_composite() -> Released:
    """Readmission or death, in a study without a model."""
    base = described(rate=0.22)
    study = {
        **base.study,
        "risk": "composite",
        "outcome_words": "came back to hospital as an emergency or died within 30 days",
        "outcome_noun": "emergency readmission or death within 30 days",
    }
    back = 0.22 - 0.023
    definitions = base.sensitivity.assign(
        readmitted=base.sensitivity["readmitted"] * 0.9, readmission=0.9 * base.sensitivity["readmission"]
    )
    return changed(
        base, study=study, incidence=incidence_table(base.headline["index_discharges"], back), sensitivity=definitions
    )


def described_without_numbers() -> Released:
    """A description in which next to nothing may be shown."""
    base = described(n=400)
    outcomes = base.outcomes.copy()
    numbers = outcomes.columns.difference(["group", "level", "n", "suppressed"])
    outcomes[numbers] = math.nan
    outcomes["suppressed"] = HELD
    definitions = base.sensitivity.copy()
    shown = [
        "index_discharges",
        "persons",
        "events",
        "readmitted",
        "died",
        "rate",
        "readmission",
        "lower",
        "upper",
        "death",
    ]
    definitions[shown] = math.nan
    definitions["suppressed"] = HELD
    rule = base.eligibility.copy()
    rule[[c for c in rule.columns if c != "suppressed"]] = math.nan
    rule["suppressed"] = HELD
    head = {
        **base.headline,
        **dict.fromkeys(("events", "readmitted", "died", "died_first", "share_events", "share_died")),
        "readmitted_for_heart_failure": None,
        "reasons": dict.fromkeys(("events", "readmitted", "died", "share_events", "share_died"), HELD),
    }
    return changed(
        base,
        headline=head,
        incidence=incidence_table(400, 0.2, hidden=("readmitted", "died")),
        outcomes=outcomes,
        sensitivity=definitions,
        strategies=base.strategies.assign(n=math.nan, of=math.nan, suppressed=HELD),
        eligibility=rule,
        score_inputs=base.score_inputs.assign(
            observed=math.nan,
            share=math.nan,
            near="",
            suppressed=base.score_inputs["reason"].map(lambda text: "" if text else HELD),
        ),
        flow=base.flow.assign(persons=math.nan, events=math.nan, suppressed=HELD),
        checks=base.checks.iloc[:0],
    )


def described_bare() -> Released:
    """A description of which every table is empty."""
    base = bare()
    study = {key: base.study[key] for key in ("outcome_words", "risk")}
    return changed(base, study=study, bundle=None, tuning={})
