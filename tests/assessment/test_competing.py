"""Incidence by band and cause-specific hazards against cmprsk and survival (oracles/competing.R)."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from hfrisk.assessment import AssessmentSettings
from hfrisk.assessment.competing import competing_tables, hazard_ratios, incidence_by_band

Z = 1.959963984540054


@pytest.fixture(scope="module")
def people(oracles) -> pd.DataFrame:
    return pd.read_csv(oracles / "competing_people.csv")


def test_incidence_with_its_interval_is_that_of_cuminc_and_survfit_in_every_band(people, oracles) -> None:
    for _, row in pd.read_csv(oracles / "competing_incidence.csv").iterrows():
        mine = people[people["band"] == row["band"]]
        found = incidence_by_band(mine["state"], mine["day"], mine["risk"], row["state"]).iloc[0]
        assert found["band"] == 0
        # the last event of a band may come before the horizon: nothing changes after it
        assert found["observed"] == pytest.approx(row["cuminc"], abs=1e-10)
        assert found["observed"] == pytest.approx(row["survfit"], abs=1e-10)
        p = row["cuminc"]
        spread = Z * row["error"] / (p * abs(np.log(p)))
        assert found["lower"] == pytest.approx(p ** np.exp(spread), abs=1e-8)
        assert found["upper"] == pytest.approx(p ** np.exp(-spread), abs=1e-8)


def test_the_incidences_of_readmission_and_of_death_add_up_to_that_of_either(people) -> None:
    back, died, either = (
        incidence_by_band(people["state"], people["day"], people["risk"], outcome)["observed"].to_numpy()
        for outcome in ("readmitted", "died", "either")
    )
    np.testing.assert_allclose(back + died, either, atol=1e-12)


def test_fifths_hold_as_many_discharges_and_rise_and_without_censoring_are_shares(people) -> None:
    whole = people[people["state"] != "censored"].reset_index(drop=True)
    found = incidence_by_band(whole["state"], whole["day"], whole["risk"], "readmitted")
    assert found["band"].tolist() == [0, 1, 2, 3, 4, 5]
    assert found["n"].iloc[1:].sum() == found["n"].iloc[0] == len(whole)
    assert np.ptp(found["n"].iloc[1:]) <= 1
    assert found["predicted"].iloc[1:].is_monotonic_increasing
    np.testing.assert_allclose(found["observed"], found["events"] / found["n"], atol=1e-12)
    # a naive fifth: the people with the lowest risks
    lowest = whole.sort_values("risk", kind="stable").head(int(found["n"].iloc[1]))
    assert found["events"].iloc[1] == (lowest["state"] == "readmitted").sum()


def test_hazard_ratios_are_those_of_coxph_with_a_variance_by_person(people, oracles) -> None:
    found = hazard_ratios(people["state"], people["day"], people["risk"], people["person"]).set_index("cause")
    for _, row in pd.read_csv(oracles / "competing_hazards.csv").iterrows():
        ours = np.log(found.loc[row["cause"], ["estimate", "lower", "upper"]].to_numpy(dtype=float)) / np.log(2)
        expected = row["coefficient"] + Z * row["robust"] * np.array([0, -1, 1])
        np.testing.assert_allclose(ours, expected, atol=1e-6)
        assert ours[0] == pytest.approx(row["efron"], abs=0.01)


def test_a_hazard_ratio_of_a_cause_that_hardly_anybody_had_is_absent_with_its_reason(people) -> None:
    rare = people["state"].where(~((people["state"] == "died") & (np.arange(len(people)) > 60)), "none")
    row = hazard_ratios(rare, people["day"], people["risk"], people["person"]).set_index("cause").loc["died"]
    assert np.isnan(row["estimate"])
    assert row["reason"].startswith("not computed")


def test_discharges_of_the_last_days_of_which_only_events_are_known_are_left_out(people) -> None:
    rows = people[people["state"] != "censored"].reset_index(drop=True)
    rows = rows.rename(columns={"person": "person_id", "day": "outcome_day"})
    rows["discharge_date"] = pd.Timestamp("2024-01-01")
    late = rows[rows["state"] != "none"].head(40).assign(discharge_date=pd.Timestamp("2024-03-01"))
    both = pd.concat([rows, late], ignore_index=True)
    quick = AssessmentSettings(replicates=100, redraws=50, permutations=99)

    def tables(frame: pd.DataFrame) -> dict[str, pd.DataFrame]:
        risk = frame["risk"].to_numpy()
        return competing_tables(frame, {"readmitted": risk, "died": risk / 5, "none": 1 - risk * 1.2}, quick)

    found, expected = tables(both), tables(rows)
    for name, frame in expected.items():
        pd.testing.assert_frame_equal(found[name], frame)
    assert set(found["competing_performance"]["outcome"]) == {"readmitted", "died", "either"}
    assert competing_tables(rows, {}, quick) == {}
