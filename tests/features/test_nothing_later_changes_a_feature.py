"""Whatever becomes known after a prediction, no feature of it changes; nor does it with the order of rows, or with the unit."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hfrisk.cdm import Cdm
from hfrisk.cdm.units import conversions
from hfrisk.cohort import Cohort, CohortSettings, build_cohort
from hfrisk.features import FeatureSettings, FeatureTable, build_features
from hfrisk.features.settings import FAMILIES
from hfrisk.features.uk_units import analytes
from tests.features.later_records import Protected, shuffled, with_other_futures, with_recording_times
from tests.features.naive import indexes
from tests.features.naive_own import OWN
from tests.features.random_people import DATA_END, DATA_START, random_people
from tests.spec.feature_example import FeatureExample, features_of, found_in, stacked

HEAD = "measurement_concept_id measurement_date measurement_datetime value_as_number unit_concept_id"

# every setting that makes one feature more
EVERYTHING: dict[str, Any] = {
    "own": OWN,
    "cardiology_wards": ("ccu", "102"),
    "specialist_review_observations": (555,),
    "ejection_fraction_measurements": (998,),
    "ethnicity_observations": (900,),
    "living_alone_observations": (77,),
    "care_home_observations": (78,),
}
PERSONS = {"duckdb": 120, "postgres": 60, "spark": 40}


@pytest.fixture
def duckdb(_start: Callable[[str], Any]) -> Any:
    """DuckDB alone."""
    return _start("duckdb")


def cohort_of(cdm: Cdm, early: bool) -> Cohort:
    chosen = CohortSettings(
        minimum_age=None,
        complete_follow_up=False,
        require_unplanned_index=False,
        prediction_time="admission_24h" if early else "discharge",
    )
    return build_cohort(cdm, chosen, DATA_END, DATA_START)


def frame_of(cdm: Cdm, cohort: Cohort, chosen: FeatureSettings) -> tuple[FeatureTable, pd.DataFrame]:
    made = build_features(cdm, cohort, chosen)
    return made, cdm.frame(made.table, "features").set_index("index_id").sort_index()


def protected_of(cdm: Cdm, cohort: Cohort, chosen: FeatureSettings, early: bool, rng: random.Random) -> Protected:
    """One index discharge of two people in three; the others are left as they are, and so every feature has its column."""
    by_person: dict[Any, list[Any]] = {}
    for index in sorted(indexes(cdm, cohort), key=lambda one: str(one.index_id)):
        by_person.setdefault(index.person_id, []).append(index)
    of = {person: rng.choice(found) for person, found in sorted(by_person.items()) if person % 3}
    return Protected(of, early, chosen.coding_is_live, chosen.dates_are_known)


def changed_columns(before: pd.DataFrame, after: pd.DataFrame, keys: list[Any]) -> list[tuple[Any, str]]:
    """The features that differ; an engine makes no column for what nobody has."""
    found = []
    for name in sorted({*before.columns, *after.columns}):
        left, right = (
            {key: None if pd.isna(value) else value for key, value in frame.loc[keys, name].items()}
            if name in frame.columns
            else dict.fromkeys(keys)
            for frame in (before, after)
        )
        lacking = name not in before.columns or name not in after.columns
        for key in keys:
            one, other = left[key], right[key]
            if one != other and not (lacking and one in (None, 0.0) and other in (None, 0.0)):
                found.append((key, f"{name} of {key}: {one}, then {other}"))
    return found


def compare(engine: Any, seed: int, early: bool, live: bool, blank: str, persons: int) -> None:
    """Each person has another kind of future, so that one source shows them all."""
    chosen = FeatureSettings(families=FAMILIES, coding_is_live=live, dates_are_known=blank, **EVERYTHING)
    tables = with_recording_times(random_people(seed, persons), seed)
    cdm = engine.open(tables)
    cohort = cohort_of(cdm, early)
    made, before = frame_of(cdm, cohort, chosen)
    rng = random.Random(f"{seed} futures")
    protected = protected_of(cdm, cohort, chosen, early, rng)
    if {entry.family for entry in made.catalogue} < set(FAMILIES):
        raise AssertionError(
            f"families without a feature: {sorted(set(FAMILIES) - {entry.family for entry in made.catalogue})}"
        )
    other = engine.open(shuffled(with_other_futures(tables, protected, rng), rng))
    later = cohort_of(other, early)
    _, after = frame_of(other, later, chosen)
    told = {index.index_id: index for index in protected.of.values()}
    found = {index.index_id: index for index in indexes(other, later)}
    keys = [key for key, index in told.items() if key in found and found[key].predicted_at == index.predicted_at]
    # a future may end a stay otherwise, and then it is another prediction, or none; it does so to few
    few = 0.8 if early else 0.97
    if len(keys) < few * len(told) or len(told) < 0.5 * persons:
        raise AssertionError(f"only {len(keys)} of {len(told)} predictions remain")
    changed = changed_columns(before, after, keys)
    kinds = {key: protected.kinds[told[key].person_id] for key in keys}
    if changed:
        raise AssertionError("\n".join(f"{line} ({kinds[key]})" for key, line in changed[:40]))


@settings(
    max_examples=4,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    seed=st.integers(0, 2**20),
    early=st.booleans(),
    live=st.booleans(),
    blank=st.sampled_from(["end_of_day", "start_of_day"]),
)
def test_no_future_changes_what_was_known(duckdb: Any, seed: int, early: bool, live: bool, blank: str) -> None:
    compare(duckdb, seed, early, live, blank, PERSONS["duckdb"])


def test_no_future_changes_what_was_known_on_a_server(only_postgres: Any) -> None:
    compare(only_postgres, 11, early=False, live=True, blank="end_of_day", persons=PERSONS["postgres"])


def test_no_future_changes_what_was_known_on_a_cluster(only_spark: Any) -> None:
    compare(only_spark, 12, early=False, live=False, blank="end_of_day", persons=PERSONS["spark"])


def test_a_day_after_admission_the_site_is_the_one_that_admitted(duckdb: Any) -> None:
    stay = """visit_occurrence_id visit_concept_id person_id start end care_site_id discharged_to_source_value
    1 262 10 2023-06-05T14:00:00 2023-06-10T16:30:00 100 51
    2 9201 10 2023-06-10T17:00:00 2023-06-15T16:30:00 101 19"""
    sites = {"care_site": "care_site_id care_site_name care_site_source_value\n100 First -\n101 Second -"}
    found = {}
    for when in ("discharge", "admission_24h"):
        example = FeatureExample(when, expect={}, tables=sites, stay=stay, cohort={"prediction_time": when})
        frame = features_of(duckdb.open(stacked([example])), example, ("demography",))
        found[when] = frame["group_site_group"].tolist()
    assert found == {"discharge": ["Second"], "admission_24h": ["First"]}


def test_one_truth_in_any_unit_is_one_feature(duckdb: Any) -> None:
    """Each analyte in each unit that its list names, with three values a person."""
    cases = [
        (name, entry, unit, times, plus)
        for name, entry in analytes().items()
        for unit, (times, plus) in conversions(entry).items()
    ]
    examples = []
    for name, entry, unit, times, plus in cases:
        grid = float(entry["grid"])
        low, high = float(entry["lower"]), float(entry["upper"])
        # in the middle of the plausible range, on the grid of the UK unit
        truths = [round(round((low + (high - low) * part) / grid) * grid, 6) for part in (0.31, 0.17, 0.43)]
        lines = [
            f"{entry['concepts'][0]} 2023-06-{7 + turn:02d} 2023-06-{7 + turn:02d}T09:00:00 {(truth - plus) / times!r} {unit}"
            for turn, truth in enumerate(truths)
        ]
        examples.append(
            FeatureExample(f"{name} in unit {unit}", expect={}, tables={"measurement": "\n".join([HEAD, *lines])})
        )
    frame = features_of(duckdb.open(stacked(examples)), examples[0], ("laboratory",))
    statistics = ("last", "first", "lowest", "highest", "mean", "count", "change")
    found: dict[str, dict[int, dict[str, float | None]]] = {}
    for number, (name, _, unit, _, _) in enumerate(cases):
        wanted = [f"{name}_{statistic}" for statistic in statistics]
        found.setdefault(name, {})[unit] = found_in(frame, number, wanted)
    assert sum(len(units) > 1 for units in found.values()) >= 20
    unlike = {}
    for name, units in found.items():
        first = next(iter(units.values()))
        assert first[f"{name}_count"] == 3
        for unit, values in units.items():
            if values != first:
                unlike[f"{name} in unit {unit}"] = (first, values)
    assert unlike == {}
