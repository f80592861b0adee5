"""The model in a few rules: each a plain question on the clinical grid, with a fidelity that scikit-learn gives too."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.tree import DecisionTreeRegressor

from hfrisk.explanation.surrogate import surrogate
from hfrisk.features import Feature

GRID = {"age": 1.0, "urea": 0.1, "frail": 1.0}


def entries() -> list[Feature]:
    units = {"age": "years", "urea": "mmol/L", "frail": ""}
    kinds = {"frail": "binary"}
    return [
        Feature(n, n, "stay", "Stay", units[n], "", (), g, 0.0, 120.0, kind=kinds.get(n, "continuous"))  # type: ignore[arg-type]
        for n, g in GRID.items()
    ]


def made_up(n: int = 3000) -> tuple[np.ndarray, np.ndarray, pd.Series]:
    random = np.random.default_rng(9)
    values = np.column_stack(
        [
            np.clip(random.normal(80, 10, n).round(), 18, 104),
            np.round(random.lognormal(2.2, 0.4, n), 1),
            (random.random(n) < 0.3).astype(float),
        ]
    )
    values[random.random(n) < 0.2, 1] = np.nan
    urea = np.nan_to_num(values[:, 1], nan=9.0)
    margin = (
        -2 + 0.03 * (values[:, 0] - 80) + np.where(urea > 12, 0.8, 0.0) + 0.4 * values[:, 2] + random.normal(0, 0.1, n)
    )
    return values, margin, pd.Series(random.integers(0, n // 2, n))


def told(least: int = 100, depth: int = 3) -> tuple[pd.DataFrame, np.ndarray, np.ndarray, pd.Series]:
    values, margin, person = made_up()
    frame = surrogate(entries(), values, margin, 1 / (1 + np.exp(-margin)), person, depth=depth, least=least, seed=5)
    return frame, values, margin, person


def goes(conditions: list[tuple[int, float, float, bool]], row: list[float]) -> bool:
    """Whether a row goes by a rule, condition by condition."""
    for at, lower, upper, unrecorded in conditions:
        value = row[at]
        if value != value:
            if not unrecorded:
                return False
        elif value <= lower or value > upper:
            return False
    return True


def test_every_discharge_goes_by_one_rule_and_the_counts_and_risks_are_theirs() -> None:
    frame, values, margin, _ = told()
    leaves = frame["leaf"].unique()
    assert 4 <= len(leaves) <= 8
    assert frame["leaf"].value_counts().max() <= 3
    rules = {
        leaf: [(list(GRID).index(c.feature), c.lower, c.upper, c.unrecorded) for c in part.itertuples()]
        for leaf, part in frame.groupby("leaf")
    }
    at = [[leaf for leaf in leaves if goes(rules[leaf], row)] for row in values.tolist()]
    assert {len(one) for one in at} == {1}
    where = np.array([one[0] for one in at])
    for leaf, part in frame.groupby("leaf"):
        assert (part["n"] == (where == leaf).sum()).all()
        assert part["risk"].iloc[0] == pytest.approx(np.mean(1 / (1 + np.exp(-margin[where == leaf]))))
    assert frame.drop_duplicates("leaf")["risk"].is_monotonic_increasing


def test_fidelity_is_the_score_of_scikit_learn_on_people_who_taught_it_nothing() -> None:
    frame, values, margin, person = told()
    people = np.unique(person)
    chosen = np.random.default_rng(5).permutation(len(people))[: len(people) // 2]
    learnt = person.isin(people[chosen]).to_numpy()
    assert not set(person[learnt]) & set(person[~learnt])
    values[:, 0] = np.minimum(values[:, 0], 90)
    tree = DecisionTreeRegressor(max_depth=3, min_samples_leaf=100, random_state=0).fit(values[learnt], margin[learnt])
    assert frame["fidelity"].iloc[0] == pytest.approx(tree.score(values[~learnt], margin[~learnt]), abs=1e-9)
    assert 0.5 < frame["fidelity"].iloc[0] < 1


def test_limits_lie_on_the_clinical_grid_and_no_rule_asks_for_an_age_above_ninety() -> None:
    frame, *_ = told()
    for condition in frame.itertuples():
        for limit in (condition.lower, condition.upper):
            if not np.isnan(limit):
                steps = limit / GRID[condition.feature]
                assert steps == pytest.approx(round(steps), abs=1e-6)
    ages = frame.loc[frame["feature"] == "age", ["lower", "upper"]].to_numpy()
    assert np.nanmax(ages) < 90
    urea = frame.loc[frame["feature"] == "urea", ["lower", "upper"]].to_numpy()
    assert np.nanmin(np.abs(urea - 12.0)) < 0.3, "the step that was planted is found"


def test_rules_are_of_enough_people_or_there_are_none() -> None:
    frame, *_ = told(least=400)
    assert frame.drop_duplicates("leaf")["n"].min() >= 400
    assert told(least=900)[0].empty
    values, _, person = made_up(400)
    flat = surrogate(entries(), values, np.zeros(400), np.full(400, 0.5), person, depth=3, least=20, seed=1)
    assert flat.empty
