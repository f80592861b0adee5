"""The rules of each family of features, one file a family: `TITLE`, `FAMILIES` (what must be made) and `EXAMPLES`."""

import importlib
import pkgutil
from types import ModuleType

from tests.spec.feature_example import FeatureExample

TOPICS: tuple[ModuleType, ...] = tuple(
    importlib.import_module(f"{__name__}.{found.name}")
    for found in sorted(pkgutil.iter_modules(__path__), key=lambda found: found.name)
)
EXAMPLES: list[tuple[ModuleType, FeatureExample]] = [(topic, example) for topic in TOPICS for example in topic.EXAMPLES]
