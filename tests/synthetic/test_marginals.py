"""The region looks like English heart-failure admissions: the recipe's marginals hold over index discharges."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from tests.synthetic.reader import sql


def _quartiles(values: pd.Series) -> list[float]:
    return [float(value) for value in values.quantile([0.25, 0.5, 0.75])]


def test_a_fifth_are_readmitted_and_few_die_first(truth: pd.DataFrame) -> None:
    share = truth["state"].value_counts(normalize=True)
    assert 0.19 <= share["readmitted"] <= 0.21
    assert 0.020 <= share["died"] <= 0.035
    assert 0.21 <= share["readmitted"] + share["died"] <= 0.24


def test_the_best_possible_model_is_a_modest_one(truth: pd.DataFrame) -> None:
    assert 0.61 <= roc_auc_score(truth["state"] == "readmitted", truth["p_readmitted"]) <= 0.66


def test_deprivation_has_the_published_gradient(truth: pd.DataFrame) -> None:
    by_quintile = truth.groupby("true_imd")["p_readmitted"].mean()
    assert by_quintile.is_monotonic_decreasing
    assert by_quintile[1] == pytest.approx(0.217, abs=0.008)
    assert by_quintile[5] == pytest.approx(0.178, abs=0.008)


def test_age_and_sex_are_those_of_the_national_audit(region: Path, truth: pd.DataFrame) -> None:
    women = sql(region, "select person_id from person where gender_concept_id = 8532")["person_id"]
    female = truth["person_id"].isin(women)
    assert female.mean() == pytest.approx(0.45, abs=0.02)
    np.testing.assert_allclose(_quartiles(truth.loc[female, "true_age"]), [75, 82, 88], atol=1.5)
    np.testing.assert_allclose(_quartiles(truth.loc[~female, "true_age"]), [69, 78, 85], atol=1.5)


@pytest.mark.parametrize(
    ("column", "quartiles", "within"),
    [
        ("true_length_of_stay", [4, 7, 13], 1.0),
        ("true_urea", [6.7, 9.3, 12.9], 0.4),
        ("true_nt_probnp", [2600, 5100, 10_000], 450.0),
        ("true_hfrs", [3.5, 6.0, 9.9], 0.6),
        ("true_egfr", [38, 52, 65], 2.5),
        ("true_sodium", [135, 138, 140], 1.0),
        ("true_haemoglobin", [110, 122, 135], 2.5),
    ],
)
def test_quartiles_are_those_of_the_recipe(
    truth: pd.DataFrame, column: str, quartiles: list[float], within: float
) -> None:
    np.testing.assert_allclose(_quartiles(truth[column]), quartiles, atol=within)


def test_earlier_hospital_use_is_as_in_the_recipe(truth: pd.DataFrame) -> None:
    assert (truth["true_prior_emergency_admissions_365"] > 0).mean() == pytest.approx(0.385, abs=0.03)
    assert truth["true_ed_attendances_180"].mean() == pytest.approx(0.81, abs=0.08)
    assert (truth["true_hfrs"] > 15).mean() == pytest.approx(0.10, abs=0.025)


@pytest.mark.parametrize(
    ("column", "share"),
    [("copd", 0.22), ("diabetes", 0.34), ("atrial_fibrillation", 0.48), ("living_alone", 0.33)],
)
def test_conditions_are_as_common_as_in_the_recipe(truth: pd.DataFrame, column: str, share: float) -> None:
    assert truth[f"true_{column}"].mean() == pytest.approx(share, abs=0.025)


def test_a_tenth_of_heart_failure_stays_end_in_death_in_hospital(region: Path) -> None:
    share = sql(
        region,
        """select avg((v.discharged_to_source_value = '79')::int) as died from visit_occurrence v
           where v.visit_source_value = 'emergency' and v.visit_type_concept_id = 32817
             and exists (select 1 from condition_occurrence c where c.visit_occurrence_id = v.visit_occurrence_id
                         and c.condition_status_concept_id = 32903
                         and c.condition_source_value in ('I11.0','I25.5','I42.0','I42.9','I50.0','I50.1','I50.9'))""",
    )["died"][0]
    assert share == pytest.approx(0.095, abs=0.012)


def test_a_third_of_readmissions_are_for_heart_failure_and_patients_come_back_years_later(truth: pd.DataFrame) -> None:
    per_person = truth.groupby("person_id").size()
    assert 1.2 < per_person.mean() < 1.6
    assert per_person.max() >= 4


def test_no_drift_by_default(truth: pd.DataFrame) -> None:
    year = pd.to_datetime(truth["discharge_date"]).dt.year
    by_year = truth[year > year.min()].groupby(year)["p_readmitted"].mean()
    assert by_year.max() - by_year.min() < 0.025
