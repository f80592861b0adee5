"""A study that makes no model passes the same gate: who, how many, what became of them, and nothing about a model."""

from __future__ import annotations

import dataclasses
import math
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hfrisk.assessment import describe_population
from hfrisk.assessment.population import QUARTER
from hfrisk.disclosure import DisclosureSettings, Released, release
from hfrisk.disclosure.policy import Policy
from hfrisk.disclosure.population import release_outcomes, release_population
from tests.disclosure.made_up import CANARY, CANARY_DATES, CANARY_PATH, DICTIONARY, FIRST_ID, PROVENANCE, STUDY, Run
from tests.disclosure.test_the_gate import numbers

POLICY = Policy()
PAGE_ONE = {"risk": "cumulative_incidence", "events": 685, "died": 105}


@pytest.fixture(scope="module")
def described(run: Run) -> Released:
    """The made-up run without its model, on the other side of the gate."""
    return run.release_without_model()


def text_of(released: Released) -> str:
    frames = [frame.to_csv(index=False) for frame in released.tables().values()]
    return " ".join(
        [str(released.study), str(released.headline), str(released.provenance), str(released.metrics()), *frames]
    )


def test_no_model_leaves_and_no_table_about_one(described: Released) -> None:
    assert described.bundle is None
    assert described.tuning == {}
    for name in ("performance", "calibration_curve", "decision_curve", "by_feature", "by_period", "threshold_groups"):
        assert getattr(described, name).empty
        assert "suppressed" in getattr(described, name)
    assert not described.dictionary["in_model"].any()
    assert "model" not in set(described.ledger["table"])
    assert not set(described.ledger["table"]) & {"performance", "by_theme"}


def test_metrics_are_whole_and_fit_the_schema(described: Released) -> None:
    metrics = described.metrics()
    assert metrics["performance"] == []
    assert metrics["cohort"]["index_discharges"] == 4015
    assert metrics["cohort"]["by_split"] == {}
    assert len(metrics["tables"]["outcomes"]) > 10
    assert {row["state"] for row in metrics["tables"]["incidence"]} == {"readmitted", "died"}


def test_no_planted_value_date_path_or_identifier_leaves(described: Released) -> None:
    text = text_of(described)
    found = numbers(text)
    assert not {CANARY["age"], CANARY["nt_probnp"]} & found
    assert not any(date in text for date in CANARY_DATES)
    assert CANARY_PATH not in text
    assert not any(x >= FIRST_ID for x in found)


def test_no_exact_count_leaves(run: Run, described: Released) -> None:
    exact = {run.cohort.index_discharges, run.cohort.persons, run.cohort.events}
    by_quarter = describe_population(run.data.rows, run.data.features, run.data.groups, DICTIONARY).outcomes
    exact |= set(by_quarter[["n", "readmitted"]].to_numpy().ravel())
    exact = {float(x) for x in exact if x % 5 and x > 200}
    # the ledger counts cells, not people
    exact -= set(described.ledger[["rows", "cells_released", "cells_suppressed"]].astype(float).to_numpy().ravel())
    assert len(exact) > 8
    assert not exact & numbers(text_of(described))


def test_every_count_is_a_multiple_of_five_and_none_is_small(described: Released) -> None:
    for name, frame in described.tables().items():
        for column in {"n", "of", "events", "died", "readmitted", "persons", "index_discharges", "coded", "both"} & set(
            frame
        ):
            shown = frame[column].dropna().astype(float)
            assert (shown % 5 == 0).all(), (name, column)
            assert (shown >= 10).all(), (name, column)


def test_the_row_of_everyone_is_page_one(described: Released) -> None:
    row = described.outcomes[described.outcomes["group"] == "all"].iloc[0]
    for ours, theirs in (("n", "index_discharges"), ("events", "events"), ("died", "died")):
        assert row[ours] == described.headline[theirs]
    assert row["share"] == described.headline["share_events"]


def test_quarters_are_among_the_outcomes(described: Released) -> None:
    quarters = described.outcomes[described.outcomes["group"] == QUARTER]
    assert quarters["level"].tolist() == sorted(quarters["level"])
    assert quarters["level"].iloc[0] == "2019 Q1"
    assert quarters["share"].notna().any()


def test_table_1_describes_everyone_once_and_leaves_outcomes_to_their_own_table(run: Run, described: Released) -> None:
    table = described.table1
    assert set(table["split"]) == {"all"}
    assert "What happened first" not in set(table["characteristic"])
    assert "Left against advice" in set(table["characteristic"])
    assert "group" not in table
    assert (table["n"].max(), len(run.data.rows)) == (4015, 4013)


def test_a_group_that_nobody_recorded_is_told(described: Released) -> None:
    finding = described.checks.set_index("code")["finding"]
    assert finding["HFR136"] == "Nothing is recorded for: imd quintile."


def test_a_model_and_a_population_exclude_each_other(run: Run) -> None:
    with pytest.raises(ValueError, match="a model with its results, or a population"):
        release(run.cohort, run.features, None, None, DisclosureSettings(), study=STUDY, provenance=PROVENANCE)
    with pytest.raises(ValueError, match="a model with its results, or a population"):
        release(
            run.cohort,
            run.features,
            None,
            run.model,
            DisclosureSettings(),
            study=STUDY,
            provenance=PROVENANCE,
        )


def test_data_checks_of_the_run_pass_with_the_others(run: Run) -> None:
    (check,) = [c for c in run.cohort.checks if c.code == "HFR020"]
    told = release(
        run.cohort,
        run.features,
        None,
        None,
        DisclosureSettings(),
        study=STUDY,
        provenance=PROVENANCE,
        population=describe_population(run.data.rows, run.data.features, run.data.groups, DICTIONARY),
        checks=[dataclasses.replace(check, code="HFR046", counts={"stays": 1234})],
    )
    assert told.checks.set_index("code").loc["HFR046", "finding"] == "1,235 stays have no end."


# ------------------------------------------------------------------ outcomes by group


def table(levels: dict[str, tuple[int, int, int]]) -> pd.DataFrame:
    total = tuple(map(sum, zip(*levels.values(), strict=True)))
    rows = [("all", "all", *total), *(("sex", level, *counts) for level, counts in levels.items())]
    return pd.DataFrame(rows, columns=["group", "level", "n", "readmitted", "died"])


def shown(levels: dict[str, tuple[int, int, int]], *, composite: bool = False) -> pd.DataFrame:
    return release_outcomes(table(levels), POLICY, 0.95, composite=composite).set_index("level")


def test_shares_are_those_of_the_shown_counts() -> None:
    found = shown({"Female": (2003, 401, 61), "Male": (1503, 251, 48)})
    assert found.loc["Female", ["n", "events", "share", "died", "share_died"]].tolist() == [2005, 400, 0.2, 60, 0.03]
    assert found.loc["Female", "lower"] < 0.2 < found.loc["Female", "upper"]


def test_few_deaths_are_withheld_with_another_s_and_the_readmissions_stay() -> None:
    found = shown({"A": (500, 100, 4), "B": (500, 110, 31), "C": (800, 150, 44)})
    assert found["died"].isna().tolist() == [False, True, True, False]
    assert found["events"].notna().all()


def test_with_deaths_as_events_few_readmissions_hide_the_deaths() -> None:
    found = shown({"A": (500, 4, 40), "B": (500, 110, 31), "C": (800, 150, 44)}, composite=True)
    assert found.loc["all", "events"] == 380
    assert math.isnan(found.loc["A", "died"])
    assert found.loc["A", "events"] == 45


def test_nearly_everyone_coming_back_hides_what_the_rest_did() -> None:
    found = shown({"A": (100, 60, 35), "B": (500, 110, 31), "C": (800, 150, 44)})
    assert found.loc["A", ["events", "died"]].isna().all()


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10**6), st.booleans())
def test_no_small_cell_of_a_group_is_shown_or_follows(seed: int, composite: bool) -> None:
    rng = np.random.default_rng(seed)
    levels = {}
    for i in range(int(rng.integers(2, 6))):
        n = int(rng.integers(20, 300))
        levels[f"{i}"] = (n, *(int(x) for x in rng.multinomial(n, [0.2, 0.06, 0.74])[:2]))
    found = shown(levels, composite=composite)
    for level, (n, readmitted, died) in levels.items():
        row = found.loc[level]
        events = readmitted + died if composite else readmitted
        for value, exact in ((row["events"], events), (row["died"], died)):
            assert math.isnan(value) or (exact >= 10 and value == POLICY.rounded(exact))
        if row[["n", "events", "died"]].notna().all():
            left = readmitted if composite else n - readmitted - died
            assert left >= 10, "the third of the three follows from the other two"


def test_table_1_and_the_outcomes_withhold_the_same_sizes(run: Run) -> None:
    population = describe_population(run.data.rows, run.data.features, run.data.groups, DICTIONARY)
    for policy in (POLICY, Policy(threshold=30, base=10)):
        described, outcomes = release_population(
            population.table1, population.outcomes, DICTIONARY, policy, 0.95, PAGE_ONE
        )
        sizes = outcomes.set_index("level")["n"]
        for row in described[described["section"] == "Groups of people"].itertuples():
            assert (math.isnan(row.value) and math.isnan(sizes[row.level])) or row.value == sizes[row.level]


def test_what_page_one_withholds_no_group_tells(run: Run) -> None:
    population = describe_population(run.data.rows, run.data.features, run.data.groups, DICTIONARY)
    page = {**PAGE_ONE, "died": None}
    _, outcomes = release_population(population.table1, population.outcomes, DICTIONARY, POLICY, 0.95, page)
    assert outcomes[["died", "share_died"]].isna().all(axis=None)
    assert (outcomes["suppressed"] == POLICY.withheld).all()
    assert outcomes["events"].notna().any()


def test_whoever_was_not_seen_to_the_end_is_in_table_1_but_in_no_share(run: Run) -> None:
    rows = run.data.rows.copy()
    rows.loc[rows.index[:100], "state"] = "censored"
    population = describe_population(rows, run.data.features, run.data.groups, DICTIONARY)
    assert population.outcomes["n"].iloc[0] == len(rows) - 100
    assert population.table1["n"].max() == len(rows)


def test_lists_with_an_unlisted_rest_do_not_drag_all_others_along() -> None:
    """A test that is missing for seven people says nothing of how many women there are."""
    from hfrisk.disclosure.margins import protect_all

    masks = protect_all([[1973, 2040], [7]], 4013, POLICY)
    assert masks[0].tolist() == [False, False]
    assert masks[1].tolist() == [True]


def test_no_path_and_no_exact_day_stand_in_the_words(described: Released) -> None:
    assert not re.search(r"\b(19|20)\d\d-\d\d-\d\d\b", text_of(described).replace("2021-04-01", ""))
