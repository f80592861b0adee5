"""What hospitals write about the random people: one module a table, named like it.

A module has `rows(who, rng)`, the rows of one person, or `fixed(rng)`, those that belong to nobody (places, vocabularies).
"""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType

__all__ = ["TABLES"]

TABLES: dict[str, ModuleType] = {
    found.name: importlib.import_module(f"{__name__}.{found.name}")
    for found in pkgutil.iter_modules(__path__)
    if found.name != "moments"
}
