"""Table 1 by outcome crosses what other tables show apart: nothing new follows from setting them side by side."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hfrisk.assessment.balance import binary_difference
from hfrisk.assessment.by_outcome import differences, table_by_outcome
from hfrisk.assessment.describe import table_one
from hfrisk.disclosure import Released
from hfrisk.disclosure.description import release_table1
from hfrisk.disclosure.people import released_sets
from hfrisk.disclosure.policy import Policy
from hfrisk.disclosure.table_one import known_by_split, release_by_outcome, release_differences
from tests.disclosure.made_up import Run, feature

POLICY = Policy()
CONDITION = feature("condition", "a condition", "", 1, 0, 1, kind="binary")
VALUE = feature("value", "a value", "units", 0.1, 0, 100)


def invented(rows: pd.DataFrame, policy: Policy = POLICY) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Released Table 1 by split, by outcome, and the differences, of rows with split, state, sex, condition, value."""
    rows = rows.assign(person_id=np.arange(len(rows)), event=(rows["state"] == "readmitted").astype(int))
    inputs, groups, dictionary = rows[["condition", "value"]].astype(float), rows[["sex"]], (CONDITION, VALUE)
    exact = table_one(rows, inputs, groups, dictionary)
    sets = _sets(rows, policy)
    table1 = release_table1(exact, dictionary, policy)
    by = table_by_outcome(rows, inputs, groups, dictionary)
    shown = release_by_outcome(by, exact, table1, known_by_split(sets, table1), dictionary, policy, composite=False)
    gaps = differences(rows, inputs, groups, dictionary, ("development", "test"))
    return table1, shown, release_differences(gaps, table1, shown, policy)


def _sets(rows: pd.DataFrame, policy: Policy) -> pd.DataFrame:
    parts: list[dict[str, Any]] = []
    for split, name in (("development", "cross-validation"), ("test", "test")):
        mine = rows[rows["split"] == split]
        whole = {
            "model": "m",
            "split": name,
            "group": "all",
            "level": "all",
            "n": len(mine),
            "events": mine["event"].sum(),
        }
        parts.append(whole)
        for level, part in mine.groupby("sex"):
            parts.append({**whole, "group": "sex", "level": level, "n": len(part), "events": part["event"].sum()})
    return released_sets(pd.DataFrame(parts), policy)


def people(counts: dict[tuple[str, str, str, int], int]) -> pd.DataFrame:
    """One row a discharge, from counts by split, state, sex and condition."""
    columns = ["split", "state", "sex", "condition"]
    frame = pd.DataFrame([key for key, n in counts.items() for _ in range(n)], columns=columns)
    return frame.assign(value=np.linspace(1, 50, len(frame)).round(1))


def evenly(**changes: int) -> dict[tuple[str, str, str, int], int]:
    counts = {
        (split, state, sex, condition): n
        for split in ("development", "test")
        for state, n in (("readmitted", 40), ("died", 15), ("none", 130))
        for sex in ("Female", "Male")
        for condition in (0, 1)
    }
    for key, n in changes.items():
        split, state, sex, condition = key.split("_")
        counts[split, state, sex, int(condition)] = n
    return counts


def cell(shown: pd.DataFrame, characteristic: str, level: str, outcome: str) -> float:
    mask = (shown["characteristic"] == characteristic) & (shown["level"] == level) & (shown["outcome"] == outcome)
    return float(shown.loc[mask & (shown["statistic"] == "n"), "value"].iloc[0])


def test_counts_are_rounded_and_those_without_the_event_are_what_is_left() -> None:
    table1, shown, _ = invented(people(evenly()))
    assert cell(shown, "a condition", "yes", "event") == 160
    assert cell(shown, "a condition", "yes", "other") == 740 - 160
    assert cell(shown, "a condition", "yes", "died") == 60
    sizes = table1[(table1["characteristic"] == "a condition") & (table1["level"] == "yes")]["value"]
    assert cell(shown, "a condition", "yes", "event") + cell(shown, "a condition", "yes", "other") == sizes.sum()


def test_a_size_that_table_1_withholds_of_one_split_is_not_told_by_the_other_and_the_sum() -> None:
    few = {
        f"test_{s}_{sex}_1": n for s, n in (("readmitted", 2), ("died", 0), ("none", 1)) for sex in ("Female", "Male")
    }
    table1, shown, gaps = invented(people(evenly(**few)))
    there = table1[(table1["characteristic"] == "a condition") & (table1["level"] == "yes")].set_index("split")["value"]
    assert there.isna().to_dict() == {"development": False, "test": True}
    for outcome in ("event", "other", "died"):
        assert math.isnan(cell(shown, "a condition", "yes", outcome))
    told = gaps[gaps["characteristic"] == "a condition"]
    assert told["estimate"].isna().all()
    assert (told["suppressed"] == POLICY.withheld).all()


def test_events_of_a_group_that_are_withheld_in_one_split_are_withheld_here() -> None:
    few = {"test_readmitted_Female_0": 2, "test_readmitted_Female_1": 3}
    _, shown, _ = invented(people(evenly(**few)))
    for outcome in ("event", "other", "died"):
        assert math.isnan(cell(shown, "Sex", "Female", outcome))


def test_a_feature_that_says_the_same_as_a_group_does_not_tell_what_the_group_withholds() -> None:
    few = {"test_readmitted_Female_0": 2, "test_readmitted_Female_1": 3}
    for yes in ("Female", "Male"):
        rows = people(evenly(**few))
        _, shown, _ = invented(rows.assign(condition=(rows["sex"] == yes).astype(int)))
        assert math.isnan(cell(shown, "a condition", "yes", "event"))


def test_few_deaths_are_withheld_and_the_events_stay() -> None:
    few = {f"{split}_died_{sex}_1": 2 for split in ("development", "test") for sex in ("Female", "Male")}
    _, shown, _ = invented(people(evenly(**few)))
    assert math.isnan(cell(shown, "a condition", "yes", "died"))
    assert cell(shown, "a condition", "yes", "event") == 160


def test_few_without_a_condition_hide_those_with_it() -> None:
    """The rest is listed nowhere, and follows from the total."""
    few = {f"{split}_readmitted_{sex}_0": 2 for split in ("development", "test") for sex in ("Female", "Male")}
    _, shown, _ = invented(people(evenly(**few)))
    assert math.isnan(cell(shown, "a condition", "yes", "event"))


def test_few_without_a_condition_hide_it_where_others_are_not_recorded_too() -> None:
    """Those without it are neither of the two lines that stand in the table."""
    few = {f"{split}_readmitted_{sex}_0": 2 for split in ("development", "test") for sex in ("Female", "Male")}
    more = {f"{split}_none_{sex}_0": 400 for split in ("development", "test") for sex in ("Female", "Male")}
    rows = people(evenly(**few, **more))
    rows.loc[(rows["condition"] == 1) & (np.arange(len(rows)) % 3 == 0), "condition"] = np.nan
    _, shown, _ = invented(rows)
    assert math.isnan(cell(shown, "a condition", "yes", "event"))


def test_few_to_whom_nothing_happened_hide_the_deaths() -> None:
    few = {f"{split}_none_{sex}_1": 2 for split in ("development", "test") for sex in ("Female", "Male")}
    _, shown, _ = invented(people(evenly(**few)))
    assert math.isnan(cell(shown, "a condition", "yes", "died"))
    assert cell(shown, "a condition", "yes", "event") == 160


def test_differences_of_shares_are_those_of_the_shown_counts() -> None:
    changes = {"test_none_Female_1": 203, "development_readmitted_Male_1": 67}
    table1, shown, gaps = invented(people(evenly(**changes)))
    by = gaps.set_index(["characteristic", "between"])["estimate"]
    shares = []
    for split in ("development", "test"):
        row = table1[
            (table1["characteristic"] == "a condition") & (table1["split"] == split) & (table1["level"] == "yes")
        ]
        shares.append(float(row["value"].iloc[0] / row["n"].iloc[0]))
    assert by["a condition", "splits"] == round(binary_difference(*shares), 2)
    totals = [cell(shown, "Index discharges", "", outcome) for outcome in ("event", "other")]
    shares = [cell(shown, "a condition", "yes", o) / n for o, n in zip(("event", "other"), totals, strict=True)]
    assert by["a condition", "outcomes"] == round(binary_difference(*shares), 2)


def test_differences_of_values_have_two_decimals_and_need_enough_people() -> None:
    rows = people(evenly())
    _, _, gaps = invented(rows)
    value = gaps[(gaps["characteristic"] == "a value")].set_index("between")["estimate"]
    assert value.notna().all()
    assert (value == value.round(2)).all()
    rows.loc[rows[rows["state"] == "readmitted"].index[19:], "value"] = np.nan
    _, _, gaps = invented(rows)
    row = gaps[(gaps["characteristic"] == "a value") & (gaps["between"] == "outcomes")].iloc[0]
    assert math.isnan(row["estimate"])
    assert row["suppressed"]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6))
def test_no_small_cell_is_shown_or_follows(seed: int) -> None:
    rng = np.random.default_rng(seed)
    keys = list(evenly())
    counts = dict(zip(keys, (int(x) for x in rng.integers(0, 40, len(keys))), strict=True))
    rows = people(counts)
    if rows.groupby(["split", "state"]).ngroups < 6:
        return
    _, shown, _ = invented(rows)
    event = rows["state"] == "readmitted"
    for characteristic, level, mask in (
        ("a condition", "yes", rows["condition"] == 1),
        ("Sex", "Female", rows["sex"] == "Female"),
        ("Sex", "Male", rows["sex"] == "Male"),
    ):
        for name, inside in (
            ("event", mask & event),
            ("other", mask & ~event),
            ("died", mask & (rows["state"] == "died")),
        ):
            value = cell(shown, characteristic, level, name)
            assert math.isnan(value) or (inside.sum() >= 10 and value % 5 == 0 and value >= 10)
        if not math.isnan(cell(shown, characteristic, level, "event")):
            assert (~mask & event).sum() >= 10
            assert (~mask & ~event).sum() >= 10
        if not math.isnan(cell(shown, characteristic, level, "died")):
            assert (mask & (rows["state"] == "none")).sum() >= 10, "the third of the three follows from the other two"
            assert (~mask & (rows["state"] == "died")).sum() >= 10


def test_groups_have_the_events_that_the_tables_by_group_show(run: Run, released: Released) -> None:
    frame = released.performance[released.performance["model"] == "lightgbm"]
    sets = frame.drop_duplicates(["split", "group", "level"])
    for level, characteristic in (("Female", "Sex"), ("75-84", "Age band (years)"), ("Site 3", "Trust or site")):
        mine = sets[sets["level"] == level]
        assert cell(released.table1_by_outcome, characteristic, level, "event") == mine["events"].sum()
        other = cell(released.table1_by_outcome, characteristic, level, "other")
        assert other == mine["n"].sum() - mine["events"].sum()


def test_without_a_model_groups_have_the_counts_of_the_outcomes(run: Run) -> None:
    released = run.release_without_model()
    outcomes = released.outcomes.set_index("level")
    for level, characteristic in (("Female", "Sex"), ("75-84", "Age band (years)"), ("Mixed", "Ethnicity")):
        for column, outcome in (("events", "event"), ("died", "died")):
            told = cell(released.table1_by_outcome, characteristic, level, outcome)
            assert told == outcomes.at[level, column] or (math.isnan(told) and math.isnan(outcomes.at[level, column]))
    assert set(released.table1_differences["between"]) == {"outcomes"}


def test_a_year_is_the_sum_of_its_quarters_as_shown_and_withheld_with_any(run: Run, released: Released) -> None:
    from hfrisk.assessment.periods import year_of_quarter
    from hfrisk.disclosure.curves import release_by_period
    from hfrisk.disclosure.years import release_by_year

    quarters = released.by_period.assign(year=[year_of_quarter(q, "financial") for q in released.by_period["period"]])
    for row in released.by_year.itertuples():
        mine = quarters[(quarters["year"] == row.period) & (quarters["split"] == row.split)]
        assert (row.n, row.events) == (mine["n"].sum(), mine["events"].sum())
    exact = run.results.by_period.copy()
    place = exact[(exact["split"] == "cross-validation") & (exact["period"] == "2020 Q1")].index[0]
    exact.loc[place, "events"] = 4
    shown = release_by_period(exact, POLICY, 0.95)
    assert shown.loc[place, ["events"]].isna().all()
    years = release_by_year(run.results.by_year, shown, POLICY, 0.95).set_index(["split", "period"])
    held = years.loc[("cross-validation", "2019/20")]
    assert held[["n", "events", "expected", "oe_ratio", "lower", "upper", "auroc", "auroc_lower"]].isna().all()
    assert held["suppressed"] == POLICY.withheld
    assert years.loc[("test", "2022/23"), "n"] > 0


@pytest.mark.parametrize("threshold", [10, 30])
def test_the_whole_table_obeys_the_threshold(run: Run, threshold: int) -> None:
    policy = Policy(threshold=threshold)
    found = run.results
    table1 = release_table1(found.table1, run.features.dictionary, policy)
    known = known_by_split(released_sets(found.performance, policy), table1)
    args = (found.table1_by_outcome, found.table1, table1, known, run.features.dictionary, policy)
    shown = release_by_outcome(*args, composite=False)
    counts = shown["statistic"].isin(["n", "missing"])
    small = (found.table1_by_outcome["value"] < threshold).to_numpy()
    assert shown.loc[counts & small, "value"].isna().all()
    assert (shown.loc[shown["value"].isna(), "suppressed"] != "").all()
