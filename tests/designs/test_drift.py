"""Months joined, the stability index by hand, and checks that a planted drift raises and no drift does not."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from hfrisk.assessment import AssessmentSettings
from hfrisk.designs import DesignSettings
from hfrisk.designs.drift import by_month, feature_shifts, joined_months, stability_index
from hfrisk.designs.findings import design_checks
from hfrisk.designs.results import COLUMNS, empty

SETTINGS = DesignSettings()


def test_the_index_is_its_formula_by_hand() -> None:
    before = [0] * 60 + [1] * 40
    now = [0] * 30 + [1] * 20 + [np.nan] * 50
    by_hand = (
        (0.3 - 0.6) * math.log(0.3 / 0.6) + (0.2 - 0.4) * math.log(0.2 / 0.4) + (0.5 - 0.005) * math.log(0.5 / 0.005)
    )
    index, by_chance = stability_index(before, now)
    assert index == pytest.approx(by_hand)
    assert by_chance == pytest.approx(5.991464547 * (1 / 100 + 1 / 100))


def test_tenths_of_the_reference_are_the_bins() -> None:
    before = np.arange(1000.0)
    now = np.concatenate([np.arange(0.0, 1000), np.full(1000, 999.0)])
    a = np.array([0.05] * 9 + [0.55])
    assert stability_index(before, now)[0] == pytest.approx(((a - 0.1) * np.log(a / 0.1)).sum())


def test_a_count_that_is_nearly_always_nought_still_has_two_bins() -> None:
    before = np.r_[np.zeros(970), np.arange(1, 31)]
    now = np.r_[np.zeros(500), np.arange(1, 31), np.full(470, 5.0)]
    expected = (0.5 - 0.97) * math.log(0.5 / 0.97) + (0.5 - 0.03) * math.log(0.5 / 0.03)
    assert stability_index(before, now)[0] == pytest.approx(expected)


def test_the_index_under_no_change_rarely_exceeds_its_95th_centile() -> None:
    rng = np.random.default_rng(2)
    pairs = [stability_index(rng.normal(size=2000), rng.normal(size=600)) for _ in range(400)]
    assert 0.02 <= np.mean([index > by_chance for index, by_chance in pairs]) <= 0.09


def test_nobody_to_compare_is_no_number() -> None:
    assert np.isnan(stability_index([], [1.0])).all()


def test_months_are_joined_until_there_are_enough_events_and_the_rest_joins_the_last() -> None:
    days = pd.Series(pd.to_datetime(["2023-01-05", "2023-01-20", "2023-02-01", "2023-03-09", "2023-04-01"]).repeat(10))
    event = np.tile([1, 0, 0, 0, 1, 0, 0, 0, 0, 0], 5)
    periods = joined_months(days, event, 4)
    assert list(dict.fromkeys(periods)) == ["2023-01", "2023-02 to 2023-04"]
    assert list(dict.fromkeys(joined_months(days, event, 50))) == ["2023-01 to 2023-04"]


def _test_set(seed: int, shift: float, n: int = 6000) -> tuple[pd.DataFrame, np.ndarray]:
    """Two years of discharges with true risks until the last eight months, when log-odds are off by `shift`; and risks of development."""
    rng = np.random.default_rng(seed)
    month = rng.integers(0, 24, n)
    log_odds = rng.normal(-1.4, 0.5, n)
    true = log_odds + shift * (month >= 16)
    frame = pd.DataFrame(
        {
            "event": (rng.random(n) < 1 / (1 + np.exp(-true))).astype(int),
            "risk": 1 / (1 + np.exp(-log_odds)),
            "person": rng.integers(0, 4000, n),
            "date": pd.Timestamp("2022-01-15") + pd.to_timedelta(month * 30.4, unit="D"),
        }
    )
    return frame, 1 / (1 + np.exp(-rng.normal(-1.4, 0.5, 8000)))


def _codes(seed: int, shift: float, moved: float = 0.0) -> list[str]:
    frame, reference = _test_set(seed, shift)
    drift = by_month(
        frame["event"], frame["risk"], frame["person"], frame["date"], reference, SETTINGS, AssessmentSettings()
    )
    rng = np.random.default_rng(seed)
    before = pd.DataFrame({"urea": rng.normal(9, 2, 8000), "copd": rng.integers(0, 2, 8000).astype(float)})
    now = pd.DataFrame({"urea": rng.normal(9 + moved, 2, 6000), "copd": rng.integers(0, 2, 6000).astype(float)})
    frames = {name: empty(name) for name in COLUMNS} | {"drift": drift, "feature_shifts": feature_shifts(before, now)}
    return [check.code for check in design_checks(frames, SETTINGS, confidence=0.95, words={"urea": "last urea"})]


def test_a_planted_drift_of_risk_raises_the_check() -> None:
    assert all("HFR161" in _codes(seed, 0.6) for seed in range(5))


def test_no_drift_does_not_raise_a_check() -> None:
    # at 95 % confidence over all periods together, one in twenty may by chance, if it is also outside 0.8 to 1.25
    assert sum(len(_codes(seed, 0.0)) > 0 for seed in range(20)) <= 2


def test_a_feature_that_is_measured_otherwise_raises_the_check() -> None:
    assert _codes(0, 0.0, moved=1.4) == ["HFR162"]


def test_the_table_by_month_holds_what_a_loop_computes() -> None:
    frame, reference = _test_set(3, 0.3, n=1500)
    drift = by_month(
        frame["event"], frame["risk"], frame["person"], frame["date"], reference, SETTINGS, AssessmentSettings()
    )
    wide = drift.set_index(["period", "measure"])
    period = joined_months(frame["date"], frame["event"], 50).to_numpy()
    for name in dict.fromkeys(period):
        inside = frame[period == name]
        assert wide.loc[(name, "oe_ratio"), "estimate"] == pytest.approx(inside["event"].sum() / inside["risk"].sum())
        cases, others = (inside.loc[inside["event"] == k, "risk"].to_numpy() for k in (1, 0))
        area = np.mean([(case > others).mean() + 0.5 * (case == others).mean() for case in cases])
        assert wide.loc[(name, "auroc"), "estimate"] == pytest.approx(area, abs=1e-12)
        assert wide.loc[(name, "psi"), "estimate"] == stability_index(reference, inside["risk"])[0]
        assert min(inside["event"].sum(), (1 - inside["event"]).sum()) >= 50
