"""Invented tables of a description: outcomes by day, by group and over time, other definitions, and how people were counted."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from hfrisk.disclosure.estimates import wilson_limits
from tests.reporting.invented_tables import GROUPS, HELD, five

DIED = 0.023


def incidence_table(n: float, rate: float, *, died: float = DIED, hidden: tuple[str, ...] = ()) -> pd.DataFrame:
    """Steep at first, flatter later; deaths in longer steps."""
    rows: list[tuple[Any, ...]] = []
    whole = five(n)
    for state, share, every in (("readmitted", rate, 1), ("died", died, 3)):
        if state in hidden:
            rows.append((state, 29, whole, math.nan, math.nan, math.nan, math.nan, HELD))
            continue
        shape = np.cumsum(0.93 ** np.arange(30))
        for day in range(every - 1, 30, every):
            events = five(n * share * shape[day] / shape[-1])
            limits = wilson_limits(events, whole, 0.95)
            rows.append((state, day, whole, events, *(round(x, 4) for x in (events / whole, *limits)), ""))
    columns = ["state", "day", "n", "events", "share", "lower", "upper", "suppressed"]
    return pd.DataFrame(rows, columns=columns)


def outcomes_table(n: float, rate: float) -> pd.DataFrame:
    rows: list[tuple[Any, ...]] = []

    def add(group: str, level: str, size: float, share: float, *, held: bool = False) -> None:
        counts = [max(five(size), 5.0), five(size * share), five(size * DIED)]
        shares = []
        for count in counts[1:]:
            shares.append([round(x, 4) for x in (count / counts[0], *wilson_limits(count, counts[0], 0.95))])
        if held:
            counts[1:], shares = [math.nan] * 2, [[math.nan] * 3] * 2
        rows.append((group, level, counts[0], counts[1], *shares[0], counts[2], *shares[1], HELD if held else ""))

    add("all", "all", n, rate)
    for group, levels in GROUPS.items():
        for level, part, lift in levels:
            # who is one fifth further in deprivation comes back a little more often
            add(group, level, n * part, rate * (lift if lift == lift else 1.0), held=level in ("Mixed", "Other"))
    quarters = [f"{year} Q{q}" for year in range(2019, 2025) for q in range(1, 5)][1:21]
    for place, quarter in enumerate(quarters):
        add("quarter", quarter, n / len(quarters), rate * (0.9 + 0.012 * place + 0.05 * math.sin(place)))
    columns = [
        "group",
        "level",
        "n",
        "events",
        "share",
        "lower",
        "upper",
        "died",
        "share_died",
        "died_lower",
        "died_upper",
        "suppressed",
    ]
    return pd.DataFrame(rows, columns=columns)


def definitions_table(n: float, rate: float) -> pd.DataFrame:
    rows = []
    for name, size, share, near in (
        ("as defined", 1.0, rate, ""),
        ("any position", 1.62, rate * 1.09, ""),
        ("I50 only", 0.81, rate * 1.01, ""),
        (
            "window to day 30",
            1.0,
            rate * 1.02,
            "a count that differs by fewer than 10 from that of another is shown as that one",
        ),
        ("without readmissions on day 0", 1.0, rate * 0.95, ""),
        ("all admissions taken as emergencies", 1.07, rate * 1.21, ""),
    ):
        counts = [
            five(n * size),
            five(n * size * 0.72),
            five(n * size * share),
            five(n * size * share),
            five(n * size * DIED),
        ]
        back = counts[3] / counts[0]
        limits = [round(x, 4) for x in wilson_limits(counts[3], counts[0], 0.95)]
        rows.append(
            (name, *counts, round(back, 3), 29, round(back, 3), *limits, round(counts[4] / counts[0], 4), near, "")
        )
    columns = [
        "name",
        "index_discharges",
        "persons",
        "events",
        "readmitted",
        "died",
        "rate",
        "day",
        "readmission",
        "lower",
        "upper",
        "death",
        "near",
        "suppressed",
    ]
    return pd.DataFrame(rows, columns=columns)


def strategies_table(n: float) -> pd.DataFrame:
    rows = []
    for question, found in (
        ("heart_failure", {"condition_status": n * 1.6, "source_status": math.nan, "order": math.nan}),
        ("unplanned", {"admission_method": n * 6.1, "ae_segment": n * 1.9, "planned": n * 3.2}),
        ("spells", {"stays": n * 12.4, "overlapping": n * 0.3, "transfer": n * 0.9, "stand_in": math.nan}),
    ):
        known = {name: five(value) if value == value else math.nan for name, value in found.items()}
        of = known.get("stays") or sum(v for v in known.values() if v == v)
        rows += [(question, name, value, of, "" if value == value else HELD) for name, value in known.items()]
    return pd.DataFrame(rows, columns=["question", "told_by", "n", "of", "suppressed"])


def eligibility_table(n: float) -> pd.DataFrame:
    coded, eligible, both = five(n), five(n * 1.3), five(n * 0.71)
    row = {"coded": coded, "eligible": eligible, "both": both}
    for name, of in (("sensitivity", coded), ("ppv", eligible)):
        values = (both / of, *wilson_limits(both, of, 0.95))
        row |= {f"{name}{end}": round(v, 3) for end, v in zip(("", "_low", "_high"), values, strict=True)}
    return pd.DataFrame([row | {"suppressed": ""}])


def scores_table(n: float) -> pd.DataFrame:
    """A score that everybody has, one that most have, and one that nobody can have."""
    rows: list[tuple[Any, ...]] = []
    for score, title, inputs in (
        (
            "lace",
            "LACE index",
            {"length_of_stay": ("length of stay", math.nan), "lace_charlson": ("Charlson index", math.nan)},
        ),
        (
            "hospital",
            "HOSPITAL score",
            {
                "haemoglobin_last": ("last haemoglobin", 0.83),
                "sodium_last": ("last sodium", 0.91),
                "length_of_stay": ("length of stay", math.nan),
                "score_hospital": ("HOSPITAL score", 0.81),
            },
        ),
        (
            "maggic",
            "MAGGIC score",
            {"lvef": ("left-ventricular ejection fraction", -1.0), "bmi": ("body-mass index", 0.03)},
        ),
    ):
        whole = {f"score_{score}": (title, math.nan if score == "lace" else -1.0)}
        for name, (words, share) in {**whole, **inputs}.items():
            absent, known = share == -1.0, share >= 0
            observed = five(n * share) if known else math.nan
            rows.append(
                (
                    score,
                    name,
                    words,
                    observed,
                    five(n),
                    round(observed / five(n), 3),
                    "a count that differs by fewer than 10 from that of another input is shown as that one"
                    if known
                    else "",
                    "no record of this source tells it, or the study does not ask for it" if absent else "",
                    "" if known or absent else HELD,
                )
            )
    columns = ["score", "input", "words", "observed", "rows", "share", "near", "reason", "suppressed"]
    frame = pd.DataFrame(rows, columns=columns)
    frame.insert(columns.index("reason"), "always", value=False)
    return frame


def score_outcomes_table(auroc: float) -> pd.DataFrame:
    """How three scores rank those who have them."""
    rows = []
    for score, made_for, lift in (
        ("lace", "composite", -0.05),
        ("hospital", "readmission", -0.04),
        ("maggic", "death", 0),
    ):
        for split in ("cross-validation", "test"):
            for outcome, more in (("readmission", 0.0), ("composite", 0.02)):
                value = round(auroc + lift + more, 3)
                rows.append((score, made_for, outcome, split, value, value - 0.02, value + 0.02, "", ""))
            if made_for == "death":
                why = "not computed: made for death within years, which this study does not follow"
                rows.append((score, made_for, made_for, split, math.nan, math.nan, math.nan, why, ""))
    columns = ["score", "made_for", "outcome", "split", "estimate", "lower", "upper", "reason", "suppressed"]
    return pd.DataFrame(rows, columns=columns)
