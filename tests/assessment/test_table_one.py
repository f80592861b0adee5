"""Table 1 counts every index discharge of development and test, and nobody of the gap."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from hfrisk.assessment.describe import table_one


@pytest.fixture(scope="module")
def region(make_region):
    return make_region(3000)[0]


@pytest.fixture(scope="module")
def table(region) -> pd.DataFrame:
    return table_one(region.rows, region.features, region.groups, region.dictionary)


def test_discharges_and_persons_are_those_of_each_split_without_the_gap(region, table) -> None:
    for split in ("development", "test"):
        rows = region.rows[region.rows["split"] == split]
        values = table[(table["split"] == split) & (table["section"] == "Index discharges")].set_index(
            "characteristic"
        )["value"]
        assert values["Index discharges"] == len(rows)
        assert values["Persons"] == rows["person_id"].nunique()
    assert set(table["split"]) == {"development", "test"}


def test_levels_of_a_group_and_states_add_up_to_the_discharges(table) -> None:
    for characteristic in ("Sex", "Age band (years)", "Ethnicity", "Deprivation (IMD quintile)", "What happened first"):
        counted = table[table["characteristic"] == characteristic]
        sums = counted.groupby("split")["value"].sum()
        denominators = counted.groupby("split")["n"].first()
        assert (sums == denominators).all(), characteristic


def test_continuous_features_have_quartiles_of_recorded_values_and_the_missing_beside(region, table) -> None:
    rows = table[(table["characteristic"] == "noise") & (table["split"] == "test")].set_index("statistic")
    values = region.part("test").features["noise"]
    assert rows.loc["median", "value"] == pytest.approx(values.median())
    assert rows.loc["lower_quartile", "value"] == pytest.approx(values.quantile(0.25))
    assert rows.loc["median", "n"] == values.notna().sum()
    assert rows.loc["missing", "value"] == values.isna().sum()
    assert rows.loc["missing", "n"] == len(values)


def test_binary_features_are_counted(region, table) -> None:
    row = table[(table["characteristic"] == "binary") & (table["split"] == "test") & (table["level"] == "yes")].iloc[0]
    assert row["statistic"] == "n"
    assert row["value"] == region.part("test").features["binary"].sum()


def test_a_feature_that_nobody_has_is_missing_and_not_nought(region) -> None:
    features = region.features.assign(noise=np.nan)
    table = table_one(region.rows, features, region.groups, region.dictionary)
    rows = table[(table["characteristic"] == "noise") & (table["statistic"] != "missing")]
    assert rows["value"].isna().all()
    assert (rows["n"] == 0).all()
