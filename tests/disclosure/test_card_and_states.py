"""The score-card, and readmission, death and neither, as they may leave."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from hfrisk.disclosure.companions import (
    release_card,
    release_competing,
    release_competing_performance,
    release_hazards,
    release_totals,
    states_withheld,
)
from hfrisk.disclosure.policy import Policy
from hfrisk.features import Feature

POLICY = Policy()


def _feature(name: str, kind: str, precision: float = 1.0, unit: str = "") -> Feature:
    return Feature(name, name, "f", "t", unit, "", (), precision, 0.0, 1000.0, kind=kind)  # type: ignore[arg-type]


DICTIONARY = [
    _feature("urea", "continuous", 0.1, "mmol/L"),
    _feature("copd", "binary"),
    _feature("admissions", "count"),
]
CARD = {
    "items": [
        {"feature": "urea", "cuts": [7.0, 12.5], "not_recorded": True, "points": [0, 2, 5], "points_not_recorded": 1},
        {"feature": "copd", "cuts": [1.0], "not_recorded": False, "points": [0, 3], "points_not_recorded": 0},
        {"feature": "admissions", "cuts": [1.0, 2.0, 5.0], "not_recorded": False, "points": [0, 1, 2, 4], "points_not_recorded": 0},
    ],
    "intercept": -2.0,
    "slope": 0.2,
    "fewest": 60,
}  # fmt: skip


def test_the_card_names_bands_by_what_can_be_recorded_and_gives_every_total_a_risk() -> None:
    card = release_card(CARD, DICTIONARY, POLICY)
    given = {item: list(zip(mine["band"], mine["points"], strict=True)) for item, mine in card.groupby("item")}
    assert given["urea"] == [("under 7.0", 0), ("7.0 to 12.4", 2), ("12.5 or more", 5), ("not recorded", 1)]
    assert given["copd"] == [("no", 0), ("yes", 3)]
    assert given["admissions"] == [("0", 0), ("1", 1), ("2 to 4", 2), ("5 or more", 4)]
    totals = release_totals(CARD, POLICY)
    assert totals["total"].tolist() == list(range(13))
    np.testing.assert_allclose(totals["risk"], 1 / (1 + np.exp(2 - 0.2 * np.arange(13))), atol=5e-4)
    assert not ({"n", "events", "fewest"} & set(card.columns))


@pytest.mark.parametrize("fewest", [9, 0])
def test_a_card_with_a_band_of_few_people_stays_inside(fewest: int) -> None:
    for frame in (
        release_card(CARD | {"fewest": fewest}, DICTIONARY, POLICY),
        release_totals(CARD | {"fewest": fewest}, POLICY),
    ):
        assert len(frame) == 1
        assert frame["suppressed"].iloc[0] == POLICY.withheld
        assert frame.drop(columns="suppressed").select_dtypes("number").isna().all(axis=None)


def _competing(back: list[int], died: list[int], n: int = 200) -> pd.DataFrame:
    rows = []
    for outcome, counts in (
        ("readmitted", back),
        ("died", died),
        ("either", [a + b for a, b in zip(back, died, strict=True)]),
    ):
        sizes = [n] * len(counts)
        for band, (size, events) in enumerate([(sum(sizes), sum(counts)), *zip(sizes, counts, strict=True)]):
            share = events / size
            rows.append((outcome, "test", band, size, events, 0.123456, share, share - 0.01, share + 0.01))
    return pd.DataFrame(
        rows, columns=["outcome", "split", "band", "n", "events", "predicted", "observed", "lower", "upper"]
    )


def test_shares_and_intervals_come_from_the_shown_counts() -> None:
    exact = _competing([22, 31, 43, 52, 68], [12, 13, 16, 21, 33])
    shown = release_competing(exact, POLICY, 0.95, states_withheld(exact, POLICY))
    assert (shown["suppressed"] == "").all()
    assert (shown["n"] % 5 == 0).all()
    assert (shown["events"] % 5 == 0).all()
    np.testing.assert_allclose(shown["observed"], shown["events"] / shown["n"], atol=0.006)
    # other counts that round alike give the same
    moved = _competing([21, 32, 44, 51, 68], [12, 13, 16, 21, 33])
    other = release_competing(moved, POLICY, 0.95, set())
    pd.testing.assert_frame_equal(shown[shown["outcome"] == "readmitted"], other[other["outcome"] == "readmitted"])


def test_a_fifth_with_few_deaths_is_withheld_and_cannot_be_had_from_the_rest() -> None:
    exact = _competing([22, 31, 43, 52, 68], [4, 13, 16, 21, 33])
    shown = release_competing(exact, POLICY, 0.95, states_withheld(exact, POLICY))
    died = shown[(shown["outcome"] == "died") & (shown["band"] > 0)]
    hidden = died[died["events"].isna()]
    assert 1 in hidden["band"].tolist()
    assert len(hidden) >= 2
    assert hidden[["observed", "lower", "upper"]].isna().all(axis=None)
    assert (hidden["suppressed"] == POLICY.withheld).all()


@pytest.mark.parametrize(
    ("back", "died"),
    [
        ([22, 31, 43, 52, 68], [1, 1, 2, 2, 3]),
        ([1, 1, 2, 2, 3], [22, 31, 43, 52, 68]),
        ([180] * 5, [19, 19, 19, 18, 18]),
    ],
    ids=["few died", "few came back", "few did neither"],
)
def test_where_one_of_the_three_states_is_small_no_count_of_the_split_is_shown(back, died) -> None:
    exact = _competing(back, died)
    withheld = states_withheld(exact, POLICY)
    assert withheld == {"test"}
    shown = release_competing(exact, POLICY, 0.95, withheld)
    assert shown[["events", "observed", "lower", "upper"]].isna().all(axis=None)
    measures = pd.DataFrame(
        [
            ("died", "test", "auroc", 0.7, 0.6, 0.8, 1000, 9, ""),
            ("either", "test", "oe_ratio", 1.1, 0.9, 1.2, 1000, 225, ""),
        ],
        columns=["outcome", "split", "measure", "estimate", "lower", "upper", "n", "events", "reason"],
    )
    released = release_competing_performance(measures, POLICY, withheld)
    assert released[["estimate", "lower", "upper", "events"]].isna().all(axis=None)
    hazards = measures.rename(columns={"outcome": "cause"}).drop(columns="measure")
    assert release_hazards(hazards, POLICY, withheld)[["estimate", "events"]].isna().all(axis=None)


def test_an_incidence_that_is_no_share_of_the_discharges_is_refused() -> None:
    exact = _competing([22, 31, 43, 52, 68], [12, 13, 16, 21, 33])
    exact.loc[3, "observed"] += 0.02
    with pytest.raises(ValueError, match="not the share"):
        release_competing(exact, POLICY, 0.95, set())
