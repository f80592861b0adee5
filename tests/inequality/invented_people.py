"""Invented discharges with a gradient by deprivation that is known, or with none."""

from __future__ import annotations

import numpy as np
import pandas as pd

FIFTHS = ("1 (most deprived)", "2", "3", "4", "5 (least deprived)")
AGES = ("18-64", "65-74", "75-84", "85 and over")


def invented(
    n: int, seed: int, *, slope: float = 0.0, trust: float = 0.0, persons: float = 0.7
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Rows, features and groups of `n` discharges.

    Parameters
    ----------
    slope
        Difference in readmission between the very most and the very least deprived, on a linear scale.
    trust
        Added to readmission at trust 1.
    persons
        Persons for each discharge; a person keeps sex, ethnicity and deprivation.
    """
    rng = np.random.default_rng(seed)
    many = int(n * persons)
    person = rng.integers(0, many, n)
    fifth = rng.choice(5, many, p=[0.3, 0.25, 0.2, 0.15, 0.1])[person]
    share = np.array([0.3, 0.25, 0.2, 0.15, 0.1])
    ridit = 1 - (np.cumsum(share) - share / 2)  # 1 the most deprived
    age = rng.normal(76, 9, n).clip(30, 99).round()
    women = rng.random(many)[person] < 0.45
    site = rng.integers(1, 9, n)
    risk = 0.2 + slope * (ridit[fifth] - 0.5) + trust * (site == 1)
    draw = rng.random(n)
    rows = pd.DataFrame(
        {
            "person_id": person,
            "index_id": np.arange(n),
            "state": np.where(draw < risk, "readmitted", np.where(draw > 0.96, "died", "none")),
            "palliative": rng.random(n) < 0.05,
        }
    )
    groups = pd.DataFrame(
        {
            "sex": np.where(women, "Female", "Male"),
            "age_band": np.array(AGES)[np.digitize(age, (65, 75, 85))],
            "ethnicity": rng.choice(["White", "Asian", "Black", "Not recorded"], many, p=[0.85, 0.08, 0.03, 0.04])[
                person
            ],
            "imd_quintile": np.array(FIFTHS)[fifth],
            "site_group": [f"Trust {k}" for k in site],
        }
    )
    features = pd.DataFrame(
        {
            "age": age,
            "charlson_quan_2011": rng.poisson(2, n).astype(float),
            "mra": np.where(rng.random(n) < 0.1, np.nan, (rng.random(n) < 0.5 - 0.2 * ridit[fifth]).astype(float)),
            "nt_probnp_last": np.where(rng.random(n) < 0.4, np.nan, 2500.0),
        }
    )
    return rows, features, groups
