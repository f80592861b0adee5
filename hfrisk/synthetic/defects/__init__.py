"""What can be wrong with a region's tables, on purpose: named defects, each with its rate and its true count."""

from hfrisk.synthetic.defects.book import Planted, Planter, defects_from, describe_defects
from hfrisk.synthetic.defects.nhs import add_nhs_columns

__all__ = ["Planted", "Planter", "add_nhs_columns", "defects_from", "describe_defects"]
