"""The inequality chapter: its sentences follow its numbers, and what is not there is said."""

from __future__ import annotations

import math
from functools import cache

import pandas as pd
import pytest

from hfrisk.codelists import read_yaml
from hfrisk.reporting import ReportingSettings
from hfrisk.reporting.chapters.inequality_care import difference
from hfrisk.reporting.chapters.inequality_picture import inequality_picture
from hfrisk.reporting.evidence import Evidence
from hfrisk.reporting.exhibits import Chapter, Exhibit, Prose, Table
from tests.reporting.invented_inequality import inequality_tables
from tests.reporting.reporting_samples import changed, composite, region

QUICK = ReportingSettings(dots_per_inch=72)


@cache
def planted_chapter() -> Chapter:
    """The chapter of the planted gradient, drawn once."""
    return chapter_of()


@cache
def calm_chapter() -> Chapter:
    """The chapter of people among whom nothing was planted, drawn once."""
    return chapter_of(**inequality_tables(slope=0.0, trust=0.0))


def chapter_of(**tables: pd.DataFrame) -> Chapter:
    """The chapter with some tables replaced."""
    found = inequality_picture(Evidence(changed(region(), **{**inequality_tables(), **tables})), QUICK)
    assert found is not None
    return found


def exhibit(chapter: Chapter, key: str) -> Exhibit:
    return next(block for block in chapter.blocks if isinstance(block, Exhibit) and block.key == key)


def prose(chapter: Chapter) -> str:
    parts = [block for block in chapter.blocks if isinstance(block, Prose)]
    return "\n".join(f"{p.heading} {' '.join(p.paragraphs)} {' '.join(p.items)}" for p in parts)


def test_there_is_none_where_nobody_looked() -> None:
    bare = {name: frame.iloc[:0] for name, frame in inequality_tables().items()}
    assert inequality_picture(Evidence(changed(region(), **bare)), QUICK) is None


def test_a_gradient_is_told_in_people_and_none_is_called_none() -> None:
    planted = exhibit(planted_chapter(), "by-group")
    slope = inequality_tables()["inequality_slopes"].query(
        "outcome == 'readmission' and measure == 'sii' and adjusted == 'age and sex'"
    )
    assert planted.title == "More of the most deprived came back"
    assert f"{100 * slope['estimate'].iloc[0]:.2g} more in 100 came back among the most deprived" in planted.sentence
    assert "people in the most deprived fifth" in planted.sentence
    calm = exhibit(calm_chapter(), "by-group")
    assert calm.title == "No clear gap between the most and the least deprived"
    assert "no clear difference" in calm.sentence
    assert "Everyone" in [row[0] for row in calm.table.rows]


def test_a_gap_that_favours_the_most_deprived_is_told_that_way_round() -> None:
    frame = inequality_tables()["inequality_slopes"].copy()
    place = (frame["measure"] == "sii") & (frame["outcome"] == "readmission")
    frame.loc[place, ["estimate", "lower", "upper"]] = [-0.05, -0.08, -0.02]
    found = exhibit(chapter_of(inequality_slopes=frame), "by-group")
    assert found.title == "Fewer of the most deprived came back"
    assert "5.0 fewer in 100" in found.sentence
    assert "(2.0 to 8.0)" in found.sentence


def test_what_is_withheld_or_not_recorded_is_said() -> None:
    frame = inequality_tables()["inequality_slopes"].copy()
    frame[["estimate", "lower", "upper"]] = math.nan
    frame["suppressed"] = "too few"
    assert "suppressed: too few" in exhibit(chapter_of(inequality_slopes=frame), "by-group").sentence
    none = exhibit(chapter_of(inequality_slopes=frame.iloc[:0]), "by-group")
    assert none.title == "Deprivation is not recorded"
    rates = inequality_tables()["inequality_rates"].copy()
    numbers = [c for c in rates.columns if rates[c].dtype == float]
    rates[numbers], rates["suppressed"] = math.nan, "too few"
    held = exhibit(chapter_of(inequality_rates=rates), "by-group")
    assert held.picture is None
    assert "suppressed: too few" in held.sentence


def test_a_trust_far_from_the_others_is_named_without_blame() -> None:
    found = exhibit(planted_chapter(), "funnel")
    assert found.title == "One trust lies far from the others"
    assert "Trust 1 (31%, above)" in found.sentence
    assert "A funnel does not say why" in found.sentence
    assert "scatter more than chance allows" in found.sentence
    assert "that stays" in found.sentence
    assert found.picture is not None
    calm = exhibit(calm_chapter(), "funnel")
    assert calm.title == "No trust lies beyond what chance would give"
    trusts = inequality_tables()["trust_outcomes"].copy()
    numbers = [c for c in trusts.columns if trusts[c].dtype == float]
    trusts[numbers], trusts["place"], trusts["suppressed"] = math.nan, "", "too few"
    assert exhibit(chapter_of(trust_outcomes=trusts), "funnel").picture is None


def test_treatment_is_compared_between_the_ends_and_what_nobody_wrote_down_is_not_nought() -> None:
    chapter = planted_chapter()
    care = exhibit(chapter, "care")
    assert care.title == "Fewer of the most deprived had a mineralocorticoid receptor antagonist at discharge"
    assert "16 in 100 fewer (12 to 20)" in care.sentence
    assert "Not told by these data:" in prose(chapter)
    assert "it is not 0%" in prose(chapter)
    gaps = inequality_tables()["care_gaps"]
    only = gaps[gaps["reason"] != ""]
    assert not any(isinstance(b, Exhibit) and b.key == "care" for b in chapter_of(care_gaps=only).blocks)
    without = exhibit(chapter_of(care_gaps=gaps[gaps["group"] != "imd_quintile"]), "care")
    assert without.title == "Treatment by deprivation cannot be told"


def test_the_interval_of_a_difference_is_newcombes() -> None:
    # Newcombe 1998, table II, example (a), 56/70 and 48/80: Wilson limits of the two, and method 10 of their difference
    one = pd.Series({"share": 0.8, "lower": 0.6918, "upper": 0.8769})
    other = pd.Series({"share": 0.6, "lower": 0.4904, "upper": 0.7004})
    assert difference(one, other) == pytest.approx((0.2, 0.0524, 0.3339), abs=2e-3)


def test_palliative_people_stand_apart() -> None:
    told = prose(planted_chapter())
    assert "Came back: 23%" in told
    assert "no sign of better care" in told
    rates = inequality_tables()["inequality_rates"]
    assert "With palliative care apart" not in prose(chapter_of(inequality_rates=rates[rates["group"] != "palliative"]))


def test_of_two_groups_at_once_only_those_that_may_be_shown_are_listed() -> None:
    pairs = inequality_tables()["inequality_pairs"]
    shown = int(pairs.loc[pairs["outcome"] == "readmission", "rate"].notna().sum())
    chapter = planted_chapter()
    assert f"{shown} of " in prose(chapter)
    table = next(b for b in chapter.blocks if isinstance(b, Table) and "two groups" in b.caption)
    assert sum(len(row) > 1 for row in table.rows) == shown
    held = pairs.assign(rate=math.nan, suppressed="too few")
    assert "No share of two groups at once may be shown" in prose(chapter_of(inequality_pairs=held))


def test_representation_is_told_or_said_to_be_unknown() -> None:
    chapter = planted_chapter()
    found = exhibit(chapter, "representation")
    assert "Asian" in found.sentence
    assert "may be right" in found.sentence
    without = chapter_of(**inequality_tables(census=False))
    assert "No census counts of the catchment were given" in prose(without)


def test_every_item_of_standing_together_is_answered_or_left_to_the_authors() -> None:
    chapter = planted_chapter()
    table = next(b for b in chapter.blocks if isinstance(b, Table) and "STANDING" in b.caption)
    items = [item for part in read_yaml("standing_together.yaml")["parts"] for item in part["items"]]
    rows = [row for row in table.rows if len(row) == 2]
    assert [row[0] for row in rows] == [item["words"] for item in items]
    assert all(set(item) <= {"words", "answer"} for item in items)  # a comma ends a value that is not quoted
    for item, row in zip(items, rows, strict=True):
        assert (row[1] == "For the authors to write.") == (not item.get("answer"))


def test_a_composite_study_speaks_of_its_own_outcome() -> None:
    tables = inequality_tables(composite=True)
    found = inequality_picture(Evidence(changed(composite(), **tables)), QUICK)
    assert found is not None
    assert "came back or died" in exhibit(found, "by-group").title
