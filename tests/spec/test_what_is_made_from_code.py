"""The manual of rules and the comments of the studies are made from code (`make docs`), and are as the code would make them now."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from hfrisk.quality import check_pages
from hfrisk.template import study_text
from tests.spec.rulebook import feature_book, rulebook

ROOT = Path(__file__).parents[2]


def test_the_manual_is_the_examples() -> None:
    assert (ROOT / "docs" / "rules.md").read_text(encoding="utf-8") == rulebook()
    assert (ROOT / "docs" / "features.md").read_text(encoding="utf-8") == feature_book()
    assert (ROOT / "docs" / "checks.md").read_text(encoding="utf-8") == check_pages()


@pytest.mark.parametrize("study", ["demo", "desynpuf"])
def test_the_comments_of_a_study_are_the_settings_own(study: str) -> None:
    text = (ROOT / "configs" / f"{study}.yaml").read_text(encoding="utf-8")
    assert text == study_text(yaml.safe_load(text))
