"""The data-quality gate: numbered checks of the source as the study uses it, each with what it does to the result."""

from hfrisk.quality.catalogue import CatalogueEntry, CheckPage, catalogue, catalogue_page, check_page, check_pages
from hfrisk.quality.gate import quality_checks, site_steps
from hfrisk.quality.settings import QualitySettings

__all__ = [
    "CatalogueEntry",
    "CheckPage",
    "QualitySettings",
    "catalogue",
    "catalogue_page",
    "check_page",
    "check_pages",
    "quality_checks",
    "site_steps",
]
