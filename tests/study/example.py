"""A study file as short as one can be, and what is said of one that cannot be obeyed."""

from __future__ import annotations

from pathlib import Path

import pytest

from hfrisk.errors import StudyError
from hfrisk.study import load_study

MINIMAL = "name: mine\nsource:\n  path: data/omop\n"


def refused(file: Path, text: str, *overrides: str) -> str:
    """The words in which a study file is refused."""
    file.write_text(text)
    with pytest.raises(StudyError) as told:
        load_study(file, overrides)
    assert told.value.exit_code == 2
    return str(told.value)
