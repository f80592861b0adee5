"""Release of words: checks, settings and provenance, without exact dates, paths of the machine, or exact counts."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from hfrisk.checks import Check
from hfrisk.disclosure.policy import Policy, significant

__all__ = ["release_checks", "release_definitions", "without_places"]

_WITHHELD = "(withheld)"
_WITHHELD_PATH = "(path withheld)"
_CARRY_THE_PREVALENCE = (
    "oe_ratio",
    "scaled_brier",
    "brier_resolution",
    "brier_uncertainty",
    "calibration_intercept",
    "net_benefit",
    "prevalence",
)
_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_ISO = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?(?!\d)")
_SLASHED = re.compile(r"(?<![\d/])\d{1,2}/(\d{1,2})/(\d{4})(?![\d/])")
_WRITTEN = re.compile(r"\b\d{1,2}(?:st|nd|rd|th)? (" + "|".join(_MONTHS) + r") (\d{4})\b")
# An absolute or home path, a path upwards, a Windows path, a file or SQLite address. Units (mmol/L) and web
# addresses are none of these.
_PATH = re.compile(
    r"(?:file|sqlite):/+[^\s'\"<>]+"
    r"|(?<![\w/:.])(?:~|\.{1,2})?/(?:[\w.@+-]+/)*[\w.@+-]+/?"
    r"|(?<![\w/])[A-Za-z]:\\[^\s'\"<>]+"
    r"|\\\\[\w.-]+\\[^\s'\"<>]+"
)
_TIMES_OF_THE_RUN = frozenset({"made_on", "made_at", "run_at", "run_on", "started", "finished", "released_on"})


def release_checks(checks: Sequence[Check], policy: Policy, exact: pd.DataFrame, shown: pd.DataFrame) -> pd.DataFrame:
    """Numbered checks in words, with counts as the policy shows them.

    A share among the facts is written at two significant figures, since with a count beside it more would give the count
    back; where a count of the sentence is under the threshold, shares in it are withheld. An estimate among the facts
    (a fact with the name of a measure) is replaced by the released one, and so are its ``lower`` and ``upper``; one that
    carries the prevalence and is not found in the results is withheld.

    Parameters
    ----------
    checks
        From every stage.
    policy
        The rules.
    exact, shown
        Performance as computed, and as released, row by row.

    Returns
    -------
    DataFrame
        code, severity, title, finding, consequence, todo.
    """
    rows = []
    for check in checks:
        some_small = any(count < policy.threshold for count in check.counts.values())
        facts = {name: _fact(value, some_small) for name, value in _estimates_shown(check.facts, exact, shown).items()}
        counts = {name: policy.words(count) for name, count in check.counts.items()}
        rows.append(
            {
                "code": check.code,
                "severity": check.severity,
                "title": check.title,
                "finding": without_places(check.finding.format(**{k: _Said(v) for k, v in counts.items()}, **facts)),
                "consequence": without_places(check.consequence),
                "todo": without_places(check.todo),
            }
        )
    return pd.DataFrame(rows, columns=["code", "severity", "title", "finding", "consequence", "todo"])


def release_definitions(frame: pd.DataFrame) -> pd.DataFrame:
    """Definitions in words: item, value, source."""
    result = frame[["item", "value", "source"]].reset_index(drop=True).astype(str)
    return result.apply(lambda column: column.map(without_places))


def without_places(value: Any, *, keep_dates: bool = False) -> Any:
    """The same value with exact dates as months, and without paths of the machine, in every text inside it.

    Parameters
    ----------
    value
        Text, or mappings and lists of it; numbers pass.
    keep_dates
        Leave dates alone: for what a person wrote into the study file. Times of the run itself (``run_at`` and the
        like) are no dates of care and stay in any case.
    """
    if isinstance(value, Mapping):
        return {
            str(k): without_places(v, keep_dates=keep_dates or str(k) in _TIMES_OF_THE_RUN) for k, v in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [without_places(v, keep_dates=keep_dates) for v in value]
    if value is None or isinstance(value, (bool, int, float)):
        return value
    text = str(value)
    if not keep_dates:
        text = _ISO.sub(r"\1-\2", text)
        text = _SLASHED.sub(lambda m: f"{m[2]}-{int(m[1]):02d}", text)
        text = _WRITTEN.sub(r"\1 \2", text)
    return _PATH.sub(_WITHHELD_PATH, text)


def _estimates_shown(facts: Mapping[str, Any], exact: pd.DataFrame, shown: pd.DataFrame) -> dict[str, Any]:
    result = dict(facts)
    for measure in [name for name in facts if name in set(exact["measure"])]:
        named = {"estimate": measure, "lower": "lower", "upper": "upper"}
        given = {column: name for column, name in named.items() if name in facts}
        found = exact["measure"] == measure
        for column, name in given.items():
            found &= exact[column].map(_three) == _three(facts[name])
        if found.any():
            row = shown.loc[found.to_numpy().argmax()]
            result |= {name: _Said(_three(row[column])) for column, name in given.items()}
        elif measure.startswith(_CARRY_THE_PREVALENCE):
            result |= dict.fromkeys(given.values(), _Said(_WITHHELD))
    return result


def _three(value: Any) -> str:
    if isinstance(value, str):
        return value
    return _WITHHELD if math.isnan(value) else f"{value:#.3g}"


class _Said(str):
    """A number already in words: whatever format the sentence asks for, it stays as it is."""

    __slots__ = ()

    def __format__(self, spec: str) -> str:
        return str(self)


def _fact(value: str | float | int, some_small: bool) -> Any:
    if isinstance(value, float) and 0 < abs(value) < 1:
        return _Said(_WITHHELD) if some_small else significant(value, 2)
    return value
