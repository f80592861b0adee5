"""Groups taken together, groups at capacity, tests and numbers drawn together: nothing about anyone can be worked out from them."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from hfrisk.disclosure import DisclosureSettings, Released
from hfrisk.disclosure.crossed import NO_COUNTS, released_crossed, safe_pairs
from hfrisk.disclosure.equity import release_capacity_groups, release_equity
from hfrisk.disclosure.performance import release_threshold_groups
from hfrisk.disclosure.policy import Policy
from tests.disclosure.made_up import Run

POLICY = Policy()
PAIR = "sex x age_band"


def of_pairs(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[frame["group"] == PAIR]


def test_no_count_of_groups_taken_together_leaves(released: Released) -> None:
    counts = {"n", "events", "flagged", "reviewed", "events_found", "true_positives", "false_positives", "false_negatives",
              "true_negatives"}  # fmt: skip
    for name, frame in released.tables().items():
        if "group" not in frame:
            continue
        pairs = of_pairs(frame)
        assert pairs[list(counts & set(pairs.columns))].isna().all().all(), name
    for name in ("performance", "threshold_groups", "capacity_groups"):
        pairs = of_pairs(getattr(released, name))
        assert len(pairs), name
        assert (pairs["suppressed"] != "").all(), name
    assert of_pairs(released.performance)["estimate"].notna().any()


def test_an_estimate_of_a_pair_needs_enough_in_the_rest_of_its_row_and_column(run: Run, released: Released) -> None:
    exact, shown = run.results.performance, released.performance
    known = shown[(shown["group"] == PAIR) & shown["estimate"].notna()]
    seen = 0
    for split, rows in exact[exact["group"] == PAIR].groupby("split"):
        sizes = rows.drop_duplicates("level").set_index("level")[["n", "events"]].astype(int)
        parts = {level: level.split(" x ") for level in sizes.index}
        for level in known.loc[known["split"] == split, "level"].unique():
            others = [[x for x in sizes.index if x != level and all(parts[x][i] == parts[level][i] for i in same)]
                      for same in ((), (0,), (1,))]  # fmt: skip
            for n, events in [sizes.loc[level], *(sizes.loc[rest].sum() for rest in others)]:
                assert min(n, events, n - events) >= POLICY.threshold
            seen += 1
    assert seen > 4


def test_a_pair_that_would_leave_few_in_its_row_stays_inside() -> None:
    rows = [("A x u", 40, 20), ("A x v", 25, 8), ("B x u", 300, 60), ("B x v", 500, 90)]
    frame = pd.DataFrame(rows, columns=["level", "n", "events"]).assign(model="m", split="test", group="a x b")
    # A x v has 8 events itself, and is all that A x u leaves in its row, and B x v in its column
    assert released_crossed(frame, POLICY) == {("m", "test", "a x b", "B x u")}
    assert safe_pairs(frame, ["n"], POLICY).all()
    only = frame[frame["level"] != "A x v"]
    # B x v is now the whole of its column, and A x u of its row
    assert released_crossed(only, POLICY) == {("m", "test", "a x b", "B x u")}


def test_what_holds_the_share_of_events_of_a_pair_stays_inside(released: Released) -> None:
    rows = of_pairs(released.performance)
    held = rows["measure"].isin(["prevalence", "brier", "scaled_brier", "log_loss", "auprc", "brier_uncertainty"])
    assert held.any()
    assert rows.loc[held, "estimate"].isna().all()


def test_shares_of_pairs_are_whole_per_cent_and_all_else_two_figures(released: Released) -> None:
    rows = of_pairs(released.performance).dropna(subset="estimate")
    for row in rows.itertuples():
        name = row.measure.partition("@")[0]
        if name in ("auroc", "selection_rate", "sensitivity", "ppv", "specificity", "npv", "false_positive_rate"):
            assert row.estimate == round(row.estimate, 2), row.measure
        elif row.estimate:
            assert row.estimate == pytest.approx(float(f"{row.estimate:.1e}"), abs=1e-9), row.measure
    rates = of_pairs(released.threshold_groups)[["selection_rate", "true_positive_rate"]].stack()
    assert (rates == rates.round(2)).all()


def test_rates_of_a_pair_need_ten_in_each_of_its_four_cells_and_those_of_the_rest() -> None:
    rows = []
    for level, tp, fp, fn, tn in (
        ("A x u", 60, 70, 50, 300),
        ("A x v", 60, 70, 50, 300),
        ("B x u", 60, 9, 50, 300),
        ("B x v", 60, 70, 50, 300),
    ):
        rows.append({"group": "a x b", "level": level, "n": tp + fp + fn + tn, "events": tp + fn, "flagged": tp + fp,
                     "true_positives": tp, "false_positives": fp, "false_negatives": fn, "true_negatives": tn,
                     "selection_rate": 0.1, "true_positive_rate": tp / (tp + fn), "false_positive_rate": fp / (fp + tn),
                     "positive_predictive_value": tp / (tp + fp)})  # fmt: skip
    frame = pd.DataFrame(rows).assign(model="m", split="test", threshold=0.2)
    shown = release_threshold_groups(frame, POLICY).set_index("level")
    # not the small one, nor the two that leave it alone in their row or column
    assert shown["true_positive_rate"].notna().to_dict() == {
        "A x u": False,
        "A x v": True,
        "B x u": False,
        "B x v": False,
    }
    assert shown["selection_rate"].notna().all()
    assert shown.loc["A x v", "true_positive_rate"] == 0.55
    assert (shown["suppressed"] == NO_COUNTS).all()


def test_pairs_take_no_number_of_the_groups_alone_along(run: Run, released: Released) -> None:
    frame = run.results.threshold_groups
    without = release_threshold_groups(frame[frame["group"] != PAIR], POLICY).reset_index(drop=True)
    alone = released.threshold_groups[released.threshold_groups["group"] != PAIR].reset_index(drop=True)
    pd.testing.assert_frame_equal(without, alone)


def capacity(**reviewed: tuple[int, int]) -> pd.DataFrame:
    rows = [
        {"group": "all" if level == "all" else "sex", "level": level, "share": share, "n": n, "events": n // 5,
         "reviewed": seen, "events_found": seen // 2}
        for level, counts in reviewed.items()
        for share, seen, n in zip((0.05, 0.1), counts, (2000 if level == "all" else 1000,) * 2, strict=True)
    ]  # fmt: skip
    return pd.DataFrame(rows).assign(model="m", split="test")


def test_two_capacities_have_enough_people_between_them() -> None:
    shown = release_capacity_groups(capacity(all=(100, 200), Female=(45, 52), Male=(55, 148)), POLICY)
    shown = shown.set_index(["level", "share"])
    assert math.isnan(shown.loc[("Female", 0.05), "reviewed"])
    assert shown.loc[("Female", 0.05), "suppressed"] == POLICY.withheld
    assert shown.loc[("Female", 0.1), "reviewed"] == 50
    assert "all" not in shown.index.get_level_values("level")


def test_rates_of_groups_at_capacity_come_from_shown_counts(run: Run, released: Released) -> None:
    table, rates = released.capacity_groups, released.performance
    seen = 0
    for row in table[(table["group"] == "sex") & table["events_found"].notna()].itertuples():
        at = (rates["split"] == row.split) & (rates["level"] == row.level) & (rates["model"] == row.model)
        mine = rates[at].set_index("measure")["estimate"]
        assert mine[f"selection_rate@top{row.share:g}"] == pytest.approx(row.reviewed / row.n, abs=5e-3)
        if not math.isnan(mine[f"ppv@top{row.share:g}"]):
            assert mine[f"ppv@top{row.share:g}"] == pytest.approx(row.events_found / row.reviewed, abs=5e-3)
            seen += 1
    assert seen


def test_gaps_are_those_between_shown_numbers_and_p_has_two_figures(run: Run, released: Released) -> None:
    tests = released.fairness_tests
    known = tests[tests["difference"].notna() & (tests["measure"] != "equalized_odds@0.20") & (tests["group"] != PAIR)]
    known = known[~known["measure"].str.startswith("equalized_odds")]
    assert len(known) > 10
    for row in known.itertuples():
        mine = released.performance.query("model == @row.model and split == @row.split and group == @row.group")
        shown = mine.loc[mine["measure"] == row.measure, "estimate"]
        assert row.difference == pytest.approx(shown.max() - shown.min(), abs=2e-3)
    p = tests["p"].dropna()
    assert len(p)
    assert (p == p.map(lambda value: float(f"{value:.1e}"))).all()
    assert run.results.fairness_tests["p"].notna().sum() >= len(p)


def test_p_of_a_comparison_with_too_small_a_level_is_withheld(run: Run) -> None:
    strict = run.release(DisclosureSettings(threshold=60, round_base=10))
    exact, shown = run.results.fairness_tests, strict.fairness_tests
    performance = run.results.performance
    held = exact["p"].notna().to_numpy() & shown["p"].isna().to_numpy()
    assert held.any()
    assert (shown.loc[held, "suppressed"] != "").all()
    assert shown.loc[held, "statistic"].isna().all()
    for row in shown[shown["p"].notna() & (shown["group"] != PAIR)].itertuples():
        mine = performance[(performance["split"] == row.split) & (performance["group"] == row.group)]
        sizes = mine[mine["level"].isin(row.levels.split("; "))]
        assert (np.minimum(sizes["events"], sizes["n"] - sizes["events"]) >= 60).all()


def test_numbers_drawn_together_are_a_function_of_what_is_shown(run: Run, released: Released) -> None:
    assert released.shrunk["shrunken"].notna().any()
    assert not {"n", "events"} & set(released.shrunk.columns)
    for row in released.shrunk.itertuples():
        mine = released.performance.query(
            "model == @row.model and split == @row.split and group == @row.group and level == @row.level"
        )
        assert row.raw == mine.set_index("measure").loc[row.measure, "estimate"]
    # other exact numbers behind the same shown ones change nothing
    again = release_equity(run.results, released.performance, POLICY, 0.2, 0.95)["shrunk"]
    pd.testing.assert_frame_equal(again, released.shrunk)
