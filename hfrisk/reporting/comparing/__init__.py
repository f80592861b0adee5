"""Two finished runs side by side, from what they released: two models, two years, or two places."""

from __future__ import annotations

from hfrisk.reporting.comparing.differences import Comparison, Run, compare
from hfrisk.reporting.comparing.page import comparison_page, finding

__all__ = ["Comparison", "Run", "compare", "comparison_page", "finding"]
