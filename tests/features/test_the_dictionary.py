"""The dictionary says everything of each feature, and its names stay."""

from __future__ import annotations

from pathlib import Path

import pytest

from hfrisk.cdm import SourceSettings, connect
from hfrisk.cohort import CohortSettings, build_cohort
from hfrisk.features import FeatureSettings, FeatureTable, build_features
from tests.features.random_people import DATA_END, DATA_START, random_people
from tests.stored import stored_table, write_parquet

NAMES = Path(__file__).parent / "names.txt"
TABLES = {
    "person", "visit_occurrence", "visit_detail", "condition_occurrence", "measurement", "drug_exposure", "observation",
    "procedure_occurrence", "care_site", "location", "concept", "concept_ancestor", "concept_relationship", "drug_strength", "cohort",
}  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> FeatureTable:
    people = random_people(seed=2, persons=250)
    folder = write_parquet(
        {name: stored_table(name, frame) for name, frame in people.items()}, tmp_path_factory.mktemp("people") / "omop"
    )
    cdm = connect(SourceSettings(path=folder))
    cohort = build_cohort(cdm, CohortSettings(minimum_age=None, require_unplanned_index=False), DATA_END, DATA_START)
    return build_features(cdm, cohort, FeatureSettings())


def test_a_name_that_was_given_stays(made: FeatureTable) -> None:
    """A study, a registered model and a paper name features: one may be added to the list, none taken off or given another role."""
    given = dict(line.split() for line in NAMES.read_text(encoding="utf-8").splitlines() if line)
    found = {entry.name: entry.role for entry in made.catalogue}
    assert {name: role for name, role in given.items() if found.get(name) != role} == {}
    assert sorted(set(found) - set(given)) == [], "add these to names.txt: a name is a promise"


def test_every_entry_says_what_it_is(made: FeatureTable) -> None:
    for entry in made.catalogue:
        assert entry.words, entry.name
        assert entry.family, entry.name
        assert entry.theme, entry.name
        assert entry.window, entry.name
        # the race term is the same for all: from no table, and with no range
        same_for_all = entry.name == "gwtg_hf_race"
        assert entry.sources or same_for_all
        assert set(entry.sources) <= TABLES, entry.name
        assert entry.precision > 0, entry.name
        assert entry.lower == entry.upper if same_for_all else entry.lower < entry.upper, entry.name
        assert not (entry.role == "audit" and not entry.sensitive), entry.name
        if entry.kind == "binary":
            assert (entry.lower, entry.upper) == (0, 1), entry.name


def test_what_expects_a_direction_allows_no_constraint_against_it(made: FeatureTable) -> None:
    against = {"higher": "decreasing", "lower": "increasing"}
    assert [e.name for e in made.catalogue if e.monotone == against.get(e.direction, "")] == []


def test_protected_characteristics_are_marked(made: FeatureTable) -> None:
    marked = {entry.name for entry in made.catalogue if entry.sensitive}
    assert {"age", "male", "imd_quintile", "living_alone", "care_home", "ethnicity_black"} <= marked
    audited = {entry.name for entry in made.catalogue if entry.role == "audit"}
    assert audited <= marked
    assert not audited & {entry.name for entry in made.dictionary}


def test_every_value_lies_on_its_grid(made: FeatureTable) -> None:
    frame = made.table.to_pandas()
    off = []
    for entry in made.catalogue:
        steps = frame[entry.name].dropna() / entry.precision
        if (abs(steps - steps.round()) > 1e-6).any():
            off.append(entry.name)
    assert off == []
