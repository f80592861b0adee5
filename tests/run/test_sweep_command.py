"""`hfrisk features STUDY --sweep`: words without small counts on the terminal, the table and its reference in the internal folder."""

from __future__ import annotations

import json

import pandas as pd

from tests.run.conftest import Place
from tests.run.test_command_line import hfrisk


def test_a_sweep_is_printed_and_written_inside(elsewhere: Place) -> None:
    study = elsewhere.file(
        features={"sweep": {"minimum_share": 0.0005, "minimum_people": 1, "windows": [[1, 30], "stay"]}}
    )
    result = hfrisk("features", study, "--sweep", "--json")
    assert result.returncode == 0, result.stderr
    found = json.loads(result.stdout)
    internal = elsewhere.study().folder / "internal"
    assert found["files"] == {
        "sweep": str(internal / "sweep.parquet"),
        "reference": str(internal / "sweep_reference.parquet"),
    }
    reference = pd.read_parquet(internal / "sweep_reference.parquet")
    long = pd.read_parquet(internal / "sweep.parquet")
    assert list(long.columns) == ["person_id", "index_id", "feature", "value"]
    assert long["feature"].value_counts().to_dict() == dict(
        zip(reference["feature"], reference["index_discharges"], strict=True)
    )
    shown = {row["name"]: row["index_discharges"] for row in found["features"]}
    exact = dict(zip(reference["name"], reference["index_discharges"], strict=True))
    assert shown == {name: count if count >= 10 else None for name, count in exact.items()}
    assert {count for count in exact.values() if count < 10}, "no small count to hide"

    words = hfrisk("features", study, "--sweep", "--quiet").stdout
    assert "drug_exposure, in the stay" in words
    assert words.count("fewer than 10") == sum(count < 10 for count in exact.values())
    assert f"{max(exact.values()):,}" in words
    assert "it stays inside" in words
