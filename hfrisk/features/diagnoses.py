"""Long-term conditions, frailty and social circumstances from coded diagnoses."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from hfrisk.checks import Check
from hfrisk.codelists import read_csv, read_yaml
from hfrisk.cohort import coded, starts_with_any
from hfrisk.features.dictionary import Feature
from hfrisk.features.family import KEYS, Context, Family, on_grid, small_table

__all__ = ["conditions", "frailty"]

_THEME = "Other long-term conditions"


def conditions(context: Context) -> Family:
    """A dozen long-term conditions, the number of different diagnoses in the year before, and living alone."""
    history = _history(context, context.settings.condition_lookback_days)
    edition = "icd9" if context.vocabulary == "icd9_cm" else "icd10"
    listed = read_yaml("conditions.yaml")
    days = context.settings.condition_lookback_days
    window = f"{days} days before admission" + (", and this stay" if _stay_is_coded(context) else "")
    columns: dict[str, ir.Value] = {}
    entries = []
    for name, entry in listed.items():
        if name == "heart_failure_before":
            # in the index stay everybody has it
            columns[name] = (starts_with_any(history.code, entry[edition]) & history.earlier).max()
        else:
            columns[name] = starts_with_any(history.code, entry[edition]).max()
        entries.append(
            Feature(
                name,
                entry["words"],
                family="comorbidity",
                theme=_THEME,
                unit="",
                window=window,
                sources=("condition_occurrence",),
                precision=1,
                lower=0,
                upper=1,
                direction=entry["direction"],
                kind="binary",
            )
        )
    alone = read_yaml("social.yaml")["living_alone"]
    columns["living_alone"] = starts_with_any(history.code, alone[edition]).max()
    entries.append(
        Feature(
            "living_alone",
            alone["words"],
            family="deprivation",
            theme="Where and how people live",
            unit="",
            window=window,
            sources=("condition_occurrence",),
            precision=1,
            lower=0,
            upper=1,
            direction="higher",
            modifiable=True,
            sensitive=True,
            kind="binary",
        )
    )
    category = history.code.substr(0, 3)
    recent = history.earlier & (history.days_ago <= 365)
    # PostgreSQL turns a truth into a whole number only
    made = {name: value.cast("int32").cast("float64") for name, value in columns.items()}
    made["diagnoses_365d"] = on_grid(category.nunique(where=recent), 1)
    entries.append(
        Feature(
            "diagnoses_365d",
            "different diagnoses in the year before",
            family="comorbidity",
            theme=_THEME,
            unit="count",
            window="365 days before admission",
            sources=("condition_occurrence",),
            precision=1,
            lower=0,
            upper=150,
            direction="higher",
            skewed=True,
            kind="count",
        )
    )
    return Family(tuple(entries), history.group_by(list(KEYS)).aggregate(**made), absent=0.0)


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
    codes = _coded(context).select("code").distinct()
    matched = codes.inner_join(table, codes.code.startswith(table.prefix))
    best = matched.group_by("code").aggregate(
        category=matched.category.argmax(matched.prefix.length()), points=matched.points.argmax(matched.prefix.length())
    )
    history = _history(context, context.settings.frailty_lookback_days)
    once = history.inner_join(best, "code").select(*KEYS, "category", "points").distinct()
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


def _history(context: Context, days: int) -> ir.Table:
    """Coded diagnoses known at discharge: those dated before admission, and the index stay's own where coding is live.

    One row an index discharge and diagnosis: the key, ``code``, ``earlier`` (dated before admission), ``days_ago``.
    """
    rows = _coded(context)
    index = context.index.select(*KEYS, "admission_date")
    pairs = index.inner_join(rows, "person_id")
    ago = pairs.admission_date.delta(pairs.on, unit="day")
    own = context.cohort.stays.select("visit_occurrence_id", stay_of="index_id")
    pairs = pairs.mutate(days_ago=ago).left_join(own, "visit_occurrence_id").drop("visit_occurrence_id_right")
    of_this_stay = (pairs.stay_of == pairs.index_id).fill_null(False)
    earlier = pairs.days_ago.between(1, days) & ~of_this_stay
    keep = earlier | of_this_stay if _stay_is_coded(context) else earlier
    return pairs.mutate(earlier=earlier).filter(keep).select(*KEYS, "code", "earlier", "days_ago")


def _stay_is_coded(context: Context) -> bool:
    """Whether the diagnoses of the index stay are known when the risk is asked for; a day after admission none is coded yet."""
    when = context.cohort.prediction_time
    return when == "coded" or (when == "discharge" and context.settings.coding_is_live)


def _coded(context: Context) -> ir.Table:
    """Diagnoses with a code of the study's vocabulary, and the day on which they were recorded (`on`).

    A diagnosis that was written in a visit was recorded when that visit took place, however early its own date: an onset dated back
    by a later admission must not become history.
    """
    rows = context.cdm.table("condition_occurrence")
    visits = context.cdm.table("visit_occurrence").select("visit_occurrence_id", came="visit_start_date")
    rows = rows.left_join(visits, "visit_occurrence_id").drop("visit_occurrence_id_right")
    rows = rows.select(
        "person_id",
        "visit_occurrence_id",
        on=ibis.greatest(rows.condition_start_date, rows.came.fill_null(rows.condition_start_date)),
        code=coded(rows.condition_source_value, context.vocabulary),
    )
    return rows.filter(rows.code.notnull(), rows.on.notnull())


def _approximate_frailty() -> Check:
    return Check(
        "HFR031",
        "note",
        "The frailty score comes from ICD-9-CM",
        "The Hospital Frailty Risk Score is defined on ICD-10; here it is read from ICD-9-CM by nearest meaning.",
        "The score is a lower bound and its bands do not apply.",
        "Nothing: do not compare it with scores from ICD-10.",
    )
