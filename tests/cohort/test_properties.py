"""What must not change a cohort: the order of rows, what lies after the end of the data, the future, a transfer on record, names of ids."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from hfrisk.cohort import CohortSettings
from tests import engines
from tests.cohort.comparing import Found, anchors, by_hfrisk, differences
from tests.cohort.histories import DATA_END, STYLES, Style, Tables, blocks, frames, merged, people, seeded
from tests.cohort.test_against_the_naive_reference import CASES, CODES_ONLY, NEGATIVE_IDS, PLAIN

PERSONS = 150
LONGEST_GAP = timedelta(days=3)
crowds = blocks(PERSONS)
definitions = st.sampled_from(sorted(CASES)).map(lambda name: CohortSettings(**CASES[name][1]))
styles = st.sampled_from(STYLES)
a_few_random_crowds = hypothesis_settings(
    max_examples=3,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Tables, CohortSettings], Found]]:
    """What the embedded engine finds in some tables. That the others find the same is tested beside this file."""
    engine = engines.start("duckdb", tmp_path_factory.mktemp("properties"))
    yield lambda tables, settings: by_hfrisk(engine.open(frames(tables)), settings)
    engine.close_all()
    engine.stop()


@a_few_random_crowds
@given(crowds, styles, definitions, st.integers(0, 2**32))
def test_shuffling_the_rows_changes_nothing(
    found: Any, block: bytes, style: Style, settings: CohortSettings, seed: int
) -> None:
    source = merged([*anchors(style), *people(block, style)])
    shuffled = {name: random.Random(seed).sample(rows, len(rows)) for name, rows in source.items()}
    assert differences(found(shuffled, settings), found(source, settings)) == {}


@a_few_random_crowds
@given(crowds, styles, definitions)
@example(seeded(3, PERSONS), NEGATIVE_IDS, CohortSettings())  # a transfer after the end is none that the source records
def test_records_after_the_end_of_follow_up_change_nothing(
    found: Any, block: bytes, style: Style, settings: CohortSettings
) -> None:
    crowd = people(block, style)
    source = merged([*anchors(style), *crowd])
    longer = merged([*anchors(style), *(_with_records_after_the_end(person) for person in crowd)])
    assert differences(found(longer, settings), found(source, settings)) == {}


@a_few_random_crowds
@given(crowds, styles, definitions, st.integers(0, 120))
def test_a_record_dated_after_discharge_changes_nothing_but_the_outcome(
    found: Any, block: bytes, style: Style, settings: CohortSettings, days: int
) -> None:
    """Without all that was recorded after some day, whoever was discharged before it (and not about to be moved on) is in as before."""
    day = DATA_END - timedelta(days=days)
    crowd = people(block, style)
    whole = found(merged([*anchors(style), *crowd]), settings)
    cut = found(merged([*anchors(style), *(_until(person, day) for person in crowd)]), settings)
    assert differences(_discharged(cut, day - LONGEST_GAP), _discharged(whole, day - LONGEST_GAP)) == {}


@a_few_random_crowds
@given(crowds, st.sampled_from((PLAIN, CODES_ONLY)), st.sampled_from(("nhs_digital", "che")), st.integers(0, 2**32))
def test_splitting_a_stay_into_two_abutting_ones_with_a_recorded_transfer_changes_nothing(
    found: Any, block: bytes, style: Style, rule: str, seed: int
) -> None:
    crowd = people(block, style)
    settings = CohortSettings(spells={"rule": rule})  # type: ignore[arg-type]
    draw = random.Random(seed)
    whole = found(_renumbered(merged([*anchors(style), *crowd]), lambda number: 10 * number), settings)
    halves = [_split(_renumbered(person, lambda number: 10 * number), draw) for person in crowd]
    both = found(merged([*(_renumbered(one, lambda n: 10 * n) for one in anchors(style)), *halves]), settings)
    assert sum(len(spell["visits"]) for spell in both.values()) > sum(len(spell["visits"]) for spell in whole.values())
    assert differences(_without(both, "visits", "joined"), _without(whole, "visits", "joined")) == {}


@a_few_random_crowds
@given(crowds, st.sampled_from([style for style in STYLES if style.ids != "text"]), definitions, st.booleans())
def test_ids_may_be_anything_that_sorts_alike(
    found: Any, block: bytes, style: Style, settings: CohortSettings, text: bool
) -> None:
    def renamed(number: int) -> Any:
        return f"id-{number + 10**9:012d}" if text else 7 * number - 2**61

    source = merged([*anchors(style), *people(block, style)])
    as_before = {str(renamed(int(number))): number for number in _all_ids(source)}
    again = {
        (as_before[person], as_before[index]): {
            **spell,
            "visits": sorted(as_before[visit] for visit in spell["visits"]),
        }
        for (person, index), spell in found(_renumbered(source, renamed), settings).items()
    }
    assert differences(again, found(source, settings)) == {}


def _with_records_after_the_end(person: Tables) -> Tables:
    """The person with a transfer, an emergency, a day case and a death after the end, and open stays that end then."""
    after = DATA_END + timedelta(days=1)
    who = person["person"][0]["person_id"]
    visits = []
    for row in person["visit_occurrence"]:
        end = row["visit_end_date"] if row["visit_concept_id"] in {9201, 262} else DATA_END
        visits.append(
            row if end is not None and end <= DATA_END else {**row, "visit_end_date": after, "visit_end_datetime": None}
        )
    first = visits[0]["visit_occurrence_id"]
    for number, (concept, method, destination) in enumerate(
        ((9203, "21", "51"), (9201, "2B", "51"), (9201, "11", "19"))
    ):
        named = f"~{number}.{who}" if isinstance(first, str) else 10**9 + 10 * first + number
        visits.append(
            {
                "visit_occurrence_id": named,
                "person_id": who,
                "visit_concept_id": concept,
                "visit_start_date": after,
                "visit_end_date": after + timedelta(days=number),
                "care_site_id": 3,
                "admission_method": method,
                "admitted_from_concept_id": 8717,
                "admitted_from_source_value": "51",
                "discharged_to_concept_id": 8717,
                "discharged_to_source_value": destination,
            }
        )
    return {
        **person,
        "visit_occurrence": visits,
        "death": [*person["death"], {"person_id": who, "death_date": after}],
    }


def _until(person: Tables, day: date) -> Tables:
    """What was known on that day of what had begun."""
    visits = [row for row in person["visit_occurrence"] if row["visit_start_date"] <= day]
    begun = {row["visit_occurrence_id"] for row in visits}
    return {
        "person": person["person"],
        "visit_occurrence": visits,
        "condition_occurrence": [row for row in person["condition_occurrence"] if row["visit_occurrence_id"] in begun],
        "observation": [row for row in person["observation"] if row["visit_occurrence_id"] in begun],
        "death": [row for row in person["death"] if row["death_date"] <= day],
    }


def _discharged(found: Found, by: date) -> Found:
    """The spells that had ended, without what came of them."""
    ended = {key: spell for key, spell in found.items() if spell["discharge_date"] < by}
    return _without(ended, "state", "outcome_day", "event", "first_planned_day", "for_heart_failure")


def _without(found: Found, *columns: str) -> Found:
    return {key: {name: value for name, value in spell.items() if name not in columns} for key, spell in found.items()}


def _split(person: Tables, draw: random.Random) -> Tables:
    """One longer stay of the person as two that abut, the first ending in a transfer; ids leave room for one more."""
    longer = [
        row
        for row in person["visit_occurrence"]
        if row["visit_concept_id"] in {9201, 262}
        and (row["patient_class"] or "").strip() not in {"2", "3", "4"}
        and (min(row["visit_end_date"] or DATA_END, DATA_END) - row["visit_start_date"]).days >= 2
    ]
    if not longer:
        return person
    stay = draw.choice(longer)
    nights = (min(stay["visit_end_date"] or DATA_END, DATA_END) - stay["visit_start_date"]).days
    moved = stay["visit_start_date"] + timedelta(days=draw.randrange(1, nights))
    second = stay["visit_occurrence_id"] + 1
    before = {
        **stay,
        "visit_end_date": moved,
        "visit_end_datetime": None,
        "discharged_to_concept_id": None,
        "discharged_to_source_value": "51",
        "discharge_method": "1",
    }
    after = {
        **stay,
        "visit_occurrence_id": second,
        "visit_concept_id": 9201,
        "visit_start_date": moved,
        "visit_start_datetime": None,
        "admission_method": "81",
        "admitted_from_concept_id": None,
        "admitted_from_source_value": "51",
    }
    return {
        **person,
        "visit_occurrence": [row for row in person["visit_occurrence"] if row is not stay] + [before, after],
        "condition_occurrence": person["condition_occurrence"]
        + [
            {**row, "condition_occurrence_id": row["condition_occurrence_id"] + 1, "visit_occurrence_id": second}
            for row in person["condition_occurrence"]
            if row["visit_occurrence_id"] == stay["visit_occurrence_id"]
        ],
    }


IDS = ("person_id", "visit_occurrence_id", "condition_occurrence_id")


def _all_ids(source: Tables) -> set[str]:
    return {str(row[name]) for rows in source.values() for row in rows for name in IDS if name in row}


def _renumbered(source: Tables, renamed: Callable[[int], Any]) -> Tables:
    return {
        name: [{column: renamed(value) if column in IDS else value for column, value in row.items()} for row in rows]
        for name, rows in source.items()
    }
