"""Random histories, stacked, through every engine and through the naive reference: the same spells, exclusions and outcomes."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from hfrisk.cohort import CohortSettings, build_cohort
from tests.cohort.choices import METHOD_OBSERVATION
from tests.cohort.comparing import anchors, by_hfrisk, by_the_book, differences, listing, smallest, spells_of
from tests.cohort.histories import DATA_END, DATA_START, STYLES, Style, blocks, frames, merged, people, seeded
from tests.engines import EngineUnderTest

PLAIN, NEGATIVE_IDS, TEXT_IDS, CODES_ONLY, TEXT_IDS_NO_TRANSFERS = STYLES
EVERYBODY = {
    "minimum_age": None,
    "complete_follow_up": False,
    "require_unplanned_index": False,
    "discharged_alive": False,
    "keep_transferred_out": True,
}
CASES: dict[str, tuple[Style, dict[str, Any]]] = {
    "as NHS Digital joins, with everything at its default": (TEXT_IDS, {}),
    "as York joins, readmission or death within 30 days": (
        PLAIN,
        {"spells": {"rule": "che"}, "window": "0-30", "risk": "composite"},
    ),
    "no transfer joined, days 1 to 30": (
        PLAIN,
        {"spells": {"rule": "none"}, "window": "1-30", "complete_follow_up": False},
    ),
    "no stay joined that overlaps, any position, everybody": (
        NEGATIVE_IDS,
        {
            **EVERYBODY,
            "spells": {"merge_overlapping": False, "without_evidence": "nothing"},
            "unplanned": "assume_unplanned",
            "heart_failure": {"position": "any"},
        },
    ),
    "stays of one day joined, method as an observation, first index": (
        TEXT_IDS_NO_TRANSFERS,
        {
            "spells": {"merge_same_day": True},
            "unplanned": ("observation", "admitted_from", "ae_segment"),
            "admission_method_observations": (METHOD_OBSERVATION,),
            "minimum_age": 20,
            "index": "first",
        },
    ),
    "codes that mean nothing here, CMS's rule, no readmission without a night": (
        CODES_ONLY,
        {
            "nhs_codes": False,
            "outcome": "cms",
            "count_zero_day_readmissions": False,
            "complete_follow_up": False,
            "unplanned": ("ae_segment", "admission_method", "assume_unplanned"),
        },
    ),
    "last episode, order of coding, look-back of 400 days": (
        NEGATIVE_IDS,
        {
            "heart_failure": {
                "preset": "i50_only",
                "episode": "last",
                "principal": ("condition_status", "order"),
                "principal_status_concepts": (32901,),
            },
            "minimum_look_back_days": 400,
        },
    ),
    "first episode, source's words first, A&E visits as stays": (
        TEXT_IDS,
        {
            **EVERYBODY,
            "heart_failure": {
                "preset": "caliber",
                "episode": "first",
                "principal": ("source_status", "legacy_type", "condition_status"),
            },
            "inpatient_visit_concepts": (9201, 262, 9203),
            "spells": {"merge_overlapping": False, "merge_same_day": True},
            "unplanned": ("ae_segment",),
            "outcome": "cms",
        },
    ),
}
# Spark takes seconds for what the others do at once: there one case here, one below, and those that chance picks.
CASES_ON = {
    "duckdb": tuple(CASES),
    "postgres": tuple(CASES),
    "spark": ("stays of one day joined, method as an observation, first index",),
}
PERSONS = {"duckdb": 600, "postgres": 600, "spark": 300}
EXAMPLES = {"duckdb": 8, "postgres": 4, "spark": 1}


def test_the_engine_and_the_naive_reference_agree_on_a_fixed_crowd(engine: EngineUnderTest) -> None:
    for name in CASES_ON[engine.name]:
        style, settings = CASES[name]
        _agree(engine, seeded(20240229, PERSONS[engine.name]), style, CohortSettings(**settings))


def test_the_engine_and_the_naive_reference_agree_on_people_never_seen_before(engine: EngineUnderTest) -> None:
    @hypothesis_settings(
        max_examples=EXAMPLES[engine.name],
        deadline=None,
        database=None,
        phases=[Phase.generate],  # a difference is made small below, in far fewer queries
        suppress_health_check=list(HealthCheck),
    )
    @given(blocks(150), st.sampled_from(STYLES), st.sampled_from(sorted(CASES)))
    def agree(block: bytes, style: Style, name: str) -> None:
        _agree(engine, block, style, CohortSettings(**CASES[name][1]))

    agree()


def test_what_build_cohort_counts_is_what_the_naive_reference_counts(engine: EngineUnderTest) -> None:
    style, settings = TEXT_IDS, CohortSettings(risk="composite", complete_follow_up=False)
    source = merged([*anchors(style), *people(seeded(7, PERSONS[engine.name]), style)])
    every = by_the_book(source, settings)
    cohort = build_cohort(engine.open(frames(source)), settings, DATA_END, DATA_START)
    assert differences(spells_of(cohort.stays, cohort.spells), every) == {}
    index = {key: spell for key, spell in every.items() if not spell["excluded"]}
    table = cohort.table.select("person_id", "index_id").execute()
    assert {(row.person_id, row.index_id) for row in table.itertuples()} == set(index)
    states = Counter(spell["state"] for spell in index.values())
    assert cohort.states == {state: states[state] for state in cohort.states}
    assert sum(cohort.states.values()) == cohort.index_discharges == len(table) == len(index)
    assert cohort.events == states["readmitted"] + states["died"]
    assert cohort.persons == len({person for person, _ in index})


def _agree(engine: EngineUnderTest, block: bytes, style: Style, settings: CohortSettings) -> None:
    crowd = people(block, style)
    source = merged([*anchors(style), *crowd])
    differing = differences(by_hfrisk(engine.open(frames(source)), settings), by_the_book(source, settings))
    if not differing:
        return
    first = next(person for person in crowd if str(person["person"][0]["person_id"]) in differing)
    told = differing[str(first["person"][0]["person_id"])]
    if engine.name != "spark":
        first, told = smallest(first, style, settings, engine.open)
    pytest.fail(
        f"{len(differing)} of {len(crowd)} people differ on {engine.name} ({style}, {settings!r}). "
        f"The smallest history found:\n{listing(first)}\n" + "\n".join(told)
    )
