"""A study that is tested at trusts from which nothing was learnt: what is kept, and that every word is about places, not about time."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pandas as pd
import pytest

from hfrisk.codelists import read_yaml
from hfrisk.run import Finished, run_study
from tests.run.conftest import Place

TRUSTS = [f"Trust {letter}" for letter in "ACEGIKMOQ"]
CHOSEN = {
    "validation": {"test_trusts": TRUSTS},
    "model": {"trials": 1, "repeats": 1, "points": {"enabled": False}, "competing": {"enabled": False}},
    "designs": {"bootstraps": 0, "learning_curve": False, "leave_one_out": False},
}


@pytest.fixture(scope="module")
def ran(region: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Place, Finished]:
    place = Place(region, tmp_path_factory.mktemp("other_trusts"))
    return place, run_study(place.study(**CHOSEN))


@pytest.fixture(scope="module")
def told(ran: tuple[Place, Finished]) -> dict[str, str]:
    """The words of what people read."""
    folder = ran[0].study(**CHOSEN).folder
    found = {name: (folder / name).read_text(encoding="utf-8") for name in ("report.html", "model_card.md")}
    page = re.sub(r"<(style|script).*?</\1>", " ", found["report.html"], flags=re.DOTALL)
    return {
        "report": re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)),
        "card": re.sub(r"\s+", " ", found["model_card.md"]),
        "metrics": (folder / "metrics.json").read_text(encoding="utf-8"),
    }


def test_the_division_is_kept_with_the_run(ran: tuple[Place, Finished]) -> None:
    kept = pd.read_parquet(ran[0].study(**CHOSEN).folder / "internal" / "predictions.parquet")
    people = {split: set(part["person_id"]) for split, part in kept.groupby("split")}
    assert set(people) == {"development", "gap", "test"}
    assert not people["test"] & people["development"]
    assert people["gap"] <= people["test"], "every place is known here, so that only people of the test are set aside"
    assert (kept["split"] == "test").sum() > 800


def test_the_report_speaks_of_other_trusts(told: dict[str, str]) -> None:
    report, card = told["report"], told["card"]
    for text in (report, card):
        assert re.search(r"was tried on the [\d,]+ at other trusts, ", text)
        assert "comes from those discharges at other trusts" in text
        assert "discharges at other trusts" in text.split("What to worry about")[0]
    assert "at trusts from which nothing was learnt here (Trust A, Trust C," in report
    assert "Tried on (other trusts)" in report
    assert "among the people of the trusts that it learned from" in report
    assert re.search(r"quarters? at other trusts", report)


def test_no_word_of_a_test_that_comes_later_is_said(told: dict[str, str]) -> None:
    words = read_yaml("tested.yaml")["temporal"]
    wrong = [words[name] for name in ("discharges", "tried", "quarter", "learned_people", "learned_mark", "unsteady")]
    wrong += ["later test", "Tried on (later)", "cut in time", "temporal", "outcome window before"]
    for name, text in told.items():
        for phrase in wrong:
            assert phrase.lower() not in text.lower(), (name, phrase)


def test_what_is_published_beside_the_model_says_what_was_tested(told: dict[str, str]) -> None:
    study = json.loads(told["metrics"])["study"]
    assert study["tested"] == "geographical"
    assert study["settings"]["validation"]["test_trusts"] == TRUSTS
