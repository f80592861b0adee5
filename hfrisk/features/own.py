"""Cohorts and concept sets of the researcher's own as features, from the study file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import ibis
import ibis.expr.types as ir

from hfrisk.cdm import Cdm
from hfrisk.checks import Check
from hfrisk.features.dictionary import Feature
from hfrisk.features.family import KEYS, Context, Family, joined, on_grid
from hfrisk.features.own_records import records_of
from hfrisk.features.own_settings import OwnFeature

__all__ = ["own"]

_FAR = 1_000_000
_ANY_VALUE = 1e300
_WORDS = {
    "any": "{words}",
    "count": "{words}: on how many days",
    "days_since": "{words}: days since the last time",
    "last_value": "{words}: last value",
}


def own(context: Context) -> Family:
    """Each feature of `features.own` with the statistics that it asks for, named ``own_<name>_<statistic>``.

    A feature is made from the records that were known when the risk was asked for. Where the source has no such table, or no such cohort,
    it cannot be told apart from none, and is not made.
    """
    chosen = context.settings.own
    if not chosen:
        return Family((), None)
    made, notices = _those_that_can_be_made(context.cdm, chosen)
    if not made:
        return Family((), None, notices=notices)
    rows, told = records_of(context, made)
    long = context.kept(_summed(context, rows, made), "own")
    table = _wide(context, long, made)
    entries = tuple(
        _entry(name, feature, statistic) for name, feature in made.items() for statistic in feature.statistics
    )
    return Family(entries, table, notices=[*notices, *told, *_found_nobody(context.cdm, long, made)])


def _summed(context: Context, rows: ir.Table, made: Mapping[str, OwnFeature]) -> ir.Table:
    """The key, `own`, `times` (different days), `nearest` (days from the last of them to admission) and `last_value`.

    Several values of one moment count as one, halfway between the lowest and the highest, whatever their order.
    """
    rules = context.cdm.values(
        [
            {
                "rule_of": name,
                "first_day": 0 if feature.when == "stay" else feature.window_days,
                "last_day": 1 if feature.when == "before" else -_FAR,
                "lower": -_ANY_VALUE if feature.lower is None else feature.lower,
                "upper": _ANY_VALUE if feature.upper is None else feature.upper,
                "valued": int(feature.lower is not None or feature.upper is not None),
            }
            for name, feature in made.items()
        ],
        {
            **{"rule_of": "string", "first_day": "int64", "last_day": "int64"},
            **{"lower": "float64", "upper": "float64", "valued": "int64"},
        },
    )
    rows = rows.inner_join(rules, rows.own == rules.rule_of)
    fits = rows.value.between(rows.lower, rows.upper).fill_null(False)
    rows = rows.filter(rows.days_ago.between(rows.last_day, rows.first_day), (rows.valued == 0) | fits)
    moments = rows.group_by([*KEYS, "own", "days_ago", "at"]).aggregate(low=rows.value.min(), high=rows.value.max())
    middle = (moments.low + moments.high) / 2
    return moments.group_by([*KEYS, "own"]).aggregate(
        times=moments.days_ago.nunique(),
        nearest=moments.days_ago.min(),
        last_value=middle.argmax(moments["at"], where=middle.notnull()),
    )


def _wide(context: Context, long: ir.Table, made: Mapping[str, OwnFeature]) -> ir.Table:
    """One row an index discharge with every column."""
    wide = long.group_by(list(KEYS)).aggregate(
        **{
            f"{what}_{name}": long[what].max(where=long.own == name)
            for name, feature in made.items()
            for what in ("times", "nearest", *(["last_value"] if "last_value" in feature.statistics else []))
        }
    )
    table = joined(context.index.select(*KEYS, "admission_date", "predicted_at"), wide)
    in_stay = table.predicted_at.date().delta(table.admission_date, unit="day")
    columns: dict[str, ir.FloatingValue] = {}
    for name, feature in made.items():
        times = table[f"times_{name}"].fill_null(0)
        nearest = table[f"nearest_{name}"]
        values: dict[str, ir.NumericValue] = {
            "any": ibis.ifelse(times > 0, 1, 0),
            "count": times,
            "days_since": nearest if feature.when == "before" else nearest + in_stay,
        }
        if "last_value" in feature.statistics:
            values["last_value"] = table[f"last_value_{name}"]
        for statistic in feature.statistics:
            precision = feature.precision if statistic == "last_value" else 1
            columns[_column(name, statistic)] = on_grid(values[statistic], precision)
    return table.select(*KEYS, **columns)


def _column(name: str, statistic: str) -> str:
    return f"own_{name}_{statistic}"


def _entry(name: str, feature: OwnFeature, statistic: str) -> Feature:
    before = f"{feature.window_days} days before admission"
    window = {"before": before, "stay": "in the stay", "both": f"{before}, and in the stay"}[feature.when]
    # a stay may be long; a year of it is the most that is plausible
    days = (0 if feature.when == "stay" else feature.window_days) + (0 if feature.when == "before" else 365)
    range_of = {"any": (0.0, 1.0), "last_value": (feature.lower or 0.0, feature.upper or 0.0)}
    lower, upper = range_of.get(statistic, (0.0, float(days)))
    since = statistic == "days_since"
    opposite = {"higher": "lower", "lower": "higher", "either": "either"}
    return Feature(
        _column(name, statistic),
        _WORDS[statistic].format(words=feature.words),
        family="own",
        theme="The study's own",
        unit={"any": "", "count": "days", "days_since": "days", "last_value": feature.unit}[statistic],
        window=window,
        sources=(feature.read_from,),
        precision=feature.precision if statistic == "last_value" else 1,
        lower=lower,
        upper=upper,
        # the longer ago, the less there is of it
        direction=opposite[feature.direction] if since else feature.direction,  # type: ignore[arg-type]
        modifiable=feature.modifiable,
        sensitive=feature.sensitive,
        skewed=statistic in {"count", "days_since"},
        kind={"any": "binary", "count": "count"}.get(statistic, "continuous"),  # type: ignore[arg-type]
        monotone="none" if since else feature.monotone,
        role=feature.role,
    )


def _those_that_can_be_made(cdm: Cdm, chosen: Mapping[str, OwnFeature]) -> tuple[dict[str, OwnFeature], list[Check]]:
    """The features whose table, or cohort, the source has, and what has to be said of the others."""
    made = {name: feature for name, feature in chosen.items() if feature.cohort is None and cdm.has(feature.read_from)}
    absent = [
        f"{name} (no table {feature.read_from})"
        for name, feature in chosen.items()
        if feature.cohort is None and name not in made
    ]
    notices = [_nothing_found(absent)] if absent else []
    cohorts = {name: feature for name, feature in chosen.items() if feature.cohort is not None}
    if cohorts:
        rows = cdm.table("cohort")
        held = cdm.frame(
            rows.group_by("cohort_definition_id").aggregate(people=rows.person_id.nunique()), "cohort table"
        )
        there = {int(number) for number in held["cohort_definition_id"].dropna()}
        lacking = [f"{name} ({feature.cohort})" for name, feature in cohorts.items() if feature.cohort not in there]
        made |= {name: feature for name, feature in cohorts.items() if feature.cohort in there}
        if lacking:
            notices.append(_no_cohort(lacking, len(there), int(held["people"].sum())))
    return {name: made[name] for name in chosen if name in made}, notices


def _found_nobody(cdm: Cdm, long: ir.Table, made: Mapping[str, OwnFeature]) -> list[Check]:
    found = set(cdm.frame(long.select("own").distinct(), "features of the study's own")["own"])
    nobody = [name for name in made if name not in found]
    return [_nothing_found(nobody)] if nobody else []


def _nothing_found(features: Sequence[str]) -> Check:
    return Check(
        "HFR086",
        "note",
        "A feature of the study's own found nobody",
        "No record of any index discharge was found for these features of features.own: {features}.",
        "Such a feature says the same of everybody, and tells the model nothing; where the source has no such table it is not made.",
        "Look at the concepts, the codes and the window; `hfrisk features STUDY` shows what each feature found.",
        facts={"features": ", ".join(features)},
    )


def _no_cohort(features: Sequence[str], cohorts: int, people: int) -> Check:
    return Check(
        "HFR084",
        "warning",
        "A cohort is not in the cohort table",
        "The source's table cohort does not hold the cohorts of these features of features.own: {features}. It holds {cohorts} others, "
        "with {people} people in them.",
        "Nobody can be told to be in such a cohort or not, so the feature is not made.",
        "Generate the cohort in ATLAS into the table cohort of this source, or mend the number.",
        counts={"people": people},
        facts={"features": ", ".join(features), "cohorts": cohorts},
    )
