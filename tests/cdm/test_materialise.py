"""A stage's result persists whole, is found again, and is made again when it was damaged."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hfrisk.cdm import SourceSettings, connect


@pytest.fixture
def folder(omop: Callable[..., Path]) -> Path:
    return omop(person="person_id gender_concept_id year_of_birth\n2 8507 1940\n1 8532 1950")


def test_a_kept_stage_is_found_again_and_its_rows_are_in_order(folder: Path, tmp_path: Path) -> None:
    def stage() -> tuple[bool, list[int]]:
        cdm = connect(SourceSettings(path=folder), stages=tmp_path / "stages")
        made = cdm.materialise(cdm.table("person").select("person_id"), "people", ["a"], order=["person_id"])
        return made.reused, list(made.table.execute()["person_id"])

    assert stage() == (False, [1, 2])
    assert stage() == (True, [1, 2])


def test_other_settings_are_another_stage(folder: Path, tmp_path: Path) -> None:
    cdm = connect(SourceSettings(path=folder), stages=tmp_path / "stages")
    person = cdm.table("person").select("person_id")
    first = cdm.materialise(person, "people", ["a"], order=["person_id"])
    assert not cdm.materialise(person, "people", ["b"], order=["person_id"]).reused
    assert cdm.materialise(person, "people", ["a"], order=["person_id"]).key == first.key


@pytest.mark.parametrize("damage", [b"", b"PAR1 something else", None])
def test_a_damaged_stage_is_found_out_by_its_hash_and_built_again(
    folder: Path, tmp_path: Path, damage: bytes | None
) -> None:
    stages = tmp_path / "stages"
    cdm = connect(SourceSettings(path=folder), stages=stages)
    cdm.materialise(cdm.table("person"), "people", [], order=["person_id"])
    file = next(stages.glob("*.parquet"))
    if damage is None:
        file.with_suffix(".json").write_text("{not json")
    else:
        file.write_bytes(damage)
    cdm = connect(SourceSettings(path=folder), stages=stages)
    made = cdm.materialise(cdm.table("person"), "people", [], order=["person_id"])
    assert (made.reused, cdm.rebuilt, made.table.count().execute()) == (False, ["people"], 2)


def test_nothing_half_written_is_left(folder: Path, tmp_path: Path) -> None:
    stages = tmp_path / "stages"
    cdm = connect(SourceSettings(path=folder), stages=stages)
    cdm.materialise(cdm.table("person"), "people", [], order=["person_id"])
    assert sorted(path.suffix for path in stages.iterdir()) == [".json", ".parquet"]
