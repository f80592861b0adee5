"""From hospital stays to index discharges and what became of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import ibis
import ibis.expr.types as ir
import pandas as pd

from hfrisk.cdm import Cdm, Stage
from hfrisk.cohort import quality
from hfrisk.cohort.attrition import attrition, rules_of, with_rules
from hfrisk.cohort.diagnoses import (
    flagged_visits,
    heart_failure_visits,
    marked_diagnoses,
    told_by_concepts,
    with_recent_cancer,
)
from hfrisk.cohort.incidence import cumulative_incidence, first_states_by_day
from hfrisk.cohort.outcome import STATES, first_deaths, with_outcome
from hfrisk.cohort.period import data_period
from hfrisk.cohort.prediction import eligibility_of_coded, with_eligibility, with_prediction_time
from hfrisk.cohort.result import Cohort
from hfrisk.cohort.settings import CohortSettings
from hfrisk.cohort.spells import build_spells, in_order, joined_stays, keyed_stays
from hfrisk.cohort.stays import inpatient_stays, transfers_are_recorded
from hfrisk.cohort.unplanned import with_unplanned
from hfrisk.cohort.words import definitions
from hfrisk.errors import DataError

__all__ = ["Traced", "build_cohort", "trace_spells"]

# what the other rooms see of a stay
_OF_A_STAY = (
    *("person_id", "index_id", "visit_occurrence_id", "care_site_id", "joined_by", "opening", "closing"),
    *("source", "destination", "admitted_from_concept_id", "discharged_to_concept_id"),
)


def build_cohort(
    cdm: Cdm, settings: CohortSettings, data_end: date | None = None, data_start: date | None = None
) -> Cohort:
    """Find the index discharges and their outcomes, in the engine.

    Parameters
    ----------
    cdm
        The open source.
    settings
        Who is in, and what counts.
    data_end
        Last day on which an admission would have been seen; None takes the latest discharge that is not in the future.
    data_start
        First day on which an admission would have been seen; None takes the first month that is not all but empty.

    Raises
    ------
    DataError
        If there is no inpatient stay, or no index discharge.
    """
    traced = trace_spells(cdm, settings, data_end, data_start)
    stays, stage, start, end = traced.stays, traced.spells, traced.data_start, traced.data_end
    rules = rules_of(settings)
    counts = attrition(cdm, stage.table, rules)
    index = traced.index
    facts = _facts(cdm, index)
    if int(facts["n"]) == 0:
        raise _nobody(cdm, settings, counts)
    days = first_states_by_day(cdm, index, settings.window_days[1])
    return Cohort(
        table=index.drop(*[c for c in index.columns if c.startswith("keeps_")]),
        spells=stage.table,
        stays=stays.select(*_OF_A_STAY),
        key=stage.key,
        cdm=cdm,
        rules=rules,
        attrition=counts,
        states={state: int(facts[state]) for state in STATES},
        incidence=cumulative_incidence(days),
        eligibility=eligibility_of_coded(cdm, stage.table, [name for name, _ in rules]),
        index_discharges=int(facts["n"]),
        persons=int(facts["persons"]),
        events=int(facts["events"]),
        sites=int(facts["sites"]),
        window=settings.window_days,
        risk=settings.risk,
        prediction_time=settings.prediction_time,
        data_start=start,
        data_end=end,
        first_discharge=pd.Timestamp(facts["first"]).date(),
        last_discharge=pd.Timestamp(facts["last"]).date(),
        strategies=_strategies(cdm, stays, stage.table),
        definitions=definitions(settings),
        checks=[
            *cdm.checks,
            *told_by_concepts(cdm, settings),
            *quality.cohort_checks(cdm, index, settings, end, declared=data_end is not None),
        ],
        reused=stage.reused,
    )


@dataclass(frozen=True)
class Traced:
    """Every stay with the key of its spell, every spell with its outcome and the rules that leave it out, and the period of the data."""

    stays: ir.Table
    spells: Stage
    data_start: date
    data_end: date

    @property
    def index(self) -> ir.Table:
        """The index discharges among the spells."""
        return self.spells.table.filter(self.spells.table.excluded_by == 0)


def trace_spells(
    cdm: Cdm, settings: CohortSettings, data_end: date | None = None, data_start: date | None = None
) -> Traced:
    """The definitions alone, without what `build_cohort` counts and says about them.

    Raises
    ------
    DataError
        If there is no inpatient stay.
    """
    period = data_period(cdm, settings, data_start, data_end)
    if period is None:
        raise _nobody(cdm, settings, None)
    start, end = period
    stays, key = _stays(cdm, settings, end)
    return Traced(stays, _spells(cdm, stays, key, settings, start, end), start, end)


def _stays(cdm: Cdm, settings: CohortSettings, end: date) -> tuple[ir.Table, str]:
    """Every inpatient stay with the key of its spell, kept because spells, features and checks all begin from it."""
    stays = inpatient_stays(cdm, settings, end)
    recorded = settings.spells.rule == "none" or transfers_are_recorded(cdm, stays, settings)
    stand_in = not recorded and settings.spells.without_evidence == "other_site_next_day"
    parts = [
        settings.spells.model_dump_json(),
        str([settings.inpatient_visit_concepts, settings.unplanned_visit_concepts]),
        str(settings.nhs_codes),
        end.isoformat(),
    ]
    placed = cdm.materialise(in_order(stays, settings), "stays", parts, order=())
    joined = joined_stays(cdm, placed.table, settings, stand_in=stand_in)
    moved = cdm.materialise(joined, "joined_stays", [placed.key, str(stand_in)], order=())
    return keyed_stays(placed.table, moved.table), moved.key


def _spells(cdm: Cdm, stays: ir.Table, key: str, settings: CohortSettings, start: date, end: date) -> Stage:
    """Every spell with its outcome and the rules, in two steps: what follows reads the spells many times."""
    marked = marked_diagnoses(cdm, settings)
    parts = [settings.model_dump_json(), key, marked.key, start.isoformat()]
    spells = with_unplanned(cdm, build_spells(stays, settings), settings)
    spells = _with_diagnoses(cdm, spells, stays, marked.table, settings)
    spells = _with_age(cdm, with_prediction_time(spells, settings))
    spells = spells.mutate(look_back_days=spells.admission_date.delta(ibis.literal(start), unit="day"))
    told = cdm.materialise(spells, "spells", parts, order=())
    spells = with_recent_cancer(told.table, marked.table, settings)
    spells = with_outcome(spells, first_deaths(cdm), settings, end)
    spells = with_rules(with_eligibility(cdm, spells, marked.table, settings), settings)
    return cdm.materialise(
        spells, "cohort", [told.key, end.isoformat()], order=("person_id", "admitted_at", "index_id")
    )


def _with_diagnoses(
    cdm: Cdm, spells: ir.Table, stays: ir.Table, marked: ir.Table, settings: CohortSettings
) -> ir.Table:
    """Whether the spell is one for heart failure and how that was told, and whether other diagnoses mark it."""
    key = ["person_id", "index_id"]
    slim = stays.select(*key, "visit_occurrence_id", "opening", "closing")
    with_hf = slim.inner_join(heart_failure_visits(cdm, marked, settings), "visit_occurrence_id")
    if settings.heart_failure.episode != "any":
        with_hf = with_hf.filter(with_hf.opening if settings.heart_failure.episode == "first" else with_hf.closing)
    of_spells = with_hf.group_by(key).aggregate(
        heart_failure_told_by=with_hf.told_by.min(), heart_failure_could_be_read=with_hf.could_be_read.min()
    )
    spells = _joined(spells, of_spells, key)
    flagged = slim.inner_join(flagged_visits(marked), "visit_occurrence_id")
    flags = flagged.group_by(key).aggregate(
        palliative=flagged.palliative.any(), excluded_by_nhs=flagged.excluded_by_nhs.any()
    )
    spells = _joined(spells, flags, key)
    return spells.mutate(
        has_heart_failure=spells.heart_failure_told_by.notnull(),
        palliative=spells.palliative.fill_null(False),
        excluded_by_nhs=spells.excluded_by_nhs.fill_null(False),
    )


def _joined(left: ir.Table, right: ir.Table, key: list[str]) -> ir.Table:
    both = left.left_join(right, key)
    return both.drop(*[name for name in both.columns if name.endswith("_right")])


def _with_age(cdm: Cdm, spells: ir.Table) -> ir.Table:
    """Age in whole years at admission; a birth without day or month is taken as the first of July or of the month."""
    person = cdm.table("person")
    born = person.birth_datetime
    birthday = (born.month().fill_null(person.month_of_birth).fill_null(7)) * 100 + born.day().fill_null(
        person.day_of_birth
    ).fill_null(1)
    people = person.group_by("person_id").aggregate(
        birth_year=born.year().fill_null(person.year_of_birth).min(), birthday=birthday.min()
    )
    joined = spells.left_join(people, "person_id").drop("person_id_right")
    on = joined.admission_date
    had_birthday = (on.month() * 100 + on.day()) >= joined.birthday
    age = on.year() - joined.birth_year - ibis.ifelse(had_birthday, 0, 1)
    return joined.mutate(age=age).drop("birth_year", "birthday")


def _facts(cdm: Cdm, index: ir.Table) -> pd.Series:
    return cdm.frame(
        index.aggregate(
            n=index.count(),
            persons=index.person_id.nunique(),
            events=index.event.sum().fill_null(0),
            sites=index.hospital.nunique(),
            first=index.discharge_date.min(),
            last=index.discharge_date.max(),
            **{state: (index.state == state).sum().fill_null(0) for state in STATES},
        ),
        "cohort",
    ).iloc[0]


def _strategies(cdm: Cdm, stays: ir.Table, spells: ir.Table) -> dict[str, dict[str, int]]:
    """How each thing was told, with counts: of spells, and of stays for how stays became spells."""
    told = cdm.frame(
        spells.group_by("heart_failure_told_by", "unplanned", "unplanned_told_by").aggregate(n=spells.count()),
        "strategies",
    )
    joined = cdm.frame(stays.group_by("joined_by").aggregate(n=stays.count()), "strategies")
    by_strategy = told[told["unplanned"].astype(bool)].groupby("unplanned_told_by")["n"].sum()
    by_join = joined.set_index("joined_by")["n"]
    return {
        "heart_failure": {k: int(v) for k, v in told.groupby("heart_failure_told_by")["n"].sum().items()},
        "unplanned": {
            **{k: int(v) for k, v in by_strategy.items()},
            "planned": int(told.loc[~told["unplanned"].astype(bool), "n"].sum()),
        },
        "spells": {
            "stays": int(joined["n"].sum()),
            "overlapping": int(by_join.get("overlap", 0)),
            "transfer": int(by_join.get("transfer", 0)),
            "stand_in": int(by_join.get("stand_in", 0)),
        },
    }


def _nobody(cdm: Cdm, settings: CohortSettings, counts: pd.DataFrame | None) -> DataError:
    visits = cdm.table("visit_occurrence")
    by_concept = cdm.frame(
        visits.group_by("visit_concept_id").aggregate(visits=visits.count()).order_by(ibis.desc("visits")).limit(12),
        "visits by concept",
    )
    listed = "; ".join(f"{row.visit_concept_id}: {_shown(row.visits)}" for row in by_concept.itertuples()) or "none"
    steps = (
        "; ".join(f"{row.words}: {_shown(row.admissions)}" for row in counts.itertuples()) if counts is not None else ""
    )
    chosen = ", ".join(map(str, settings.inpatient_visit_concepts))
    emptied = "" if counts is None else next((row.rule for row in counts.itertuples() if row.admissions == 0), "")
    advice = {
        "heart_failure": "If the diagnosis is coded otherwise, choose another cohort.heart_failure.preset or position.",
        "unplanned": "If the source tells no admission method and has no A&E visits, set cohort.unplanned to assume_unplanned.",
        "followed_up": "Nobody was followed for a whole window: look at source.data_end.",
        "adult": "Look at year_of_birth, or at cohort.minimum_age.",
    }.get(emptied, "")
    return DataError(
        "No index discharge was found." if counts is not None else "No inpatient stay was found.",
        where=f"visit_occurrence, inpatient concepts {chosen}" + (f". Left after each rule: {steps}" if steps else ""),
        todo=f"{advice} Visits by visit_concept_id: {listed}. If hospital stays have other concepts here, name them in "
        "cohort.inpatient_visit_concepts.".strip(),
    )


def _shown(count: int) -> str:
    return f"{count:,}" if count >= 10 or count == 0 else "fewer than 10"
