"""The model registry: MLflow tracking, the exported model folder, and what software loads.

MLflow is imported when it is used, not before.
"""

from __future__ import annotations

from hfrisk.registry.bundle import LoadedBundle, load_bundle, write_bundle
from hfrisk.registry.finding import FoundModel, found_model
from hfrisk.registry.publish import Published, publish
from hfrisk.registry.settings import RegistrySettings

__all__ = [
    "FoundModel",
    "LoadedBundle",
    "Published",
    "RegistrySettings",
    "found_model",
    "load_bundle",
    "publish",
    "write_bundle",
]
