"""Where the helpers of this folder lie, and one picture for all tests of it."""

from __future__ import annotations

import pytest

from hfrisk.inequality import Inequality, InequalitySettings, look_at_rows
from tests.inequality.invented_people import invented


@pytest.fixture(scope="session")
def picture() -> Inequality:
    """6,000 discharges with a planted gradient."""
    rows, features, groups = invented(6_000, 5, slope=0.12)
    return look_at_rows(rows, features, groups, InequalitySettings())
