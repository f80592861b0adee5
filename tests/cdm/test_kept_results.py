"""Results of stages on every engine: whole, found again by a second run, built again when damaged, gone when the run ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from hfrisk.cdm import Cdm, SourceSettings, connect
from hfrisk.errors import StudyError
from tests.engines import EngineUnderTest, PostgresUnderTest
from tests.omop_text import rows

PERSON = rows("person_id gender_concept_id year_of_birth\n2 8507 1940\n1 8532 1950")


def keep(cdm: Cdm, *parts: str) -> tuple[bool, list[int]]:
    """Keep the persons as a stage, and say whether they were there and who they are."""
    made = cdm.materialise(cdm.table("person").select("person_id"), "people", parts, order=["person_id"])
    return made.reused, sorted(int(value) for value in cdm.frame(made.table, "people")["person_id"])


def test_a_kept_result_is_found_by_the_next_run(engine: EngineUnderTest, tmp_path: Path) -> None:
    first = engine.open({"person": PERSON}, stages=tmp_path / "stages")
    assert keep(first) == (False, [1, 2])
    assert keep(first) == (True, [1, 2])
    second = engine.again(first, stages=tmp_path / "stages")
    assert second.fingerprint == first.fingerprint
    assert keep(second) == (True, [1, 2])
    assert keep(second, "other settings") == (False, [1, 2])


def test_a_result_that_a_stage_is_built_on_can_be_read_in_the_same_run(engine: EngineUnderTest, tmp_path: Path) -> None:
    cdm = engine.open({"person": PERSON}, stages=tmp_path / "stages")
    people = cdm.materialise(cdm.table("person").select("person_id"), "people", [], order=["person_id"]).table
    born = cdm.table("person").inner_join(people, "person_id").select("person_id", "year_of_birth")
    made = cdm.materialise(born, "born", [], order=["person_id"])
    assert sorted(cdm.frame(made.table, "born")["year_of_birth"]) == [1940, 1950]


def test_without_a_folder_results_last_as_long_as_the_connection(engine: EngineUnderTest) -> None:
    cdm = engine.open({"person": PERSON})
    assert keep(cdm) == (False, [1, 2])
    assert keep(cdm) == (False, [1, 2])


def test_a_killed_or_damaged_result_is_built_again(engine: EngineUnderTest, tmp_path: Path) -> None:
    stages = tmp_path / "stages"
    cdm = engine.open({"person": PERSON}, stages=stages)
    keep(cdm)
    seal = next(stages.glob("people-*.json"))
    seal.write_text("{not json")
    assert keep(cdm)[0] is False
    if isinstance(engine, PostgresUnderTest):
        with engine.admin() as server:
            server.execute(f'DELETE FROM scratch."{engine.scratch()[0]}" WHERE person_id = 1')
    else:
        file = next(path for path in sorted(stages.rglob("*.parquet")) if path.is_file())
        file.write_bytes(file.read_bytes()[:-1])
    again = engine.again(cdm, stages=stages)
    assert keep(again) == (False, [1, 2])
    assert again.rebuilt == ["people"]


def test_the_scratch_schema_is_emptied_of_this_study_s_results_and_no_others(
    only_postgres: PostgresUnderTest, tmp_path: Path
) -> None:
    engine = only_postgres
    mine = engine.open({"person": PERSON}, stages=tmp_path / "mine")
    theirs = engine.open({"person": PERSON}, stages=tmp_path / "theirs")
    before = set(engine.scratch())
    with engine.admin() as server:
        server.execute("CREATE TABLE scratch.hfrisk_notes (said text)")
    keep(mine)
    keep(theirs)
    (ours,) = mine.empty_scratch()
    assert ours.startswith("hfrisk_")
    left = set(engine.scratch()) - before
    assert (ours in left, "hfrisk_notes" in left, len(left)) == (False, True, 2)
    assert keep(mine)[0] is False
    keeping = connect(SourceSettings(**{**engine.settings_of(mine), "keep_scratch": True}), stages=tmp_path / "mine")
    with keeping:
        assert keeping.empty_scratch() == []
        assert keep(keeping)[0] is True


def test_postgres_needs_a_scratch_schema_only_where_something_must_stay(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="needs a schema in which results can be kept"):
        connect(SourceSettings(engine="postgres", omop_schema="omop"), stages=tmp_path / "stages")


def test_a_failed_stage_leaves_no_table(engine: EngineUnderTest, tmp_path: Path) -> None:
    from hfrisk.errors import HfriskError

    cdm = engine.open({"person": PERSON.assign(race_source_value=["A", "943 476 5919"])}, stages=tmp_path / "stages")
    broken = cdm.table("person").mutate(number=lambda t: t.race_source_value.cast("int64"))
    with pytest.raises(HfriskError, match="could not compute this stage") as told:
        cdm.materialise(broken, "broken", [], order=["person_id"])
    assert "943" not in str(told.value)
    assert not [path for path in (tmp_path / "stages").rglob("broken-*.json")]
    if isinstance(engine, PostgresUnderTest):
        assert not [name for name in engine.scratch() if "broken" in name]


def test_the_fingerprint_of_a_table_on_a_server_is_weak_and_says_so(engine: EngineUnderTest) -> None:
    cdm = engine.open({"person": PERSON, "death": rows("person_id death_date\n1 2024-01-01")})
    assert cdm.fingerprint_is_weak == (engine.name == "postgres")
    assert ("HFR003" in {check.code for check in cdm.checks}) == cdm.fingerprint_is_weak
    later = engine.open({"person": PERSON, "death": rows("person_id death_date\n1 2024-01-02")})
    more = engine.open({"person": PERSON, "death": rows("person_id death_date\n1 2024-01-01\n2 2024-01-01")})
    assert len({cdm.fingerprint, later.fingerprint, more.fingerprint}) == 3
