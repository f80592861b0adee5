"""For how many the inputs of clinical scores were known: few, all but few, and small differences stay inside."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hfrisk.disclosure import DisclosureSettings, Released
from hfrisk.disclosure.policy import Policy
from hfrisk.disclosure.scores import missing_withheld, release_score_inputs, release_score_outcomes
from tests.disclosure.made_up import DICTIONARY, Run

POLICY = Policy()
N = 2003


def observed(counts: dict[str, int], n: int = N, absent: tuple[str, ...] = ()) -> pd.DataFrame:
    frame = pd.DataFrame([("mine", name, f"the {name}", count) for name, count in counts.items()])
    frame.columns = pd.Index(["score", "input", "words", "observed"])
    made = [name not in absent for name in counts]
    return frame.assign(rows=n, share=frame["observed"] / n, made=made, always=False)


def shown(counts: dict[str, int], n: int = N, held: tuple[str, ...] = (), absent: tuple[str, ...] = ()) -> pd.DataFrame:
    return release_score_inputs(observed(counts, n, absent), POLICY, held).set_index("input")


def test_counts_are_rounded_and_shares_are_those_of_the_shown_counts() -> None:
    row = shown({"sodium": 1402}).loc["sodium"]
    assert (row["observed"], row["rows"], row["share"]) == (1400, 2005, 0.698)
    assert row[["near", "reason", "suppressed"]].tolist() == ["", "", ""]


@pytest.mark.parametrize("count", [0, 1, 9, N - 9, N - 1, N])
def test_few_or_all_but_few_are_withheld_with_their_share_and_not_told_apart(count: int) -> None:
    row = shown({"sodium": count}).loc["sodium"]
    assert row[["observed", "share"]].isna().all()
    assert (row["rows"], row["suppressed"], row["reason"]) == (2005, POLICY.withheld, "")


@pytest.mark.parametrize("count", [10, N - 10])
def test_ten_and_all_but_ten_are_shown(count: int) -> None:
    assert shown({"sodium": count}).loc["sodium", "observed"] == POLICY.rounded(count)


def test_the_share_of_a_few_tens_has_two_figures() -> None:
    assert shown({"sodium": 53}).loc["sodium", "share"] == 0.027
    assert shown({"sodium": N - 53}).loc["sodium", "share"] == 0.97


def test_a_whole_score_that_three_people_lack_besides_is_shown_as_its_input() -> None:
    found = shown({"sodium": 1402, "score_mine": 1397})
    assert found["observed"].tolist() == [1400, 1400]
    assert "fewer than 10" in found.loc["score_mine", "near"]


def test_it_is_not_told_whether_two_inputs_differ_at_all() -> None:
    pd.testing.assert_frame_equal(shown({"sodium": 1402, "urea": 1402}), shown({"sodium": 1402, "urea": 1406}))


def test_what_there_is_no_column_for_is_said_in_words_without_a_count() -> None:
    row = shown({"lvef": 0, "sodium": 1402}, absent=("lvef",)).loc["lvef"]
    assert row[["observed", "share"]].isna().all()
    assert row["reason"].startswith("no record of this source tells it")
    assert row["suppressed"] == ""


def test_a_column_that_nobody_has_a_value_in_is_a_count_like_any_other() -> None:
    row = shown({"lvef": 0}).loc["lvef"]
    assert (row["reason"], row["suppressed"]) == ("", POLICY.withheld)


def test_what_table_1_withholds_of_one_split_does_not_follow_from_everybody() -> None:
    # Missing for 5 in development, which Table 1 withholds, and for 40 of the test, which it shows: 45 of all would tell the 5.
    counts = {"sodium": N - 45, "score_mine": N - 49, "urea": 1402}
    assert shown(counts)["observed"].notna().all()
    found = shown(counts, held=("sodium",))
    assert found["observed"].isna().tolist() == [True, True, False]
    assert (found["suppressed"] != "").tolist() == [True, True, False]


def test_which_features_table_1_is_silent_about_is_read_from_it() -> None:
    rows = [
        ("NT-proBNP, last in the stay", "missing", "development", ""),
        ("NT-proBNP, last in the stay", "missing", "test", POLICY.withheld),
        ("potassium, last in the stay", "missing", "test", ""),
        ("age at admission", "median", "test", POLICY.withheld),
    ]
    table1 = pd.DataFrame(rows, columns=["characteristic", "statistic", "split", "suppressed"])
    assert missing_withheld(table1, DICTIONARY) == {"nt_probnp"}


def test_fewer_people_than_the_threshold_are_no_people_to_speak_of() -> None:
    found = shown({"sodium": 4, "urea": 9, "lvef": 0}, n=9, absent=("lvef",))
    assert found[["observed", "rows", "share"]].isna().all(axis=None)
    assert (found["suppressed"] == POLICY.withheld).all()


def test_a_study_without_scores_has_an_empty_table_with_its_columns() -> None:
    for frame in (pd.DataFrame(), observed({"sodium": 4}).iloc[:0]):
        found = release_score_inputs(frame, POLICY)
        assert found.empty
        assert {"score", "input", "observed", "rows", "share", "reason", "suppressed"} <= set(found)


@settings(max_examples=300, deadline=None)
@given(
    st.integers(0, 400),
    st.lists(st.integers(0, 400), min_size=1, max_size=8),
    st.builds(Policy, threshold=st.integers(5, 20), base=st.integers(2, 5)),
    st.integers(0, 2),
)
def test_no_small_number_is_shown_and_none_is_the_difference_of_two(
    n: int, counts: list[int], policy: Policy, held: int
) -> None:
    exact = {f"i{place}": min(count, n) for place, count in enumerate(counts)}
    silent = tuple(exact)[:held]
    found = release_score_inputs(observed(exact, n), policy, silent).set_index("input")
    for name, row in found.iterrows():
        if math.isnan(row["observed"]):
            assert math.isnan(row["share"])
            assert row["suppressed"] == policy.withheld
            continue
        assert name not in silent
        assert policy.threshold <= exact[name] <= n - policy.threshold
        assert row["observed"] % policy.base == 0
        assert row["share"] == policy.estimate(
            row["observed"] / row["rows"], policy.figures_for(row["observed"], row["rows"] - row["observed"])
        )
    # Exact counts behind two different shown ones are at least the threshold apart; each is rounded by half the base at most.
    gaps = np.diff(np.sort(found["observed"].dropna().unique()))
    assert (gaps > policy.threshold - policy.base).all()


def test_it_is_in_every_run_with_its_rule_and_its_shape(run: Run, released: Released) -> None:
    found = released.score_inputs.set_index(["score", "input"])
    assert found.loc[("mine", "age"), "suppressed"] == POLICY.withheld
    assert found.loc[("mine", "potassium"), "suppressed"] == POLICY.withheld, "missing for fewer than ten"
    assert found.loc[("other", "lvef"), "reason"] != ""
    assert found.loc[("mine", "score_mine"), "observed"] == found.loc[("mine", "nt_probnp"), "observed"]
    ledger = released.ledger.set_index("table").loc["score_inputs"]
    assert ledger["cells_suppressed"] > 0
    rows = released.metrics()["tables"]["score_inputs"]
    assert rows[0]["observed"] is None
    assert rows[0]["rows"] == released.headline["index_discharges"]
    exact = set(run.features.observed["observed"]) - set(released.score_inputs["observed"])
    assert not {float(count) for count in exact if count} & set(released.score_inputs["observed"].dropna())


def test_it_leaves_where_there_is_no_model_too(run: Run) -> None:
    strict = DisclosureSettings(threshold=30, round_base=10)
    found = run.release_without_model(strict).score_inputs
    assert (found["observed"].dropna() % 10 == 0).all()
    assert (found["rows"] == 4010).all()


def test_the_dictionary_tells_constraint_and_role(released: Released) -> None:
    assert set(released.dictionary["role"]) == {"input"}
    assert set(released.dictionary["monotone"]) == {"none"}
    assert {"monotone", "role"} <= set(released.bundle.dictionary[0])


def test_what_everybody_has_by_what_it_is_is_told_without_a_count() -> None:
    frame = observed({"length_of_stay": N, "sodium_last": N, "haemoglobin_last": N - 200})
    told = release_score_inputs(frame.assign(always=[True, False, False]), POLICY).set_index("input")
    assert told["observed"].isna().tolist() == [True, True, False]
    assert told["always"].tolist() == [True, False, False]
    assert "a stay has a length" in told.loc["length_of_stay", "reason"]
    # a test that nobody happens to lack is a fact about people, and withheld
    assert told.loc["length_of_stay", "suppressed"] == ""
    assert told.loc["sodium_last", "suppressed"] != ""


def test_how_scores_rank_leaves_without_counts_and_not_of_a_few_events() -> None:
    frame = pd.DataFrame(
        {
            "score": "lace",
            "made_for": "composite",
            "outcome": ["readmission", "composite", "readmission", "death"],
            "split": "test",
            "estimate": [0.61234, 0.62345, 0.7, float("nan")],
            "lower": [0.59, 0.6, 0.5, float("nan")],
            "upper": [0.63, 0.64, 0.9, float("nan")],
            "n": [3000, 3000, 40, 3000],
            "events": [600, 665, 4, 0],
            "reason": ["", "", "", "not computed: made for another outcome"],
        }
    )
    shown = release_score_outcomes(frame, POLICY)
    assert not {"n", "events"} & set(shown.columns)
    assert shown["estimate"].tolist()[:2] == [0.612, 0.623]
    assert shown.loc[2, ["estimate", "lower", "upper"]].isna().all()
    assert (shown["suppressed"] != "").tolist() == [False, False, True, False]
    assert shown.loc[3, "reason"].startswith("not computed")
