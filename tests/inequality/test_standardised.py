"""Direct standardisation: R's published numbers, and naive loops."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from hfrisk.errors import StudyError
from hfrisk.inequality import Inequality, InequalitySettings, look_at_rows
from hfrisk.inequality.clustered import design_effects
from hfrisk.inequality.standardised import read_standard, standardise
from tests.inequality.invented_people import AGES, invented

# Down's syndrome by birth order and age of the mother, Michigan 1950-64 (Fleiss 1981, table 14.4), and the rates that R gives of it:
# tidyrates::rate_adj_direct(fleiss_data, .std = standard_pop, .keys = "key"), which calls epitools::ageadjust.direct (its README).
CASES = np.array(
    [
        [107, 141, 60, 40, 39, 25],
        [25, 150, 110, 84, 82, 39],
        [3, 71, 114, 103, 108, 75],
        [1, 26, 64, 89, 137, 96],
        [0, 8, 63, 112, 262, 295],
    ]
)
BIRTHS = np.array(
    [
        [230061, 329449, 114920, 39487, 14208, 3052],
        [72202, 326701, 208667, 83228, 28466, 5375],
        [15050, 175702, 207081, 117300, 45026, 8660],
        [2293, 68800, 132424, 98301, 46075, 9834],
        [327, 30666, 123419, 149919, 104088, 34392],
    ]
)
STANDARD = np.array([63986.6, 186263.6, 157302.2, 97647.0, 47572.6, 12262.6])
CRUDE = [0.000563, 0.000676, 0.000833, 0.00115, 0.00167]
ADJUSTED = [0.000923, 0.000912, 0.000851, 0.000927, 0.000755]


def test_the_rates_are_those_that_r_gives() -> None:
    cell, stratum, event = [], [], []
    thinned = 10
    for order in range(5):
        for age in range(6):
            n, cases = int(BIRTHS[order, age] // thinned), CASES[order, age]
            cell.append(np.full(n, order))
            stratum.append(np.full(n, age))
            # an outcome between 0 and 1 has the same mean: the share of a hundredth of the births
            event.append(np.full(n, cases / n / thinned))
    cells, strata, events = np.concatenate(cell), np.concatenate(stratum), np.concatenate(event)
    found = standardise(
        events, cells, strata, np.arange(len(events)), STANDARD / STANDARD.sum(), np.ones((5, 6), dtype=bool), 0.95
    )
    # R's numbers have three figures
    assert found.share == pytest.approx(ADJUSTED, rel=3e-3)
    assert (CASES.sum(axis=1) / BIRTHS.sum(axis=1)) == pytest.approx(CRUDE, rel=5e-3)


def test_shares_and_standardised_shares_are_those_of_a_naive_loop(picture: Inequality) -> None:
    rows, _, groups = invented(6_000, 5, slope=0.12)
    table = groups.assign(event=(rows["state"] == "readmitted").astype(float))
    whole = table.groupby(["sex", "age_band"]).size() / len(table)
    for level, part in table.groupby("imd_quintile"):
        mine = sum(
            weight * part.loc[(part["sex"] == sex) & (part["age_band"] == age), "event"].mean()
            for (sex, age), weight in whole.items()
        )
        row = _row(picture.rates, "readmission", "imd_quintile", level)
        assert row["standardised"] == pytest.approx(mine, abs=1e-12)
        assert (row["n"], row["events"]) == (len(part), part["event"].sum())
        assert row["lower"] < row["standardised"] < row["upper"]


def test_a_group_of_the_standard_itself_is_standardised_for_the_other(picture: Inequality) -> None:
    rows, _, groups = invented(6_000, 5, slope=0.12)
    table = groups.assign(event=(rows["state"] == "readmitted").astype(float))
    women = table[table["sex"] == "Female"]
    # the ages of women, who are the whole of the standard that women can have
    weight = women["age_band"].value_counts(normalize=True)
    mine = sum(weight[age] * women.loc[women["age_band"] == age, "event"].mean() for age in AGES)
    assert _row(picture.rates, "readmission", "sex", "Female")["standardised"] == pytest.approx(mine, abs=1e-12)
    cell = picture.pairs.query("outcome == 'readmission' and group == 'sex' and with_group == 'age_band'").iloc[0]
    assert cell["standardised"] == pytest.approx(cell["events"] / cell["n"], abs=1e-12)


def test_the_interval_is_that_of_a_clustered_regression_when_there_is_one_stratum() -> None:
    rng = np.random.default_rng(3)
    person = rng.integers(0, 300, 900)
    event = (rng.random(300)[person] < 0.3).astype(float)  # all discharges of a person go alike
    zero = np.zeros(900, dtype=np.intp)
    found = standardise(event, zero, zero, person, np.ones(1), np.ones((1, 1), dtype=bool), 0.95)
    fitted = sm.OLS(event, np.ones(900)).fit(cov_type="cluster", cov_kwds={"groups": person, "use_correction": False})
    mean, error = fitted.params[0], fitted.bse[0]
    half = 1.959964 * error / (mean * (1 - mean))
    ends = 1 / (1 + np.exp(-(np.log(mean / (1 - mean)) + np.array([-half, half]))))
    assert (found.lower[0], found.upper[0]) == pytest.approx(tuple(ends), abs=1e-6)
    effect = design_effects(event, zero, person, 1)[0]
    assert effect == pytest.approx(error**2 / (mean * (1 - mean) / 900), rel=1e-9)
    assert effect > 2.5  # three discharges each, all alike


def test_ages_that_a_group_lacks_are_told_as_coverage_and_end_it() -> None:
    rows, features, groups = invented(2_000, 9)
    young = groups["ethnicity"] == "Black"
    groups.loc[young, "age_band"] = "18-64"
    found = look_at_rows(rows, features, groups, InequalitySettings(pairs=()))
    row = _row(found.rates, "readmission", "ethnicity", "Black")
    assert np.isnan(row["standardised"])
    assert row["reason"].startswith("not computed")
    assert _row(found.rates, "readmission", "ethnicity", "White")["reason"] == ""


def test_a_declared_standard_changes_the_weights(tmp_path: Path) -> None:
    rows, features, groups = invented(3_000, 2)
    path = tmp_path / "standard.csv"
    path.write_text("# made up\nsex,age_band,count\nFemale,85 and over,10\nMale,85 and over,30\n", encoding="utf-8")
    found = look_at_rows(rows, features, groups, InequalitySettings(standard=path, pairs=()))
    old = groups["age_band"] == "85 and over"
    event = rows["state"] == "readmitted"
    mine = sum(
        share * event[old & (groups["sex"] == sex) & (groups["imd_quintile"] == "2")].mean()
        for sex, share in (("Female", 0.25), ("Male", 0.75))
    )
    assert _row(found.rates, "readmission", "imd_quintile", "2")["standardised"] == pytest.approx(mine)
    assert found.facts["standard"] == "standard.csv"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sex,count\nFemale,3\n", "line 1"),
        ("sex,age_band,count\nFemale,18-64,many\n", "line 2"),
        ("sex,age_band,count\nFemale,18-64\n", "line 2"),
        ("sex,age_band,count\nFemale,,3\n", "line 2"),
        ("sex,age_band,count\nFemale,18-64,3\n# a comment\nFemale,18-64,4\n", "line 4"),
        ("sex,age_band,count\n", "it needs the columns"),
        ("sex,age_band,count\nWomen,18-64,3\n", "no line of the standard"),
    ],
)
def test_a_fault_of_the_standard_names_file_and_line(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "standard.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(StudyError) as error:
        read_standard(path, {"Female": 0, "Male": 1}, {"18-64": 0, "65-74": 1})
    told = str(error.value).lower()
    assert said in told
    assert "standard.csv" in told
    with pytest.raises(StudyError, match="There is no file"):
        read_standard(tmp_path / "none.csv", {"Female": 0}, {"18-64": 0})


def _row(frame: pd.DataFrame, outcome: str, group: str, level: object) -> pd.Series:
    mine = frame[(frame["outcome"] == outcome) & (frame["group"] == group) & (frame["level"] == level)]
    assert len(mine) == 1
    return mine.iloc[0]
