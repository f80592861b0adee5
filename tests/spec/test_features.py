"""Every example of `features/` on every engine: examples with the same settings are stacked and run in one query."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pandas as pd
import pytest

from tests.spec.feature_example import FeatureExample, features_of, found_in, stacked
from tests.spec.features import EXAMPLES

STACKS: dict[tuple[str, str], list[FeatureExample]] = {}
for topic, example in EXAMPLES:
    STACKS.setdefault((topic.__name__, example.stack), []).append(example)


@pytest.fixture(scope="module")
def done() -> dict[tuple[str, str, str], pd.DataFrame]:
    return {}


@pytest.mark.parametrize(("topic", "example"), EXAMPLES, ids=[example.rule for _, example in EXAMPLES])
def test_feature(
    engine: Any, topic: ModuleType, example: FeatureExample, done: dict[tuple[str, str, str], pd.DataFrame]
) -> None:
    together = STACKS[topic.__name__, example.stack]
    at = (engine.name, topic.__name__, example.stack)
    if at not in done:
        done[at] = features_of(engine.open(stacked(together)), example, topic.FAMILIES)
    found = found_in(done[at], together.index(example), list(example.expect))
    assert found == {
        name: None if value is None else pytest.approx(value, abs=1e-9) for name, value in example.expect.items()
    }


def test_no_two_rules_of_features_have_the_same_words() -> None:
    sentences = [example.rule for _, example in EXAMPLES]
    assert len(set(sentences)) == len(sentences)
