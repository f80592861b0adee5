"""People who are there twice (HFR051), whose ethnicity is lost where need is greatest (HFR052), whose age or sex is missing (HFR060)."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
import numpy as np

from hfrisk.checks import Check
from hfrisk.codelists import read_yaml
from hfrisk.cohort import moment
from hfrisk.quality.counting import counted, whole
from hfrisk.quality.evidence import Evidence
from hfrisk.quality.words import share

__all__ = ["people_checks"]

_FEWEST_VISITS = 2  # with one visit, two people of the same day of birth and admission are too often two people
_EPOCH = "1970-01-01"
_KNOWN_SEX = (8507, 8532)
_OLDEST = 115
_FIFTHS = (1, 2, 3, 4, 5)


def people_checks(evidence: Evidence) -> list[Check]:
    """HFR051, HFR052 and HFR060."""
    return [*_repeated_rows(evidence), *_same_history(evidence), *_ethnicity(evidence), *_basics(evidence)]


def _repeated_rows(evidence: Evidence) -> list[Check]:
    person = evidence.cdm.table("person")
    found = counted(
        evidence.cdm,
        person.filter(person.person_id.notnull()).aggregate(
            rows=lambda t: t.count(), people=lambda t: t.person_id.nunique()
        ),
        "people",
    )
    people, extra = found["people"], found["rows"] - found["people"]
    if not extra:
        return []
    return [
        Check(
            "HFR051",
            "warning" if extra >= evidence.quality.dangling * people else "note",
            "People with several rows",
            "{rows} rows of the table person repeat an id that is there already ({share} of the people).",
            "One of the rows is taken: where they differ, age, sex or ethnicity may be the other row's.",
            "Ask why person_id is not unique; a master patient index should give one row each.",
            counts={"rows": extra},
            facts={"share": share(extra, people)},
        )
    ]


def _same_history(evidence: Evidence) -> list[Check]:
    """Ids with the same birth, sex and visits: their number and the sums of their dates and times agree."""
    cdm = evidence.cdm
    person = cdm.table("person").filter(lambda t: t.person_id.notnull())
    time = person.birth_datetime
    people = person.group_by("person_id").aggregate(
        year=time.year().fill_null(person.year_of_birth).min(),
        month=time.month().fill_null(person.month_of_birth).fill_null(0).min(),
        day=time.day().fill_null(person.day_of_birth).fill_null(0).min(),
        sex=person.gender_concept_id.min(),
    )
    visits = cdm.table("visit_occurrence")
    visits = visits.filter(visits.person_id.notnull(), visits.visit_start_date.notnull())
    epoch = ibis.literal(_EPOCH).cast("date")
    start = visits.visit_start_date.delta(epoch, unit="day")
    timed = moment(visits.visit_start_date, visits.visit_start_datetime)
    minute = (timed.hour() * 60 + timed.minute()).fill_null(0)
    history = visits.group_by("person_id").aggregate(
        visits=visits.count(),
        first=visits.visit_start_date.min(),
        last=visits.visit_start_date.max(),
        starts=start.cast("int64").sum().cast("int64"),
        squares=(start.cast("int64") * start.cast("int64")).sum().cast("int64"),
        ends=visits.visit_end_date.delta(epoch, unit="day").fill_null(0).cast("int64").sum().cast("int64"),
        minutes=minute.cast("int64").sum().cast("int64"),
        kinds=visits.visit_concept_id.fill_null(0).cast("int64").sum().cast("int64"),
    )
    joined = people.inner_join(history.filter(history.visits >= _FEWEST_VISITS), "person_id")
    keys = ["year", "month", "day", "sex", "visits", "first", "last", "starts", "squares", "ends", "minutes", "kinds"]
    alike = joined.group_by(keys).aggregate(ids=joined.count())
    found = counted(
        cdm,
        alike.aggregate(people=alike.ids.sum(), extra=(alike.ids - 1).sum()),
        "people with the same history",
    )
    every, extra = found["people"], found["extra"]
    if not extra:
        return []
    return [
        Check(
            "HFR051",
            "warning" if extra >= evidence.quality.dangling * every else "note",
            "People who seem to be there twice",
            "{people} people ({share}) have the same date of birth, sex and visits as someone with another id.",
            "One person counts as two: each discharge and each readmission is counted twice, intervals are too narrow, and the same "
            "person may be in development and in the test.",
            "Ask whether two patient indexes were loaded without linking them.",
            counts={"people": extra},
            facts={"share": share(extra, every)},
        )
    ]


def _ethnicity(evidence: Evidence) -> list[Check]:
    """Whether ethnicity is missing more often among the most deprived, by a test for trend over the fifths."""
    if not evidence.cdm.has("observation"):
        return []
    frame = evidence.cdm.frame(_ethnicity_by_fifth(evidence), "ethnicity by deprivation")
    frame = whole(frame, ["fifth", "people", "no_text", "no_concept"]).groupby("fifth").sum()
    if not set(_FIFTHS) <= set(frame.index):
        return []
    # a source that never writes ethnicity as text has it as a concept, if at all
    column = "no_text" if int(frame["no_text"].sum()) < int(frame["people"].sum()) else "no_concept"
    people = frame["people"].reindex(_FIFTHS).to_numpy(dtype=float)
    missing = frame[column].reindex(_FIFTHS).to_numpy(dtype=float)
    shares = missing / people
    gap, quality = shares[0] - shares[-1], evidence.quality
    if people.min() < quality.enough or missing.sum() >= people.sum():
        return []
    if abs(gap) < quality.ethnicity_gap or abs(_trend(missing, people)) < 4:
        return []
    return [
        Check(
            "HFR052",
            "warning",
            "Ethnicity is missing by deprivation",
            "Ethnicity is missing for {most} of the people in the most deprived fifth and for {least} in the least deprived.",
            "Those whose ethnicity is recorded are not like those whose is not, so a comparison between ethnic groups compares other "
            "things as well, and leaves out the people with the greatest need.",
            "Show people without ethnicity as a group of their own, as the report does. Ask for ethnicity from other records (GP, "
            "community).",
            facts={"most": share(missing[0], people[0]), "least": share(missing[-1], people[-1])},
        )
    ]


def _ethnicity_by_fifth(evidence: Evidence) -> ir.Table:
    cdm = evidence.cdm
    concept = read_yaml("social.yaml")["imd_quintile"]["concept"]
    seen = cdm.table("observation")
    seen = seen.filter(
        (seen.observation_source_concept_id == concept) | (seen.observation_concept_id == concept),
        seen.value_as_number.between(1, 5),
    )
    homes = seen.group_by("person_id").aggregate(fifth=seen.value_as_number.min())
    person = cdm.table("person")
    text = person.race_source_value.strip().upper()
    unknown = [str(value) for value in read_yaml("quality.yaml")["ethnicity_unknown"]["values"]]
    # a person with several rows is known if one of them says it
    told = person.group_by("person_id").aggregate(
        no_text=ibis.ifelse(text.fill_null("").isin(["", *unknown]), 1, 0).min(),
        no_concept=ibis.ifelse(person.race_concept_id.fill_null(0) == 0, 1, 0).min(),
    )
    joined = homes.inner_join(told, "person_id")
    return joined.group_by("fifth").aggregate(
        people=joined.count(), no_text=joined.no_text.sum(), no_concept=joined.no_concept.sum()
    )


def _trend(missing: np.ndarray, people: np.ndarray) -> float:
    """Cochran-Armitage test for trend over the fifths, as a standard normal deviate."""
    score = np.arange(len(people)) - (np.arange(len(people)) * people).sum() / people.sum()
    pooled = missing.sum() / people.sum()
    spread = pooled * (1 - pooled) * (score**2 * people).sum()
    return float((score * missing).sum() / np.sqrt(spread)) if spread > 0 else 0.0


def _basics(evidence: Evidence) -> list[Check]:
    """Sex, and an age that can be, of the people whose heart-failure admissions are looked at."""
    spells = evidence.cohort.spells.filter(evidence.cohort.spells.has_heart_failure)
    person = evidence.cdm.table("person")
    sexes = person.group_by("person_id").aggregate(
        known=ibis.ifelse(person.gender_concept_id.isin(_KNOWN_SEX).fill_null(False), 1, 0).max()
    )
    joined = spells.select("person_id", "age").left_join(sexes, "person_id")
    found = counted(
        evidence.cdm,
        joined.aggregate(
            stays=joined.count(),
            no_sex=(joined.known.fill_null(0) == 0).sum(),
            no_age=(joined.age.isnull() | (joined.age < 0) | (joined.age > _OLDEST)).sum(),
        ),
        "age and sex",
    )
    stays, no_sex, no_age = found["stays"], found["no_sex"], found["no_age"]
    if no_sex + no_age == 0 or no_sex + no_age < evidence.quality.dangling * stays:
        return []
    return [
        Check(
            "HFR060",
            "warning",
            "Age or sex is missing or cannot be",
            "Of {stays} heart-failure stays {no_sex} are of people without a recorded sex, and {no_age} have no age or one that cannot "
            "be.",
            "Nobody can be told to be an adult without an age, so those stays are left out; without a sex nothing is known for that "
            "group.",
            "Look at year_of_birth and gender_concept_id (8507 male, 8532 female) in person.",
            counts={"stays": stays, "no_sex": no_sex, "no_age": no_age},
            facts={},
        )
    ]
