"""The Hospital Frailty Risk Score from coded diagnoses."""

from __future__ import annotations

from hfrisk.checks import Check
from hfrisk.codelists import read_csv
from hfrisk.features.coded import history
from hfrisk.features.dictionary import Feature
from hfrisk.features.family import KEYS, Context, Family, on_grid, small_table

__all__ = ["frailty"]


def frailty(context: Context) -> Family:
    """The Hospital Frailty Risk Score (Gilbert 2018): each three-character category once, two years before admission."""
    weights = {row["code"]: float(row["weight"]) for row in read_csv("hfrs.csv")}
    notices = []
    if context.vocabulary == "icd9_cm":
        listed = [(row["prefix"], row["category"]) for row in read_csv("hfrs_icd9.csv")]
        notices.append(_approximate_frailty())
    else:
        listed = [(code, code) for code in weights]
    table = small_table(
        context.cdm,
        [
            {"prefix": prefix, "category": category, "points": sum(weights[part] for part in category.split("+"))}
            for prefix, category in listed
        ],
    )
    # each code that occurs is looked up once, by its longest listed prefix, not once for every person who has it
    rows = history(context)
    rows = rows.filter(rows.code.notnull(), rows.days_ago <= context.settings.frailty_lookback_days)
    codes = rows.select("code").distinct()
    matched = codes.inner_join(table, codes.code.startswith(table.prefix))
    best = matched.group_by("code").aggregate(
        category=matched.category.argmax(matched.prefix.length()), points=matched.points.argmax(matched.prefix.length())
    )
    once = rows.inner_join(best, "code").select(*KEYS, "category", "points").distinct()
    score = once.group_by(list(KEYS)).aggregate(frailty_score=on_grid(once.points.sum(), 0.1))
    entry = Feature(
        "frailty_score",
        "Hospital Frailty Risk Score",
        family="frailty",
        theme="Frailty",
        unit="points",
        window=f"{context.settings.frailty_lookback_days} days before admission",
        sources=("condition_occurrence",),
        precision=0.1,
        lower=0,
        upper=173.2,
        direction="either",
    )
    return Family((entry,), score, absent=0.0, notices=notices)


def _approximate_frailty() -> Check:
    return Check(
        "HFR031",
        "note",
        "The frailty score comes from ICD-9-CM",
        "The Hospital Frailty Risk Score is defined on ICD-10; here it is read from ICD-9-CM by nearest meaning.",
        "The score is a lower bound and its bands do not apply.",
        "Nothing: do not compare it with scores from ICD-10.",
    )
