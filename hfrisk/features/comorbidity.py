"""Long-term conditions from coded diagnoses."""

from __future__ import annotations

import ibis.expr.types as ir

from hfrisk.codelists import read_yaml
from hfrisk.cohort import starts_with_any
from hfrisk.features.coded import history as coded_history
from hfrisk.features.coded import stay_is_coded
from hfrisk.features.dictionary import Feature
from hfrisk.features.family import KEYS, Context, Family, on_grid

__all__ = ["comorbidity"]

_THEME = "Other long-term conditions"


def comorbidity(context: Context) -> Family:
    """A dozen long-term conditions, and the number of different diagnoses in the year before."""
    history = coded_history(context)
    history = history.filter(history.code.notnull(), history.days_ago <= context.settings.condition_lookback_days)
    edition = "icd9" if context.vocabulary == "icd9_cm" else "icd10"
    listed = read_yaml("conditions.yaml")
    days = context.settings.condition_lookback_days
    window = f"{days} days before admission" + (", and this stay" if stay_is_coded(context) else "")
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
