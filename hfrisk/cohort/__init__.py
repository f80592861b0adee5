"""Who is in, when, and what then: from hospital stays to index discharges and their outcome."""

from hfrisk.cohort.assurances import Assurance, AssuranceOutcome, run_assurances
from hfrisk.cohort.build import Traced, build_cohort, trace_spells
from hfrisk.cohort.codes import coded, starts_with_any
from hfrisk.cohort.incidence import cumulative_incidence
from hfrisk.cohort.result import Cohort
from hfrisk.cohort.sensitivity import sensitivity_cohorts
from hfrisk.cohort.settings import CohortSettings
from hfrisk.cohort.stays import ED_VISIT, ED_WITH_ADMISSION, code
from hfrisk.cohort.times import known_at, moment
from hfrisk.cohort.unplanned import attendances_that_led

__all__ = [
    "ED_VISIT",
    "ED_WITH_ADMISSION",
    "Assurance",
    "AssuranceOutcome",
    "Cohort",
    "CohortSettings",
    "Traced",
    "attendances_that_led",
    "build_cohort",
    "code",
    "coded",
    "cumulative_incidence",
    "known_at",
    "moment",
    "run_assurances",
    "sensitivity_cohorts",
    "starts_with_any",
    "trace_spells",
]
