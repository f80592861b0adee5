"""The chapter on groups: what is more than chance, who would be seen, small groups, and groups taken together."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from hfrisk.disclosure import Released
from hfrisk.reporting import ReportingSettings
from hfrisk.reporting.chapters.groups import groups
from hfrisk.reporting.evidence import Evidence
from hfrisk.reporting.exhibits import Exhibit, Prose, Table
from hfrisk.reporting.naming import group_name, level_name, people
from tests.reporting import reporting_samples as samples


@pytest.fixture(scope="module")
def base() -> Released:
    return samples.region()


def told(released: Released) -> str:
    """Every sentence of the chapter."""
    chapter = groups(Evidence(released), ReportingSettings(dots_per_inch=72))
    texts = [
        " ".join(b.paragraphs) if isinstance(b, Prose) else b.sentence
        for b in chapter.blocks
        if not isinstance(b, Table)
    ]
    return " ".join(texts)


def table(released: Released, caption: str) -> Table:
    chapter = groups(Evidence(released), ReportingSettings(dots_per_inch=72))
    tables = [b for b in chapter.blocks if isinstance(b, Table)] + [
        b.table for b in chapter.blocks if isinstance(b, Exhibit)
    ]
    return next(t for t in tables if t is not None and t.caption.startswith(caption))


def test_groups_taken_together_are_named_as_people_are_spoken_of() -> None:
    assert group_name("sex x imd_quintile") == "Sex by deprivation (IMD fifths)"
    assert level_name("sex x imd_quintile", "Female x 1 (most deprived)") == "Women, most deprived fifth"
    assert people("sex x imd_quintile", "Female x 1 (most deprived)") == "women in the most deprived fifth"
    assert people("age_band x sex", "75-84 x Male") == "men aged 75 to 84"
    assert (
        people("ethnicity x age_band", "Black x 18-64") == "people whose ethnicity is recorded as Black aged 18 to 64"
    )


def test_what_differs_is_told_from_the_tests(base: Released) -> None:
    assert "how many are flagged varies with deprivation by more than chance gives; with sex" in told(base)
    alike = samples.changed(base, fairness_tests=samples.tests_table(imd_quintile=0.4))
    assert "how many are flagged does not vary with sex, age, ethnicity, deprivation or hospital or trust" in told(
        alike
    )
    rows = {row[0]: row[1:] for row in table(base, "Do the groups differ?").rows}
    assert rows["Deprivation (IMD fifths)"][0] == "0.15; p 0.006"
    assert rows["Sex"][0] == "0.15; p 0.6"


def test_a_withheld_p_is_shown_as_suppressed_and_claims_nothing(base: Released) -> None:
    frame = base.fairness_tests.copy()
    frame.loc[frame["group"] == "imd_quintile", ["p", "p_adjusted"]] = math.nan
    frame.loc[frame["group"] == "imd_quintile", "suppressed"] = samples.HELD
    held = samples.changed(base, fairness_tests=frame)
    assert "varies with deprivation" not in told(held)
    assert "Allowing for four tests" in told(held)
    rows = {row[0]: row[1:] for row in table(held, "Do the groups differ?").rows}
    assert set(rows["Deprivation (IMD fifths)"]) == {"suppressed"}


def test_who_is_flagged_most_is_named_only_where_it_differs(base: Released) -> None:
    assert (
        "45 among people in the least deprived fifth (40 to 49), against 30 among people in the most deprived"
        in told(base)
    )
    assert "against" not in told(samples.changed(base, fairness_tests=samples.tests_table(imd_quintile=0.4)))


def test_the_error_beyond_chance_is_told_where_it_is_beyond_what_chance_gives(base: Released) -> None:
    assert "In none of the 6 groups" in told(base)
    frame = base.performance.copy()
    women = (frame["level"] == "Female") & (frame["split"] == "test")
    frame.loc[women & (frame["measure"] == "ici"), "estimate"] = 0.03
    frame.loc[women & (frame["measure"] == "ici_excess"), "estimate"] = 0.018
    text = told(samples.changed(base, performance=frame))
    assert "In one of the 6 groups that are large enough" in text
    assert "women, by 1.8 percentage points beyond chance" in text


def test_small_groups_stand_beside_the_same_drawn_together(base: Released) -> None:
    assert "observed over expected from 1.26 to 1.13" in told(base)
    assert "still leaves out 1, for people in the most deprived fifth." in told(base)
    frame = base.shrunk.copy()
    frame[["lower", "upper"]] = [0.9, 1.1]
    assert "the interval of every group holds 1." in told(samples.changed(base, shrunk=frame))
    rows = {row[0]: row[1:] for row in table(base, "Each group's own number").rows if len(row) > 1}
    assert rows["Most deprived fifth"][:2] == ("1.26 (1.04 to 1.47)", "1.13 (1.02 to 1.23)")
    assert rows["Women"][1] == "not computed"  # two levels are not drawn together


def test_groups_taken_together_show_no_counts_and_say_what_is_held_back(base: Released) -> None:
    found = table(base, "By two characteristics at once")
    rows = {row[0]: row[1:] for row in found.rows if len(row) > 1}
    assert rows["Women, most deprived fifth"][0] == "1.2 (1.0 to 1.4)"
    assert rows["Women, second least deprived fifth"][0] == "suppressed"
    assert rows["Women, most deprived fifth"][-1] == "not computed"
    assert "Not computed: fewer than 200 events." in found.notes
    assert "Discharges" not in found.head
    assert "By sex and deprivation together" in told(base)
    assert "one is too small to show" in told(base)


def test_at_capacity_one_room_is_shared_by_all(base: Released) -> None:
    found = table(base, "Who would be seen")
    rows = {row[0]: row[1:] for row in found.rows if len(row) > 1}
    assert rows["Least deprived fifth"][5].startswith("24 (")
    assert rows["Mixed"][0] == "suppressed"
    assert "At 20% of all: allowing for five tests, how many would be seen varies with deprivation" in told(base)


def test_without_any_of_it_the_chapter_stands_as_before(base: Released) -> None:
    nothing = {name: pd.DataFrame() for name in ("capacity_groups", "fairness_tests", "shrunk")}
    frame = base.performance[~base.performance["group"].str.contains(" x ")]
    text = told(samples.changed(base, performance=frame, **nothing))
    assert "at a risk of 20% or more" in text.lower()
    assert "taken together" not in text
