"""Whether the model leans on different things for different people, and when that is within chance."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from hfrisk.explanation import ExplanationSettings, explain
from hfrisk.explanation.leaning import exchanges, themes_by_group
from hfrisk.modelling import Model, ModellingData

THEMES = ["Age", "Blood", "Care before"]


def people(seed: int, n: int = 700, *, apart: float = 1.0) -> tuple[np.ndarray, pd.DataFrame, pd.Series]:
    """Contributions of people with several discharges each, which their group has nothing to do with, unless they lie `apart`."""
    random = np.random.default_rng(seed)
    person = np.repeat(np.arange(n), random.geometric(0.6, n))
    sex = random.choice(["Female", "Male"], n)[person]
    band = np.where(random.random(len(person)) < 0.1, "85 and over", random.choice(["18-64", "65-84"], n)[person])
    own = random.gamma(0.8, 1.0, (n, 3))[person]
    sizes = own * random.gamma(3, 1 / 3, (len(person), 3))
    sizes[sex == "Male", 1] *= apart
    shuffled = random.permutation(len(person))
    groups = pd.DataFrame({"sex": sex, "age_band": band})
    return sizes[shuffled], groups.iloc[shuffled].reset_index(drop=True), pd.Series(person[shuffled])


def asked(sizes: np.ndarray, groups: pd.DataFrame, person: pd.Series, permutations: int = 99) -> pd.DataFrame:
    return themes_by_group(
        THEMES, sizes, groups, person, permutations=permutations, minimum=60, confidence=0.95, seed=1
    )


def test_shares_are_those_of_a_plain_loop() -> None:
    sizes, groups, person = people(1)
    frame = asked(sizes, groups, person, 19)
    for row in frame.itertuples():
        inside = [i for i in range(len(sizes)) if groups[row.group][i] == row.level]
        outside = [i for i in range(len(sizes)) if groups[row.group][i] != row.level]
        at = THEMES.index(row.theme)
        mine, theirs = ([np.mean([sizes[i, t] for i in part]) for t in range(3)] for part in (inside, outside))
        assert row.n == len(inside)
        assert row.mean_abs == pytest.approx(mine[at])
        assert row.share == pytest.approx(mine[at] / sum(mine))
        assert row.elsewhere == pytest.approx(theirs[at] / sum(theirs))
        assert row.difference == pytest.approx(row.share - row.elsewhere)


def test_people_exchange_all_their_discharges_with_people_who_have_as_many() -> None:
    person = np.array([1, 1, 2, 3, 3, 4, 5, 5, 5])
    for source in exchanges(person, 20, seed=2):
        assert sorted(source) == list(range(9))
        for one in np.unique(person):
            given = source[person == one]
            assert len(set(person[given])) == 1
            assert (np.diff(given) == 1).all()
            assert (person == one).sum() == (person == person[given[0]]).sum()


def test_where_nothing_differs_hardly_one_study_in_twenty_says_so() -> None:
    loud = [bool((f["difference"].abs() > f["chance"]).any()) for f in (asked(*people(seed)) for seed in range(20))]
    assert sum(loud) <= 3


def test_a_planted_difference_is_found_and_sized() -> None:
    frame = asked(*people(7, apart=2.0))
    beyond = frame[frame["difference"].abs() > frame["chance"]]
    blood = beyond[(beyond["group"] == "sex") & (beyond["theme"] == "Blood")].set_index("level")["difference"]
    # a theme that counts twice as much: a half of what moves the risk, and not a third
    assert blood["Male"] == pytest.approx(1 / 2 - 1 / 3, abs=0.05)
    assert blood["Female"] == pytest.approx(-blood["Male"])
    assert "age_band" not in set(beyond["group"])


def test_a_level_that_few_have_is_not_asked_about() -> None:
    sizes, groups, person = people(3, 300)
    groups.loc[:20, "sex"] = "Not recorded"
    frame = asked(sizes, groups, person, 9)
    few = frame[frame["level"] == "Not recorded"]
    assert (few["reason"] == "fewer than 60 discharges").all()
    assert few[["mean_abs", "share", "difference", "chance"]].isna().all(axis=None)
    whole = asked(sizes, pd.DataFrame({"all": ["one"] * len(sizes)}), person, 9)
    assert (whole["reason"] == "fewer than 60 discharges of others").all()


def test_a_model_that_leans_on_age_for_some_is_said_to(model: Model, data: ModellingData) -> None:
    many = data.features["admissions"].to_numpy() > 1
    with_groups = ModellingData(
        data.rows, data.features, pd.DataFrame({"before": np.where(many, "often", "seldom")}), data.dictionary
    )
    settings = ExplanationSettings(
        split="both", group_permutations=99, leans_apart=0.05, interaction_rows=0, surrogate_depth=0
    )
    explained = explain(model, with_groups, settings, groups=("before", "absent"))
    (check,) = [check for check in explained.checks if check.code == "HFR151"]
    assert (
        "The model leans more on blood tests and vital signs where before is seldom; earlier hospital use where before is often."
        in check.text()
    )
