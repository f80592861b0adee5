"""The features of a made-up region have the distributions of the recipe by which it was made (codelists/region.yaml).

Tolerances are those of sampling, and nothing else: four standard errors with as many independent observations as there are people (a
person's discharges are alike), and half a unit of the last digit that the recipe writes. A quartile is right if the share of people
below it is a quarter, a half or three quarters within that.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import pandas as pd
import pytest

from hfrisk.cdm import SourceSettings, connect
from hfrisk.cohort import CohortSettings, build_cohort
from hfrisk.features import FeatureSettings, build_features
from hfrisk.synthetic import RegionSettings, synthesise

STANDARD_ERRORS = 4.0
QUARTERS = (0.25, 0.5, 0.75)


@dataclass(frozen=True)
class Made:
    """The features of the region, with the truth of each discharge beside them."""

    frame: pd.DataFrame

    def of(self, column: str, sex: str | None = None) -> tuple[pd.Series, int]:
        """The values that were recorded, and of how many people they are."""
        rows = self.frame if sex is None else self.frame[self.frame["group_sex"] == sex]
        rows = rows[rows[column].notna()]
        return rows[column], rows["person_id"].nunique()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("region")
    synthesise(folder, RegionSettings(index_discharges=10_000, seed=20260401, background=0.5))
    with connect(SourceSettings(path=folder)) as cdm:
        cohort = build_cohort(cdm, CohortSettings())
        frame = cdm.frame(build_features(cdm, cohort, FeatureSettings()).table, "features")
        stays = cdm.frame(cohort.table.select("index_id", "admitted_at", "discharged_at"), "stays")
    truth = pd.read_parquet(folder / "truth.parquet").drop(columns="person_id")
    both = frame.merge(truth, on="index_id", validate="one_to_one").merge(stays, on="index_id", validate="one_to_one")
    assert len(both) == len(frame) > 9_900
    return Made(both)


def share_within(p: float, persons: int) -> float:
    return STANDARD_ERRORS * sqrt(p * (1 - p) / persons)


@pytest.mark.parametrize(
    ("column", "sex", "quartiles", "rounding"),
    [
        ("age", "Female", (75, 82, 88), 0.5),
        ("age", "Male", (69, 78, 85), 0.5),
        ("length_of_stay", None, (4, 7, 13), 0.5),
        ("urea_last", None, (6.7, 9.3, 12.9), 0.05),
        ("nt_probnp_last", None, (2600, 5100, 10_000), 50),
        ("egfr_last", None, (38, 52, 65), 0.5),
        ("frailty_score", None, (3.5, 6.0, 9.9), 0.05),
    ],
)
def test_quartiles_are_those_of_the_recipe(
    made: Made, column: str, sex: str | None, quartiles: tuple[float, ...], rounding: float
) -> None:
    values, persons = made.of(column, sex)
    found = [float(value) for value in values.quantile(list(QUARTERS))]
    for p, expected in zip(QUARTERS, quartiles, strict=True):
        below, up_to = (values < expected - rounding).mean(), (values <= expected + rounding).mean()
        within = share_within(p, persons)
        print(
            f"{column} {sex or ''} {p}: {expected}, found {found}; {below:.3f} to {up_to:.3f} below, within {within:.3f}"
        )
        assert below <= p + within, (expected, found)
        assert up_to >= p - within, (expected, found)


@pytest.mark.parametrize(
    ("column", "sex", "mean", "spread"),
    [
        ("haemoglobin_last", "Female", 119, 18),
        ("haemoglobin_last", "Male", 126, 18),
        # 124 below an ejection fraction of 40 % and 136 from there; it is below in 56 % of women and 74 % of men (codelists/region.yaml)
        ("systolic_pressure_last", "Female", 0.56 * 124 + 0.44 * 136, sqrt(20**2 + 0.56 * 0.44 * 12**2)),
        ("systolic_pressure_last", "Male", 0.74 * 124 + 0.26 * 136, sqrt(20**2 + 0.74 * 0.26 * 12**2)),
    ],
)
def test_means_and_spreads_are_those_of_the_recipe(
    made: Made, column: str, sex: str, mean: float, spread: float
) -> None:
    values, persons = made.of(column, sex)
    within = STANDARD_ERRORS * spread / sqrt(persons)
    print(
        f"{column} {sex}: mean {values.mean():.2f}, {mean:.2f} within {within:.2f}; spread {values.std():.2f}, {spread:.2f}"
    )
    assert values.mean() == pytest.approx(mean, abs=within)
    assert values.std() == pytest.approx(spread, abs=within / sqrt(2))


@pytest.mark.parametrize(
    ("column", "above", "share"),
    [
        ("emergency_admissions_365d", 0, 0.385),
        ("frailty_score", 15, 0.10),
        ("copd", 0, 0.22),
        ("diabetes", 0, 0.34),
        ("atrial_fibrillation", 0, 0.48),
        ("living_alone", 0, 0.33),
    ],
)
def test_shares_are_those_of_the_recipe(made: Made, column: str, above: float, share: float) -> None:
    values, persons = made.of(column)
    found, within = (values > above).mean(), share_within(share, persons) + 0.005
    print(f"{column} above {above}: {found:.4f}, {share} within {within:.4f}")
    assert found == pytest.approx(share, abs=within)


def test_attendances_of_half_a_year_are_those_of_the_recipe(made: Made) -> None:
    values, persons = made.of("ae_attendances_180d")
    within = STANDARD_ERRORS * values.std() / sqrt(persons) + 0.005
    print(f"A&E attendances: {values.mean():.4f}, 0.81 within {within:.4f}")
    assert values.mean() == pytest.approx(0.81, abs=within)


def test_half_of_the_stays_lack_nt_probnp_and_more_of_the_frail(made: Made) -> None:
    missing = made.frame["nt_probnp_last"].isna()
    within = share_within(0.5, made.frame["person_id"].nunique())
    frail = made.frame["frailty_score"] > 15
    print(f"NT-proBNP missing: {missing.mean():.4f}, 0.50 within {within:.4f}; frail {missing[frail].mean():.4f}")
    assert missing.mean() == pytest.approx(0.50, abs=within)
    assert missing[frail].mean() > missing[~frail].mean()


@pytest.mark.parametrize(
    ("column", "truth"),
    [
        ("age", "true_age"),
        ("length_of_stay", "true_length_of_stay"),
        ("imd_quintile", "true_imd"),
        ("frailty_score", "true_hfrs"),
        ("emergency_admissions_365d", "true_prior_emergency_admissions_365"),
        ("ae_attendances_180d", "true_ed_attendances_180"),
        *[(name, f"true_{name}") for name in ("copd", "diabetes", "atrial_fibrillation", "living_alone")],
        ("urea_last", "true_urea"),
        ("sodium_last", "true_sodium"),
        ("haemoglobin_last", "true_haemoglobin"),
        ("systolic_pressure_last", "true_systolic_blood_pressure"),
        ("creatinine_last", "true_creatinine"),
        ("egfr_last", "true_egfr"),
        ("nt_probnp_last", "true_nt_probnp"),
    ],
)
def test_a_feature_is_the_number_from_which_the_risk_was_made(made: Made, column: str, truth: str) -> None:
    recorded = made.frame[made.frame[column].notna()]
    unlike = recorded[(recorded[column] - recorded[truth]).abs() > 1e-9]
    print(f"{column}: {len(recorded)} recorded, {len(unlike)} unlike the truth")
    if column.endswith("_last"):
        # the tests of a stay begin on the day before it, with those of A&E: where a stay has none of its own, and the person left
        # another one on that day, the value is that one's; so few are so that no quartile moves
        in_the_stay = (unlike["discharged_at"] - unlike["admitted_at"]).dt.total_seconds() / 3600
        before = unlike[column.removesuffix("last") + "hours_since"] > in_the_stay
        assert before.sum() <= 0.001 * len(recorded)
        unlike = unlike[~before]
    assert unlike[[column, truth]].to_dict("records") == []
