"""Every example of `rules/` on every engine: examples with the same settings are stacked and run in one query."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from hfrisk.cohort import trace_spells
from tests.spec.example import Example, found_in, rows_of, settings_of, stacked
from tests.spec.rules import EXAMPLES

STACKS: dict[str, list[Example]] = {}
for example in EXAMPLES:
    STACKS.setdefault(example.stack, []).append(example)


@pytest.fixture(scope="module")
def done() -> dict[tuple[str, str], pd.DataFrame]:
    return {}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.rule)
def test_rule(engine: Any, example: Example, done: dict[tuple[str, str], pd.DataFrame]) -> None:
    together = STACKS[example.stack]
    at = (engine.name, example.stack)
    if at not in done:
        cdm = engine.open(stacked(together))
        done[at] = rows_of(trace_spells(cdm, settings_of(example), example.data_end, example.data_start))
    assert found_in(done[at], together.index(example)) == example.expect


def test_no_two_rules_have_the_same_words() -> None:
    sentences = [example.rule for example in EXAMPLES]
    assert len(set(sentences)) == len(sentences)
