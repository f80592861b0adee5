"""The ledger: by which rule each table left, and how many of its numbers were withheld."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from hfrisk.assessment.results import COLUMNS as RESULTS
from hfrisk.disclosure.code_lists import CODE_LISTS_RULE
from hfrisk.disclosure.companions import CARD, TOTALS
from hfrisk.disclosure.designs import DESIGNS
from hfrisk.disclosure.designs import RULES as DESIGN_RULES
from hfrisk.disclosure.drivers import DRIVERS
from hfrisk.disclosure.drivers import RULES as DRIVER_RULES
from hfrisk.disclosure.equity import EQUITY_RULES
from hfrisk.disclosure.inequality import INEQUALITY_RULES
from hfrisk.disclosure.mitigation import MITIGATION
from hfrisk.disclosure.mitigation import RULES as MITIGATION_RULES
from hfrisk.disclosure.model_checks import EGRESS
from hfrisk.disclosure.model_checks import RULES as EGRESS_RULES
from hfrisk.disclosure.model_text import ScrubbedModel
from hfrisk.disclosure.table_one import TABLES as TABLE_ONE

__all__ = ["NOTHING", "RULES", "ledger_of"]

EXPLAINED = {
    "by_feature": "feature words family theme modifiable mean_abs share direction n indication",
    "by_family": "family mean_abs share n",
    "by_theme": "theme modifiable_share mean_abs share n",
    "dependence": "feature bin_lower bin_upper n mean_contribution",
}
NOTHING = {
    name: pd.DataFrame(columns=[*columns.split(), "suppressed"])
    for name, columns in (RESULTS | EXPLAINED | DRIVERS | DESIGNS | MITIGATION | EGRESS).items()
    if name != "table1" and name not in TABLE_ONE
} | {"points_card": pd.DataFrame(columns=CARD), "points_risk": pd.DataFrame(columns=TOTALS)}
"""The tables about a model, of a study that makes none."""
RULES = {
    "flow": "counts rounded; boxes that differ by fewer than the threshold merged or withheld",
    "table1": "counts rounded, parts of a total protected; centiles with enough people on either side",
    "table1_by_outcome": "sizes and events as other tables show them, or counts rounded, parts of a total protected; centiles as in table1",
    "table1_differences": "from the shown counts, or at two decimals with enough people on either side",
    "incidence": "days joined into steps of enough people; cumulative counts rounded; shares from the shown counts",
    "outcomes": "counts rounded, parts of a total protected; shares from the shown counts",
    "sensitivity": "counts rounded, nearly equal ones shown as one; shares from the shown counts",
    "strategies": "counts rounded, parts of a total protected",
    "eligibility": "cells rounded or withheld; shares from the shown counts",
    "score_inputs": "counts rounded, nearly equal ones shown as one; what Table 1 withholds withheld; shares from the shown counts",
    "performance": "counts rounded, parts of a total protected; estimates recomputed from the shown counts; of groups taken together no "
    "counts, two figures, and only where the rest of row and column has enough people, events and non-events",
    "calibration_curve": "points joined until each has enough events and non-events",
    "decision_curve": "cells rounded or withheld; steps of enough people; net benefit from the shown counts",
    "risk_distribution": "bins merged until each has enough people",
    "risk_deciles": "counts rounded, parts of a total protected",
    "capacity": "cells rounded or withheld",
    "weekly": "cells rounded or withheld",
    "sizes": "counts rounded or withheld; what is needed from rounded shares, in two figures",
    "threshold_groups": "four cells rounded or withheld together; rates from the shown cells; of groups taken together no counts, and "
    "whole per cent",
    "by_period": "counts rounded, parts of a total protected; ratios from the shown counts",
    "by_year": "sums of the quarters as shown, withheld with any of them; ratios from the shown sums",
    "score_outcomes": "no counts; estimates with as many figures as the events support",
    "comparison": "counts rounded; differences to the shown prevalence",
    "by_feature": "means over enough people",
    "by_family": "means over enough people",
    "by_theme": "means over enough people",
    "dependence": "bins of enough people; edges on the feature's grid",
    "competing": "counts rounded, parts of a total protected; shares from the shown counts",
    "competing_performance": "counts rounded; estimates recomputed from the shown counts",
    "competing_hazards": "counts rounded; ratios at the figures that they support",
    "points_card": "points are whole, bands hold enough people; no counts",
    "points_risk": "two numbers make a total a risk; no counts",
    "checks": "counts in words, rounded",
    "dictionary": "published facts",
    "definitions": "words",
    "code_lists": CODE_LISTS_RULE,
    "model": "ranges, counts, weights, values and gains of training replaced",
    **DRIVER_RULES,
    **DESIGN_RULES,
    **EQUITY_RULES,
    **MITIGATION_RULES,
    **EGRESS_RULES,
    **INEQUALITY_RULES,
}


def ledger_of(
    tables: Mapping[str, pd.DataFrame],
    sources: Mapping[str, pd.DataFrame | None],
    scrubbed: ScrubbedModel | None,
    *,
    described: bool,
) -> pd.DataFrame:
    """What left and by which rule, one row a table.

    Parameters
    ----------
    tables
        As they leave.
    sources
        What each was made from, exact, where there is such a frame.
    scrubbed
        The model as it leaves; None where none does.
    described
        Whether the study makes no model: the tables about one are then left out.

    Returns
    -------
    DataFrame
        table, rows, cells_released, cells_suppressed, rule.
    """
    rows = []
    for name, table in tables.items():
        if described and name in NOTHING:
            continue
        shown = _numbers(table)
        source = sources.get(name)
        was = shown if source is None else _numbers(source[[c for c in source.columns if c in table.columns]])
        now = shown if source is None else _numbers(table[[c for c in table.columns if c in source.columns]])
        rows.append((name, len(table), shown, max(was - now, 0), RULES[name]))
    if scrubbed is not None:
        rows.append(("model", scrubbed.trees, 0, scrubbed.replaced, RULES["model"]))
    return pd.DataFrame(rows, columns=["table", "rows", "cells_released", "cells_suppressed", "rule"])


def _numbers(frame: pd.DataFrame) -> int:
    return int(frame.select_dtypes("number").notna().to_numpy().sum())
