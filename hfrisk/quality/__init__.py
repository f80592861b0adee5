"""The data-quality gate: numbered checks of the source as the study uses it, each with what it does to the result."""

from hfrisk.quality.catalogue import CatalogueEntry, catalogue, catalogue_page
from hfrisk.quality.gate import quality_checks, site_steps
from hfrisk.quality.settings import QualitySettings

__all__ = ["CatalogueEntry", "QualitySettings", "catalogue", "catalogue_page", "quality_checks", "site_steps"]
