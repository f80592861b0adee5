"""Table 1 and the years in words: what is said follows the released numbers."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from hfrisk.reporting import ReportingSettings
from hfrisk.reporting.chapters.over_time import over_time
from hfrisk.reporting.chapters.table_one import table_one
from hfrisk.reporting.chapters.years import over_the_years
from hfrisk.reporting.evidence import Evidence
from hfrisk.reporting.exhibits import Exhibit, Prose, Table
from tests.reporting import reporting_samples as samples
from tests.reporting.invented_tables import HELD

SETTINGS = ReportingSettings(dots_per_inch=72)


@pytest.fixture(scope="module")
def region():
    return samples.region()


def prose(released) -> str:
    return " ".join(p for b in table_one(Evidence(released)).blocks if isinstance(b, Prose) for p in b.paragraphs)


def tables(released) -> list[Table]:
    return [b for b in table_one(Evidence(released)).blocks if isinstance(b, Table)]


def test_what_differs_between_the_columns_is_named_the_furthest_first(region) -> None:
    told = prose(region)
    assert "**1 of 2 characteristics** differs by more than 0.1 standard deviations: emergency admissions" in told
    assert "**2 of 2 characteristics**: deprivation (IMD quintile) (0.31); emergency admissions" in told
    near = region.table1_differences.assign(estimate=0.1)
    told = prose(samples.changed(region, table1_differences=near))
    assert told.count("**none of") == 2


def test_each_characteristic_has_its_difference_once_and_no_cell_is_blank(region) -> None:
    by_outcome = tables(region)[2]
    assert by_outcome.head == (
        "Characteristic",
        "Came back",
        "Did not come back",
        "Of them, died first",
        "Standardised difference",
    )
    rows = {row[0]: row[1:] for row in by_outcome.rows if len(row) > 1}
    assert rows["Deprivation (IMD quintile)"] == ("–", "–", "–", "0.31")
    assert rows["\u20031 (most deprived)"][-1] == "–"
    assert all(all(cells) for cells in rows.values())


def test_a_column_of_deaths_of_which_none_may_be_shown_is_left_out_and_said_to_be(region) -> None:
    frame = region.table1_by_outcome.copy()
    frame.loc[frame["outcome"] == "died", ["value", "percent"]] = math.nan
    frame.loc[frame["outcome"] == "died", "suppressed"] = HELD
    table = tables(samples.changed(region, table1_by_outcome=frame))[2]
    assert "Of them, died first" not in table.head
    assert any("Too few of them may be shown" in note for note in table.notes)


def test_with_deaths_as_events_those_who_died_are_among_the_events() -> None:
    table = tables(samples.composite())[2]
    assert table.head[1:3] == ("Came back or died", "Neither")
    assert any("are among those who came back or died" in note for note in table.notes)


def test_a_description_has_one_column_and_the_outcomes() -> None:
    found = tables(samples.described())
    assert "Standardised difference" not in found[0].head
    assert "Standardised difference" in found[-1].head


def years(released) -> Exhibit:
    blocks = over_time(Evidence(released), SETTINGS).blocks
    return next(b for b in blocks if isinstance(b, Exhibit) and b.key == "years")


def test_a_year_that_is_clearly_out_is_named(region) -> None:
    frame = region.by_year.copy()
    frame[["lower", "upper"]] = [0.9, 1.1]
    said = years(samples.changed(region, by_year=frame))
    assert said.title == "By financial year, its percentages are not clearly out"
    place = frame.index[(frame["split"] == "test") & (frame["period"] == "2023/24")][0]
    frame.loc[place, ["oe_ratio", "lower", "upper"]] = [0.8, 0.7, 0.9]
    said = years(samples.changed(region, by_year=frame))
    assert "It said too much in 2023/24 (observed over expected 0.80)." in said.sentence
    assert said.title == "By financial year, its percentages were clearly out in one of two"


def test_a_part_of_a_year_says_so_and_a_year_held_back_too(region) -> None:
    said = years(region)
    assert any(row[0].endswith("(two quarters)") for row in said.table.rows)
    frame = region.by_year.copy()
    place = frame.index[(frame["split"] == "test")][-1]
    frame.loc[place, frame.columns.difference(["split", "period", "quarters", "suppressed"])] = math.nan
    frame.loc[place, "suppressed"] = HELD
    said = years(samples.changed(region, by_year=frame))
    assert f"{frame.loc[place, 'period']} may not be shown" in said.sentence
    assert said.table.rows[place][2:] == ("suppressed",) * 5


def test_years_of_a_description_are_the_sums_of_its_quarters() -> None:
    released = samples.described()
    (table,) = [b for b in over_the_years(Evidence(released), SETTINGS).blocks if isinstance(b, Table)]
    quarters = released.outcomes[released.outcomes["group"] == "quarter"].set_index("level")
    row = next(r for r in table.rows if r[0].startswith("2022/23"))
    mine = quarters.loc[["2022 Q2", "2022 Q3", "2022 Q4", "2023 Q1"]]
    assert (row[1], row[2]) == (f"{mine['n'].sum():,.0f}", f"{mine['events'].sum():,.0f}")
    held = released.outcomes.copy()
    held.loc[(held["group"] == "quarter") & (held["level"] == "2022 Q3"), ["events", "share", "lower", "upper"]] = (
        math.nan
    )
    held.loc[held["level"] == "2022 Q3", "suppressed"] = HELD
    (table,) = [
        b
        for b in over_the_years(Evidence(samples.changed(released, outcomes=held)), SETTINGS).blocks
        if isinstance(b, Table)
    ]
    row = next(r for r in table.rows if r[0].startswith("2022/23"))
    assert row[2:4] == ("suppressed", "suppressed")


def test_hospitals_stand_by_name_with_percentages_and_ranking(region) -> None:
    frame = region.performance
    sites = frame[frame["group"] == "site_group"]
    more = pd.concat([sites.assign(level=f"Trust {i}") for i in range(1, 23)], ignore_index=True)
    many = samples.changed(
        region,
        performance=pd.concat(
            [frame[frame["group"] != "site_group"], more.drop_duplicates(["model", "split", "level", "measure"])]
        ),
    )
    found = {b.key: b for b in over_time(Evidence(many), SETTINGS).blocks if isinstance(b, Exhibit)}
    assert found["sites"].picture is not None
    assert found["sites-ranking"].picture is not None
    assert found["sites"].alt.index("Trust 2:") < found["sites"].alt.index("Trust 10:")
