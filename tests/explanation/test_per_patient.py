"""Why one risk is what it is, in plain words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from hfrisk.explanation import reasons
from hfrisk.explanation.per_patient import in_words
from hfrisk.features import Feature
from hfrisk.modelling import Model, ModellingData
from hfrisk.stages import _keep_reasons


def entry(words: str, unit: str = "", kind: str = "continuous", precision: float = 0.1) -> Feature:
    return Feature("x", words, "stay", "Stay", unit, "", (), precision, 0.0, 1.0, kind=kind)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("feature", "value", "said"),
    [
        (entry("last urea", "mmol/L"), 18.2, "last urea 18.2 mmol/L"),
        (entry("last urea", "mmol/L"), np.nan, "last urea not recorded"),
        (entry("age", "years", precision=1.0), 81.0, "age 81 years"),
        (
            entry("emergency admissions in the year before", "count", "count", 1),
            0.0,
            "no emergency admissions in the year before",
        ),
        (
            entry("emergency admissions in the year before", "count", "count", 1),
            3.0,
            "emergency admissions in the year before: 3",
        ),
        (
            entry("how many of the four pillars of treatment", "count", "count", 1),
            0.0,
            "how many of the four pillars of treatment: none",
        ),
        (entry("beta-blocker", kind="binary"), 0.0, "no beta-blocker"),
        (entry("beta-blocker", kind="binary"), 1.0, "beta-blocker"),
        (entry("living alone", kind="binary"), 0.0, "not living alone"),
    ],
)
def test_a_value_is_said_as_a_clinician_would(feature: Feature, value: float, said: str) -> None:
    assert in_words(feature, value) == said


def test_reasons_are_the_strongest_contributions_of_each_row_in_order(model: Model, data: ModellingData) -> None:
    rows = data.features.iloc[:60]
    parts = model.contributions(rows)[:, :-1]
    keys = data.rows[["person_id", "index_id"]].iloc[:60]
    told = reasons(keys, data.dictionary, rows.to_numpy(), parts, most=3)
    assert len(told) == 180
    for at in range(60):
        mine = told[told["index_id"] == keys["index_id"].iloc[at]]
        strongest = sorted(range(parts.shape[1]), key=lambda j: -abs(parts[at, j]))[:3]
        assert mine["rank"].tolist() == [1, 2, 3]
        assert mine["feature"].tolist() == [data.dictionary[j].name for j in strongest]
        for reason, j in zip(mine["reason"], strongest, strict=True):
            way = "raises" if parts[at, j] > 0 else "lowers"
            assert reason == f"{way}: {in_words(data.dictionary[j], float(rows.iloc[at, j]))}"


def test_what_moves_nothing_is_no_reason() -> None:
    keys = pd.DataFrame({"person_id": [1, 2], "index_id": [3, 4]})
    entries = [entry("last urea", "mmol/L"), entry("age", "years")]
    told = reasons(keys, entries, np.array([[9.0, 80.0], [9.0, 80.0]]), np.array([[0.0, -0.2], [0.0, 0.0]]), most=5)
    assert told[["index_id", "rank", "reason"]].to_numpy().tolist() == [[3, 1, "lowers: age 80 years"]]


def test_a_run_that_is_asked_for_reasons_keeps_them_inside_and_one_that_is_not_leaves_none(
    model: Model, data: ModellingData, tmp_path: Path
) -> None:
    _keep_reasons(tmp_path, data, model, 2)
    told = pd.read_parquet(tmp_path / "reasons.parquet")
    assert set(told["index_id"]) == set(data.rows["index_id"])
    assert told.groupby("index_id").size().max() == 2
    _keep_reasons(tmp_path, data, model, 0)
    assert not list(tmp_path.iterdir())
