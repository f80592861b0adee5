"""From hospital stays to index discharges and what became of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import ibis
import ibis.expr.types as ir
import pandas as pd

from hfrisk.cdm import Cdm, Stage
from hfrisk.checks import Check
from hfrisk.codelists import read_yaml
from hfrisk.cohort import quality
from hfrisk.cohort.attrition import attrition, with_rules
from hfrisk.cohort.diagnoses import heart_failure_visits
from hfrisk.cohort.outcome import first_deaths, with_outcome
from hfrisk.cohort.settings import CohortSettings
from hfrisk.cohort.spells import assign_spells, build_spells, inpatient_stays
from hfrisk.errors import DataError

__all__ = ["Cohort", "build_cohort"]

STATES = ("readmitted", "died", "none", "censored")


@dataclass(frozen=True)
class Cohort:
    """The index discharges, one row each, and how they came to be.

    Attributes
    ----------
    table
        One row an index discharge: ``person_id``, ``index_id``, ``admission_date``, ``admitted_at``, ``discharge_date``,
        ``discharged_at``, ``care_site_id``, ``length_of_stay`` (days), ``age`` (years at admission), ``state``,
        ``outcome_day``, ``readmission_day``, ``death_day``, ``event``.
    spells
        Every inpatient spell, for features that look back.
    stays
        Every inpatient stay with the key of its spell.
    attrition
        Counts after each rule (see `attrition.attrition`).
    states
        Index discharges by state.
    window
        First and last day that count.
    strategies
        How principal position and unplanned admission were told, with counts of spells.
    definitions
        Item, value, source: the definitions in words.
    """

    table: ir.Table
    spells: ir.Table
    stays: ir.Table
    key: str
    attrition: pd.DataFrame
    states: dict[str, int]
    index_discharges: int
    persons: int
    events: int
    sites: int
    window: tuple[int, int]
    risk: str
    data_end: date
    first_discharge: date
    last_discharge: date
    strategies: dict[str, dict[str, int]]
    definitions: pd.DataFrame
    checks: list[Check]
    reused: bool

    def summary(self) -> dict[str, Any]:
        """What `hfrisk cohort --json` prints: exact counts, for the researcher inside."""
        return {
            "index_discharges": self.index_discharges,
            "persons": self.persons,
            "events": self.events,
            "states": self.states,
            "attrition": self.attrition.to_dict("records"),
            "strategies": self.strategies,
            "checks": [
                {
                    "code": c.code,
                    "severity": c.severity,
                    "finding": c.text(),
                    "consequence": c.consequence,
                    "todo": c.todo,
                }
                for c in self.checks
            ],
        }


def build_cohort(cdm: Cdm, settings: CohortSettings, data_end: date | None = None) -> Cohort:
    """Find the index discharges and their outcomes, in the engine.

    Parameters
    ----------
    cdm
        The open source.
    settings
        Who is in, and what counts.
    data_end
        Last day on which an admission would have been seen; None takes the latest discharge that is not in the future.

    Raises
    ------
    DataError
        If there is no inpatient stay, or no index discharge.
    """
    end = data_end or _latest_discharge(cdm, settings)
    stage = _spells(cdm, settings, end)
    rules = with_rules(stage.table, settings)[1]
    counts = attrition(cdm, stage.table, rules)
    index = stage.table.filter([stage.table[f"keeps_{name}"] for name, _ in rules])
    facts = _facts(cdm, index)
    if int(facts["n"]) == 0:
        raise _nobody(cdm, settings, counts)
    stays = assign_spells(inpatient_stays(cdm, settings, end), settings)
    openers = stays.filter(stays["first"]).select("person_id", "spell", index_id="visit_occurrence_id")
    keyed = stays.inner_join(openers, ["person_id", "spell"]).select("person_id", "index_id", "visit_occurrence_id")
    states = {state: int(facts[state]) for state in STATES}
    return Cohort(
        table=index.drop(*[c for c in index.columns if c.startswith("keeps_")]),
        spells=stage.table,
        stays=keyed,
        key=stage.key,
        attrition=counts,
        states=states,
        index_discharges=int(facts["n"]),
        persons=int(facts["persons"]),
        events=int(facts["events"]),
        sites=int(facts["sites"]),
        window=settings.window_days,
        risk=settings.risk,
        data_end=end,
        first_discharge=pd.Timestamp(facts["first"]).date(),
        last_discharge=pd.Timestamp(facts["last"]).date(),
        strategies=_strategies(cdm, stage.table, settings),
        definitions=_definitions(settings),
        checks=[*cdm.checks, *quality.cohort_checks(cdm, index, settings, end, declared=data_end is not None)],
        reused=stage.reused,
    )


def _spells(cdm: Cdm, settings: CohortSettings, data_end: date) -> Stage:
    stays = assign_spells(inpatient_stays(cdm, settings, data_end), settings)
    spells = build_spells(cdm, stays, settings)
    with_hf = (
        stays.semi_join(heart_failure_visits(cdm, settings), "visit_occurrence_id")
        .select("person_id", "spell")
        .distinct()
        .mutate(has_heart_failure=ibis.literal(True))
    )
    spells = spells.left_join(with_hf, ["person_id", "spell"]).drop("person_id_right", "spell_right")
    spells = spells.mutate(has_heart_failure=spells.has_heart_failure.fill_null(False))
    spells = with_outcome(spells, first_deaths(cdm), settings, data_end)
    spells = _with_age(cdm, spells)
    marked, _ = with_rules(spells, settings)
    return cdm.materialise(
        marked,
        "cohort",
        [settings.model_dump_json(), data_end.isoformat()],
        order=("person_id", "admitted_at", "index_id"),
    )


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


def _latest_discharge(cdm: Cdm, settings: CohortSettings) -> date:
    stays = inpatient_stays(cdm, settings)
    today = date.today()
    row = cdm.frame(
        stays.aggregate(
            plausible=stays.end_date.max(where=stays.end_date <= ibis.literal(today)), any=stays.end_date.max()
        ),
        "data end",
    ).iloc[0]
    latest = row["plausible"] if not pd.isna(row["plausible"]) else row["any"]
    if pd.isna(latest):
        raise _nobody(cdm, settings, None)
    day: date = pd.Timestamp(latest).date()
    return day


def _facts(cdm: Cdm, index: ir.Table) -> pd.Series:
    return cdm.frame(
        index.aggregate(
            n=index.count(),
            persons=index.person_id.nunique(),
            events=index.event.sum().fill_null(0),
            sites=index.care_site_id.nunique(),
            first=index.discharge_date.min(),
            last=index.discharge_date.max(),
            **{state: (index.state == state).sum().fill_null(0) for state in STATES},
        ),
        "cohort",
    ).iloc[0]


def _strategies(cdm: Cdm, spells: ir.Table, settings: CohortSettings) -> dict[str, dict[str, int]]:
    row = cdm.frame(
        spells.aggregate(n=spells.count(), unplanned=spells.unplanned.sum(), hf=spells.has_heart_failure.sum()),
        "strategies",
    ).iloc[0]
    position = "condition_status_concept_id" if settings.heart_failure.position == "principal" else "any_position"
    return {
        "heart_failure": {position: int(row["hf"])},
        "unplanned": {settings.unplanned: int(row["unplanned"]), "planned": int(row["n"]) - int(row["unplanned"])},
    }


def _definitions(settings: CohortSettings) -> pd.DataFrame:
    preset = read_yaml("heart_failure.yaml")[settings.heart_failure.preset]
    codes = preset.get("codes") or [f"{', '.join(map(str, preset['concepts']))} and descendants"]
    first, last = settings.window_days
    merged = [
        words
        for on, words in (
            (settings.spells.merge_overlapping, "overlapping stays"),
            (settings.spells.merge_same_day, "same-day stays"),
        )
        if on
    ]
    told = {
        "ae_segment": "an A&E visit that leads to the admission, on the same day or the day before",
        "assume_unplanned": "every admission is taken as unplanned",
    }
    death = "a death without readmission is not an event and is counted apart"
    rows = [
        ("Heart failure", f"{preset['words']}: {', '.join(map(str, codes))}", preset["source"]),
        ("Position of the diagnosis", settings.heart_failure.position, ""),
        ("Spells", f"merged: {', '.join(merged) if merged else 'nothing'}", "hfrisk decisions 1 and 2"),
        ("Unplanned admission", told[settings.unplanned], "hfrisk decision 5"),
        ("Window", f"days {first} to {last} after discharge, both included", "NHS indicator: 0 to 29"),
        (
            "Outcome",
            f"first unplanned admission in the window; {death}"
            if settings.risk == "cumulative_incidence"
            else "first unplanned admission in the window, or death",
            "hfrisk decision 6",
        ),
        ("Discharged alive", "required" if settings.discharged_alive else "not required", ""),
        ("Complete follow-up", "required" if settings.complete_follow_up else "not required", "hfrisk decision 7"),
    ]
    return pd.DataFrame(rows, columns=["item", "value", "source"])


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
        "unplanned": "If the source has no A&E visits, set cohort.unplanned to assume_unplanned.",
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
