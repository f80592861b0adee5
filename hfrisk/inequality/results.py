"""What the inequality room hands on: tidy frames, one row a number, exact and unreleased."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pandas as pd

__all__ = ["COLUMNS", "OUTCOMES", "PALLIATIVE", "Inequality"]

OUTCOMES = ("readmission", "death", "composite")
"""Came back as an emergency; died without coming back; either."""

PALLIATIVE = "palliative"
"""The group of whether palliative care was recorded in the stay."""

COLUMNS = {
    "rates": "outcome group level n events design standardised lower upper reason",
    "pairs": "outcome group level with_group with_level n events design standardised lower upper reason",
    "slopes": "outcome measure adjusted estimate lower upper n events reason",
    "trusts": "level n readmitted died expected_readmission expected_death expected_composite",
    "gaps": "item words group level n observed given design reason",
    "missing": "feature words group level n missing design reason",
    "represented": "group level persons of census census_of",
}


def _empty(name: str) -> pd.DataFrame:
    return pd.DataFrame(columns=COLUMNS[name].split())


@dataclass(frozen=True)
class Inequality:
    """All numbers of the picture, exact: the disclosure gate comes next.

    Everyone seen for the whole window counts; in a study with a model, those of development and test. `n` are discharges, `design` is
    the factor by which the variance of a share is larger than if each discharge were another person's. A number that was not computed is
    NaN and has its `reason`.

    Parameters
    ----------
    rates
        outcome (`OUTCOMES`), group, level (``all`` for everyone), n, events, design, standardised, lower, upper (directly standardised for
        age and sex, with its interval), reason.
    pairs
        The same for two groups crossed: and with_group, with_level.
    slopes
        outcome, measure (``sii``: slope index, difference of shares; ``rii``: relative index, ratio), adjusted (``nothing``, ``age and
        sex``), estimate, lower, upper (most against least deprived), n, events, reason.
    trusts
        level, n, readmitted, died, and what a model of age, sex and comorbidity expects of each outcome (sums of risks).
    gaps
        item, words, group, level, n, observed (of whom it is known), given (to whom it was given or done), design, reason. What the source
        cannot tell is one row of everyone without numbers.
    missing
        feature, words, group, level, n, missing, design, reason.
    represented
        group, level, persons, of (persons with a level that the census lists), census, census_of (the same in the catchment). Empty
        without a census.
    facts
        ``standard`` (words), ``case_mix`` (words), ``census`` (whether there was one), ``within``, ``judged``.
    """

    rates: pd.DataFrame = field(default_factory=partial(_empty, "rates"))
    pairs: pd.DataFrame = field(default_factory=partial(_empty, "pairs"))
    slopes: pd.DataFrame = field(default_factory=partial(_empty, "slopes"))
    trusts: pd.DataFrame = field(default_factory=partial(_empty, "trusts"))
    gaps: pd.DataFrame = field(default_factory=partial(_empty, "gaps"))
    missing: pd.DataFrame = field(default_factory=partial(_empty, "missing"))
    represented: pd.DataFrame = field(default_factory=partial(_empty, "represented"))
    facts: dict[str, Any] = field(default_factory=dict)
