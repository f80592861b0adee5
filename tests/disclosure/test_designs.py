"""What leaves of the validation designs: the counts that performance shows, ratios from them, and no others."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import pytest

from hfrisk.designs import Designs
from hfrisk.designs.results import COLUMNS, empty
from hfrisk.disclosure.designs import DESIGNS, release_designs
from hfrisk.disclosure.policy import Policy

POLICY = Policy()
TRUSTS = {"A": (612, 133), "B": (407, 91), "C": (388, 72), "Tiny": (31, 8)}


def _performance(trusts: dict[str, tuple[int, int]], n: int, events: int) -> pd.DataFrame:
    sets = {("all", "all"): (n, events)} | {("site_group", name): counts for name, counts in trusts.items()}
    rows = [
        ("lightgbm", "cross-validation", group, level, "auroc", 0.6, *counts) for (group, level), counts in sets.items()
    ]
    return pd.DataFrame(rows, columns=["model", "split", "group", "level", "measure", "estimate", "n", "events"])


def _designs(trusts: dict[str, tuple[int, int]], n: int, events: int, expected: float = 300.0) -> Designs:
    nan = math.nan
    frames: dict[str, pd.DataFrame] = {name: empty(name) for name in COLUMNS}

    def table(name: str, *rows: tuple[Any, ...]) -> None:
        frames[name] = pd.DataFrame(list(rows), columns=COLUMNS[name].split())

    ratio, brier = events / expected, 0.16
    scaled = 1 - brier / (events / n * (1 - events / n))
    table(
        "optimism",
        ("oe_ratio", ratio, 0.01, ratio - 0.01, nan, nan, n, events, "no interval"),
        ("scaled_brier", scaled, 0.02, scaled - 0.02, nan, nan, n, events, ""),
        ("calibration_slope", nan, nan, nan, nan, nan, n, events, "fewer than 200 events or non-events"),
    )
    table("instability", (1, 71, 0.1234567, 0.08, 0.12, 0.19, 0.0345678, 0.25), (2, 9, 0.3, 0.2, 0.3, 0.4, 0.05, 0.5))
    table("instability_summary", ("mape", 0.0345678, nan, nan, n, events, ""))
    table(
        "left_out",
        *[
            (name, "oe_ratio", cases / (size * 0.2), 0.8, 1.2, size, cases, "")
            for name, (size, cases) in trusts.items()
        ],
    )
    table("across_trusts", ("oe_ratio", 1.02345, 0.91234, 1.12345, 0.8765, 1.23456, 0.0876, 4, n, events, ""))
    table(
        "learning_curve", (0.5, "auroc", 0.612345, 0.58, 0.65, 573, 121, ""), (1.0, "auroc", 0.6, 0.5, 0.7, 12, 8, "")
    )
    table(
        "drift",
        ("2023-01", "oe_ratio", 53 / 50.0, 0.8, 1.4, 251, 53, ""),
        ("2023-01", "psi", 0.1234, nan, nan, 251, 53, ""),
        ("2023-02", "oe_ratio", 1.2, 0.5, 1.9, 201, 9, ""),
    )
    table("feature_shifts", ("urea", 0.31415, 0.0123, 900, ""), ("rare", 0.5, 0.01, 8, ""))
    facts = {"leave_out": "site_group", "held_out": 290, "held_out_events": 61}
    return Designs(**frames, facts=facts, checks=[])


def _released(trusts: dict[str, tuple[int, int]] = TRUSTS, n: int = 1438, events: int = 304) -> dict[str, pd.DataFrame]:
    return release_designs(
        _designs(trusts, n, events), _performance(trusts, n, events), POLICY, 0.95, {"urea": "last urea"}
    )


def test_every_table_has_its_columns() -> None:
    for name, columns in DESIGNS.items():
        assert list(_released()[name].columns) == [*columns.split(), "suppressed"]
        empty_one = release_designs(None, _performance(TRUSTS, 1438, 304), POLICY, 0.95, {})[name]
        assert len(empty_one) == 0
        assert list(empty_one.columns) == [*columns.split(), "suppressed"]


def test_a_small_trust_is_withheld_and_so_is_another_from_which_it_would_follow() -> None:
    trusts = _released()["left_out"].set_index("level")
    for name in ("Tiny", "C"):
        assert math.isnan(trusts.loc[name, "events"])
        assert math.isnan(trusts.loc[name, "estimate"])
        assert trusts.loc[name, "suppressed"] == POLICY.withheld
    assert (trusts.loc["A", "n"], trusts.loc["A", "events"]) == (610, 135)
    assert trusts.loc["A", "estimate"] == pytest.approx(135 / 610 / 0.2, abs=0.006)


def test_what_performance_does_not_know_is_withheld() -> None:
    performance = _performance({}, 1438, 304)
    trusts = release_designs(_designs(TRUSTS, 1438, 304), performance, POLICY, 0.95, {})["left_out"]
    assert trusts[["estimate", "lower", "upper", "n", "events"]].isna().all(axis=None)
    assert (trusts["suppressed"] == POLICY.withheld).all()


def test_counts_that_differ_from_those_of_performance_are_a_fault() -> None:
    with pytest.raises(ValueError, match="disagree"):
        release_designs(_designs(TRUSTS, 1438, 304), _performance(TRUSTS, 1438, 305), POLICY, 0.95, {})


def test_what_leaves_is_the_same_for_counts_that_round_alike() -> None:
    # a fixed expected share and mean squared error: only what is rounded differs
    one = _released(n=1438, events=304)
    moved = _designs(TRUSTS, 1438, 306, expected=300.0)
    other = release_designs(moved, _performance(TRUSTS, 1438, 306), POLICY, 0.95, {})
    for measure in ("oe_ratio", "scaled_brier"):
        rows = [frame["optimism"].set_index("measure").loc[measure] for frame in (one, other)]
        assert rows[0]["apparent"] == rows[1]["apparent"]
    assert one["optimism"]["events"].tolist() == other["optimism"]["events"].tolist() == [305.0] * 3


def test_months_and_summaries_carry_no_counts_and_few_figures() -> None:
    tables = _released()
    months = tables["drift"].set_index(["period", "measure"])
    assert not {"n", "events"} & set(tables["drift"].columns) | {"n", "events"} & set(tables["across_trusts"].columns)
    # 53 events stand as 55, 251 discharges as 250: 55 / (50 / 251 * 250), at two figures
    assert months.loc[("2023-01", "oe_ratio"), "estimate"] == 1.1
    assert months.loc[("2023-01", "psi"), "estimate"] == 0.12
    assert math.isnan(months.loc[("2023-02", "oe_ratio"), "estimate"])
    assert tables["across_trusts"].loc[0, "prediction_upper"] == 1.23


def test_steps_and_shares_of_few_people_are_withheld() -> None:
    tables = _released()
    assert tables["instability"].loc[0, ["n", "risk", "error"]].tolist() == [70, 0.123, 0.0346]
    assert tables["instability"].loc[1, ["n", "risk", "low", "high", "error", "moved"]].isna().all()
    assert tables["learning_curve"]["estimate"].isna().tolist() == [False, True]
    assert tables["learning_curve"].loc[0, "estimate"] == 0.61  # 61 held-out events support two figures
    assert tables["feature_shifts"]["estimate"].isna().tolist() == [False, True]
    assert tables["feature_shifts"].loc[0, "words"] == "last urea"
