"""Published checklists, answered from what was released: each item by keys that its file in `codelists` names."""

from __future__ import annotations

from hfrisk.reporting.checklists.items import Answered, answers
from hfrisk.reporting.checklists.judging import AGAINST, QUESTIONS, Judged, Reply

__all__ = ["AGAINST", "QUESTIONS", "Answered", "Judged", "Reply", "answers"]
