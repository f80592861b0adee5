"""The Hospital Frailty Risk Score from coded diagnoses."""

from __future__ import annotations

import ibis

from hfrisk.checks import Check
from hfrisk.codelists import read_csv, read_yaml
from hfrisk.features.code_maps import assigned
from hfrisk.features.coded import sources, stay_is_coded
from hfrisk.features.condition_concepts import cannot_be_made, frailty_in_icd10_cm, route_of
from hfrisk.features.dictionary import Feature
from hfrisk.features.family import KEYS, Context, Family, absent_is, on_grid, small_table

__all__ = ["frailty"]


def frailty(context: Context) -> Family:
    """The Hospital Frailty Risk Score (Gilbert 2018): each three-character category once, two years before admission.

    With its bands (below 5, 5 to 15, above 15) and the number of its categories. No direction is expected of it: in Ontario a higher
    score went with fewer readmissions (BMJ Qual Saf 28:284), since death and care homes come first.
    """
    route = route_of(context)
    if "frailty" not in route.maps:
        return Family((), None, notices=[cannot_be_made("the Hospital Frailty Risk Score")])
    weights = {row["code"]: float(row["weight"]) for row in read_csv("hfrs.csv")}
    points = small_table(context.cdm, [{"of": code, "points": weight} for code, weight in weights.items()])
    long = assigned(context)
    long = long.filter(long.code_map == "frailty", long.nearest <= context.settings.frailty_lookback_days)
    once = long.inner_join(points, long.category == points["of"])
    made = once.group_by(list(KEYS)).aggregate(
        frailty_score=on_grid(once.points.sum(), 0.1), frailty_categories=on_grid(once.count(), 1)
    )
    made = absent_is(context, made, {"frailty_score": 0.0, "frailty_categories": 0.0})
    notices = []
    entries = [_score(context), _categories(context, len(weights))]
    if route.edition == "icd9_cm":
        notices.append(_approximate_frailty())
    else:
        middle, high = read_yaml("comorbidity.yaml")["frailty"]["bands"]
        score = made.frailty_score
        bands = {
            "low": score < middle,
            "intermediate": (score >= middle) & (score <= high),
            "high": score > high,
        }
        made = made.mutate(**{f"frailty_{name}": ibis.ifelse(inside, 1.0, 0.0) for name, inside in bands.items()})
        entries += [_band(context, name, middle, high) for name in bands]
        notices += [frailty_in_icd10_cm()] if route.edition == "icd10_cm" else []
    return Family(tuple(entries), made, notices=notices)


def _window(context: Context) -> str:
    days = context.settings.frailty_lookback_days
    return f"{days} days before admission" + (", and this stay" if stay_is_coded(context) else "")


def _score(context: Context) -> Feature:
    return Feature(
        "frailty_score",
        "Hospital Frailty Risk Score",
        family="frailty",
        theme="Frailty",
        unit="points",
        window=_window(context),
        sources=sources(context),
        precision=0.1,
        lower=0,
        upper=173.2,
        direction="either",
    )


def _categories(context: Context, most: int) -> Feature:
    return Feature(
        "frailty_categories",
        "number of diagnoses that count towards frailty",
        family="frailty",
        theme="Frailty",
        unit="count",
        window=_window(context),
        sources=sources(context),
        precision=1,
        lower=0,
        upper=most,
        direction="either",
        kind="count",
        role="more",
    )


def _band(context: Context, name: str, middle: float, high: float) -> Feature:
    words = {
        "low": f"low frailty risk (score below {middle:g})",
        "intermediate": f"intermediate frailty risk (score {middle:g} to {high:g})",
        "high": f"high frailty risk (score above {high:g})",
    }
    return Feature(
        f"frailty_{name}",
        words[name],
        family="frailty",
        theme="Frailty",
        unit="",
        window=_window(context),
        sources=sources(context),
        precision=1,
        lower=0,
        upper=1,
        direction="either",
        kind="binary",
        role="more",
    )


def _approximate_frailty() -> Check:
    return Check(
        "HFR031",
        "note",
        "The frailty score comes from ICD-9-CM",
        "The Hospital Frailty Risk Score is defined on ICD-10; here it is read from ICD-9-CM by nearest meaning.",
        "The score is a lower bound and its bands do not apply.",
        "Nothing: do not compare it with scores from ICD-10.",
    )
