"""The inequality picture of invented people, released, for looking at and for testing the report."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from hfrisk.disclosure.inequality import release_inequality
from hfrisk.disclosure.policy import Policy
from hfrisk.inequality import InequalitySettings, look_at_rows
from tests.inequality.invented_people import invented

__all__ = ["inequality_tables"]

_CENSUS = """group,level,count
sex,Female,510000
sex,Male,490000
ethnicity,White,840000
ethnicity,Asian,120000
ethnicity,Black,40000
imd_quintile,1 (most deprived),280000
imd_quintile,2,230000
imd_quintile,3,200000
imd_quintile,4,160000
imd_quintile,5 (least deprived),130000
"""


@cache
def inequality_tables(
    n: int = 9_000, *, slope: float = 0.12, trust: float = 0.1, census: bool = True, composite: bool = False
) -> dict[str, pd.DataFrame]:
    """Every table of the picture, by name."""
    rows, features, groups = invented(n, 5, slope=slope, trust=trust)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "census.csv"
        path.write_text(_CENSUS, encoding="utf-8")
        found = look_at_rows(rows, features, groups, InequalitySettings(census=path if census else None))
    return release_inequality(found, Policy(), 0.95, composite=composite)[0]
