"""No number is made up on the way: what the page says can be worked out from one row of what was released."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

import pandas as pd
import pytest

from hfrisk.disclosure import Released
from hfrisk.reporting import render, words
from tests.reporting import reporting_samples as samples
from tests.reporting.conftest import QUICK
from tests.reporting.page_reader import read

_NUMBER = re.compile(r"(?<![\w.])\d[\d,]*(?:\.\d+)?(?!\w)")


def numbers_in(value: Any) -> Iterator[float]:
    """Every number in released values, those inside words included."""
    if isinstance(value, pd.DataFrame):
        value = value.to_dict("records")
    if isinstance(value, dict):
        for inner in value.values():
            yield from numbers_in(inner)
        counts = [v for v in value.values() if words.known(v) and v >= 5]
        # Shares of one row: of the reviewed, how many came back; and what was expected, from what was observed.
        yield from (a / b for a in counts for b in counts if a <= b)
        n, events, ratio = (value.get(name) for name in ("n", "events", "estimate"))
        if words.known(n) and words.known(events) and words.known(ratio) and n and ratio:
            yield events / n / ratio
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from numbers_in(inner)
    elif words.known(value):
        yield float(value)
    elif isinstance(value, str):
        yield from (float(found.replace(",", "")) for found in _NUMBER.findall(value))


def forms(value: float) -> set[str]:
    """The ways in which a number may be written."""
    if not math.isfinite(value):
        return set()
    written = set()
    for scaled in (value, 100 * value, 1000 * value):
        size = abs(scaled)
        written |= {f"{size:,.{d}f}" for d in range(4)} | {words.trimmed(size, f) for f in (2, 3)}
        written |= {words.significant(size, f) for f in (2, 3)} | {f"{size:.0f}"}
    return written


def released_forms(released: Released) -> set[str]:
    """Every way of writing every number that was released."""
    parts = [released.study, released.headline, *released.tables().values(), released.tuning, released.provenance]
    return {form for part in parts for number in numbers_in(part) for form in forms(number)}


def telling(text: str) -> set[str]:
    """Numbers of three figures and more, which cannot be right by luck."""
    found = {token.rstrip(",") for token in _NUMBER.findall(text)}
    return {token for token in found if len(token.replace(",", "").replace(".", "").lstrip("0")) >= 3}


@pytest.mark.parametrize("sample", ["region", "desynpuf", "described"])
def test_numbers_of_page_one_follow_from_released_rows(sample: str) -> None:
    released = getattr(samples, sample)()
    allowed = released_forms(released)
    page = read(render(released, QUICK).html)
    front = (
        page.by_id["front"].replace("100 times", "").replace("in 100", "").replace("every 100", "").replace("1,000", "")
    )
    assert not {n for n in telling(front) if n != "100"} - allowed
    assert len(telling(front)) > 8


def test_an_invented_number_would_be_found() -> None:
    allowed = released_forms(samples.region())
    assert telling("It was tried on 48,611 discharges, O/E 9.87.") - allowed == {"48,611", "9.87"}


def test_numbers_change_everywhere_when_the_released_ones_do() -> None:
    base = samples.region()
    other = samples.with_number(base, "auroc", 0.589, 0.561, 0.617)
    page = read(render(other, QUICK).html)
    assert "64 times in 100" not in page.by_id["front"]
    assert "59 times in 100 (56 to 62)" in page.by_id["front"]
    assert "It ranks two people rightly 59 times in 100" in page.text
    assert "0.59 (0.56 to 0.62)" in page.by_id["discrimination"]
