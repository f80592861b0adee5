"""Years are whole quarters: financial or calendar, counted against naive sums."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from hfrisk.assessment.periods import by_quarter, by_year, year_of_quarter


@pytest.fixture(scope="module")
def discharges() -> pd.DataFrame:
    rng = np.random.default_rng(5)
    n = 1500
    risk = rng.uniform(0.05, 0.5, n)
    day = pd.Timestamp("2019-02-01") + pd.to_timedelta(rng.integers(0, 900, n), "D")
    return pd.DataFrame({"risk": risk, "event": rng.random(n) < risk, "person": rng.integers(0, 900, n), "day": day})


def test_the_financial_year_begins_in_april() -> None:
    assert year_of_quarter("2023 Q1", "financial") == "2022/23"
    assert year_of_quarter("2023 Q2", "financial") == "2023/24"
    assert year_of_quarter("1999 Q4", "financial") == "1999/00"
    assert year_of_quarter("2023 Q1", "calendar") == "2023"


@pytest.mark.parametrize("years", ["financial", "calendar"])
def test_a_year_is_the_sum_of_its_discharges(discharges: pd.DataFrame, years: str) -> None:
    d = discharges
    found = by_year(d["event"], d["risk"], d["person"], d["day"], years=years).set_index("period")
    assert found["n"].sum() == len(d)
    for name, row in found.iterrows():
        first = int(name[:4])
        inside = [(day.year if years == "calendar" or day.month > 3 else day.year - 1) == first for day in d["day"]]
        mine = d[inside]
        assert (row["n"], row["events"]) == (len(mine), mine["event"].sum())
        assert row["expected"] == pytest.approx(mine["risk"].sum())
        assert row["oe_ratio"] == pytest.approx(mine["event"].sum() / mine["risk"].sum())
        assert row["auroc"] == pytest.approx(roc_auc_score(mine["event"], mine["risk"]))
        assert row["auroc_lower"] < row["auroc"] < row["auroc_upper"]
        assert row["quarters"] == mine["day"].dt.to_period("Q").nunique()


def test_years_and_quarters_count_the_same(discharges: pd.DataFrame) -> None:
    d = discharges
    years = by_year(d["event"], d["risk"], d["person"], d["day"]).set_index("period")
    quarters = by_quarter(d["event"], d["risk"], d["day"])
    summed = quarters.groupby(quarters["period"].map(lambda q: year_of_quarter(q, "financial")))[["n", "events"]].sum()
    pd.testing.assert_frame_equal(years[["n", "events"]], summed)


def test_a_year_with_few_events_has_no_ratio_and_no_ranking() -> None:
    day = pd.Series(pd.to_datetime(["2023-05-01"] * 40))
    event = np.r_[np.ones(9), np.zeros(31)]
    row = by_year(event, np.linspace(0.1, 0.4, 40), np.arange(40), day).iloc[0]
    assert row[["oe_ratio", "lower", "upper", "auroc", "auroc_lower", "auroc_upper"]].isna().all()
