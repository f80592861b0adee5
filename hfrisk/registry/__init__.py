"""The model registry: MLflow tracking, the exported model folder, and what software loads.

MLflow is imported when it is used, not before.
"""

from __future__ import annotations

from hfrisk.registry.bundle import LoadedBundle, load_bundle, write_bundle
from hfrisk.registry.publish import Published, publish
from hfrisk.registry.settings import RegistrySettings

__all__ = ["LoadedBundle", "Published", "RegistrySettings", "load_bundle", "publish", "write_bundle"]
