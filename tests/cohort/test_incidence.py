"""Cumulative incidence against survival::survfit (oracles/incidence.R), and on whole histories against plain proportions."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from hfrisk.cohort.incidence import cumulative_incidence
from tests.cohort.made import cohort_of

ORACLE = pd.read_csv(Path(__file__).parent / "oracles" / "incidence.csv")
COUNTS = ["day", "readmitted", "died", "censored"]


def test_both_incidences_are_those_of_survfit() -> None:
    found = cumulative_incidence(ORACLE[COUNTS])
    for name in ("readmission", "death"):
        np.testing.assert_allclose(found[name], ORACLE[name], rtol=0, atol=1e-12)


def test_the_intervals_are_log_log_intervals_with_the_standard_error_of_survfit() -> None:
    found = cumulative_incidence(ORACLE[COUNTS])
    for name in ("readmission", "death"):
        p, error = ORACLE[name], ORACLE[f"{name}_error"]
        spread = 1.959963984540054 * error / (p * p.map(np.log).abs())
        np.testing.assert_allclose(found[f"{name}_low"], p ** np.exp(spread), atol=1e-10)
        np.testing.assert_allclose(found[f"{name}_high"], p ** np.exp(-spread), atol=1e-10)


def test_without_censoring_it_is_the_share_of_discharges() -> None:
    days = pd.DataFrame({"day": range(4), "readmitted": [1, 0, 2, 0], "died": [0, 1, 0, 0], "censored": [0, 0, 0, 6]})
    found = cumulative_incidence(days)
    np.testing.assert_allclose(found["readmission"], [0.1, 0.1, 0.3, 0.3], atol=1e-15)
    np.testing.assert_allclose(found["death"], [0, 0.1, 0.1, 0.1], atol=1e-15)
    assert found["at_risk"].tolist() == [10, 9, 8, 6]


def test_before_anything_happened_the_interval_is_marked_absent() -> None:
    days = pd.DataFrame({"day": range(2), "readmitted": [0, 1], "died": [0, 0], "censored": [0, 9]})
    found = cumulative_incidence(days)
    assert found[["readmission_low", "death_low", "death_high"]].iloc[0].isna().all()
    assert 0 < found["readmission_low"].iloc[1] < found["readmission"].iloc[1] < found["readmission_high"].iloc[1] < 1


def test_a_death_takes_somebody_from_those_who_can_come_back_but_is_not_censoring() -> None:
    """1 - Kaplan-Meier would say 1/2 by day 2: it treats the dead as if they could still come back."""
    days = pd.DataFrame({"day": range(3), "readmitted": [0, 0, 1], "died": [0, 2, 0], "censored": [0, 0, 1]})
    assert cumulative_incidence(days)["readmission"].iloc[-1] == 0.25


def test_a_cohort_carries_it_with_people_whose_window_was_not_seen() -> None:
    visits = (
        "\n".join(f"{i} {i} 9201 2024-01-01 2024-01-{10 + i:02d}" for i in range(1, 5))
        + "\n9 1 9201 2024-01-20 2024-01-21"
    )
    cohort = cohort_of(visits, hf="1 2 3 4", deaths="2 2024-01-15", data_end=date(2024, 1, 25))
    found = cohort.incidence.set_index("day")
    assert cohort.states == {"readmitted": 1, "died": 1, "none": 0, "censored": 2}
    assert (found.loc[9, "readmitted"], found.loc[3, "died"]) == (1, 1)
    assert found["censored"].sum() == 2
    assert found.loc[29, "readmission"] == found.loc[9, "readmission"] == 0.25
    assert found["at_risk"].iloc[0] == 4


def test_the_last_value_is_the_rate_where_everybody_was_followed() -> None:
    visits = "\n".join(f"{i} {i} 9201 2024-01-01 2024-01-05" for i in range(1, 9)) + "\n20 1 9201 2024-01-20 2024-01-21"
    cohort = cohort_of(visits, hf=" ".join(map(str, range(1, 9))))
    assert cohort.incidence["readmission"].iloc[-1] == cohort.events / cohort.index_discharges == 1 / 8
