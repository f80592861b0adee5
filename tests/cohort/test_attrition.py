"""Every exclusion is counted, and any order of the rules can be recomputed from the bit masks."""

from __future__ import annotations

import pandas as pd
import pytest

from hfrisk.cohort import Cohort
from hfrisk.errors import StudyError
from tests.cohort.made import cohort_of

# 1 in; 2 a child; 3 planned; 4 dead; 5 a child who died; 6 not for heart failure; 7 again person 1
VISITS = """
1 10 262  2024-01-01 2024-01-05
2 11 262  2024-01-01 2024-01-05
3 12 9201 2024-01-01 2024-01-05
4 13 262  2024-01-01 2024-01-05
5 14 262  2024-01-01 2024-01-05
6 15 262  2024-01-01 2024-01-05
7 10 262  2024-01-20 2024-01-25
"""


@pytest.fixture(scope="module")
def cohort() -> Cohort:
    people = pd.DataFrame(
        {
            "person_id": ["10", "11", "12", "13", "14", "15"],
            "gender_concept_id": "8507",
            "year_of_birth": ["1940", "2020", "1940", "1940", "2020", "1940"],
        }
    )
    return cohort_of(
        VISITS,
        hf="1 2 3 4 5 7",
        deaths="13 2024-01-03\n14 2024-01-03",
        more={"person": people},
        minimum_age=18,
        unplanned="ae_segment",
    )


def test_each_rule_counts_what_is_left_and_what_only_it_removes(cohort: Cohort) -> None:
    rows = cohort.attrition.set_index("rule")
    assert rows["admissions"].to_dict() == {
        "all_spells": 7, "heart_failure": 6, "ordinary": 6, "adult": 4, "unplanned": 3, "ended": 3, "alive": 2,
        "not_transferred_out": 2,
    }  # fmt: skip
    assert rows["persons"].to_dict()["alive"] == 1
    assert rows.loc["adult", ["excluded", "excluded_only_here"]].tolist() == [2, 1]
    assert rows.loc["alive", ["excluded", "excluded_only_here"]].tolist() == [1, 1]
    assert rows.loc["not_transferred_out", "events"] == cohort.events == 1


def test_another_order_ends_with_the_same_people(cohort: Cohort) -> None:
    order = [name for name, _ in cohort.rules]
    turned = cohort.attrition_in(order[::-1])
    assert turned["rule"].tolist() == order[::-1]
    assert turned.iloc[-1][["admissions", "persons", "events"]].tolist() == [2, 1, 1]
    rows = turned.set_index("rule")
    assert rows.loc["alive", "excluded"] == 2
    assert rows.loc["adult", "excluded"] == 1
    pd.testing.assert_series_equal(
        rows["excluded_only_here"].sort_index(), cohort.attrition.set_index("rule")["excluded_only_here"].sort_index()
    )


def test_any_order_is_that_of_a_plain_count_over_the_masks(cohort: Cohort) -> None:
    spells = cohort.spells.execute()
    order = ["alive", "unplanned", "all_spells", "adult", "ended", "not_transferred_out", "heart_failure", "ordinary"]
    found = cohort.attrition_in(order)
    bits = {name: i for i, (name, _) in enumerate(cohort.rules)}
    for i, row in found.iterrows():
        left = spells[
            [not any(mask >> bits[name] & 1 for name in order[: int(i) + 1]) for mask in spells["excluded_by"]]
        ]
        assert (len(left), left["person_id"].nunique()) == (row["admissions"], row["persons"])


def test_a_spell_with_an_empty_mask_is_an_index_discharge(cohort: Cohort) -> None:
    spells = cohort.spells.execute()
    assert set(spells.loc[spells["excluded_by"] == 0, "index_id"]) == set(cohort.table.execute()["index_id"])


def test_an_order_that_forgets_a_rule_is_refused_by_naming_the_rules(cohort: Cohort) -> None:
    with pytest.raises(StudyError, match="each rule") as refused:
        cohort.attrition_in(["adult", "alive"])
    assert "heart_failure" in str(refused.value)
