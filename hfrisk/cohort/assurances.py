"""Made-up patients in the study file, and what should become of them by the study's own definitions, on the study's own engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pandas as pd
from pydantic import Field, field_validator

from hfrisk.cdm import Cdm, SourceSettings, made_up
from hfrisk.codelists import read_yaml
from hfrisk.cohort.build import trace_spells
from hfrisk.cohort.settings import CohortSettings
from hfrisk.errors import StudyError
from hfrisk.settings import Settings

__all__ = ["Assurance", "AssuranceOutcome", "outcomes", "run_assurances", "small_tables"]

_VISITS = {
    "visit": "visit_occurrence_id",
    "person": "person_id",
    "concept": "visit_concept_id",
    "site": "care_site_id",
    "from": "admitted_from_source_value",
    "to": "discharged_to_source_value",
    "from_concept": "admitted_from_concept_id",
    "to_concept": "discharged_to_concept_id",
    "method": "admission_method",
    "class": "patient_class",
    "left_by": "discharge_method",
    "specialty": "main_specialty",
}
_DIAGNOSES = {
    "visit": "visit_occurrence_id",
    "person": "person_id",
    "code": "condition_source_value",
    "concept": "condition_concept_id",
    "status": "condition_status_concept_id",
    "type": "condition_type_concept_id",
    "position": "condition_status_source_value",
    "row": "condition_occurrence_id",
    "detail": "visit_detail_id",
}
_PEOPLE = {"person": "person_id", "born": "birth", "sex": "gender_concept_id"}
_OBSERVATIONS = {
    "visit": "visit_occurrence_id",
    "person": "person_id",
    "concept": "observation_concept_id",
    "value": "value_as_string",
}
_LONG = timedelta(days=730)


class Assurance(Settings):
    """Made-up patients as small tables, and the index discharges that the study should make of them.

    A table is lines of words; ``-`` is missing, a time follows a date after a ``T``. The first line may name the columns.
    """

    name: str = Field(description="What is assured, as a sentence.")
    visits: str = Field(
        description="Lines `visit person concept start end`. A first line that begins with `visit` names other columns: site, from, to "
        "(NHS codes), from_concept, to_concept, method, class, left_by, specialty."
    )
    heart_failure: str = Field(
        default="", description="Visits whose principal diagnosis is heart failure. Empty: every inpatient visit."
    )
    diagnoses: str = Field(default="", description="Further diagnoses: lines `visit code status`.")
    deaths: str = Field(default="", description="Lines `person date`.")
    people: str = Field(default="", description="Lines `person born sex`; who is not named is a man born in 1940.")
    observations: str = Field(default="", description="Lines `visit concept value`.")
    expect: str = Field(
        description="Lines `visit state day`, one for each index discharge: readmitted, died, none or censored; day - where there is none."
    )
    data_end: date | None = Field(
        default=None, description="Last day of the made-up data. Empty: two years after its last record."
    )

    @field_validator("visits")
    @classmethod
    def _somebody_is_there(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("at least one visit is needed")
        return value


@dataclass(frozen=True)
class AssuranceOutcome:
    """One assurance: what was expected, what the study's definitions made of it, and whether these agree."""

    name: str
    passed: bool
    expected: str
    found: str


def run_assurances(
    source: SourceSettings, settings: CohortSettings, assurances: Sequence[Assurance]
) -> list[AssuranceOutcome]:
    """Try the study's definitions on its made-up patients, on its own engine. Nothing of the source is read.

    Raises
    ------
    StudyError
        If a table of an assurance cannot be understood.
    """
    done = []
    for assurance in assurances:
        tables = small_tables(assurance, settings)
        end = assurance.data_end or _last_day(tables) + _LONG
        with made_up(source, tables) as cdm:
            found = _found(cdm, settings, end)
        expected = _tidy(assurance.expect)
        done.append(AssuranceOutcome(assurance.name, found == expected, expected, found))
    return done


def _found(cdm: Cdm, settings: CohortSettings, end: date) -> str:
    index = trace_spells(cdm, settings, end, date(1900, 1, 1)).index
    return outcomes(cdm.frame(index.select(*_SHOWN), "assurances"))


_SHOWN = ("index_id", "state", "outcome_day")


def outcomes(index: pd.DataFrame) -> str:
    """The index discharges as lines ``index state day``, in the order of their ids."""
    rows = index.sort_values("index_id")
    return "\n".join(
        f"{row.index_id} {row.state} {'-' if pd.isna(row.outcome_day) else int(row.outcome_day)}"
        for row in rows.itertuples()
    )


def _tidy(lines: str) -> str:
    return "\n".join(sorted((" ".join(line.split()) for line in lines.strip().splitlines()), key=_by_id))


def _by_id(line: str) -> tuple[int, str]:
    first = line.split(" ")[0]
    return (int(first), "") if first.lstrip("-").isdigit() else (0, first)


def _last_day(tables: Mapping[str, pd.DataFrame]) -> date:
    visits = tables["visit_occurrence"]
    days = [*visits["visit_start_date"], *visits["visit_end_date"].dropna()]
    return max(date.fromisoformat(str(day)) for day in days)


def small_tables(assurance: Assurance, settings: CohortSettings) -> dict[str, pd.DataFrame]:
    """The assurance as OMOP tables: every value text, columns named as in the contract.

    Raises
    ------
    StudyError
        If a line has too few or too many words, or a column is unknown.
    """
    visits = _table(
        assurance, "visits", ["visit", "person", "concept", "start", "end"], {**_VISITS, "start": "", "end": ""}
    )
    of_person = dict(zip(visits["visit"], visits["person"], strict=True))
    tables = {"visit_occurrence": _with_times(visits.rename(columns=_VISITS))}
    tables["condition_occurrence"] = _conditions(assurance, settings, visits, of_person)
    people = _table(assurance, "people", ["person", "born", "sex"], _PEOPLE)
    tables["person"] = _people(sorted(set(visits["person"])), people)
    if assurance.deaths.strip():
        deaths = _table(assurance, "deaths", ["person", "date"], {"person": "", "date": ""})
        tables["death"] = deaths.rename(columns={"person": "person_id", "date": "death_date"})
    if assurance.observations.strip():
        seen = _table(assurance, "observations", ["visit", "concept", "value"], _OBSERVATIONS)
        seen = seen.assign(person_id=seen["visit"].map(of_person)).rename(columns=_OBSERVATIONS)
        starts = dict(zip(visits["visit"], tables["visit_occurrence"]["visit_start_date"], strict=True))
        tables["observation"] = seen.assign(observation_date=seen["visit_occurrence_id"].map(starts))
    return tables


def _table(assurance: Assurance, part: str, header: list[str], known: Mapping[str, str]) -> pd.DataFrame:
    lines = [line.split() for line in getattr(assurance, part).strip().splitlines() if line.strip()]
    if lines and lines[0][0] == header[0]:
        header, lines = lines[0], lines[1:]
    unknown = [name for name in header if name not in known]
    wrong = next((line for line in lines if len(line) != len(header)), None)
    if unknown or wrong:
        fault = f"unknown column {unknown[0]}" if unknown else f"{len(wrong or [])} words where {len(header)} belong"
        raise StudyError(
            f"The table {part} cannot be understood: {fault}.",
            where=f"assurances, {assurance.name}",
            todo=f"Columns that may be named: {', '.join(known)}. A missing value is written -.",
        )
    frame = pd.DataFrame(lines, columns=header, dtype="object")
    return frame.mask(frame == "-", None)


def _with_times(visits: pd.DataFrame) -> pd.DataFrame:
    for end in ("start", "end"):
        parts = visits[end].map(lambda text: str(text).partition("T") if text is not None else (None, "", ""))
        visits[f"visit_{end}_date"] = parts.map(lambda part: part[0])
        visits[f"visit_{end}_datetime"] = parts.map(lambda part: f"{part[0]} {part[2]}" if part[2] else None)
    return visits.drop(columns=["start", "end"])


def _conditions(
    assurance: Assurance, settings: CohortSettings, visits: pd.DataFrame, of_person: Mapping[str, str]
) -> pd.DataFrame:
    inpatient = visits["concept"].isin([str(concept) for concept in settings.inpatient_visit_concepts])
    chosen = assurance.heart_failure.split() or (
        [] if assurance.diagnoses.strip() else list(visits.loc[inpatient, "visit"])
    )
    rows: list[dict[str, Any]] = [{**_heart_failure(settings), "visit_occurrence_id": visit} for visit in chosen]
    if assurance.diagnoses.strip():
        more = _table(assurance, "diagnoses", ["visit", "code", "status"], _DIAGNOSES)
        rows += more.rename(columns=_DIAGNOSES).to_dict("records")
    frame = pd.DataFrame(
        rows, columns=list(dict.fromkeys([*_DIAGNOSES.values(), "condition_start_date"])), dtype="object"
    )
    starts = {
        visit: str(start).partition("T")[0] for visit, start in zip(visits["visit"], visits["start"], strict=True)
    }
    return frame.assign(
        person_id=frame["visit_occurrence_id"].map(of_person),
        condition_start_date=frame["visit_occurrence_id"].map(starts),
        condition_concept_id=frame["condition_concept_id"].fillna("0"),
    )


def _heart_failure(settings: CohortSettings) -> dict[str, str]:
    """A diagnosis that the study takes as heart failure, in a position that it takes as principal."""
    chosen = settings.heart_failure
    status = {"condition_status_concept_id": str((*chosen.principal_status_concepts, 0)[0])}
    if "condition_status" not in chosen.principal:
        lists = read_yaml("admission.yaml")
        status = {
            "condition_type_concept_id": str(lists["principal_types"]["concepts"][0]),
            "condition_status_source_value": str(lists["principal_source_values"]["values"][0]),
            "condition_occurrence_id": "1",
        }
    if chosen.concept_set is not None:
        raise StudyError(
            "An assurance cannot make up a diagnosis of a concept set.",
            where="assurances",
            todo="Give each diagnosis in `diagnoses`, with the columns visit, concept and status.",
        )
    preset = read_yaml("heart_failure.yaml")[chosen.preset]
    if preset["vocabulary"] == "omop":
        return {**status, "condition_concept_id": str(preset["concepts"][0])}
    return {**status, "condition_source_value": str(preset["codes"][0])}


def _people(persons: Sequence[str], given: pd.DataFrame) -> pd.DataFrame:
    frame = pd.DataFrame({"person_id": persons, "gender_concept_id": "8507", "year_of_birth": "1940"}, dtype="object")
    for row in given.itertuples():
        here = frame["person_id"] == row.person
        year, _, rest = str(row.born).partition("-")
        frame.loc[here, "year_of_birth"] = year
        if rest:
            frame.loc[here, "birth_datetime"] = str(row.born)
        frame.loc[here, "gender_concept_id"] = {"man": "8507", "woman": "8532"}.get(str(row.sex), str(row.sex))
    return frame
