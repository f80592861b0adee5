"""Slope and relative index of inequality: against statsmodels, on planted gradients, and silent where none is."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from hfrisk.inequality import Inequality, InequalitySettings, look_at_rows
from hfrisk.inequality.indices import index_of, ridits, slope_rows
from tests.inequality.invented_people import invented


def test_ridits_are_the_middle_of_each_class() -> None:
    assert ridits(np.array([10.0, 30.0, 60.0])) == pytest.approx([0.05, 0.25, 0.70])


def test_both_indices_and_their_intervals_are_those_of_statsmodels(picture: Inequality) -> None:
    rows, _, groups = invented(6_000, 5, slope=0.12)
    event = (rows["state"] == "readmitted").astype(float)
    fifth = 5 - groups["imd_quintile"].str[0].astype(int)
    share = fifth.value_counts(normalize=True).sort_index()
    x = fifth.map(share.cumsum() - share / 2)
    strata = pd.get_dummies(groups["sex"] + groups["age_band"], drop_first=True, dtype=float)
    how = {"cov_type": "cluster", "cov_kwds": {"groups": rows["person_id"].to_numpy(), "use_correction": False}}
    persons = rows["person_id"].nunique()
    widen = np.sqrt(persons / (persons - 1))
    for adjusted, design in (  # noqa: B007  # read by the query below
        ("nothing", pd.DataFrame({"x": x})),
        ("age and sex", pd.concat([x.rename("x"), strata], axis=1)),
    ):
        for measure, model in (
            ("sii", sm.OLS(event, sm.add_constant(design))),
            ("rii", sm.GLM(event, sm.add_constant(design), family=sm.families.Poisson())),
        ):
            fitted = model.fit(**how)
            slope, error = fitted.params["x"], fitted.bse["x"] * widen
            ends = np.array([slope, slope - 1.959964 * error, slope + 1.959964 * error])
            mine = picture.slopes.query("outcome == 'readmission' and measure == @measure and adjusted == @adjusted")
            assert mine[["estimate", "lower", "upper"]].to_numpy()[0] == pytest.approx(
                np.exp(ends) if measure == "rii" else ends, abs=1e-5
            )


def test_the_index_of_counts_is_that_of_their_people(picture: Inequality) -> None:
    fifths = picture.rates.query("outcome == 'readmission' and group == 'imd_quintile'").sort_values(
        "level", ascending=False
    )
    n, events = (fifths[c].to_numpy(dtype=float) for c in ("n", "events"))
    for measure in ("sii", "rii"):
        one_by_one = picture.slopes.query("outcome == 'readmission' and measure == @measure and adjusted == 'nothing'")
        assert index_of(measure, n, events) == pytest.approx(one_by_one["estimate"].iloc[0], abs=1e-9)


def test_a_planted_gradient_is_found_with_its_sign_and_size() -> None:
    for slope in (0.12, -0.12):
        rows, features, groups = invented(40_000, 31, slope=slope)
        found = look_at_rows(rows, features, groups, InequalitySettings(pairs=()))
        row = found.slopes.query("outcome == 'readmission' and measure == 'sii' and adjusted == 'age and sex'").iloc[0]
        assert row["lower"] <= slope <= row["upper"]
        assert np.sign(row["lower"]) == np.sign(row["upper"]) == np.sign(slope)


def test_without_a_gradient_the_interval_leaves_out_nought_once_in_twenty() -> None:
    # 200 seeds at 5 %: more than 20 alarms happen once in a hundred such tests (binomial)
    alarms = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        person = rng.integers(0, 700, 1_000)
        frail = rng.random(700) < 0.35  # people of whom all discharges are at high risk: clusters that matter
        event = (rng.random(1_000) < np.where(frail[person], 0.45, 0.08)).astype(float)
        rank = rng.integers(0, 5, 700)[person]
        person = np.unique(person, return_inverse=True)[1]
        row = slope_rows(event, rank, np.zeros(1_000, dtype=np.intp), person, 0.95, 10)[0]
        alarms += not row["lower"] <= 0 <= row["upper"]
    assert 2 <= alarms <= 20


def test_too_few_events_or_one_fifth_only_is_a_marked_absence() -> None:
    zero = np.zeros(50, dtype=np.intp)
    event = np.zeros(50)
    event[:5] = 1
    few = slope_rows(event, np.arange(50) % 5, zero, np.arange(50), 0.95, 10)
    assert all(np.isnan(row["estimate"]) and row["reason"].startswith("not computed: fewer than 10") for row in few)
    one = slope_rows(np.tile([0.0, 1.0], 25), zero, zero, np.arange(50), 0.95, 10)
    assert all("fewer than two classes" in row["reason"] for row in one)
    none = slope_rows(np.zeros(0), zero[:0], zero[:0], zero[:0], 0.95, 10)
    assert all(row["reason"] for row in none)
