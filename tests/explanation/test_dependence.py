"""How a contribution goes with its value, without showing anybody."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hfrisk.explanation import Explanation, ExplanationSettings, explain
from hfrisk.explanation.dependence import direction, feature_dependence
from hfrisk.features import Feature
from hfrisk.modelling import Model, ModellingData


def entry(precision: float = 1.0, kind: str = "continuous") -> Feature:
    return Feature("x", "x", "laboratory", "Blood", "", "", (), precision, 0.0, 1.0, kind=kind)  # type: ignore[arg-type]


def curve(values, contributions=None, *, bins: int = 10, minimum: int = 20, **more):
    values = np.asarray(values, dtype=float)
    contributions = values * 0.1 if contributions is None else np.asarray(contributions, dtype=float)
    return feature_dependence(entry(**more), values, contributions, bins=bins, minimum=minimum)


def test_steps_are_the_plain_mean_of_the_people_in_them() -> None:
    values = np.round(np.random.default_rng(1).normal(120, 20, 2000))
    contributions = np.sin(values / 15)
    frame = curve(values, contributions)
    for i, step in frame.iterrows():
        last = i == len(frame) - 1
        inside = (values >= step["bin_lower"]) & (
            (values <= step["bin_upper"]) if last else (values < step["bin_upper"])
        )
        if last:
            inside &= values <= np.quantile(values, 0.95)
        assert step["n"] == inside.sum()
        assert step["mean_contribution"] == pytest.approx(contributions[inside].mean())


def test_the_tails_are_not_shown() -> None:
    values = np.round(np.random.default_rng(2).lognormal(2, 1, 3000), 1)
    frame = curve(values, precision=0.1)
    assert frame["bin_lower"].min() >= np.quantile(values, 0.05) - 0.05
    assert frame["bin_upper"].max() <= np.quantile(values, 0.95) + 0.05
    assert frame["n"].sum() <= 0.92 * len(values)


def test_edges_lie_on_the_grid_of_the_feature() -> None:
    frame = curve(np.random.default_rng(3).normal(9, 3, 1000), precision=0.5)
    assert ((frame[["bin_lower", "bin_upper"]] * 2) % 1 == 0).all().all()


def test_a_count_has_a_step_for_each_number() -> None:
    frame = curve(np.repeat([0, 1, 2, 3, 9], [500, 300, 140, 50, 10]), kind="count")
    assert frame["bin_lower"].tolist() == frame["bin_upper"].tolist() == [0, 1, 2, 3]
    assert frame["n"].tolist() == [500, 300, 140, 50]


def test_a_rare_number_joins_its_neighbour() -> None:
    frame = curve(np.repeat([0, 1, 2, 3], [500, 400, 60, 19]), bins=3, kind="count")
    assert frame["n"].min() >= 20


def test_yes_and_no_are_both_shown_although_yes_is_rarer_than_a_twentieth() -> None:
    frame = curve(np.repeat([0, 1], [980, 30]), kind="binary")
    assert frame["n"].tolist() == [980, 30]


def test_a_yes_of_fewer_people_than_a_step_needs_is_not_shown_apart() -> None:
    frame = curve(np.repeat([0, 1], [990, 10]), kind="binary")
    assert frame["n"].tolist() == [1000]


def test_too_few_people_leave_no_curve() -> None:
    assert curve(np.arange(15.0)).empty
    assert curve(np.full(100, np.nan)).empty


@settings(max_examples=60, deadline=None)
@given(
    values=st.lists(st.one_of(st.integers(-50, 50).map(float), st.just(float("nan"))), max_size=300),
    bins=st.integers(3, 12),
)
def test_no_step_is_small_and_none_overlap_whatever_the_values(values: list[float], bins: int) -> None:
    frame = curve(values, bins=bins)
    assert (frame["n"] >= 20).all()
    assert (frame["bin_lower"] <= frame["bin_upper"]).all()
    assert (frame["bin_lower"].to_numpy()[1:] >= frame["bin_upper"].to_numpy()[:-1]).all()
    assert frame["n"].sum() <= len(values)


def test_a_rising_a_falling_and_a_bent_line_have_their_words() -> None:
    values = np.arange(100.0)
    assert direction(values, values) == "higher value, higher risk"
    assert direction(values, -np.log1p(values)) == "lower value, higher risk"
    assert direction(values, (values - 50) ** 2) == "no one direction"
    assert direction(values, np.zeros(100)) == "not used by the model"


def test_a_missing_value_has_no_direction() -> None:
    assert direction(np.full(100, np.nan), np.ones(100)) == "no one direction"
    values = np.r_[np.arange(50.0), np.full(50, np.nan)]
    assert direction(values, np.r_[np.arange(50.0), np.full(50, 99.0)]) == "higher value, higher risk"


def test_the_curves_of_a_model_hold_no_small_step(model: Model, data: ModellingData) -> None:
    explained: Explanation = explain(model, data, ExplanationSettings(split="both"))
    assert explained.dependence["n"].min() >= 20
    used = explained.by_feature.loc[explained.by_feature["mean_abs"] > 0, "feature"]
    assert set(explained.dependence["feature"]) == set(used)
