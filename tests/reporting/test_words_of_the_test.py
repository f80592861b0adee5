"""What the page says of the test is true of the test that the study made: by time, by trust, or both."""

from __future__ import annotations

import re

import pandas as pd
import pytest

from hfrisk.codelists import read_yaml
from hfrisk.designs.findings import design_checks
from hfrisk.designs.results import COLUMNS, empty
from hfrisk.designs.settings import DesignSettings
from hfrisk.modelling.settings import Tested
from hfrisk.reporting import render
from tests.reporting import reporting_samples as samples
from tests.reporting.conftest import QUICK

WORDS = read_yaml("tested.yaml")
KINDS = ("temporal", "geographical", "both")


def page(kind: str, *, test: bool = True) -> str:
    base = samples.region()
    frame = base.performance
    head = (
        base.headline
        if test
        else base.headline | {"by_split": {"development": base.headline["by_split"]["development"]}}
    )
    settings = base.study.get("settings", {}) | {"validation": {"test_trusts": ["North", "South"]}}
    released = samples.changed(
        base,
        study=base.study | {"tested": kind, "settings": settings},
        headline=head,
        performance=frame if test else frame[frame["split"] != "test"],
    )
    html = re.sub(r"<(style|script).*?</\1>", " ", render(released, QUICK).html, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).lower()


def test_every_kind_of_test_has_every_phrase() -> None:
    assert set(WORDS) == set(KINDS) == set(Tested.__args__)
    assert len({tuple(words) for words in WORDS.values()}) == 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("test", [True, False], ids=["tested", "untested"])
def test_the_page_speaks_of_its_own_test_alone(kind: str, test: bool) -> None:
    text, words = page(kind, test=test), WORDS[kind]
    said = ["discharges", "tried", "quarters", "learned_people"] if test else ["discharges", "none"]
    for name in said:
        assert words[name].lower() in text, name
    if test and kind != "temporal":
        assert "(north and south)" in text
    # "later discharges" is part of "later discharges at other trusts"
    rest = text
    for phrase in sorted((str(each).lower() for each in words.values()), key=len, reverse=True):
        rest = rest.replace(phrase, "")
    for other in set(KINDS) - {kind}:
        for name in ("discharges", "tried", "column", "quarters", "learned_people", "learned_discharges", "test"):
            assert WORDS[other][name].lower() not in rest, (other, name)


@pytest.mark.parametrize("kind", KINDS)
def test_risks_that_are_off_in_some_months_are_told_as_the_test_was_made(kind: str) -> None:
    said = {"oe_ratio": 2.0, "auroc": 0.6, "psi": 0.01, "psi_expected": 0.02}
    rows = [
        {"period": "2020-01", "measure": name, "estimate": value, "n": 400, "events": 90}
        for name, value in said.items()
    ]
    frames = {name: empty(name) for name in COLUMNS} | {"drift": pd.DataFrame(rows)}
    (check,) = design_checks(frames, DesignSettings(), confidence=0.95, words={}, tested=kind)
    assert check.code == "HFR161"
    assert (check.title, check.consequence, check.todo) == tuple(
        WORDS[kind][name] for name in ("unsteady", "unsteady_means", "unsteady_todo")
    )
