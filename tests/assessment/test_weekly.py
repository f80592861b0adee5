"""So many reviews a week at each site: against a plain loop over sites and weeks, and replicates against copied rows."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hfrisk.assessment import AssessmentSettings
from hfrisk.assessment.groups import find_groups
from hfrisk.assessment.resampling import percentile_interval, person_weights
from hfrisk.assessment.results import NOBODY
from hfrisk.assessment.weekly import chosen_each_week, weekly_rates, weekly_table

Rows = dict[str, np.ndarray[Any, Any]]


def made_up(seed: int, n: int = 600, *, tied: bool = False) -> Rows:
    rng = np.random.default_rng(seed)
    risk = rng.beta(2, 8, n)
    site = rng.choice(np.array(["A", "B", None], dtype=object), n, p=[0.5, 0.4, 0.1])
    days = [date(2024, 1, 1) + timedelta(days=int(day)) for day in rng.integers(0, 120, n)]
    return {
        "risk": np.round(risk, 1) if tied else risk,
        "event": (rng.random(n) < risk).astype(int),
        "site": site,
        "on": np.array(days, dtype=object),
        "person": rng.integers(0, n // 2, n),
    }


def naive(rows: Rows, reviews: int) -> list[float]:
    """Week by week, site by site: the first so many by risk, those who tie at the edge sharing what room is left."""
    chosen = [0.0] * len(rows["risk"])
    places: dict[tuple[Any, date], list[int]] = {}
    for i, (site, day) in enumerate(zip(rows["site"], rows["on"], strict=True)):
        places.setdefault((site, day - timedelta(days=day.weekday())), []).append(i)
    for those in places.values():
        for i in those:
            ahead = sum(rows["risk"][j] > rows["risk"][i] for j in those)
            tied = sum(rows["risk"][j] == rows["risk"][i] for j in those)
            chosen[i] = min(1.0, max(0.0, (reviews - ahead) / tied))
    return chosen


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("reviews", [1, 3, 50])
def test_each_site_sees_so_many_each_week_and_no_more(reviews: int, tied: bool) -> None:
    rows = made_up(1, tied=tied)
    found = chosen_each_week(rows["risk"], rows["site"], rows["on"], reviews)
    np.testing.assert_allclose(found, naive(rows, reviews), atol=1e-12)
    if reviews == 50:
        assert found.min() == 1


def test_weeks_begin_on_mondays() -> None:
    sunday, monday = date(2024, 1, 7), date(2024, 1, 8)
    assert chosen_each_week([0.2, 0.3], ["A", "A"], [sunday, monday], 1).tolist() == [1, 1]
    assert chosen_each_week([0.2, 0.3], ["A", "A"], [monday, monday], 1).tolist() == [0, 1]
    assert chosen_each_week([0.2, 0.3], ["A", None], [monday, monday], 1).tolist() == [1, 1]


def test_counts_are_those_of_the_chosen() -> None:
    rows = made_up(2)
    chosen = {reviews: chosen_each_week(rows["risk"], rows["site"], rows["on"], reviews) for reviews in (1, 4)}
    for row in weekly_table(rows["event"], chosen).itertuples():
        seen = np.array(naive(rows, int(row.reviews)))
        assert (row.n, row.events) == (600, rows["event"].sum())
        assert (row.reviewed, row.events_found) == (seen.sum(), seen @ rows["event"])


def test_rates_and_their_intervals_are_those_of_copied_rows() -> None:
    rows = made_up(3)
    settings = AssessmentSettings(replicates=60, seed=5)
    (everyone, *_) = find_groups(rows["event"], pd.DataFrame(), (), least=10)
    seen = chosen_each_week(rows["risk"], rows["site"], rows["on"], 2)
    found = weekly_rates(rows["event"], rows["risk"], {2: seen}, rows["person"], everyone, settings)
    told = found.set_index("measure")
    people, who = np.unique(rows["person"], return_inverse=True)

    def ppv(copies: np.ndarray[Any, Any]) -> float:
        return float(rows["event"][copies][seen[copies] == 1].mean())

    def sensitivity(copies: np.ndarray[Any, Any]) -> float:
        return float(seen[copies][rows["event"][copies] == 1].mean())

    for name, rate in (("ppv", ppv), ("sensitivity", sensitivity)):
        at = told.loc[f"{name}@week2"]
        assert at["estimate"] == pytest.approx(rate(np.arange(600)), abs=1e-12)
        drawn = [rate(np.repeat(np.arange(600), weight[who])) for weight in person_weights(len(people), range(60), 5)]
        assert (at["lower"], at["upper"]) == pytest.approx(percentile_interval(np.array(drawn), 0.95), abs=1e-12)
    assert told.loc["nne@week2", "estimate"] == pytest.approx(1 / told.loc["ppv@week2", "estimate"])
    assert set(told["reason"]) == {everyone.reason}


def test_a_rate_that_nobody_has_is_absent_with_its_reason() -> None:
    rows = made_up(4)
    rows["event"] = np.where(rows["risk"] < np.quantile(rows["risk"], 0.5), rows["event"], 0)
    (everyone, *_) = find_groups(rows["event"], pd.DataFrame(), (), least=10)
    seen = (rows["risk"] > np.quantile(rows["risk"], 0.9)).astype(float)
    found = weekly_rates(rows["event"], rows["risk"], {1: seen}, rows["person"], everyone, AssessmentSettings())
    told = found.set_index("measure").loc["nne@week1"]
    assert np.isnan(told["estimate"])
    assert told["reason"] == NOBODY


def test_too_few_for_anything_gives_no_rate_and_says_why() -> None:
    event, risk = np.array([1, *[0] * 30]), np.linspace(0.1, 0.5, 31)
    (everyone, *_) = find_groups(event, pd.DataFrame(), (), least=10)
    found = weekly_rates(event, risk, {1: np.ones(31)}, np.arange(31), everyone, AssessmentSettings())
    assert found["estimate"].isna().all()
    assert (found["reason"] == everyone.reason.replace("imprecise:", "not computed:")).all()
