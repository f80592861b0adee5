"""A made-up region in OMOP form, with a known truth: `synthesise(folder, RegionSettings())`."""

from hfrisk.synthetic.defects import defects_from, describe_defects
from hfrisk.synthetic.folder import made_with
from hfrisk.synthetic.settings import RegionSettings
from hfrisk.synthetic.write import RegionSummary, synthesise

__all__ = ["RegionSettings", "RegionSummary", "defects_from", "describe_defects", "made_with", "synthesise"]
