"""Which group is large enough for which number, and the table at the decision threshold."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from hfrisk.assessment.groups import find_groups, threshold_table
from hfrisk.assessment.performance import split_performance
from hfrisk.assessment.settings import AssessmentSettings

FEW = AssessmentSettings(replicates=60, redraws=50, permutations=99, groups=("group",), threads=1)


def people(**levels: tuple[int, int]) -> tuple[np.ndarray, np.ndarray, pd.DataFrame]:
    """Events, risks and groups of levels given as (events, non-events)."""
    random = np.random.default_rng(1)
    event = np.concatenate([np.repeat([1, 0], sizes) for sizes in levels.values()])
    level = np.concatenate([np.repeat(name, sum(sizes)) for name, sizes in levels.items()])
    risk = 1 / (1 + np.exp(1.3 - 0.8 * event - random.normal(0, 0.6, len(event))))
    return event, risk, pd.DataFrame({"group": level})


def measured(event: np.ndarray, risk: np.ndarray, groups: pd.DataFrame) -> pd.DataFrame:
    found = find_groups(event, groups, ["group"])
    frame = split_performance(event, {"lightgbm": risk}, np.arange(len(event)), found, FEW).performance
    return frame[frame["group"] == "group"].set_index(["level", "measure"])


def test_nothing_is_computed_below_ten_events_but_every_row_is_there_with_a_reason() -> None:
    frame = measured(*people(small=(9, 300), large=(300, 900))).loc["small"]
    assert frame["estimate"].isna().all()
    assert frame["lower"].isna().all()
    assert (frame["reason"] == "not computed: fewer than 10 events or non-events").all()
    assert {"auroc", "oe_ratio", "calibration_slope", "ici", "ici_expected_95", "net_benefit@0.20"} <= set(frame.index)
    assert (frame["n"] == 309).all()
    assert (frame["events"] == 9).all()


def test_nothing_is_computed_when_all_others_have_fewer_than_ten_events() -> None:
    frame = measured(*people(small=(9, 300), large=(300, 900))).loc["large"]
    assert frame["estimate"].isna().all()
    assert (frame["reason"] == "not computed: fewer than 10 events or non-events among all others").all()


def test_below_200_events_only_auroc_and_oe_are_given_and_marked_imprecise() -> None:
    frame = measured(*people(middling=(199, 800), large=(300, 900))).loc["middling"]
    given = frame[frame["estimate"].notna()]
    # decision 19; who is flagged is a count
    assert set(given.index) == {"auroc", "oe_ratio", "selection_rate@0.20"}
    assert (given["reason"] == "imprecise: fewer than 200 events or non-events").all()
    assert given["lower"].notna().all()
    assert (frame.drop(index=given.index)["reason"] == "not computed: fewer than 200 events or non-events").all()


def test_below_200_non_events_only_auroc_and_oe_are_given() -> None:
    frame = measured(*people(middling=(800, 199), large=(300, 900))).loc["middling"]
    assert set(frame[frame["estimate"].notna()].index) == {"auroc", "oe_ratio", "selection_rate@0.20"}


def test_from_200_events_everything_is_given_and_ici_stands_beside_what_is_expected() -> None:
    frame = measured(*people(enough=(200, 800), large=(300, 900))).loc["enough"]
    assert frame["estimate"].notna().all()
    assert (frame["reason"] == "").all()
    without_interval = frame[frame["lower"].isna() & frame["upper"].isna()]
    parts = {"brier_reliability", "brier_resolution", "brier_uncertainty"}
    assert (
        set(without_interval.index)
        == {"ici", "e50", "e90", "emax", "ici_expected", "ici_expected_95", "ici_excess"} | parts
    )
    assert frame.loc["ici_expected_95", "estimate"] > frame.loc["ici_expected", "estimate"] > 0


@pytest.mark.parametrize("sizes", [(0, 500), (500, 0)])
def test_a_group_with_one_outcome_only_has_a_reason_and_never_a_nought(sizes) -> None:
    frame = measured(*people(single=sizes, large=(300, 900))).loc["single"]
    assert frame["estimate"].isna().all()
    assert (frame["reason"] == "not computed: fewer than 10 events or non-events").all()


def test_everyone_with_fewer_than_200_events_lacks_only_slope_curve_and_ici() -> None:
    event, risk, groups = people(only=(150, 700))
    found = split_performance(event, {"lightgbm": risk}, np.arange(len(event)), find_groups(event, groups, []), FEW)
    missing = found.performance[found.performance["estimate"].isna()]
    assert set(missing["measure"]) == {
        "brier_reliability",
        "brier_resolution",
        "brier_uncertainty",
        "calibration_slope",
        "ici",
        "e50",
        "e90",
        "emax",
        "ici_expected",
        "ici_expected_95",
        "ici_excess",
    }
    assert found.calibration_curve.empty
    assert list(found.calibration_curve.columns) == [
        "model",
        "group",
        "level",
        "predicted",
        "observed",
        "lower",
        "upper",
        "n",
        "events",
    ]


def test_a_level_that_holds_everyone_is_judged_as_everyone_is() -> None:
    frame = measured(*people(only=(300, 900))).loc["only"]
    assert frame["estimate"].notna().all()


def test_people_whose_group_is_missing_are_a_level_of_their_own() -> None:
    event, _, groups = people(known=(20, 80), lost=(20, 80))
    groups.loc[groups["group"] == "lost", "group"] = None
    assert [group.level for group in find_groups(event, groups, ["group"])] == ["all", "Not recorded", "known"]


def test_threshold_table_is_fairlearns_over_all_rows() -> None:
    from fairlearn.metrics import MetricFrame, count, false_positive_rate, selection_rate, true_positive_rate
    from sklearn.metrics import precision_score

    event, risk, groups = people(first=(480, 1800), second=(240, 1200), third=(540, 600))
    flagged = (risk >= 0.3).astype(int)
    theirs = MetricFrame(
        metrics={
            "n": count,
            "selection_rate": selection_rate,
            "true_positive_rate": true_positive_rate,
            "false_positive_rate": false_positive_rate,
            "positive_predictive_value": precision_score,
        },
        y_true=event,
        y_pred=flagged,
        sensitive_features=groups["group"],
    )
    ours = threshold_table(event, risk, find_groups(event, groups, ["group"]), 0.3)
    levels = ours[ours["group"] == "group"].set_index("level")
    for column in theirs.by_group.columns:
        np.testing.assert_allclose(levels.loc[theirs.by_group.index, column], theirs.by_group[column])
    everyone = ours[ours["group"] == "all"].iloc[0]
    assert everyone["positive_predictive_value"] == pytest.approx(theirs.overall["positive_predictive_value"])
    cells = ["true_positives", "false_positives", "false_negatives", "true_negatives"]
    assert (ours[cells].sum(axis=1) == ours["n"]).all()
    assert (ours["true_positives"] + ours["false_negatives"] == ours["events"]).all()


def test_rates_without_a_denominator_are_missing_where_fairlearn_says_nought() -> None:
    event, risk, groups = people(unflagged=(240, 360), large=(300, 900))
    risk[groups["group"] == "unflagged"] = 0.05
    ours = threshold_table(event, risk, find_groups(event, groups, ["group"]), 0.2).set_index("level")
    assert np.isnan(ours.loc["unflagged", "positive_predictive_value"])
    assert ours.loc["unflagged", "true_positive_rate"] == 0  # 240 came back and none was flagged: a real nought


def test_groups_too_small_for_any_number_have_counts_but_no_rates() -> None:
    event, risk, groups = people(small=(9, 50), middle=(50, 90), large=(300, 900))
    ours = threshold_table(event, risk, find_groups(event, groups, ["group"]), 0.2).set_index("level")
    rates = ["selection_rate", "true_positive_rate", "false_positive_rate", "positive_predictive_value"]
    assert ours.loc["small", rates].isna().all()
    assert ours.loc["small", "n"] == 59
    # decision 19: below 200 events nothing about performance but O/E and AUROC; who is flagged is a count
    assert ours.loc["middle", rates].notna().tolist() == [True, False, False, False]
    assert ours.loc["large", rates].notna().all()
