"""What the cohort room gives to the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import ibis.expr.types as ir
import pandas as pd

from hfrisk.cdm import Cdm
from hfrisk.checks import Check
from hfrisk.cohort.attrition import Rule, attrition

__all__ = ["Cohort"]


@dataclass(frozen=True)
class Cohort:
    """The index discharges, one row each, and how they came to be.

    Attributes
    ----------
    table
        One row an index discharge. Who and when: ``person_id``, ``index_id``, ``spell`` (its number within the person),
        ``admission_date``, ``admitted_at``, ``discharge_date``, ``discharged_at``, ``predicted_at``, ``care_site_id``, ``length_of_stay``
        (days), ``age`` (years at admission), ``look_back_days`` (since the beginning of the data), ``follow_up_days`` (until its end).
        How: ``unplanned``, ``unplanned_told_by``, ``heart_failure_told_by``, ``admission_method``, ``self_discharged``, ``palliative``,
        ``eligible`` (by the scoring-time rule). What then: ``state``, ``outcome_day``, ``readmission_day``,
        ``readmission_for_heart_failure``, ``readmission_told_by``, ``first_planned_day``, ``death_day``, ``death_date``, ``event``
        (NULL where censored).
    spells
        Every inpatient spell with the same columns, ``keeps_<rule>`` for each rule, and ``excluded_by``: bit i is set when rule i of
        `rules` leaves the spell out.
    stays
        Every inpatient stay with the key of its spell, how it came to it (``joined_by``), whether it opens or closes it, where it was
        (``care_site_id``), and where it came from and led to: ``source`` and ``destination`` (codes of the NHS Data Dictionary, NULL
        where the source has none), ``admitted_from_concept_id`` and ``discharged_to_concept_id``.
    rules
        Name and words of each rule, in the order of the bits.
    attrition
        Counts after each rule (see `attrition.attrition`).
    states
        Index discharges by state.
    incidence
        Cumulative incidence of readmission and of death before it, by day (see `incidence.cumulative_incidence`).
    eligibility
        Sensitivity and positive predictive value of the scoring-time rule; one row.
    window
        First and last day that count.
    strategies
        How heart failure and unplanned admission were told (counts of spells), and how stays were joined (counts of stays).
    definitions
        Item, value, source: the definitions in words.
    """

    table: ir.Table
    spells: ir.Table
    stays: ir.Table
    key: str
    cdm: Cdm
    rules: tuple[Rule, ...]
    attrition: pd.DataFrame
    states: dict[str, int]
    incidence: pd.DataFrame
    eligibility: pd.DataFrame
    index_discharges: int
    persons: int
    events: int
    sites: int
    window: tuple[int, int]
    risk: str
    prediction_time: str
    data_start: date
    data_end: date
    first_discharge: date
    last_discharge: date
    strategies: dict[str, dict[str, int]]
    definitions: pd.DataFrame
    checks: list[Check]
    reused: bool

    def attrition_in(self, order: Sequence[str]) -> pd.DataFrame:
        """The counts after each rule with the rules applied in another order.

        Raises
        ------
        StudyError
            If `order` does not name each rule of the study once.
        """
        return attrition(self.cdm, self.spells, self.rules, order)

    def summary(self) -> dict[str, Any]:
        """What `hfrisk cohort --json` prints: exact counts, for the researcher inside."""
        return {
            "index_discharges": self.index_discharges,
            "persons": self.persons,
            "events": self.events,
            "states": self.states,
            "data_start": self.data_start.isoformat(),
            "data_end": self.data_end.isoformat(),
            "attrition": self.attrition.to_dict("records"),
            "incidence": self.incidence.to_dict("records"),
            "eligibility": self.eligibility.to_dict("records"),
            "strategies": self.strategies,
            "checks": [
                {
                    "code": c.code,
                    "severity": c.severity,
                    "finding": c.text(),
                    "consequence": c.consequence,
                    "todo": c.todo,
                }
                for c in self.checks
            ],
        }
