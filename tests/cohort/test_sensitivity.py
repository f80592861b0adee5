"""Several definitions side by side: each row is what that definition gives alone."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from hfrisk.cdm import SourceSettings, made_up
from hfrisk.cohort import Assurance, CohortSettings, build_cohort, sensitivity_cohorts
from hfrisk.cohort.assurances import small_tables

VISITS = """
1 10 262  2024-01-01 2024-01-05
2 10 262  2024-01-10 2024-01-10
3 11 262  2024-01-01 2024-01-05
4 11 9201 2024-01-10 2024-01-12
5 11 262  2024-01-20 2024-01-22
6 12 262  2024-01-01 2024-01-05
"""
END = date(2025, 1, 1)


@pytest.fixture(scope="module")
def side_by_side() -> pd.DataFrame:
    base = CohortSettings()
    variants = {
        "as defined": base,
        "cms": base.model_copy(update={"outcome": "cms"}),
        "without readmissions of no night": base.model_copy(update={"count_zero_day_readmissions": False}),
        "nobody": base.model_copy(update={"minimum_age": 120}),
    }
    told = Assurance(name="made", visits=VISITS, heart_failure="1 3 6", deaths="12 2024-01-15", expect="")
    cdm = made_up(SourceSettings(path=Path("nowhere")), small_tables(told, base))
    found = sensitivity_cohorts(cdm, variants, END)
    alone = build_cohort(cdm, variants["cms"], END)
    assert found.set_index("name").loc["cms", "events"] == alone.events
    return found.set_index("name")


def test_each_definition_has_its_own_events(side_by_side: pd.DataFrame) -> None:
    assert side_by_side["events"].to_dict() == {
        "as defined": 2, "cms": 1, "without readmissions of no night": 1, "nobody": 0,
    }  # fmt: skip
    assert side_by_side.loc["as defined", ["index_discharges", "persons", "incidence_day"]].tolist() == [3, 3, 29]
    row = side_by_side.loc["as defined"]
    assert [row["rate"], row["readmission"], row["death"]] == pytest.approx([2 / 3, 2 / 3, 1 / 3])


def test_a_definition_that_finds_nobody_is_shown_with_absent_proportions(side_by_side: pd.DataFrame) -> None:
    row = side_by_side.loc["nobody"]
    assert row["index_discharges"] == 0
    assert row[["rate", "readmission", "death"]].isna().all()
