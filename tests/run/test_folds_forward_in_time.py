"""A study whose folds run forward in time: what is kept of it, and what its report says of cross-validation."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pandas as pd
import pytest

from hfrisk.codelists import read_yaml
from hfrisk.run import Finished, run_study
from tests.run.conftest import Place

CHOSEN = {
    "validation": {"folds": 3, "folds_forward": True},
    "model": {"trials": 1, "points": {"enabled": False}, "competing": {"enabled": False}},
}


@pytest.fixture(scope="module")
def ran(region: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Place, Finished]:
    place = Place(region, tmp_path_factory.mktemp("forward"))
    return place, run_study(place.study(**CHOSEN))


@pytest.fixture(scope="module")
def kept(ran: tuple[Place, Finished]) -> pd.DataFrame:
    return pd.read_parquet(ran[0].study(**CHOSEN).folder / "internal" / "predictions.parquet")


@pytest.fixture(scope="module")
def metrics(ran: tuple[Place, Finished]) -> dict:
    return json.loads((ran[0].study(**CHOSEN).folder / "metrics.json").read_text(encoding="utf-8"))


def test_the_earliest_block_is_kept_without_a_prediction(kept: pd.DataFrame) -> None:
    development = kept["split"] == "development"
    assert sorted(kept.loc[development, "block"].unique()) == [0, 1, 2, 3]
    assert (kept.loc[~development, "block"] == -1).all()
    for column in ("risk", "risk_logistic"):
        assert kept[column].isna().equals(development & (kept["block"] == 0))


def test_cross_validated_numbers_are_of_the_blocks_that_are_judged(kept: pd.DataFrame, metrics: dict) -> None:
    development = kept[kept["split"] == "development"]
    judged = development[development["block"] > 0]
    rows = pd.DataFrame(metrics["performance"])
    mine = rows[(rows["split"] == "cross-validation") & (rows["group"] == "all")]
    # counts leave rounded
    assert (mine["n"] - len(judged)).abs().max() < 5
    learnt, told = (metrics["cohort"]["by_split"][name] for name in ("development", "cross-validation"))
    assert abs(learnt["n"] - len(development)) < 5
    assert abs(learnt["events"] - development["event"].sum()) < 5
    assert abs(told["n"] - len(judged)) < 5
    assert learnt["period_from"] < told["period_from"]
    # the designs are set beside cross-validation, and so are of the same discharges
    for name in ("optimism", "instability_summary"):
        found = pd.DataFrame(metrics["tables"][name])
        assert (found["n"] == told["n"]).all(), name


def test_the_report_says_how_cross_validation_was_done(ran: tuple[Place, Finished], kept: pd.DataFrame) -> None:
    html = (ran[0].study(**CHOSEN).folder / "report.html").read_text(encoding="utf-8")
    page = re.sub(r"<(style|script).*?</\1>", " ", html, flags=re.DOTALL)
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))
    people, forward = (read_yaml("folds.yaml")[name] for name in ("people", "forward"))
    for name in ("once", "measured", "counted", "chosen", "means"):
        assert forward[name] in text, name
    assert forward["judged"].format(blocks=4) in text
    assert "tuned on log loss in cross-validation forward in time over 1 trials" in text
    assert "In cross-validation forward in time, among the people of the earlier years" in text
    for name in ("tuned", "means", "same"):
        assert people[name] not in text, name
    learnt = int((kept["split"] == "development").sum())
    (said,) = re.findall(r"It learned from ([\d,]+) discharges", text)[:1]
    assert abs(int(said.replace(",", "")) - learnt) < 5
