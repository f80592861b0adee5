"""A study file that each test may write over."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.study.example import MINIMAL


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A study file in a folder of its own."""
    path = tmp_path / "studies" / "mine.yaml"
    path.parent.mkdir()
    path.write_text(MINIMAL)
    return path
