"""A check can be printed, rounded and released: its holes are filled, and its words tell no count."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from hfrisk.quality import catalogue
from tests.quality.looking import Seen
from tests.quality.test_planted_defects import DATES, LINKS, TIMES, VALUES

NO_COUNTS_OF_PEOPLE = {"sites", "all_sites", "days", "least", "rise"}


@pytest.mark.parametrize("defects", [VALUES, LINKS, DATES, TIMES, {"i50_0_dropped": 1.0}])
def test_every_finding_can_be_released(seen: Callable[..., Seen], defects: dict[str, float]) -> None:
    known = {entry.code: entry for entry in catalogue()}
    for check in seen(defects=defects).checks:
        hidden = check.text(lambda count: "some")
        assert "{" not in hidden
        assert "{" not in check.title + check.consequence + check.todo
        assert check.severity in known[check.code].severities
        assert all(count >= 0 for count in check.counts.values())
        # numbers in the words are shares, days, sites and months, never one of the counts
        assert {name for name, fact in check.facts.items() if isinstance(fact, int)} <= NO_COUNTS_OF_PEOPLE
        said = {int(number.replace(",", "")) for number in re.findall(r"\d[\d,]*\d|\d", hidden)}
        assert said.isdisjoint({count for count in check.counts.values() if count > 100})
        assert all(len(text) > 20 for text in (check.consequence, check.todo))
