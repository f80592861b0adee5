"""The chapter on what drives it: each caveat is a sentence that its numbers support, and changes with them."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from hfrisk.disclosure import Released
from hfrisk.reporting import render
from hfrisk.reporting.chapters.caveats import how_it_holds, how_to_read
from hfrisk.reporting.chapters.leaning import in_a_few_rules, leans_apart
from hfrisk.reporting.chapters.together import act_together, spread
from hfrisk.reporting.evidence import Evidence
from hfrisk.reporting.exhibits import Exhibit, Prose
from tests.reporting import reporting_samples as samples
from tests.reporting.conftest import QUICK, report_on
from tests.reporting.page_reader import read


@pytest.fixture(scope="module")
def base() -> Released:
    return samples.region()


def said(blocks: list) -> str:
    return " ".join(
        " ".join([*block.paragraphs, *block.items]) if isinstance(block, Prose) else block.sentence
        for block in blocks
        if isinstance(block, (Prose, Exhibit))
    )


def test_the_chapter_reads_from_what_counts_most_to_the_details() -> None:
    text = read(report_on("region").html).by_id["why"]
    order = [
        "What counts most:",
        "How to read this",
        "How the values of",
        "Whose risk it raises",
        "act together",
        "Does it lean on different things",
        "Would it be the same with other people?",
        "The model in a few rules",
        "by family of features",
    ]
    places = [text.index(part) for part in order]
    assert places == sorted(places)


def test_drivers_that_stand_for_one_another_are_named_with_their_correlation(base: Released) -> None:
    text = said([how_to_read(Evidence(base), QUICK)])
    named = base.by_feature.sort_values("share", ascending=False)["words"].tolist()
    assert (
        f"{named[0]} and {named[1]} stand for one another: they rise and fall together (rank correlation of 0.86)"
        in text
    )
    assert "as one rises the other falls (rank correlation of −0.72)" in text
    alone = said([how_to_read(Evidence(samples.changed(base, related=base.related.iloc[:0])), QUICK)])
    assert "No two of the features that count most have values that go together closely" in alone
    assert "stand for one another" not in alone


def test_what_care_can_change_and_what_stands_for_a_decision_are_told(base: Released) -> None:
    features = base.by_feature.copy()
    features.loc[features["share"].idxmax(), "indication"] = "whom the ward takes"
    text = said([how_to_read(Evidence(samples.changed(base, by_feature=features)), QUICK)])
    assert "what care can change makes up 23% of what moves the risk, and everything else 77%" in text
    assert "may stand for whom the ward takes. It tells what somebody decided, not what does harm or good." in text
    assert "whom the ward takes" not in said([how_to_read(Evidence(base), QUICK)])


def test_a_difference_between_groups_is_told_only_beyond_chance(base: Released) -> None:
    text = said(leans_apart(Evidence(base)))
    assert (
        "For people aged 85 and over, 32% of what moves the risk comes from blood tests and vital signs; for everyone else, 24%."
        in text
    )
    calm = samples.changed(base, themes_by_group=base.themes_by_group.assign(beyond_chance=False))
    assert said(leans_apart(Evidence(calm))) == "No: for no group does a theme count more, or less, than chance allows."
    small = base.themes_by_group.assign(share=math.nan, reason="fewer than 100 discharges")
    told = said(leans_apart(Evidence(samples.changed(base, themes_by_group=small))))
    assert told == "This is not computed: fewer than 100 discharges."


def test_a_weak_pair_is_said_to_be_weak_and_is_not_drawn(base: Released) -> None:
    strong = act_together(Evidence(base), QUICK)
    assert isinstance(strong[0], Exhibit)
    assert strong[0].picture is not None
    assert "makes up 7.1% of what moves the risk" in strong[0].sentence
    weak = act_together(Evidence(samples.changed(base, interactions=base.interactions.assign(share=0.006))), QUICK)
    assert isinstance(weak[0], Prose)
    assert "No two features say much together that they do not say alone." in said(weak)
    assert "makes up 0.60% of what moves the risk; below 5% a pair cannot be told from" in said(weak)
    bare = act_together(Evidence(samples.changed(base, interaction_table=base.interaction_table.iloc[:0])), QUICK)
    assert isinstance(bare[0], Prose)


def test_a_withheld_step_makes_a_share_a_lower_bound(base: Released) -> None:
    (held,) = spread(Evidence(base), QUICK)
    assert "it raises the risk of at least 30% of people and lowers that of at least 35%" in held.sentence
    whole = base.spread.fillna({"share": 0.35, "rank": 0.4})
    (shown,) = spread(Evidence(samples.changed(base, spread=whole)), QUICK)
    assert "it raises the risk of 30% of people and lowers that of 70%" in shown.sentence


def test_how_the_drivers_hold_is_counted_in_models(base: Released) -> None:
    text = said(how_it_holds(Evidence(base), QUICK))
    assert "50 models were made in the same way" in text
    assert "Of the ten features that count most here, one was among the first ten in at least nine of ten" in text
    assert "(22 of 50 models)" in text
    sure = base.stability.assign(top_ten=1.0)
    calm = said(how_it_holds(Evidence(samples.changed(base, stability=sure)), QUICK))
    assert "all were among the first ten" in calm
    assert "may be chance" not in calm


def test_rules_are_plain_sentences_with_what_they_do_not_tell(base: Released) -> None:
    (rules,) = in_a_few_rules(Evidence(base))
    assert "They tell 63% of what sets its risks apart in people whom they were not made from" in rules.paragraphs[0]
    assert len(rules.items) == 3
    assert rules.items[0].endswith(f"a risk of 12% on average ({1505:,} discharges).")
    assert " at most 2 " in rules.items[0]
    assert " (or not recorded): a risk of 19%" in rules.items[1]
    assert " above 2 and at most 9 " in rules.items[2]
    held = base.surrogate.assign(n=math.nan, risk=math.nan, suppressed="few")
    (silent,) = in_a_few_rules(Evidence(samples.changed(base, surrogate=held)))
    assert silent.items[0].endswith(": suppressed.")
    (poor,) = in_a_few_rules(Evidence(samples.changed(base, surrogate=base.surrogate.assign(fidelity=-0.1))))
    assert "they do not stand for the model" in poor.paragraphs[0]


@pytest.mark.parametrize(
    ("kind", "lower", "upper", "told"),
    [
        ("count", math.nan, 0.0, "No visits"),
        ("count", math.nan, 2.0, "Visits (2 or fewer)"),
        ("count", 2.0, math.nan, "Visits (3 or more)"),
        ("count", 1.0, 2.0, "Visits (2)"),
        ("count", 1.0, 4.0, "Visits (2 to 4)"),
        ("binary", math.nan, 0.0, "No visits"),
        ("binary", 0.0, math.nan, "Visits"),
    ],
)
def test_a_condition_is_said_as_people_count(base: Released, kind: str, lower: float, upper: float, told: str) -> None:
    dictionary = base.dictionary.iloc[:1].assign(name="visits", words="visits", unit="count", kind=kind)
    rule = pd.DataFrame([(1, "visits", lower, upper, False, 500.0, 0.2, 0.5, "")], columns=list(base.surrogate.columns))
    (rules,) = in_a_few_rules(Evidence(samples.changed(base, dictionary=dictionary, surrogate=rule)))
    assert rules.items[0].startswith(f"{told}: a risk of 20%")


def test_a_run_without_these_tables_has_a_chapter_without_them(base: Released) -> None:
    names = (
        "by_modifiable not_recorded spread related interactions interaction_table themes_by_group surrogate stability"
    )
    none = {name: pd.DataFrame() for name in names.split()}
    text = read(render(samples.changed(base, **none), QUICK).html).by_id["why"]
    assert "What counts most:" in text
    for part in ("Whose risk", "act together", "lean on", "a few rules", "other people"):
        assert part not in text
