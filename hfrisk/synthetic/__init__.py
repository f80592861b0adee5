"""A made-up region in OMOP form, with a known truth: `synthesise(folder, RegionSettings())`."""

from hfrisk.synthetic.settings import RegionSettings
from hfrisk.synthetic.write import RegionSummary, made_with, synthesise

__all__ = ["RegionSettings", "RegionSummary", "made_with", "synthesise"]
