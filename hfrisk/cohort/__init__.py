"""Who is in, when, and what then: from hospital stays to index discharges and their outcome."""

from hfrisk.cohort.build import Cohort, build_cohort
from hfrisk.cohort.codes import coded, starts_with_any
from hfrisk.cohort.settings import CohortSettings
from hfrisk.cohort.spells import ED_VISIT, ED_WITH_ADMISSION
from hfrisk.cohort.times import known_at, moment

__all__ = [
    "ED_VISIT",
    "ED_WITH_ADMISSION",
    "Cohort",
    "CohortSettings",
    "build_cohort",
    "coded",
    "known_at",
    "moment",
    "starts_with_any",
]
