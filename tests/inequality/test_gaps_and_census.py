"""Who is given what, of whom it is not recorded, and whom the cohort represents."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from hfrisk.errors import StudyError
from hfrisk.inequality import Inequality, InequalitySettings, look_at_rows
from tests.inequality.invented_people import invented


def test_shares_given_are_of_those_of_whom_it_is_known(picture: Inequality) -> None:
    _, features, groups = invented(6_000, 5, slope=0.12)
    given = picture.gaps.query("item == 'mra' and group == 'imd_quintile'").set_index("level")
    for level in groups["imd_quintile"].unique():
        mine = features.loc[groups["imd_quintile"] == level, "mra"]
        row = given.loc[level]
        assert (row["n"], row["observed"], row["given"]) == (len(mine), mine.notna().sum(), (mine == 1).sum())
    assert given.loc["1 (most deprived)", "given"] / given.loc["1 (most deprived)", "observed"] < 0.4


def test_a_test_that_was_measured_is_one_that_has_a_value(picture: Inequality) -> None:
    _, features, _ = invented(6_000, 5, slope=0.12)
    row = picture.gaps.query("item == 'nt_probnp' and group == 'all'").iloc[0]
    assert (row["observed"], row["given"]) == (6_000, features["nt_probnp_last"].notna().sum())


def test_what_the_source_does_not_tell_is_absent_and_not_nought(picture: Inequality) -> None:
    for item in ("specialist_review", "follow_up", "cardiology_ward", "beta_blocker"):
        rows = picture.gaps[picture.gaps["item"] == item]
        assert len(rows) == 1
        assert rows["reason"].iloc[0] == "not computed: this source does not tell it"
        assert rows[["n", "observed", "given"]].isna().all(axis=None)
    nobody = np.full(500, np.nan)
    rows, _, groups = invented(500, 5)
    found = look_at_rows(rows, pd.DataFrame({"mra": nobody}), groups, InequalitySettings(pairs=()))
    assert found.gaps.query("item == 'mra'")["reason"].iloc[0].startswith("not computed")


def test_how_often_a_group_itself_is_not_recorded_is_told_by_the_others(picture: Inequality) -> None:
    _, features, groups = invented(6_000, 5, slope=0.12)
    missing = picture.missing
    ethnicity = missing[missing["feature"] == "group_ethnicity"]
    assert set(ethnicity["group"]) == {"all", "sex", "age_band", "imd_quintile", "site_group"}
    women = ethnicity.query("group == 'sex' and level == 'Female'").iloc[0]
    assert women["missing"] == ((groups["ethnicity"] == "Not recorded") & (groups["sex"] == "Female")).sum()
    assert "group_sex" not in set(missing["feature"])  # recorded for everyone: no such level anywhere
    row = missing.query("feature == 'nt_probnp_last' and group == 'all'").iloc[0]
    assert row["missing"] == features["nt_probnp_last"].isna().sum()
    assert missing.query("feature == 'lvef'")["reason"].iloc[0].startswith("not computed")


def test_each_person_counts_once_beside_the_census(tmp_path: Path) -> None:
    rows, features, groups = invented(2_000, 6)
    census = tmp_path / "census.csv"
    census.write_text(
        '# Census 2021, made up\ngroup,level,count\nsex,Female,"510,000"\nsex,Male,490000\n'
        "ethnicity,White,800000\nethnicity,Asian,150000\nethnicity,Black,50000\nethnicity,Mixed,20000\n",
        encoding="utf-8",
    )
    found = look_at_rows(rows, features, groups, InequalitySettings(census=census, pairs=())).represented
    once = groups.loc[~rows["person_id"].duplicated()]
    asian = found.query("group == 'ethnicity' and level == 'Asian'").iloc[0]
    known = once[once["ethnicity"] != "Not recorded"]
    assert (asian["persons"], asian["of"]) == ((known["ethnicity"] == "Asian").sum(), len(known))
    assert (asian["census"], asian["census_of"]) == (150_000, 1_020_000)
    assert found.query("level == 'Mixed'")["persons"].iloc[0] == 0
    assert set(found["group"]) == {"sex", "ethnicity"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("group,level,count\nsexes,Female,3\n", "sexes, Female"),
        ("group,level,count\nsex,women,3\n", "Female, Male"),
        ("group,level,count\nsex,Female,0\n", "counts nobody"),
        ("group,level\nsex,Female\n", "line 1"),
        ("group,level,count\nsex,Female,-4\n", "line 2"),
    ],
)
def test_a_fault_of_the_census_names_file_and_line(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "census.csv"
    path.write_text(text, encoding="utf-8")
    rows, features, groups = invented(300, 6)
    with pytest.raises(StudyError) as error:
        look_at_rows(rows, features, groups, InequalitySettings(census=path, pairs=()))
    assert said in str(error.value)
    assert "census.csv" in str(error.value)


def test_pairs_of_one_group_and_itself_are_refused() -> None:
    with pytest.raises(ValueError, match="two groups"):
        InequalitySettings(pairs=(("sex", "sex"),))
    with pytest.raises(ValueError, match="no pair is there twice"):
        InequalitySettings(pairs=(("sex", "age_band"), ("age_band", "sex")))
    with pytest.raises(ValueError, match="one must lie"):
        InequalitySettings(representation_within=(1.1, 1.2))


def test_palliative_people_are_told_apart(picture: Inequality) -> None:
    rows, _, _ = invented(6_000, 5, slope=0.12)
    mine = picture.rates.query("group == 'palliative' and outcome == 'death'").set_index("level")
    assert mine.loc["Recorded", "n"] == rows["palliative"].sum()
    assert mine.loc["Recorded", "events"] == (rows["palliative"] & (rows["state"] == "died")).sum()
    three = picture.rates.query("group == 'sex'").pivot(index="level", columns="outcome", values="events")
    assert (three["composite"] == three["readmission"] + three["death"]).all()
