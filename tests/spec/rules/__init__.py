"""The rules of the cohort as examples: made-up stays in, index discharges and what became of them out."""

from __future__ import annotations

from tests.spec.rules import heart_failure, index, outcome, spells, transfers, unplanned, window

TOPICS = (spells, transfers, heart_failure, unplanned, index, outcome, window)
EXAMPLES = [example for topic in TOPICS for example in topic.EXAMPLES]
