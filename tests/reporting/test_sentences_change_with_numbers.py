"""Every sentence of page one is computed: it changes when its numbers do, and claims no difference that is not one."""

from __future__ import annotations

import math
from collections.abc import Callable

import pandas as pd
import pytest

from hfrisk.disclosure import Released
from hfrisk.reporting import ranking, sentences
from hfrisk.reporting.evidence import Evidence
from hfrisk.reporting.inequality import sort_groups
from hfrisk.reporting.tables import benefit_table, rates_table
from tests.reporting import reporting_samples as samples


def ev(released: Released) -> Evidence:
    return Evidence(released)


@pytest.fixture(scope="module")
def base() -> Released:
    return samples.region()


@pytest.mark.parametrize(
    ("auroc", "told"),
    [
        ((0.64, 0.61, 0.66), "64 times in 100** (61 to 66)"),
        ((0.58, 0.55, 0.61), "58 times in 100** (55 to 61)"),
        ((0.51, 0.46, 0.56), "not shown to do better than the coin"),
        ((0.42, 0.38, 0.46), "does worse than the coin"),
    ],
)
def test_ranking_is_said_as_times_in_a_hundred(base: Released, auroc: tuple[float, float, float], told: str) -> None:
    released = samples.with_number(base, "auroc", *auroc)
    assert told in " ".join(ranking.ranking(ev(released)))


@pytest.mark.parametrize(
    ("gap", "told"),
    [
        ((0.006, -0.004, 0.017), "no clear difference (interval of the gap \u22120.4 to +1.7)"),
        ((0.03, 0.01, 0.05), "this model does better, by 3.0 in 100"),
        ((-0.03, -0.05, -0.01), "this model does worse, by 3.0 in 100"),
        ((0.006, math.nan, math.nan), "whether that differs was not computed"),
    ],
)
def test_a_difference_is_called_one_only_if_it_is(base: Released, gap: tuple[float, float, float], told: str) -> None:
    frame = base.comparison.copy()
    frame[["difference", "lower", "upper"]] = [list(gap)] * len(frame)
    assert told in " ".join(ranking.ranking(ev(samples.changed(base, comparison=frame))))


def test_a_comparison_listed_the_other_way_round_is_turned(base: Released) -> None:
    frame = base.comparison.assign(model_a="logistic", model_b="lightgbm", difference=-0.03, lower=-0.05, upper=-0.01)
    assert "this model does better" in " ".join(ranking.ranking(ev(samples.changed(base, comparison=frame))))


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (210, "found **36 of every 100** who came back. Of every 100 reviewed, 35 came back"),
        (120, "found **20 of every 100** who came back. Of every 100 reviewed, 20 came back"),
    ],
)
def test_what_a_review_finds_follows_the_capacity_table(base: Released, found: float, told: str) -> None:
    frame = base.capacity.copy()
    frame.loc[frame["share"] == 0.2, "events_found"] = found
    assert told in ranking.worth(ev(samples.changed(base, capacity=frame)))


def test_the_picture_of_a_hundred_people_adds_up(base: Released) -> None:
    for released in (base, samples.desynpuf(), samples.composite()):
        evidence = ev(released)
        picture = ranking.hundred_people(evidence)
        seen, _ = ranking.chosen_review(evidence)
        assert picture is not None
        assert seen is not None
        assert picture.reviewed + picture.others == 100
        assert picture.found + picture.missed == round(100 * seen.base)


@pytest.mark.parametrize(
    ("ratio", "told", "untold"),
    [
        ((1.03, 0.95, 1.11), "No clear difference.", "It predicts"),
        ((0.47, 0.35, 0.60), "It predicts **about twice as many as came back**.", "No clear difference"),
        ((1.3, 1.2, 1.4), "It predicts **about a quarter fewer than came back**.", "No clear difference"),
    ],
)
def test_expected_and_observed_are_said_out_of_a_hundred(
    base: Released, ratio: tuple[float, float, float], told: str, untold: str
) -> None:
    said = sentences.level(ev(samples.with_number(base, "oe_ratio", *ratio)))
    assert told in said
    assert untold not in said
    assert f"**{round(100 * 590 / 3010 / ratio[0])}** to come back; **20** did" in said


@pytest.mark.parametrize(
    ("observed", "lower", "upper", "told"), [(0.21, 0.19, 0.23, "19% to 23%"), (0.09, 0.07, 0.11, "7% to 11%")]
)
def test_when_it_says_twenty_percent(base: Released, observed: float, lower: float, upper: float, told: str) -> None:
    frame = base.calibration_curve.copy()
    here = (frame["model"] == "lightgbm") & (frame["predicted"] == 0.2)
    frame.loc[here, ["observed", "lower", "upper"]] = [observed, lower, upper]
    said = sentences.calibration_at_threshold(ev(samples.changed(base, calibration_curve=frame)))
    assert said.startswith(f"When it says **20%**, **{100 * observed:.0f}%** came back ({told};")


def test_nobody_near_the_threshold_is_said_so(base: Released) -> None:
    frame = base.calibration_curve
    far = samples.changed(base, calibration_curve=frame[frame["predicted"] < 0.1])
    assert "is not computed: too few of them" in sentences.calibration_at_threshold(ev(far))


@pytest.mark.parametrize(
    ("last", "told"),
    [
        ((0.83, 0.72, 0.95), "it said too much by a fifth (observed over expected 0.83, 0.72 to 0.95)"),
        ((1.33, 1.1, 1.6), "it said too little by a quarter"),
        ((0.9, 0.7, 1.1), ""),
    ],
)
def test_the_latest_quarter_is_told_only_if_it_was_out(
    base: Released, last: tuple[float, float, float], told: str
) -> None:
    frame = base.by_period.copy()
    frame.loc[frame.index[-1], ["oe_ratio", "lower", "upper"]] = list(last)
    said = sentences.recent(ev(samples.changed(base, by_period=frame)))
    assert told in said
    assert bool(said) == bool(told)


def only_off(base: Released, level: str, ratio: tuple[float, float, float]) -> Released:
    """Every group right but one."""
    frame = base.performance.copy()
    every = (frame["measure"] == "oe_ratio") & (frame["group"] != "all") & frame["estimate"].notna()
    frame.loc[every, ["estimate", "lower", "upper"]] = [1.0, 0.9, 1.1]
    right = samples.changed(base, performance=frame)
    return samples.with_number(right, "oe_ratio", *ratio, group="imd_quintile", level=level)


def test_people_who_come_back_more_than_it_says_would_be_under_served(base: Released) -> None:
    found = sort_groups(ev(only_off(base, "1 (most deprived)", (1.22, 1.08, 1.37))))
    assert len(found.worse) == 1
    assert "For **people in the most deprived fifth** it says 16 in every 100 where 20 came back" in found.worse[0]
    assert "they would be **under-served**" in found.worse[0]


def test_people_who_come_back_less_than_it_says_are_told_so(base: Released) -> None:
    found = sort_groups(ev(only_off(base, "5 (least deprived)", (0.8, 0.7, 0.92))))
    assert "people in the least deprived fifth" in found.worse[0]
    assert "**too high**" in found.worse[0]


def test_no_difference_is_claimed_where_every_interval_holds_one(base: Released) -> None:
    found = sort_groups(ev(only_off(base, "1 (most deprived)", (1.1, 0.95, 1.25))))
    assert found.worse == ()
    assert "for none of them is there a clear difference" in found.summary


def test_the_worst_group_comes_first(base: Released) -> None:
    one = only_off(base, "1 (most deprived)", (1.3, 1.2, 1.4))
    two = samples.with_number(one, "oe_ratio", 1.6, 1.05, 2.4, group="sex", level="Female")
    found = sort_groups(ev(asked(two, sex=0.03)))
    assert "most deprived" in found.worse[0]
    assert "women" in found.worse[1]


def test_a_fault_shared_by_everyone_is_told_once() -> None:
    found = sort_groups(ev(samples.desynpuf()))
    assert found.worse == ()
    assert "Its risks are too high for everyone" in found.summary


def test_groups_that_are_too_small_or_not_recorded_are_named() -> None:
    small = " ".join(sort_groups(ev(samples.region())).unknown)
    assert "**Too few to know:** ethnicity: Mixed and Other" in small
    absent = " ".join(sort_groups(ev(samples.tiny())).unknown)
    assert "**Not recorded in these data:** age, ethnicity and deprivation" in absent


def test_a_gap_is_never_explained_by_the_group(base: Released) -> None:
    said = " ".join(sort_groups(ev(base)).worse).lower()
    for word in ("because", "due to", "caused", "comply", "lifestyle"):
        assert word not in said


@pytest.mark.parametrize(
    ("share", "told"), [(0.0, "None of it is something that care can change."), (0.5, "About **50%**")]
)
def test_what_can_be_changed_is_counted(base: Released, share: float, told: str) -> None:
    frame = base.by_theme.assign(modifiable_share=share)
    split = base.by_modifiable.assign(share=[1 - share, share])
    said = " ".join(sentences.drivers(ev(samples.changed(base, by_theme=frame, by_modifiable=split))))
    assert told in said
    assert "These are associations" in said


def test_words_of_the_study_are_used_for_the_outcome() -> None:
    assert "were admitted to hospital again within 30 days" in sentences.who(ev(samples.desynpuf()))
    both = ev(samples.composite())
    assert "came back to hospital as an emergency or died within 30 days" in sentences.who(both)
    assert "who came back or died and one who did not" in " ".join(ranking.ranking(both))
    assert "to come back or die" in sentences.level(both)
    assert "died first" not in sentences.who(both)


def test_deaths_that_may_not_be_shown_are_said_to_be_suppressed() -> None:
    assert "How many died first is suppressed" in sentences.who(ev(samples.tiny()))


def test_without_later_discharges_the_page_says_so(base: Released) -> None:
    frame = base.performance
    head = {**base.headline, "by_split": {"development": base.headline["by_split"]["development"]}}
    only = samples.changed(base, performance=frame[frame["split"] != "test"], headline=head)
    assert "It was not tried on later discharges" in sentences.who_learned(ev(only))
    assert "in cross-validation" in ranking.ranking(ev(only))[0]


@pytest.mark.parametrize(
    "say",
    [
        lambda e: " ".join(ranking.ranking(e)),
        ranking.worth,
        sentences.level,
        sentences.calibration_at_threshold,
        lambda e: " ".join(sentences.drivers(e)),
    ],
)
def test_a_sentence_without_its_numbers_gives_the_reason(say: Callable[[Evidence], str]) -> None:
    said = say(ev(samples.bare()))
    assert "not computed" in said or "suppressed" in said
    assert "nan" not in said.lower()


def test_an_empty_histogram_says_nothing_about_the_spread(base: Released) -> None:
    empty: pd.DataFrame = base.risk_distribution.iloc[:0]
    assert sentences.spread_of_risks(ev(samples.changed(base, risk_distribution=empty))) == ""


def test_a_later_quarter_that_may_not_be_shown_is_not_passed_over(base: Released) -> None:
    frame = base.by_period.copy()
    frame.loc[frame.index[-2], ["oe_ratio", "lower", "upper"]] = [0.5, 0.4, 0.6]
    frame.loc[frame.index[-1], ["oe_ratio", "lower", "upper"]] = math.nan
    said = sentences.recent(ev(samples.changed(base, by_period=frame)))
    assert said.startswith(f"In the latest quarter that may be shown, {frame['period'].iloc[-2]}, it said too much")


def test_a_group_of_whom_everyone_is_not_recorded_counts_as_absent(base: Released) -> None:
    frame = base.performance
    frame = frame[(frame["group"] != "imd_quintile") | (frame["level"] == "1 (most deprived)")].copy()
    frame.loc[frame["group"] == "imd_quintile", "level"] = "Not recorded"
    found = sort_groups(ev(samples.changed(base, performance=frame)))
    assert "**Not recorded in these data:** deprivation" in " ".join(found.unknown)
    assert "deprivation" not in " ".join(found.worse)


def test_a_long_list_of_hospitals_is_counted(base: Released) -> None:
    frame = base.performance
    one = frame[(frame["group"] == "site_group") & (frame["level"] == "Group 1")]
    many = [one.assign(level=f"Trust {i}", estimate=math.nan, lower=math.nan, upper=math.nan) for i in range(12)]
    found = sort_groups(ev(samples.changed(base, performance=pd.concat([frame, *many], ignore_index=True))))
    assert "hospital or trust: 12 of 15" in " ".join(found.unknown)


def test_few_events_are_given_fewer_figures(base: Released) -> None:
    frame = base.performance.copy()
    frame.loc[(frame["measure"] == "oe_ratio") & (frame["level"] == "Female"), ["estimate", "events"]] = [1.3, 40.0]
    number = ev(samples.changed(base, performance=frame)).number("oe_ratio", group="sex", level="Female")
    assert number.text().startswith("1.3 (")
    assert ev(base).number("oe_ratio").text() == "1.03 (0.95 to 1.11)"


def test_an_outermost_bin_says_nothing_about_the_lowest_risk(base: Released) -> None:
    frame = base.risk_distribution[base.risk_distribution["bin_lower"] > 0.1].copy()
    frame.loc[frame.index[0], ["bin_lower", "n"]] = [0.0, 900.0]
    said = sentences.spread_of_risks(ev(samples.changed(base, risk_distribution=frame)))
    assert said.startswith("At least nine of every ten people were given a risk below ")


def test_who_is_found_and_missed_stands_at_each_threshold_and_capacity_with_its_interval(base: Released) -> None:
    table = rates_table(ev(samples.with_number(base, "ppv@0.20", 0.31, 0.28, 0.34)))
    assert [row[0] for row in table.rows] == ["Risk of 20% or more", "10% at highest risk"]
    assert len(table.head) == 6
    assert table.rows[0][2] == "0.31 (0.28 to 0.34)"
    frame = base.performance.copy()
    frame.loc[frame["measure"] == "ppv@0.20", ["estimate", "lower", "upper"]] = math.nan
    frame.loc[frame["measure"] == "ppv@0.20", "suppressed"] = samples.HELD
    held = rates_table(ev(samples.changed(base, performance=frame)))
    assert held.rows[0][2] == "suppressed"
    assert held.notes[-1] == f"Suppressed: {samples.HELD}."


def test_what_it_is_worth_more_stands_against_nobody_everyone_and_each_other_model(base: Released) -> None:
    more = pd.DataFrame(
        [
            ("lightgbm", "treat_all", 0.021, 0.012, 0.03, ""),
            ("lightgbm", "logistic", 0.0011, -0.002, 0.004, ""),
            ("lightgbm", "lace", math.nan, math.nan, math.nan, samples.HELD),
        ],
        columns=["model_a", "model_b", "difference", "lower", "upper", "suppressed"],
    ).assign(split="test", measure="net_benefit@0.20", n=5000.0, events=1000.0)
    frame = pd.concat([base.comparison, more], ignore_index=True)
    table = benefit_table(ev(samples.changed(base, comparison=frame)))
    assert table.head == ("Against", "At a threshold of 20%")
    assert [row[0] for row in table.rows[:2]] == ["Reviewing nobody", "Reviewing everyone"]
    told = dict(table.rows)
    assert told["Reviewing everyone"] == "+2.10 (+1.20 to +3.00)"
    assert told["The simple spline model"] == "+0.11 (\u22120.20 to +0.40)"
    assert told["LACE"] == "suppressed"
    assert told["HOSPITAL"] == "not computed"
    assert f"Suppressed: {samples.HELD}." in table.notes


def asked(base: Released, **p: float) -> Released:
    """`base` with other adjusted p-values, by group."""
    return samples.changed(base, fairness_tests=samples.tests_table(**p))


def test_a_group_is_called_worse_only_if_its_characteristic_differs_as_a_whole(base: Released) -> None:
    off = only_off(base, "1 (most deprived)", (1.22, 1.08, 1.37))
    found = sort_groups(ev(asked(off, imd_quintile=0.2)))
    assert found.worse == ()
    assert (
        "does not vary with sex, age, ethnicity, deprivation or hospital or trust by more than chance" in found.summary
    )
    assert "varies with **deprivation** by more than chance gives; with sex, age" in sort_groups(ev(off)).summary


def test_where_no_test_was_released_the_interval_is_widened_for_how_many_were_looked_at(base: Released) -> None:
    untested = samples.changed(base, fairness_tests=base.fairness_tests.iloc[:0])
    near = sort_groups(ev(only_off(untested, "1 (most deprived)", (1.22, 1.03, 1.44))))
    assert near.worse == ()
    assert "held to a wider interval" in near.summary
    assert len(sort_groups(ev(only_off(untested, "1 (most deprived)", (1.3, 1.2, 1.41)))).worse) == 1


def test_a_characteristic_that_differs_while_no_group_can_be_named_is_told(base: Released) -> None:
    found = sort_groups(ev(only_off(base, "1 (most deprived)", (1.1, 0.95, 1.25))))
    assert found.summary.endswith("None of its groups alone can be named.")


def test_a_group_that_ranks_less_well_is_told_only_if_ranking_differs(base: Released) -> None:
    worse = samples.with_number(base, "auroc", 0.55, 0.51, 0.59, group="sex", level="Female")
    assert "ranks people less well" not in " ".join(sort_groups(ev(worse)).worse)
    assert "Among **women** it ranks people less well" in " ".join(sort_groups(ev(asked(worse, sex=0.01))).worse)
