"""Earlier spells: how many, emergency and planned, nights in hospital, and heart failure before this stay."""

from __future__ import annotations

from typing import Literal

import ibis
import ibis.expr.types as ir

from hfrisk.cdm.concept_sets import with_descendants
from hfrisk.checks import Check
from hfrisk.codelists import read_yaml
from hfrisk.cohort import starts_with_any
from hfrisk.features.care_windows import THEME, WINDOWS, Counted, counted
from hfrisk.features.coded import history
from hfrisk.features.dictionary import Direction, Feature, Role
from hfrisk.features.family import KEYS, Context, Family, joined, on_grid
from hfrisk.features.known import Event, events, happened_at_latest, known_before_prediction

__all__ = ["earlier_spells"]

_ADMISSIONS = Counted("admissions", "hospital spells begun", 40, inputs=(30, 90, 365))
_BED_DAYS = Counted("bed_days", "nights in hospital", 365, inputs=(30, 90, 365), unit="days")
_EMERGENCY = Counted("emergency_admissions", "emergency admissions", 40, inputs=(365,))
_ELECTIVE = Counted("elective_admissions", "planned admissions, day cases among them,", 100, direction="either")
_HEART_FAILURE = Counted(
    "heart_failure_spells",
    "hospital spells for heart failure begun",
    20,
    inputs=(730,),
    sources=("visit_occurrence", "condition_occurrence"),
)
_HEART_FAILURE_DAYS = 730
_TOLD_BY_NOTHING = {"planned", "assume_unplanned"}


def earlier_spells(context: Context) -> Family:
    """What the spells before this one tell, as far as it was known.

    A spell counts in the window in which it began; a night counts in the window in which it lies, whenever its spell began, and never
    after the admission of this stay. Day cases and regular attenders are spells without nights. Spells of the day of admission count in no
    window. That a spell was one for heart failure is known `features.coding_lag_days` after its end.
    """
    pairs = _known_spells(context)
    told = bool(set(context.cohort.strategies["unplanned"]) - _TOLD_BY_NOTHING)
    # on the day the last one ended, or while one is still open, it is no day since
    ended_ago = ibis.greatest(pairs.admission_date.delta(pairs.ended, unit="day"), 0)
    before = pairs.days_ago >= 1
    for_heart_failure = pairs.known_for_heart_failure & before
    sums: dict[str, ir.NumericValue] = {}
    for days in WINDOWS:
        recent = before & (pairs.days_ago <= days)
        nights = ibis.greatest(ibis.least(pairs.days_ago, days) - ended_ago, 0)
        sums[_ADMISSIONS.name(days)] = recent.sum()
        sums[_BED_DAYS.name(days)] = nights.sum(where=before & ~pairs.day_case)
        if told:
            sums[_EMERGENCY.name(days)] = (recent & pairs.emergency).sum()
            sums[_ELECTIVE.name(days)] = (recent & ~pairs.emergency).sum()
    sums[_HEART_FAILURE.name(_HEART_FAILURE_DAYS)] = (for_heart_failure & (pairs.days_ago <= _HEART_FAILURE_DAYS)).sum()
    summed = pairs.group_by(list(KEYS)).aggregate(
        **sums,
        heart_failure_spells_ever=for_heart_failure.sum(),
        first_spell=pairs.days_ago.max(where=for_heart_failure),
        last_discharge=ended_ago.min(),
    )
    table = joined(joined(context.index.select(*KEYS, "look_back_days"), summed), _first_diagnosis(context))
    listed = [_ADMISSIONS, _BED_DAYS, *([_EMERGENCY, _ELECTIVE] if told else [])]
    made = [(what, days) for what in listed for days in WINDOWS] + [(_HEART_FAILURE, _HEART_FAILURE_DAYS)]
    columns = {what.name(days): counted(context, table, days, table[what.name(days)]) for what, days in made}
    columns["days_since_discharge"] = on_grid(table.last_discharge, 1)
    columns["heart_failure_spells_ever"] = on_grid(table.heart_failure_spells_ever.fill_null(0), 1)
    first = ibis.greatest(table.first_spell.fill_null(-1), table.first_diagnosis.fill_null(-1))
    columns["days_since_first_heart_failure"] = on_grid(first.nullif(-1), 1)
    columns["look_back_days"] = on_grid(ibis.greatest(table.look_back_days, 0), 1)
    entries = (*[what.entry(days) for what, days in made], *_entries())
    return Family(entries, table.select(*KEYS, **columns), notices=[] if told else [_not_told_apart()])


def _known_spells(context: Context) -> ir.Table:
    """Each index discharge beside the earlier spells of its person that were known: the columns of `known_before_prediction`, with
    `ended`, `emergency`, `day_case` and `known_for_heart_failure`.

    A spell is known from when its first stay is.
    """
    spells = context.spells
    stays = context.stays
    opening = stays.filter(stays.opening).select("visit_occurrence_id", of_spell="index_id")
    visits = events(context, "visit_occurrence").select("visit_occurrence_id", "known_at")
    known = opening.inner_join(visits, "visit_occurrence_id").select("of_spell", "known_at")
    ended = happened_at_latest(context, spells, Event("discharge_date", "discharged_at"))
    coded = ibis.greatest(ended, spells.heart_failure_could_be_read.fill_null(ended))
    rows = spells.select(
        "person_id",
        "day_case",
        of_spell="index_id",
        earlier_spell="spell",
        on="admission_date",
        ended="discharge_date",
        emergency="unplanned",
        heart_failure="has_heart_failure",
        coded_at=coded + ibis.interval(days=context.settings.coding_lag_days),
    )
    rows = rows.inner_join(known, "of_spell")
    pairs = known_before_prediction(context, rows, "spell")
    pairs = pairs.filter(pairs.earlier_spell < pairs.spell)
    return pairs.mutate(known_for_heart_failure=pairs.heart_failure & (pairs.coded_at < pairs.predicted_at))


def _first_diagnosis(context: Context) -> ir.Table:
    """The key and `first_diagnosis`: days from the first known diagnosis of heart failure, in any position, to the admission."""
    coded = history(context)
    prefixes = read_yaml("conditions.yaml")["heart_failure_before"][
        "icd9" if context.vocabulary == "icd9_cm" else "icd10"
    ]
    standard = read_yaml("heart_failure.yaml")["omop_316139"]
    concepts = with_descendants(
        context.cdm, standard["concepts"], standard["excluded"], standard["shipped_descendants"]
    )
    is_heart_failure = starts_with_any(coded.code, prefixes) | coded.concept.isin(concepts).fill_null(False)
    found = coded.filter(coded.earlier & is_heart_failure)
    return found.group_by(list(KEYS)).aggregate(first_diagnosis=found.days_ago.max())


def _entries() -> tuple[Feature, ...]:
    visits: tuple[str, ...] = ("visit_occurrence",)
    both = (*visits, "condition_occurrence")
    return (
        _days("days_since_discharge", "days since the last discharge from hospital", "lower", visits, role="input"),
        Feature(
            "heart_failure_spells_ever",
            "earlier hospital spells for heart failure, as far back as the data reach",
            family="prior_care",
            theme=THEME,
            unit="count",
            window="before admission",
            sources=both,
            precision=1,
            lower=0,
            upper=60,
            direction="higher",
            skewed=True,
            kind="count",
            # the further the data reach, the more there are: a model that leans on it drifts
            role="more",
        ),
        _days("days_since_first_heart_failure", "days since heart failure was first recorded", "higher", both),
        _days("look_back_days", "days before admission that the data reach back", "either", visits),
    )


def _days(
    name: str, words: str, direction: Direction, sources: tuple[str, ...], *, role: Literal["input", "more"] = "more"
) -> Feature:
    chosen: Role = role
    return Feature(
        name,
        words,
        family="prior_care",
        theme=THEME,
        unit="days",
        window="before admission",
        sources=sources,
        precision=1,
        lower=0,
        upper=5500,
        direction=direction,
        skewed=True,
        role=chosen,
    )


def _not_told_apart() -> Check:
    return Check(
        "HFR093",
        "note",
        "Earlier emergencies are not told from planned admissions",
        "Every admission is taken as unplanned (cohort.unplanned), so emergency and planned admissions before the stay are not counted "
        "apart.",
        "Earlier emergency admissions are among the strongest predictors of readmission; the number of all admissions stands in.",
        "If the source has the admission method, or A&E visits, name them in cohort.unplanned.",
    )
