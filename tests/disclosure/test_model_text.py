"""An attack: read training data out of the model that leaves."""

from __future__ import annotations

import math
import re
from typing import Any

import lightgbm as lgb
import numpy as np
import pytest

from hfrisk.disclosure import Released
from hfrisk.disclosure.bundle import release_calibration
from hfrisk.disclosure.model_text import scrub_model
from hfrisk.disclosure.policy import Policy
from hfrisk.errors import DataError
from tests.disclosure.made_up import CANARY, DICTIONARY, Run, feature, made_up_rows

POLICY = Policy()
NAMES = [f.name for f in DICTIONARY]


def rows(n: int = 6000, seed: int = 9) -> tuple[np.ndarray, np.ndarray]:
    outcome, features, _ = made_up_rows(n, seed)
    return features.to_numpy(), outcome["event"].to_numpy()


def train(n: int = 6000, seed: int = 9, **params: Any) -> str:
    """A model text, trained on rows with planted extremes."""
    x, y = rows(n, seed)
    settings = {"objective": "binary", "num_leaves": 15, "min_data_in_leaf": 60, "learning_rate": 0.05, "verbosity": -1,
                "num_threads": 1, "lambda_l2": 1.0, "seed": 1, **params}  # fmt: skip
    rounds = int(settings.pop("rounds", 120))
    data = lgb.Dataset(x, y, feature_name=NAMES, params={"max_bin": 63, "verbosity": -1})
    return str(lgb.train(settings, data, rounds).model_to_string())


@pytest.fixture(scope="module")
def before() -> str:
    return train()


@pytest.fixture(scope="module")
def after(before: str) -> str:
    return scrub_model(before, DICTIONARY, POLICY).text


def lines(text: str, key: str) -> list[list[str]]:
    return [line.split("=", 1)[1].split() for line in text.split("\n") if line.startswith(key + "=")]


def numbers(text: str) -> set[float]:
    return {float(x) for x in re.findall(r"(?<![\w.])-?\d+(?:\.\d+)?(?:e[+-]?\d+)?", text)}


def test_the_trained_text_holds_the_extremes_and_the_released_one_does_not(before: str, after: str) -> None:
    ranges = " ".join(lines(before, "feature_infos")[0])
    for value in CANARY.values():
        assert f":{value:g}]" in ranges or f":{value:.17g}]" in ranges
    held = numbers(" ".join(" ".join(x) for key in ("feature_infos", "threshold") for x in lines(after, key)))
    assert not set(CANARY.values()) & held
    assert CANARY["nt_probnp"] not in numbers(after)
    assert lines(after, "feature_infos") == [["[18:120]", "[0:1]", "[0:60]", "[5:100000]", "[1:12]", "[0:1]"]]


def test_predictions_are_the_same_to_the_last_bit(before: str, after: str) -> None:
    x, _ = rows()
    one, other = lgb.Booster(model_str=before), lgb.Booster(model_str=after)
    for raw in (True, False):
        assert np.array_equal(one.predict(x, raw_score=raw), other.predict(x, raw_score=raw))
    unseen, _ = rows(3000, seed=77)
    assert np.array_equal(one.predict(unseen, raw_score=True), other.predict(unseen, raw_score=True))


@pytest.mark.parametrize(
    ("most", "params"),
    [
        (0.002, {"min_data_in_leaf": 200, "rounds": 200, "learning_rate": 0.03}),
        (0.006, {"min_data_in_leaf": 50, "rounds": 200, "num_leaves": 31}),
    ],
)
def test_contributions_stay_finite_add_up_and_hardly_move(most: float, params: dict[str, Any]) -> None:
    x, _ = rows(1000)
    text = train(**params)
    one, other = lgb.Booster(model_str=text), lgb.Booster(model_str=scrub_model(text, DICTIONARY, POLICY).text)
    was, now = (b.predict(x, pred_contrib=True) for b in (one, other))
    assert np.isfinite(now).all()
    assert np.abs(now.sum(axis=1) - other.predict(x, raw_score=True)).max() < 1e-12
    assert np.abs(now - was).max() < most


def test_released_text_loads_saves_and_loads_again(after: str) -> None:
    x, _ = rows(200)
    once = lgb.Booster(model_str=after)
    again = lgb.Booster(model_str=once.model_to_string())
    assert np.array_equal(once.predict(x), again.predict(x))
    assert once.feature_name() == NAMES
    assert once.params["objective"] == "binary"


def test_counts_are_rounded_and_children_sum_to_their_parent(before: str, after: str) -> None:
    exact, shown = lines(before, "leaf_count"), lines(after, "leaf_count")
    inner = lines(after, "internal_count")
    left, right = lines(after, "left_child"), lines(after, "right_child")
    for t, (leaf, node) in enumerate(zip(shown, inner, strict=True)):
        leaves, nodes = [int(x) for x in leaf], [int(x) for x in node]
        assert all(x % 5 == 0 and x >= 5 for x in [*leaves, *nodes])
        assert nodes[0] == sum(leaves) == 6000
        for i, (a, b) in enumerate(zip(left[t], right[t], strict=True)):
            children = [leaves[~int(c)] if int(c) < 0 else nodes[int(c)] for c in (a, b)]
            assert sum(children) == nodes[i]
        assert max(abs(x - int(y)) for x, y in zip(leaves, exact[t], strict=True)) < 30
    assert exact != shown


def test_the_average_over_trees_does_not_give_an_exact_count(before: str, after: str) -> None:
    """The same split at the root of many trees is shown with the same rounded counts each time."""

    def roots(text: str) -> dict[tuple[str, str], set[int]]:
        found: dict[tuple[str, str], set[int]] = {}
        parts = zip(
            *(lines(text, k) for k in ("split_feature", "threshold", "left_child", "leaf_count", "internal_count")),
            strict=True,
        )
        for split, threshold, left, leaf, node in parts:
            child = int(left[0])
            size = int(leaf[~child] if child < 0 else node[child])
            found.setdefault((split[0], threshold[0]), set()).add(size)
        return found

    exact, shown = roots(before), roots(after)
    assert any(len(sizes) == 1 for sizes in exact.values())
    assert all(len(sizes) == 1 for sizes in shown.values())
    assert all(size % 5 == 0 for sizes in shown.values() for size in sizes)


def test_no_sum_of_hessians_is_left(before: str, after: str) -> None:
    # In the first tree a leaf's weight over p (1 - p) is its exact row count.
    _, y = rows()
    p = y.mean()
    weights, counts = (np.array(lines(before, k)[0], dtype=float) for k in ("leaf_weight", "leaf_count"))
    assert np.allclose(weights / (p * (1 - p)), counts, atol=0.01)
    for key in ("leaf_weight", "internal_weight"):
        assert all(set(line) == {"0"} for line in lines(after, key))


def test_the_root_of_the_first_tree_is_no_longer_the_exact_share_of_events(before: str, after: str) -> None:
    _, y = rows()

    def events_behind(text: str) -> float:
        return len(y) / (1 + math.exp(-float(lines(text, "internal_value")[0][0])))

    assert events_behind(before) == pytest.approx(y.sum(), abs=0.02)
    digits = lines(after, "internal_value")[0][0].lstrip("-").replace(".", "").lstrip("0")
    assert len(digits) <= 3
    # One step of the last figure is several events.
    root = float(lines(after, "internal_value")[0][0])
    share = 1 / (1 + math.exp(-root))
    assert 0.01 * share * (1 - share) * len(y) > 5


def counts_behind_first_tree(text: str, total: int, events: int, known_to: float) -> list[list[list[tuple[int, int]]]]:
    """An attack: the (rows, events) of each leaf of the first tree that fit its value and the published parameters.

    One list of leaves for each pair of totals, within the rounding of the shown ones, for which every leaf has a fit.
    `known_to` is how far a value may lie from the one that training found.
    """
    parameters = {k: float(v) for k, v in re.findall(r"\[(learning_rate|lambda_l2): ([\d.]+)\]", text)}
    rate, penalty = parameters["learning_rate"], parameters["lambda_l2"]
    values, shown = (np.array(lines(text, k)[0], dtype=float) for k in ("leaf_value", "leaf_count"))
    solutions = []
    for n in range(total - 2, total + 3):
        for e in range(events - 2, events + 3):
            p, fits = e / n, []
            for value, near in zip(values, shown, strict=True):
                rows_of_leaf = np.arange(near - 25, near + 26)
                hessian = rows_of_leaf * p * (1 - p) + penalty
                found = (value - math.log(p / (1 - p))) / rate * hessian + rows_of_leaf * p
                slack = known_to / rate * hessian + 2e-3  # gradients are single precision
                fits.append([(int(r), k) for r, f, s in zip(rows_of_leaf, found, slack, strict=True)
                             for k in range(math.ceil(f - s), math.floor(f + s) + 1)])  # fmt: skip
            if all(fits):
                solutions.append(fits)
    return solutions


def test_the_first_tree_gives_exact_counts_away_unless_it_was_rounded() -> None:
    _, y = rows()
    total, events = int(POLICY.rounded(len(y))), int(POLICY.rounded(y.sum()))
    text = train(num_leaves=8, lambda_l2=2.0, rounds=20)
    exact = scrub_model(text, DICTIONARY, POLICY)
    (only,) = counts_behind_first_tree(exact.text, total, events, 0)
    assert all(len(fits) == 1 for fits in only)
    assert [fits[0][0] for fits in only] == [int(c) for c in lines(text, "leaf_count")[0]]
    assert sum(fits[0][1] for fits in only) == y.sum()
    assert [c.code for c in exact.checks()] == ["HFR143"]

    booster = lgb.Booster(model_str=text)
    for leaf in range(8):
        booster.set_leaf_output(0, leaf, round(booster.get_leaf_output(0, leaf), 2))
    half = scrub_model(booster.model_to_string(num_iteration=-1), DICTIONARY, POLICY)
    assert [c.code for c in half.checks()] == ["HFR143"]  # later trees, left in full, still pin the counts down
    for tree in booster.dump_model()["tree_info"][1:]:
        for leaf in range(tree["num_leaves"]):
            value = booster.get_leaf_output(tree["tree_index"], leaf)
            booster.set_leaf_output(tree["tree_index"], leaf, float(f"{value:.1e}"))
    coarse = scrub_model(booster.model_to_string(num_iteration=-1), DICTIONARY, POLICY)
    solutions = counts_behind_first_tree(coarse.text, total, events, 0.005)
    assert len(solutions) == 25
    assert all(len(fits) > 50 for fits in solutions[0])
    assert coarse.checks() == []


def test_gains_keep_two_figures(after: str) -> None:
    for line in lines(after, "split_gain"):
        assert all(len(f"{float(x):e}".split("e")[0].rstrip("0").replace(".", "").lstrip("-")) <= 2 for x in line)


def test_thresholds_lie_in_the_middle_of_the_clinical_grid(before: str, after: str) -> None:
    moved = 0
    trees = (lines(after, "split_feature"), lines(before, "threshold"), lines(after, "threshold"))
    for split, was, now in zip(*trees, strict=True):
        for f, a, b in zip(split, was, now, strict=True):
            step = DICTIONARY[int(f)].precision
            assert float(b) / step % 1 == pytest.approx(0.5, abs=1e-6)
            moved += float(a) != float(b)
    assert moved > 50


def test_a_value_off_the_grid_is_scored_as_its_nearest_step(after: str) -> None:
    x, _ = rows(500)
    off = x + np.random.default_rng(1).uniform(-0.4, 0.4, x.shape) * [f.precision for f in DICTIONARY]
    booster = lgb.Booster(model_str=after)
    assert np.array_equal(booster.predict(x), booster.predict(off))


def test_no_path_and_no_unlisted_parameter_is_left(before: str) -> None:
    planted = before.replace("[data: ]", "[data: /srv/secure/train.csv]").replace(
        "[machines: ]", "[machines: 10.0.0.7]"
    )
    text = scrub_model(planted, DICTIONARY, POLICY).text
    assert "/srv" not in text
    assert "10.0.0.7" not in text
    assert "[learning_rate: 0.05]" in text
    assert text.endswith("pandas_categorical:null\n")


def test_lists_of_categories_are_removed() -> None:
    text = train(rounds=5).replace("pandas_categorical:null", 'pandas_categorical:[["rare ward"]]')
    assert "rare ward" not in scrub_model(text, DICTIONARY, POLICY).text


def test_a_leaf_of_few_rows_keeps_the_model_inside() -> None:
    with pytest.raises(DataError, match="fewer than 10 training rows \\(HFR140\\)") as refused:
        scrub_model(train(min_data_in_leaf=2, rounds=20, num_leaves=63), DICTIONARY, POLICY)
    assert "model.min_data_in_leaf" in refused.value.where
    assert scrub_model(train(rounds=5), DICTIONARY, Policy(threshold=20)).trees == 5


def test_splits_on_categories_keep_the_model_inside() -> None:
    x, y = rows(2000)
    x[:, 2] = np.minimum(x[:, 2], 6)
    data = lgb.Dataset(x, y, feature_name=NAMES, categorical_feature=[2], params={"verbosity": -1})
    text = lgb.train(
        {"objective": "binary", "verbosity": -1, "num_threads": 1, "min_data_in_leaf": 40}, data, 5
    ).model_to_string()
    with pytest.raises(DataError, match="lists of categories"):
        scrub_model(text, DICTIONARY, POLICY)


def test_a_model_without_a_split_is_the_exact_share_of_events_and_stays_inside() -> None:
    text = train(min_gain_to_split=1e9, rounds=3)
    with pytest.raises(DataError, match="no split"):
        scrub_model(text, DICTIONARY, POLICY)


def test_an_input_that_the_dictionary_does_not_know_keeps_the_model_inside(before: str) -> None:
    with pytest.raises(DataError, match="does not describe") as refused:
        scrub_model(before, DICTIONARY[:-1], POLICY)
    assert refused.value.where == "rare"


def test_a_line_that_nobody_has_looked_at_keeps_the_model_inside(before: str) -> None:
    with pytest.raises(ValueError, match="does not know: leaf_secret"):
        scrub_model(before.replace("shrinkage=", "leaf_secret=1 2 3\nshrinkage=", 1), DICTIONARY, POLICY)


def test_a_dictionary_with_too_coarse_a_grid_is_found_out(before: str) -> None:
    # Halves are values of this feature: a threshold in the middle of whole steps would move people.
    wrong = tuple(
        feature(f.name, f.words, f.unit, 0.25 if f.name == "age" else f.precision, f.lower, f.upper) for f in DICTIONARY
    )
    x, _ = rows(1000)
    text = scrub_model(before, wrong, POLICY).text
    assert np.array_equal(lgb.Booster(model_str=before).predict(x), lgb.Booster(model_str=text).predict(x))


def test_the_run_of_the_study_passes_with_the_same_predictions(run: Run, released: Released) -> None:
    matrix = run.data.features[run.model.inputs].to_numpy()
    outside = lgb.Booster(model_str=released.bundle.model_text).predict(matrix, raw_score=True)
    assert np.array_equal(outside, run.model.margin(run.data.features))
    assert released.bundle.calibration == run.model.calibration
    assert [i["name"] for i in released.bundle.contract["inputs"]] == run.model.inputs


def test_platt_leaves_as_it_is_and_an_isotonic_table_only_when_coarse() -> None:
    platt = {"method": "platt", "intercept": 0.12345678901, "slope": 0.98765432109}
    assert release_calibration(platt) == platt
    assert release_calibration({"method": "none"}) == {"method": "none"}
    coarse = {"method": "isotonic", "x": [-2.1234, -1.0], "y": [0.0612, 0.25]}
    assert release_calibration(coarse) == coarse
    with pytest.raises(DataError, match="HFR142"):
        release_calibration({"method": "isotonic", "x": [-2.1234, -1.0], "y": [3 / 61, 0.25]})
    with pytest.raises(DataError, match="HFR142"):
        release_calibration({"method": "secret", "table": [1, 2, 3]})


def test_every_other_calibration_leaves_as_it_is_and_its_tables_only_when_coarse() -> None:
    beta = {"method": "beta", "intercept": 0.123456789, "slope_event": 0.5, "slope_none": 1.25}
    blocks = {"method": "venn_abers", "edges": [-1.2345], "p0": [0.1, 0.2001], "p1": [0.1101, 0.22]}
    line = {"method": "piecewise_linear", "x": [-1.5, 0.25], "y": [0.1, 0.4]}
    for whole in (beta, blocks, line):
        assert release_calibration(whole) == whole
        again = {"method": "recalibrated", "intercept": 0.1234, "slope": 1.0, "of": whole}
        assert release_calibration(again) == again
        assert "n" not in release_calibration({**whole, "n": [17]})
    for fine in ({**blocks, "p1": [1 / 61, 0.22]}, {**line, "y": [1 / 61, 0.4]}):
        for form in (fine, {"method": "recalibrated", "intercept": 0.1, "slope": 1.0, "of": fine}):
            with pytest.raises(DataError, match="HFR142"):
                release_calibration(form)
