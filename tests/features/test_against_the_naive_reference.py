"""Every family on random people and on DE-SynPUF, against the naive reference; every engine."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from hfrisk.cdm import Cdm
from hfrisk.cohort import Cohort, CohortSettings, build_cohort
from tests.features.naive import Source, differences
from tests.features.random_people import DATA_END, DATA_START, random_people

# each module `naive_<family>` says what it speaks of: CASES, pairs of the families that must be made and the settings
CASES: list[tuple[ModuleType, tuple[str, ...], dict[str, Any]]] = [
    (module, families, settings)
    for found in pkgutil.iter_modules([str(Path(__file__).parent)])
    if found.name.startswith("naive_")
    for module in [importlib.import_module(f"tests.features.{found.name}")]
    for families, settings in module.CASES
]
PERSONS = {"duckdb": 300, "postgres": 150, "spark": 60}


def everybody(cdm: Cdm) -> Cohort:
    settings = CohortSettings(minimum_age=None, complete_follow_up=False, require_unplanned_index=False)
    return build_cohort(cdm, settings, DATA_END, DATA_START)


def _runs() -> list[Any]:
    """Every case on the engines that are quick with small tables; on Spark each family as it stands by default."""
    runs = []
    for number, (module, families, settings) in enumerate(CASES):
        first = number == 0 or CASES[number - 1][0] is not module
        name = f"{module.__name__.rpartition('naive_')[2]} {settings or ''}".strip()[:90]
        engines = PERSONS if first else [engine for engine in PERSONS if engine != "spark"]
        runs += [pytest.param(engine, module, families, settings, id=f"{engine}-{name}") for engine in engines]
    return runs


@pytest.mark.parametrize(("engine", "naive", "families", "settings"), _runs(), indirect=["engine"])
def test_a_family_equals_the_naive_reference(
    engine: Any, naive: ModuleType, families: tuple[str, ...], settings: dict[str, Any]
) -> None:
    tables = random_people(seed=1, persons=PERSONS[engine.name])
    cdm = engine.open(tables)
    assert differences(cdm, everybody(cdm), Source(tables), naive.expected, families, settings)[:10] == []
